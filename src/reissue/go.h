/* From a judged request to its certificate: what submit, approve and retry share. */
#ifndef REISSUE_GO_H
#define REISSUE_GO_H

#include "impl.h"

struct rs_go_plan {
	struct rs_issue_spec spec;
	struct rs_issue_plan plan;
};

/* Step 1 of issuing for a request without blockers; changes nothing. */
enum rs_code rs_go_plan(struct rs_ctx *ctx, const struct rs_case *c, bool rehearsal,
	struct rs_go_plan *out)
	RS_CHECK;
/*
 * The last look before an intent: CAA checks that are missing or too old are made again, outside any
 * transaction, and the request is judged anew.
 */
enum rs_code rs_case_renew(struct rs_ctx *ctx, struct rs_case *c) RS_CHECK;
/* What the builder or the linter refused is one more blocker; the error is taken back. */
void rs_go_refused(struct rs_ctx *ctx, struct rs_case *c, enum rs_code rc);
/*
 * Intent, signature, certificate; c->request is as it shall be while `issuing`. RS_CONFLICT: read
 * again. RS_UNAVAILABLE and RS_ISSUER_UNAVAILABLE with "conflicting_resource" once the intent is
 * recorded: it finishes by itself.
 */
enum rs_code rs_go_issue(struct rs_ctx *ctx, struct rs_case *c, const struct rs_change *change)
	RS_CHECK;
/* Waits until the request is no longer `issuing`, at most to the deadline; takes a lapsed lease. */
enum rs_code rs_go_join(struct rs_ctx *ctx, const struct rs_id *id, struct rs_reissue *out)
	RS_CHECK;

#endif
