/* Attempts: looking whether the instructions of pending validations were followed. */
#include "internal.h"

#include "rs/app.h"
#include "rs/audit.h"
#include "rs/clock.h"
#include "rs/config.h"
#include "rs/fetch.h"
#include "rs/id.h"
#include "rs/keyring.h"
#include "rs/names.h"
#include "rs/permission.h"
#include "rs/persist.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define SECOND	     INT64_C(1000000)
#define DAY_US	     (86400 * SECOND)
/* How many files one verification fetches at once, and the least time in which one can come. */
#define FETCHERS_MAX 16
#define LEAST_MS     500

/* One attempt in the making. */
struct attempt {
	struct rs_validation *v;
	const struct rs_dcv_method *method;
	const char *asked; /* where its TXT record stands; NULL: it asks for none */
	size_t place;	   /* of that question in the run */
	const struct rs_dns_answer *answer;
	struct fetching *file; /* or NULL */
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
	switch (a->answer->state) {
	case RS_DNS_SECURE:
	case RS_DNS_INSECURE:
		return true;
	case RS_DNS_BOGUS:
		end(a, "error", RS_CAA_DNSSEC_BOGUS, "The answer does not validate (DNSSEC).");
		return false;
	default:
		end(a, "error",
			a->answer->reason == RS_DNS_REASON_TIMEOUT ? RS_CAA_TIMEOUT
								   : RS_CAA_LOOKUP_FAILED,
			a->answer->why ? a->answer->why : "The lookup failed.");
		return false;
	}
}

static void judge_txt(struct rs_ctx *ctx, struct attempt *a, const char *token)
{
	if (!answered(a))
		return;
	if (a->answer->count == 0)
		end(a, "failed", RS_DOMAIN_UNVERIFIED, "There is no TXT record yet.");
	else if (rs_dcv_txt_matches(ctx, a->answer->rdata, a->answer->count, token))
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
	rs_persist_judge(ctx, &ask, a->answer->rdata, a->answer->count, &found);
	if (found.result != RS_PERSIST_GOOD) {
		end(a, "failed",
			found.result == RS_PERSIST_ACCOUNT ? RS_CAA_ACCOUNT_MISMATCH
							   : RS_DOMAIN_UNVERIFIED,
			found.detail);
		return;
	}
	a->wide = found.wildcard;
	a->ceiling = rs_dcv_persist_ceiling(ask.now, a->answer->ttl, found.until);
	end(a, "passed", RS_OK, NULL);
}

/* --- the web --- */

/* A file that is fetched, by whichever thread takes it first. */
struct fetching {
	const char *url;
	bool tried; /* false: no thread came to it in time */
	struct rs_fetched got;
};

struct rs_attempts {
	struct rs_ctx *ctx;
	struct attempt *attempt;
	size_t count;
	struct fetching *files;
	size_t file_count;
	atomic_size_t next; /* of the files, the first that nobody took */
	int64_t until_ms;   /* CLOCK_MONOTONIC */
	pthread_t thread[FETCHERS_MAX];
	struct rs_ctx thread_ctx[FETCHERS_MAX]; /* what was fetched lives there */
	int threads;
};

static void fetch_some(struct rs_attempts *all, struct rs_ctx *ctx)
{
	size_t i;

	while ((i = atomic_fetch_add(&all->next, 1)) < all->file_count) {
		int64_t left = all->until_ms - rs_clock_mono_ms();

		/* What is late is not tried rather than failed: no fault of the site's. */
		if (left < LEAST_MS && all->file_count > 1)
			return;
		all->files[i].tried = true;
		rs_fetch(ctx, all->files[i].url, left > 0 ? (int)left : 0, &all->files[i].got);
	}
}

struct fetcher {
	struct rs_attempts *all;
	struct rs_ctx *ctx;
};

static void *fetcher(void *arg)
{
	const struct fetcher *f = arg;

	fetch_some(f->all, f->ctx);
	return NULL;
}

