/*
 * The configuration of a process.
 *
 * It is YAML: one or more files, merged in order (RFC 7396), over the defaults of config.def, and
 * each scalar or list key is overridden by the environment variable REISSUED_<SECTION>_<KEY>. The
 * merged document is read by field tables like every other JSON: unknown keys, wrong types and
 * ranges are all reported at once, with the names of the keys. Secrets are never in it: keys whose
 * name ends in `file` name the files that hold them ("credential:NAME" is a systemd credential).
 *
 * What is read stays constant. A process that runs reads a new one, in which the keys marked LIVE
 * are as the files say and all others as they were: rs_config_reload().
 */
#ifndef RS_CONFIG_H
#define RS_CONFIG_H

#include "rs/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Exit status of a process whose configuration is wrong: EX_CONFIG of sysexits.h. */
#define RS_EXIT_CONFIG 78

/* One certificate authority. Strings are never NULL; "" = not given. */
struct rs_config_issuer {
	const char *id;               /* [a-z0-9-]: stands in /pki/{issuer}/ */
	const char *name;
	const char *certificate_file; /* PEM */
	const char *chain_file;       /* PEM, the issuers above it, root last; or "" */
	const char *key_file;         /* PEM, PKCS#8, encrypted */
	const char *passphrase_file;  /* the first line; or "" for a plain key (not in production) */
	bool publicly_trusted;
};

/* One stub zone of the resolver (test). */
struct rs_config_stub_zone {
	const char *zone;
	json_t *servers; /* array of "address@port" */
};

#define RS_CONFIG_C_STRING const char *
#define RS_CONFIG_C_PATH const char *
#define RS_CONFIG_C_LEVEL const char *
#define RS_CONFIG_C_ENVIRONMENT const char *
#define RS_CONFIG_C_INT int64_t
#define RS_CONFIG_C_BOOL bool
#define RS_CONFIG_C_STRINGS json_t *
#define RS_CONFIG_C_OBJECTS json_t *

/* One member a row of config.def, named section_key; strings and lists are never NULL. */
struct rs_config {
#define RS_CONFIG(member, section, key, type, def, min, max, flags, doc)                           \
	RS_CONFIG_C_##type member;
#include "rs/config.def"
#undef RS_CONFIG
	bool production;
	struct rs_config_issuer *issuer; /* the rows of `issuers` */
	int issuer_count;
	struct rs_config_stub_zone *stub_zone;
	int stub_zone_count;
	json_t *document; /* the merged document, for print-config */
	struct rs_arena *arena;
};

/*
 * Reads the files (count may be 0: defaults and environment only). env is the environment as in
 * environ, or NULL to look at none. On failure NULL, and *faults is an array of {key, code, detail}
 * with everything that is wrong, also what rs_config_complete() would miss; the caller owns it.
 */
struct rs_config *rs_config_load(const char *const *files, int count, char *const *env,
	json_t **faults) RS_CHECK;
/* What rs_config_reload() found; each list is owned. */
struct rs_config_changes {
	json_t *faults;	 /* as above, or NULL */
	json_t *made;	 /* names of the keys that are others now */
	json_t *pending; /* names of those that want a restart for it */
};
/*
 * Reads the files again, for a process that runs with `running`. The result is complete, takes the
 * LIVE keys from the files and all others from `running`, and shares nothing with it. NULL when the
 * files, or both together, are wrong. End *changes with rs_config_changes_end() in either case.
 */
struct rs_config *rs_config_reload(const struct rs_config *running, const char *const *files,
	int count, char *const *env, struct rs_config_changes *changes) RS_CHECK;
void rs_config_changes_end(struct rs_config_changes *changes);
/* NULL is fine. */
void rs_config_free(struct rs_config *config);

/*
 * Whether what `reissued serve` needs is set (the rows marked NEEDED): true, or false with *faults
 * as above.
 */
bool rs_config_complete(const struct rs_config *config, json_t **faults) RS_CHECK;
/* The document with every key, passwords masked; the caller owns it. */
json_t *rs_config_print(const struct rs_config *config);
/* The reference of all keys as Markdown, malloc'ed. */
char *rs_config_reference(void);

#endif
