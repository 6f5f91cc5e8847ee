/*
 * The signer: the only holder of CA keys, behind a port it can move out of the process through.
 *
 * It trusts nobody. It parses what it is asked to sign and refuses what does not fit its issuer:
 * another issuer name or serial, a validity beyond the issuer's, a CA certificate. And it keeps a
 * journal, so that no signature ever leaves that is not on disk first:
 *
 *	{issuer, serial, TBS, signature, time, replica}
 *
 * The same TBS again gets the journalled signature, byte for byte; another TBS for a serial seen
 * before is refused for ever; after sign_before nothing new is signed. Requests that arrive
 * together share one fdatasync (at most 128). When the disk is full it refuses and tries again next
 * time; when fdatasync itself fails it stops signing for good, since nobody can know what is on
 * disk then. A record torn by a crash at the end of the journal is cut off at start: its signature
 * never left.
 */
#ifndef RS_SIGNER_H
#define RS_SIGNER_H

#include "rs/issuer.h"
#include "rs/tbs.h"

#define RS_SIGNATURE_MAX 512 /* octets: RSA-4096 */
#define RS_SIGN_BATCH_MAX 128

struct rs_clock;
struct rs_signer;

struct rs_signer_config {
	const struct rs_config_issuer *issuers; /* key_file and passphrase_file are read */
	int issuer_count;
	const char *journal_file; /* made with 0600 when absent; locked while in use */
	const char *replica_id;
	const struct rs_clock *clock;
	bool production; /* refuses keys without a passphrase */
};

struct rs_sign_request {
	const char *issuer; /* slug */
	unsigned char serial[RS_SERIAL_LEN];
	struct rs_bytes tbs;
	int64_t sign_before; /* seconds; the last second a new signature may be made */
};

/*
 * Loads the keys, checks that each matches its certificate in the registry and that nobody else may
 * read the passphrase, opens the journal and reads it through. RS_ISSUER_UNAVAILABLE with the
 * sentence in ctx->err.detail. The registry must outlive the signer.
 */
enum rs_code rs_signer_open(struct rs_ctx *ctx, const struct rs_issuers *issuers,
	const struct rs_signer_config *config, struct rs_signer **out) RS_CHECK;
void rs_signer_close(struct rs_signer *signer);

/*
 * Signs; returns once the signature is durable. *signature is borrowed from the arena.
 * RS_ISSUER_UNAVAILABLE: unknown issuer, disk full or journal broken (try again later);
 * RS_EVIDENCE_STALE: after sign_before; RS_CONFLICT: another TBS was signed for this serial;
 * RS_LINT_FAILED: the TBS does not fit its issuer.
 */
enum rs_code rs_signer_sign(struct rs_ctx *ctx, struct rs_signer *signer,
	const struct rs_sign_request *request, struct rs_bytes *signature) RS_CHECK;

/* NULL when it can sign, else the sentence for /readyz; static. */
const char *rs_signer_trouble(const struct rs_signer *signer);

/* --- the journal, for reconciliation and tests --- */
struct rs_journal_entry {
	const char *issuer; /* slug */
	const char *replica;
	unsigned char serial[RS_SERIAL_LEN];
	struct rs_bytes tbs;
	struct rs_bytes signature;
	int64_t time_us; /* when it was signed */
};

/*
 * Calls visit for each entry of a journal file, oldest first; entries live for the call. Stops with
 * what visit returns when that is not RS_OK. RS_NOT_FOUND without such a file,
 * RS_ISSUER_UNAVAILABLE when it is damaged before its end.
 */
enum rs_code rs_journal_read(struct rs_ctx *ctx, const char *file,
	enum rs_code (*visit)(struct rs_ctx *ctx, const struct rs_journal_entry *entry, void *arg),
	void *arg) RS_CHECK;

#endif
