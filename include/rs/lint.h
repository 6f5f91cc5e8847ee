/*
 * The linter: the last look at a certificate before it is signed.
 *
 * The rules are one table {id, source, severity, applies, check} in src/issuer/lint.c, from RFC
 * 5280 and from what this service promises. They run over the parsed bytes, not over what was meant
 * to be built: the TBS is wrapped with a constant dummy signature of the issuer's algorithm and
 * length. An error stops issuing; a warning is only told. `reissued lint FILE` runs it by hand.
 */
#ifndef RS_LINT_H
#define RS_LINT_H

#include "rs/issuer.h"
#include "rs/json.h"
#include "rs/ruleset.h"

/* CLAIMED: an error under the rule set whose document the rule is from, else a warning. */
enum rs_lint_severity { RS_LINT_WARNING, RS_LINT_ERROR, RS_LINT_CLAIMED };

/* One row of the table, for documents and tests. */
struct rs_lint_rule_info {
	const char *id;     /* "serial-positive" */
	const char *source; /* "RFC 5280 4.1.2.2" */
	enum rs_lint_severity severity;
	const char *text;   /* the sentence that must hold */
};

size_t rs_lint_rule_count(void);
struct rs_lint_rule_info rs_lint_rule_at(size_t index);

/*
 * Lints a TBS the issuer is about to sign under a rule set (NULL = none, what RFC 5280 says still
 * holds). RS_LINT_FAILED when a rule of severity error is broken;
 * the error then names the rules and carries them as member "findings": [{rule, severity,
 * detail}].
 */
enum rs_code rs_lint_tbs(struct rs_ctx *ctx, const struct rs_issuer *issuer,
	const struct rs_ruleset *rules, struct rs_bytes tbs) RS_CHECK;

/*
 * Lints a whole certificate; issuer may be NULL (rules that need it are skipped). *findings is an
 * array of {rule, source, severity, detail}, borrowed from the arena; empty when all is well.
 * RS_BAD_CERTIFICATE when it cannot be parsed.
 */
enum rs_code rs_lint_certificate(struct rs_ctx *ctx, const struct rs_issuer *issuer,
	struct rs_bytes der, json_t **findings) RS_CHECK;

#endif
