/* The background jobs of a process: each module's, in one table. */
#include "http.h"

#include "rs/challenge.h"
#include "rs/idempotency.h"
#include "rs/issue.h"
#include "rs/jobs.h"
#include "rs/limit.h"
#include "rs/mail.h"
#include "rs/pki.h"
#include "rs/reissue.h"
#include "rs/sms.h"
#include "rs/validation.h"

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

static enum rs_code expire_requests(struct rs_ctx *ctx, const struct rs_job *job)
{
	int count;

	(void)job;
	return rs_reissue_expire(ctx, &count);
}

static enum rs_code revoke_due(struct rs_ctx *ctx, const struct rs_job *job)
{
	int count;

	(void)job;
	return rs_reissue_revoke_due(ctx, &count);
}

static enum rs_code expire_validations(struct rs_ctx *ctx, const struct rs_job *job)
{
	int count;

	(void)job;
	return rs_validation_expire(ctx, &count);
}

static enum rs_code sweep_mail(struct rs_ctx *ctx, const struct rs_job *job)
{
	(void)job;
	return rs_mail_sweep(ctx);
}

static enum rs_code expire_challenges(struct rs_ctx *ctx, const struct rs_job *job)
{
	int count;

	(void)job;
	return rs_challenge_expire(ctx, &count);
}

static enum rs_code watch_sms(struct rs_ctx *ctx, const struct rs_job *job)
{
	(void)job;
	return rs_challenge_watch_sms(ctx);
}

const struct rs_job_kind rs_job_kinds[] = {
	{"challenge.deliver", 0, 75, 20, rs_challenge_deliver_job, true},
	{"challenge.expire", 5, 30, 0, expire_challenges, false},
	{"challenge.watch_sms", 60, 60, 0, watch_sms, false},
	{"reissue.verify", 0, 25, 3, rs_reissue_verify_job, true},
	{"mail.send", 0, 90, RS_MAIL_TRIES_MAX, rs_mail_send_job, true},
	{"sms.send", 0, 90, 20, rs_sms_send_job, true},
	{"mail.sweep", 60, 60, 0, sweep_mail, false},
	{"domain_validation.expire", 60, 60, 0, expire_validations, false},
	{"issuance.recover", 2, 20, 0, recover_issuances, false},
	{"reissue_request.expire", 60, 60, 0, expire_requests, false},
	{"certificate.revoke_due", 30, 60, 0, revoke_due, false},
	{"idempotency.cleanup", 600, 60, 0, clean_keys, false},
	{"limit.cleanup", 300, 60, 0, clean_limits, false},
	{"issuer.record", 60, 60, 0, record_issuers, false},
	{NULL, 0, 0, 0, NULL, false},
};
