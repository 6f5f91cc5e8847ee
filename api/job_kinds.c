/* The background jobs of a process: each module's, in one table. */
#include "http.h"

#include "rs/idempotency.h"
#include "rs/issue.h"
#include "rs/jobs.h"
#include "rs/limit.h"
#include "rs/pki.h"

static enum rs_code clean_keys(struct rs_ctx *ctx, const struct rs_job *job)
{
	(void)job;
	return rs_idem_cleanup(ctx);
}

static enum rs_code clean_limits(struct rs_ctx *ctx, const struct rs_job *job)
{
	(void)job;
	return rs_limit_cleanup(ctx);
}

/* Also what makes them known at start: a schedule begins with a run. */
static enum rs_code record_issuers(struct rs_ctx *ctx, const struct rs_job *job)
{
	(void)job;
	return rs_pki_record_issuers(ctx);
}

/* Issuances whose replica died between intent and certificate. */
static enum rs_code recover_issuances(struct rs_ctx *ctx, const struct rs_job *job)
{
	int count;

	(void)job;
	return rs_issue_recover(ctx, &count);
}

const struct rs_job_kind rs_job_kinds[] = {
	{"idempotency.cleanup", 600, 60, 0, clean_keys},
	{"limit.cleanup", 300, 60, 0, clean_limits},
	{"issuer.record", 60, 60, 0, record_issuers},
	{"issue.recover", 5, 60, 0, recover_issuances},
	{NULL, 0, 0, 0, NULL},
};