/* As many threads as files, up to a bound; where there is none to be had, this one does it. */
static void fetch_all(struct rs_attempts *all)
{
	size_t wanted = all->file_count < FETCHERS_MAX ? all->file_count : FETCHERS_MAX;

	for (size_t i = 0; i < wanted; i++) {
		struct rs_ctx *ctx = &all->thread_ctx[all->threads];
		struct fetcher *f = rs_new(all->ctx->arena, struct fetcher);

		*f = (struct fetcher){all, ctx};
		rs_ctx_init(ctx, all->ctx->app);
		ctx->deadline_ms = all->ctx->deadline_ms;
		if (pthread_create(&all->thread[all->threads], NULL, fetcher, f) != 0) {
			rs_ctx_end(ctx);
			break;
		}
		all->threads++;
	}
	if (all->threads == 0)
		fetch_some(all, all->ctx);
}

static void judge_file(struct attempt *a, const char *token)
{
	const struct rs_fetched got = a->file->got;

	json_object_set(a->evidence, "hops", got.hops);
	if (got.fault)
		end(a, got.timeout ? "error" : "failed", RS_DOMAIN_UNVERIFIED, got.fault);
	else if (rs_dcv_file_matches((int)got.status, got.body, token))
		end(a, "passed", RS_OK, NULL);
	else
		end(a, "failed", RS_DOMAIN_UNVERIFIED,
			got.status / 100 == 2
				? "The file does not hold the token, and nothing else."
				: "The file is not there.");
}

/* --- one --- */

static enum rs_code open_token(
	struct rs_ctx *ctx, const struct rs_validation *v, struct rs_secret **out)
{
	struct rs_seal_place place = rs_validation_place(v);

	return rs_keyring_open(
		ctx, ctx->keyring, RS_KEY_OUTBOX, &place, v->token_kid, v->token_sealed, out);
}

/* Where there is no room for our label before the name. */
static const struct rs_dns_answer NOT_ASKED;

/* What every attempt tells: who asked for what, by which rule, where it was looked for. */
static json_t *evidence_of(struct rs_ctx *ctx, const struct attempt *a)
{
	const struct rs_validation *v = a->v;
	const char *hash =
		v->token_sha256.len == 32 ? rs_sha256_text(ctx->arena, v->token_sha256.data) : NULL;
	bool dns = strcmp(v->identifier_type, "dns") == 0;

	return rs_arena_json(ctx->arena,
		json_pack("{s:s, s:s, s:s?, s:s?, s:s, s:s, s:s, s:s?}", "method", v->method,
			"authorization_domain", v->identifier, "base_domain",
			dns ? rs_names_base_domain(v->identifier) : NULL, "looked_at",
			a->asked  ? a->asked
			: a->file ? a->file->url
				  : NULL,
			"rules", v->rules, "rules_version", rs_dcv_rules_version(v->rules), "actor",
			rs_id_set(&ctx->actor.id) ? ctx->actor.id.s : "system", "token_sha256",
			hash, "perspective", RS_RESOLVER_PERSPECTIVE));
}

static enum rs_code judge(struct rs_ctx *ctx, struct attempt *a, const struct rs_looking *looking)
{
	rs_auto_secret token = NULL;
	enum rs_code rc = a->method->token ? open_token(ctx, a->v, &token) : RS_OK;

