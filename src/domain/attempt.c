/* Attempts: looking whether the instructions of pending validations were followed. */
#include "internal.h"

#include "rs/app.h"
#include "rs/audit.h"
#include "rs/clock.h"
#include "rs/config.h"
#include "rs/fetch.h"
#include "rs/id.h"
#include "rs/keyring.h"
#include "rs/permission.h"
#include "rs/persist.h"

#include <string.h>

#define SECOND INT64_C(1000000)
#define DAY_US (86400 * SECOND)

/* One attempt in the making. */
struct attempt {
	struct rs_validation *v;
	const struct rs_dcv_method *method;
	struct rs_dns_question question; /* name NULL: asks no TXT record */
	struct rs_dns_answer answer;
	int64_t started_at, finished_at;
	const char *result; /* passed, failed, error */
	enum rs_code code;
	const char *detail;
	json_t *evidence;
	bool wide;
	int64_t ceiling;
};

static void end(struct attempt *a, const char *result, enum rs_code code, const char *detail)
{
	a->result = result;
	a->code = code;
	a->detail = detail;
}

/* --- the DNS --- */

static bool answered(struct attempt *a)
{
	switch (a->answer.state) {
	case RS_DNS_SECURE:
	case RS_DNS_INSECURE:
		return true;
	case RS_DNS_BOGUS:
		end(a, "error", RS_CAA_DNSSEC_BOGUS, "The answer does not validate (DNSSEC).");
		return false;
	default:
		end(a, "error",
			a->answer.reason == RS_DNS_REASON_TIMEOUT ? RS_CAA_TIMEOUT : RS_CAA_LOOKUP_FAILED,
			a->answer.why ? a->answer.why : "The lookup failed.");
		return false;
	}
}

static void judge_txt(struct rs_ctx *ctx, struct attempt *a, const char *token)
{
	if (!answered(a))
		return;
	if (a->answer.count == 0)
		end(a, "failed", RS_DOMAIN_UNVERIFIED, "There is no TXT record yet.");
	else if (rs_dcv_txt_matches(ctx, a->answer.rdata, a->answer.count, token))
		end(a, "passed", RS_OK, NULL);
	else
		end(a, "failed", RS_DOMAIN_UNVERIFIED, "No TXT record there holds the token.");
}

static void judge_persist(struct rs_ctx *ctx, struct attempt *a)
{
	struct rs_persist_ask ask = {
		.issuers = ctx->app->config->caa_issuer_domains,
		.account_uri = rs_account_uri(ctx, &a->v->enterprise_id),
		.now = rs_clock_now_us(ctx->app->clock),
	};
	struct rs_persist found;

	if (!answered(a))
		return;
	rs_persist_judge(ctx, &ask, a->answer.rdata, a->answer.count, &found);
	if (found.result != RS_PERSIST_GOOD) {
		end(a, "failed",
			found.result == RS_PERSIST_ACCOUNT ? RS_CAA_ACCOUNT_MISMATCH
							   : RS_DOMAIN_UNVERIFIED,
			found.detail);
		return;
	}
	a->wide = found.wildcard;
	a->ceiling = rs_dcv_persist_ceiling(ask.now, a->answer.ttl, found.until);
	end(a, "passed", RS_OK, NULL);
}

/* --- the web --- */

static void judge_file(struct rs_ctx *ctx, struct attempt *a, const char *token, int timeout_ms)
{
	const char *url = rs_dcv_url(ctx, a->v->identifier, a->v->file_name,
		(int)ctx->app->config->dcv_http_port);
	struct rs_fetched got;

	rs_fetch(ctx, url, timeout_ms, &got);
	json_object_set(a->evidence, "hops", got.hops);
	if (got.fault)
		end(a, got.timeout ? "error" : "failed", RS_DOMAIN_UNVERIFIED, got.fault);
	else if (rs_dcv_file_matches((int)got.status, got.body, token))
		end(a, "passed", RS_OK, NULL);
	else
		end(a, "failed", RS_DOMAIN_UNVERIFIED,
			got.status / 100 == 2 ? "The file does not hold the token, and nothing else."
					      : "The file is not there.");
}

/* --- one --- */

