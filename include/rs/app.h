/*
 * The process: what is made once at start and shared by all requests. Its parts lock for
 * themselves. Built by api/main.c in this order and torn down in the reverse one.
 *
 * config and keyring may be replaced while requests run (api/reload.h); what was there before lives
 * on until the process ends. Whoever needs two members of the configuration that fit each other
 * takes the pointer once; the keyring of a request is the one in its context.
 */
#ifndef RS_APP_H
#define RS_APP_H

struct rs_config;
struct rs_clock;
struct rs_keyring;
struct rs_store;
struct rs_issuers;
struct rs_signer;
struct rs_cpu;
struct rs_jobs;
struct rs_jwks_cache;
struct rs_resolver;
struct rs_profiles;
struct rs_waits;
struct rs_slots;

struct rs_app {
	_Atomic(const struct rs_config *) config;
	struct rs_clock *clock;
	_Atomic(struct rs_keyring *) keyring;
	struct rs_store *store;
	struct rs_issuers *issuers; /* CA certificates: issuer.h */
	struct rs_signer *signer;   /* CA keys, behind their port: signer.h */
	struct rs_cpu *cpu;         /* CPU slots: cpu.h */
	struct rs_profiles *profiles; /* cache of revisions: profile.h */
	struct rs_waits *waits;     /* clients that wait for a change: reissue.h */
	struct rs_jwks_cache *jwks; /* keys of external issuers: jose.h */
	struct rs_resolver *resolver; /* DNS: resolver.h */
	struct rs_slots *outbound;  /* calls to connectors on their way: slots.h */
	struct rs_jobs *jobs;       /* background jobs: jobs.h */
};

#endif