	if (rc)
		return rc;
	a->wide = true;
	a->answer = &NOT_ASKED;
	a->evidence = evidence_of(ctx, a);
	if (a->asked) {
		a->answer = &looking->answers[a->place];
		json_object_set_new(a->evidence, "queries",
			json_pack("[O, O*]", rs_looking_evidence(ctx, looking, a->place),
				rs_looking_proof(ctx, looking, a->asked)));
	}
	if (strcmp(a->v->method, "dns_txt") == 0)
		judge_txt(ctx, a, (const char *)rs_secret_data(token));
	else if (strcmp(a->v->method, "dns_persist") == 0)
		judge_persist(ctx, a);
	else
		judge_file(a, (const char *)rs_secret_data(token));
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

static json_t *row_of(const struct rs_ctx *ctx, const struct attempt *a)
{
	bool passed = strcmp(a->result, "passed") == 0;

	return json_pack("{s:s, s:s, s:I, s:o, s:o, s:s, s:s?, s:s?, s:O, s:o, s:b, s:o}", "id",
		rs_id_new(a->finished_at).s, "validation_id", a->v->id.s, "number",
		(json_int_t)a->v->attempt_count + 1, "started_at", rs_json_time(a->started_at),
		"finished_at", rs_json_time(a->finished_at), "result", a->result, "code",
		passed ? NULL : rs_code_slug(a->code), "detail", a->detail, "evidence", a->evidence,
		"valid_until", rs_json_time(passed ? shown_until(ctx, a) : 0), "wide", a->wide,
		"ceiling", rs_json_time(a->ceiling));
}

static enum rs_code record(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct rs_attempts *r = arg;
	json_t *rows = rs_arena_json(ctx->arena, json_array());
	struct rs_params p = rs_params(ctx);
	enum rs_code rc;

	for (size_t i = 0; i < r->count; i++)
		json_array_append_new(rows, row_of(ctx, &r->attempt[i]));
	rs_p_json(&p, rows);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rc = rs_tx_run(ctx, tx, RS_Q_validation_record, &p, NULL);
	for (size_t i = 0; !rc && i < r->count; i++) {
		const struct attempt *a = &r->attempt[i];
		bool passed = strcmp(a->result, "passed") == 0;
		struct rs_event event = {
			.action =
				passed ? "domain_validation.validated" : "domain_validation.tried",
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

enum rs_code rs_attempt_store(struct rs_ctx *ctx, struct rs_tx *tx, struct rs_validation *v,
	const struct rs_attempt_end *end_)
{
	struct attempt a = {
		.v = v,
		.method = rs_method_for(v->method, v->identifier_type),
		.started_at = end_->started_at,
		.finished_at = rs_clock_now_us(ctx->app->clock),
		.result = end_->result,
		.code = end_->code,
		.detail = end_->detail,
		.wide = true,
	};
	struct rs_attempts one = {.ctx = ctx, .attempt = &a, .count = 1};

	a.evidence = evidence_of(ctx, &a);
	json_object_update(a.evidence, (json_t *)(uintptr_t)end_->evidence);
	return record(ctx, tx, &one);
}

static bool due(const struct rs_validation *v, int64_t now)
{
	const struct rs_dcv_method *method = rs_method_for(v->method, v->identifier_type);

	return strcmp(v->status, "pending") == 0 && method && !method->mail &&
	       v->expires_at > now && v->next_attempt_at <= now &&
	       v->attempt_count < RS_VALIDATION_ATTEMPTS_MAX;
}

static void begin(
	struct rs_attempts *all, struct rs_validation *v, struct rs_looking *looking, int64_t now)
{
	struct rs_ctx *ctx = all->ctx;
	struct attempt *a = &all->attempt[all->count++];

	*a = (struct attempt){
		.v = v, .method = rs_method_for(v->method, v->identifier_type), .started_at = now};
	a->asked = a->method->label ? rs_dcv_query_name(ctx, a->method, v->identifier) : NULL;
	if (a->asked) {
		a->place = rs_looking_add(ctx, looking, a->asked, RS_RR_TXT);
	} else if (!a->method->label) {
		a->file = &all->files[all->file_count++];
		a->file->url = rs_dcv_url(
			ctx, v->identifier, v->file_name, (int)ctx->app->config->dcv_http_port);
	}
}

struct rs_attempts *rs_attempts_begin(struct rs_ctx *ctx, struct rs_validation *validations,
	size_t count, struct rs_looking *looking, int deadline_ms)
{
	struct rs_attempts *all = rs_new(ctx->arena, struct rs_attempts);
	int64_t now = rs_clock_now_us(ctx->app->clock);

	*all = (struct rs_attempts){.ctx = ctx, .until_ms = rs_clock_mono_ms() + deadline_ms};
	all->attempt = rs_new_array(ctx->arena, struct attempt, count + 1);
	all->files = rs_new_array(ctx->arena, struct fetching, count + 1);
	for (size_t i = 0; i < count; i++)
		if (due(&validations[i], now))
			begin(all, &validations[i], looking, now);
	fetch_all(all);
	return all;
}

/* What was fetched lives in its thread's context; here it becomes the caller's. */
static void adopt(struct rs_ctx *ctx, struct fetching *file)
{
	struct rs_fetched *got = &file->got;

	if (!file->tried)
		return;
	got->hops = rs_arena_json(ctx->arena, json_incref(got->hops));
	got->fault = rs_arena_strdup(ctx->arena, got->fault);
	got->body.data =
		(const unsigned char *)rs_arena_memdup(ctx->arena, got->body.data, got->body.len);
}

void rs_attempts_wait(struct rs_attempts *all)
{
	for (int i = 0; i < all->threads; i++)
		pthread_join(all->thread[i], NULL);
	for (size_t i = 0; i < all->file_count; i++)
		adopt(all->ctx, &all->files[i]);
	for (int i = 0; i < all->threads; i++)
		rs_ctx_end(&all->thread_ctx[i]);
	all->threads = 0;
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

static void leave_out_untried(struct rs_attempts *all)
{
	size_t kept = 0;

	for (size_t i = 0; i < all->count; i++)
		if (!all->attempt[i].file || all->attempt[i].file->tried)
			all->attempt[kept++] = all->attempt[i];
	all->count = kept;
}

enum rs_code rs_attempts_record(
	struct rs_ctx *ctx, struct rs_attempts *all, const struct rs_looking *looking)
{
	enum rs_code rc = RS_OK;

	leave_out_untried(all);
	for (size_t i = 0; !rc && i < all->count; i++)
		rc = judge(ctx, &all->attempt[i], looking);
	if (!rc && all->count > 0)
		rc = rs_tx_use(ctx, RS_REACH_CALLER, record, all);
	for (size_t i = 0; !rc && i < all->count; i++)
		remember(ctx, &all->attempt[i]);
	return rc;
}

/* One by itself. */
static enum rs_code try_alone(struct rs_ctx *ctx, struct rs_validation *v)
{
	struct rs_looking looking = {0};
	int deadline = rs_dns_deadline(ctx);
	struct rs_attempts *attempts = rs_attempts_begin(ctx, v, 1, &looking, deadline);
	enum rs_code rc = rs_looking_run(ctx, &looking, deadline);

	rs_attempts_wait(attempts);
	return rc ? rc : rs_attempts_record(ctx, attempts, &looking);
}

enum rs_code rs_validation_verify(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision,
	json_t *faults, struct rs_validation *out)
{
	enum rs_code rc = rs_validation_get_for_edit(ctx, id, revision, out);
	int64_t now = rs_clock_now_us(ctx->app->clock);

	if (rc)
		return rc;
	if (strcmp(out->status, "pending") != 0 || out->expires_at <= now) {
		rs_fail(ctx, RS_WRONG_STATE, "The validation is not pending.");
		rs_err_ext(ctx, "current_status", json_string(out->status));
		return RS_WRONG_STATE;
	}
	rc = rs_faults_with(ctx, faults, RS_OK);
	if (rc)
		return rc;
	if (out->next_attempt_at > now) {
		rs_fail(ctx, RS_RATE_LIMITED, "The last attempt was a moment ago; wait a little.");
		ctx->err.retry_after = (int)((out->next_attempt_at - now) / SECOND) + 1;
		return RS_RATE_LIMITED;
	}
	rc = rs_method_for(out->method, out->identifier_type)->mail ? rs_letters_verify(ctx, out)
								    : try_alone(ctx, out);
	return rc ? rc : rs_validation_get(ctx, id, out);
}