static enum rs_code open_token(struct rs_ctx *ctx, const struct rs_validation *v, struct rs_secret **out)
{
	struct rs_seal_place place = rs_validation_place(v);

	return rs_keyring_open(ctx, ctx->app->keyring, RS_KEY_OUTBOX, &place, v->token_kid,
		v->token_sealed, out);
}

static enum rs_code judge(struct rs_ctx *ctx, struct attempt *a, int timeout_ms)
{
	rs_auto_secret token = NULL;
	enum rs_code rc = a->method->token ? open_token(ctx, a->v, &token) : RS_OK;

	if (rc)
		return rc;
	a->wide = true;
	a->evidence = rs_arena_json(ctx->arena, json_object());
	if (a->question.name)
		json_object_set_new(a->evidence, "queries",
			json_pack("[o]", rs_dns_evidence(ctx, &a->question, &a->answer)));
	if (strcmp(a->v->method, "dns_txt") == 0)
		judge_txt(ctx, a, (const char *)rs_secret_data(token));
	else if (strcmp(a->v->method, "dns_persist") == 0)
		judge_persist(ctx, a);
	else
		judge_file(ctx, a, (const char *)rs_secret_data(token), timeout_ms);
	a->finished_at = rs_clock_now_us(ctx->app->clock);
	return RS_OK;
}

/* The end shown on the validation itself: the method's own limit and names.reuse_days. */
static int64_t shown_until(const struct rs_ctx *ctx, const struct attempt *a)
{
	int64_t days = ctx->app->config->names_reuse_days, until;

	if (a->method->reuse_days && (!days || a->method->reuse_days < days))
		days = a->method->reuse_days;
	until = a->finished_at + (days ? days : RS_DCV_REUSE_DAYS_MAX) * DAY_US;
	return a->ceiling && a->ceiling < until ? a->ceiling : until;
}

/* --- all of them --- */

static json_t *time_json(int64_t us)
{
	char text[32];

	if (!us)
		return json_null();
	rs_time_format(us, text);
	return json_string(text);
}

static json_t *row_of(const struct rs_ctx *ctx, const struct attempt *a)
{
	bool passed = strcmp(a->result, "passed") == 0;

	return json_pack("{s:s, s:s, s:I, s:o, s:o, s:s, s:s?, s:s?, s:O, s:o, s:b, s:o}", "id",
		rs_id_new(a->finished_at).s, "validation_id", a->v->id.s, "number",
		(json_int_t)a->v->attempt_count + 1, "started_at", time_json(a->started_at),
		"finished_at", time_json(a->finished_at), "result", a->result, "code",
		passed ? NULL : rs_code_slug(a->code), "detail", a->detail, "evidence", a->evidence,
		"valid_until", time_json(passed ? shown_until(ctx, a) : 0), "wide", a->wide, "ceiling",
		time_json(a->ceiling));
}

struct recording {
	struct attempt *attempts;
	size_t count;
};

static enum rs_code record(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct recording *r = arg;
	json_t *rows = rs_arena_json(ctx->arena, json_array());
	struct rs_params p = rs_params(ctx);
	enum rs_code rc;

	for (size_t i = 0; i < r->count; i++)
		json_array_append_new(rows, row_of(ctx, &r->attempts[i]));
	rs_p_json(&p, rows);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rc = rs_tx_run(ctx, tx, RS_Q_validation_record, &p, NULL);
	for (size_t i = 0; !rc && i < r->count; i++) {
		const struct attempt *a = &r->attempts[i];
		bool passed = strcmp(a->result, "passed") == 0;
		struct rs_event event = {
			.action = passed ? "domain_validation.validated" : "domain_validation.tried",
			.object_type = "domain_validation",
			.object = a->v->id,
			.enterprise = a->v->enterprise_id,
			.from = "pending",
			.to = passed ? "valid" : NULL,
			.detail = a->detail,
		};

		rc = rs_audit(ctx, tx, &event);
	}
	return rc;
}

static bool due(const struct rs_validation *v, int64_t now)
{
	const struct rs_dcv_method *method = rs_method_for(v->method, v->identifier_type);

	return strcmp(v->status, "pending") == 0 && method && !method->mail && v->expires_at > now &&
		v->next_attempt_at <= now && v->attempt_count < RS_VALIDATION_ATTEMPTS_MAX;
}

