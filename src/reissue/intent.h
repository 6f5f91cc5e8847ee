/* An intent as it stands in the database: what recovery reads and what a plan becomes. */
#ifndef REISSUE_INTENT_H
#define REISSUE_INTENT_H

#include "rs/issue.h"

struct rs_intent {
	struct rs_id id, enterprise_id, request_id, certificate_id;
	const char *issuer; /* slug */
	struct rs_bytes serial, tbs, tbs_sha256, digest;
	json_t *content;
	int64_t sign_before; /* microseconds */
};

/* Signs and stores; as rs_issue_finish(). */
enum rs_code rs_intent_finish(struct rs_ctx *ctx, const struct rs_intent *intent,
	struct rs_issued *out) RS_CHECK;

#endif