static size_t begin(struct rs_ctx *ctx, struct rs_validation *validations, size_t count,
	struct attempt *attempts)
{
	int64_t now = rs_clock_now_us(ctx->app->clock);
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		struct rs_validation *v = &validations[i];
		struct attempt *a = &attempts[n];

		if (!due(v, now))
			continue;
		*a = (struct attempt){
			.v = v, .method = rs_method_for(v->method, v->identifier_type), .started_at = now};
		if (a->method->label)
			a->question = (struct rs_dns_question){
				rs_dcv_query_name(ctx, a->method, v->identifier), RS_RR_TXT};
		n++;
	}
	return n;
}

/* All TXT records in one batch. */
static enum rs_code look_up(struct rs_ctx *ctx, struct attempt *attempts, size_t count, int deadline_ms)
{
	struct rs_dns_question *questions = rs_new_array(ctx->arena, struct rs_dns_question, count);
	struct rs_dns_answer *answers = rs_new_array(ctx->arena, struct rs_dns_answer, count);
	size_t n = 0;
	enum rs_code rc;

	for (size_t i = 0; i < count; i++)
		if (attempts[i].question.name)
			questions[n++] = attempts[i].question;
	if (n == 0)
		return RS_OK;
	rc = rs_resolver_lookup(ctx, questions, n, deadline_ms, answers);
	n = 0;
	for (size_t i = 0; !rc && i < count; i++)
		if (attempts[i].question.name)
			attempts[i].answer = answers[n++];
	return rc;
}

/* What became of it, as the facts of a running judgement want to know it. */
static void remember(const struct rs_ctx *ctx, const struct attempt *a)
{
	a->v->attempt_count++;
	if (strcmp(a->result, "passed") != 0)
		return;
	a->v->status = "valid";
	a->v->validated_at = a->finished_at;
	a->v->valid_until = shown_until(ctx, a);
	a->v->wide = a->wide;
	a->v->ceiling = a->ceiling;
}

enum rs_code rs_validation_try(
	struct rs_ctx *ctx, struct rs_validation *validations, size_t count, int deadline_ms)
{
	struct attempt *attempts = rs_new_array(ctx->arena, struct attempt, count + 1);
	struct recording r = {attempts, begin(ctx, validations, count, attempts)};
	int64_t until = rs_clock_mono_ms() + deadline_ms;
	enum rs_code rc;

	if (r.count == 0)
		return RS_OK;
	rc = look_up(ctx, attempts, r.count, deadline_ms);
	for (size_t i = 0; !rc && i < r.count; i++) {
		int64_t left = until - rs_clock_mono_ms();

		rc = judge(ctx, &attempts[i], left > 0 ? (int)left : 0);
	}
	if (!rc)
		rc = rs_tx_use(ctx, RS_REACH_CALLER, record, &r);
	for (size_t i = 0; !rc && i < r.count; i++)
		remember(ctx, &attempts[i]);
	return rc;
}

enum rs_code rs_validation_verify(
	struct rs_ctx *ctx, const struct rs_id *id, struct rs_validation *out)
{
	enum rs_code rc = rs_validation_get(ctx, id, out);
	int64_t now = rs_clock_now_us(ctx->app->clock);

	if (!rc)
		rc = rs_may_act(ctx, "validation.edit", &out->requested_by, &out->enterprise_id);
	if (rc)
		return rc;
	if (strcmp(out->status, "pending") != 0 || out->expires_at <= now) {
		rs_fail(ctx, RS_WRONG_STATE, "The validation is not pending.");
		rs_err_ext(ctx, "current_status", json_string(out->status));
		return RS_WRONG_STATE;
	}
	if (out->next_attempt_at > now) {
		rs_fail(ctx, RS_RATE_LIMITED, "The last attempt was a moment ago; wait a little.");
		ctx->err.retry_after = (int)((out->next_attempt_at - now) / SECOND) + 1;
		return RS_RATE_LIMITED;
	}
	rc = rs_validation_try(ctx, out, 1, rs_dns_deadline(ctx));
	return rc ? rc : rs_validation_get(ctx, id, out);
}
