/*
 * The way through a browser: our link, the IdP, the callback, and the client that brings the result
 * back. Whatever the browser carries is a random text of 256 bits whose hash we keep, good once. No
 * cookie: what binds it all together is that only the token which made the challenge completes it.
 */
#include "internal.h"

#include "rs/failpoint.h"
#include "rs/identity.h"

/* Sign-ins of one user that may be under way at once. */
#define OPEN_MAX 3
/* Longer than any call lives: who took an IdP's answer and has not judged it by then has died. */
#define STRANDED_US (40 * RS_SECOND_US)

/* --- handles --- */

static void hash_of(const char *text, unsigned char out[32])
{
	rs_sha256(text, strlen(text), out);
}

static const char *new_text(struct rs_ctx *ctx)
{
	unsigned char random[32];
	const char *text;

	rs_random(random, sizeof(random));
	text = rs_b64url(ctx->arena, random, sizeof(random));
	rs_cleanse(random, sizeof(random));
	return text;
}

static bool well_formed(const char *text)
{
	static const char ALPHABET[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	return text && strlen(text) == RS_CHALLENGE_TOKEN_LEN &&
	       strspn(text, ALPHABET) == RS_CHALLENGE_TOKEN_LEN;
}

static enum rs_code put(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_challenge *c,
	const char *kind, int64_t until, const char *text)
{
	struct rs_params p = rs_params(ctx);
	unsigned char hash[32];

	hash_of(text, hash);
	rs_p_bytes(&p, hash, sizeof(hash));
	rs_p_id(&p, &c->enterprise_id);
	rs_p_id(&p, &c->id);
	rs_p_text(&p, kind);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rs_p_time(&p, until);
	return rs_tx_run(ctx, tx, RS_Q_challenge_handle_put, &p, NULL);
}

enum rs_code rs_handle_make(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_challenge *c,
	const char *kind, int64_t until, const char **out)
{
	*out = new_text(ctx);
	return put(ctx, tx, c, kind, until, *out);
}

/* Uses one up, while its challenge has that status; RS_GONE when it was or is too late. */
static enum rs_code use(struct rs_ctx *ctx, struct rs_tx *tx, const char *text, const char *kind,
	const char *status)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	unsigned char hash[32];
	enum rs_code rc;

	hash_of(text, hash);
	rs_p_bytes(&p, hash, sizeof(hash));
	rs_p_text(&p, kind);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rs_p_text(&p, status);
	rc = rs_tx_run(ctx, tx, RS_Q_challenge_handle_use, &p, &rows);
	if (!rc && rs_rows_count(rows) == 0)
		rc = rs_fail(ctx, RS_GONE, "This link was used already or is too old.");
	return rc;
}

/* What became of a handle. */
struct handle {
	bool used, late;
};

/* Whose it is, without using it: a browser has no token, so the job role looks. */
static enum rs_code peek(struct rs_ctx *ctx, const char *text, const char *kind,
	struct rs_challenge *c, struct handle *handle)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	struct rs_id id;
	unsigned char hash[32];
	enum rs_code rc;

	hash_of(text, hash);
	rs_p_bytes(&p, hash, sizeof(hash));
	rs_p_text(&p, kind);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rc = rs_read_one(ctx, RS_REACH_JOB, RS_Q_challenge_handle_peek, &p, &rows);
	if (rc)
		return rc;
	handle->used = rs_row_bool(rows, 0, "used");
	handle->late = rs_row_bool(rows, 0, "late");
	if (!rs_id_parse(rs_row_text(rows, 0, "challenge_id"), &id))
		return rs_fail(ctx, RS_INTERNAL, "Something went wrong on our side.");
	rc = rs_challenge_read(ctx, RS_REACH_JOB, &id, c);
	/* A browser is nobody, and sees what is the challenge's enterprise's. */
	if (!rc && ctx->actor.kind == RS_ACTOR_NONE)
		ctx->actor.enterprise = c->enterprise_id;
	return rc;
}

/* --- our link --- */

static struct rs_seal_place private_place(const struct rs_challenge *c)
{
	return (struct rs_seal_place){"challenge", "private", c->id.s, c->enterprise_id.s};
}

/* Many open ways at once are somebody who hopes that the person takes a wrong one. */
static enum rs_code judge_open(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_challenge *c)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, &c->user_id);
	rs_p_id(&p, &c->id);
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rc = tx ? rs_tx_one(ctx, tx, RS_Q_challenge_redirects_open, &p, &rows)
		: rs_read_one(ctx, RS_REACH_JOB, RS_Q_challenge_redirects_open, &p, &rows);
	if (rc || rs_row_int(rows, 0, "open") < OPEN_MAX)
		return rc;
	return rs_fail(ctx, RS_RATE_LIMITED,
		"%d sign-ins of yours are under way already. Finish or cancel one first.",
		OPEN_MAX);
}

/* Counted again where nobody else counts for the same person: links may be followed all at once. */
static enum rs_code hold_open(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_challenge *c)
{
	struct rs_params p = rs_params(ctx);
	enum rs_code rc;

	rs_p_id(&p, &c->user_id);
	rc = rs_tx_run(ctx, tx, RS_Q_challenge_hold_user, &p, NULL);
	return rc ? rc : judge_open(ctx, tx, c);
}

struct following {
	struct rs_challenge *c;
	const char *handle;
	json_t *kept;
};

/* The link is used up, what the mechanism keeps is sealed, and its state is known, or nothing. */
static enum rs_code follow(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct following *f = arg;
	struct rs_seal_place place = private_place(f->c);
	struct rs_params p = rs_params(ctx);
	struct rs_bytes sealed = {0};
	struct rs_rows *rows;
	size_t len;
	const char *text = rs_json_canonical(
		ctx, f->kept ? f->kept : rs_arena_json(ctx->arena, json_object()), &len);
	enum rs_code rc = hold_open(ctx, tx, f->c);

	if (!rc)
		rc = use(ctx, tx, f->handle, "redirect", "pending");
	if (rc)
		return rc;
	rs_keyring_seal(ctx, ctx->keyring, RS_KEY_OUTBOX, &place, text, len, &sealed);
	rs_p_id(&p, &f->c->id);
	rs_p_bytes(&p, sealed.data, sealed.len);
	rs_p_text(&p, rs_keyring_active(ctx->keyring));
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rs_p_text(&p, ctx->address);
	rs_p_text(&p, ctx->user_agent);
	rc = rs_tx_run(ctx, tx, RS_Q_challenge_keep, &p, &rows);
	if (!rc && rs_rows_count(rows) == 0)
		rc = rs_fail(ctx, RS_GONE, "The challenge has ended. Make a new one.");
	return rc ? rc : put(ctx, tx, f->c, "state", f->c->expires_at, f->c->state);
}

/* Counted by address before it is put on record: whoever has a link needs no token. */
static enum rs_code not_followed(
	struct rs_ctx *ctx, const struct rs_challenge *c, enum rs_code why)
{
	struct rs_err kept = ctx->err;
	enum rs_code rc;

	ctx->err = (struct rs_err){0};
	rc = rs_throttle_refused(ctx);
	if (rc) {
		rs_err_reset(&kept);
		return rc;
	}
	ctx->err = kept;
	return rs_challenge_denied(ctx, c, why);
}

enum rs_code rs_challenge_follow(struct rs_ctx *ctx, const char *handle, struct rs_redirect *out)
{
	const struct rs_factor *factor = NULL;
	struct rs_challenge c = {.status = ""};
	struct following f = {.c = &c, .handle = handle};
	struct handle link;
	enum rs_code rc;

	*out = (struct rs_redirect){0};
	if (!well_formed(handle))
		return rs_fail(ctx, RS_NOT_FOUND, "There is no such link.");
	rc = peek(ctx, handle, "redirect", &c, &link);
	if (rc)
		return rc;
	if (link.used || link.late || strcmp(c.status, "pending") != 0)
		rc = rs_fail(ctx, RS_GONE, "This link was used already or is too old.");
	if (!rc)
		rc = judge_open(ctx, NULL, &c);
	if (!rc)
		rc = rs_challenge_factor(ctx, &c, &factor);
	if (!rc)
		rc = rs_challenge_connect(ctx, factor, &c);
	c.state = new_text(ctx);
	if (!rc)
		rc = factor->authorize(ctx, &c, out, &f.kept);
	if (!rc)
		rc = rs_tx_use(ctx, RS_REACH_JOB, follow, &f);
	return rc ? not_followed(ctx, &c, rc) : RS_OK;
}

/* --- the IdP came back --- */

static enum rs_code exchange(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct following *f = arg;
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc = use(ctx, tx, f->handle, "state", "pending");

	if (rc)
		return rc;
	rs_p_id(&p, &f->c->id);
	rs_p_text(&p, "pending");
	rs_p_text(&p, "exchanging");
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	rc = rs_tx_run(ctx, tx, RS_Q_challenge_move, &p, &rows);
	if (!rc && rs_rows_count(rows) == 0)
		rc = rs_fail(ctx, RS_GONE, "The challenge has ended. Make a new one.");
	return rc;
}

static enum rs_code open_private(struct rs_ctx *ctx, struct rs_challenge *c)
{
	struct rs_seal_place place = private_place(c);
	rs_auto_secret text = NULL;
	enum rs_code rc;

	if (!c->private_sealed.data)
		return rs_fail(ctx, RS_GONE, "The challenge has ended. Make a new one.");
	rc = rs_keyring_open(ctx, ctx->keyring, RS_KEY_OUTBOX, &place, c->private_kid,
		c->private_sealed, &text);
	return rc ? rc
		  : rs_json_parse(
			    ctx, rs_secret_data(text), rs_secret_len(text), &c->private_state);
}

struct outcome {
	struct rs_challenge *c;
	const char *failure; /* slug, or NULL: returned */
	const char *result;  /* the text the client completes with */
	const char *detail;
};

static enum rs_code settle(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	struct outcome *o = arg;
	struct rs_event event = rs_challenge_event(o->c, "challenge.returned");
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	int64_t now = rs_clock_now_us(ctx->app->clock);
	enum rs_code rc;

	rs_p_id(&p, &o->c->id);
	if (o->failure) {
		rs_p_time(&p, now);
		rs_p_text(&p, "rejected");
		rs_p_text(&p, o->failure);
		rs_p_text(&p, "exchanging");
		rc = rs_tx_run(ctx, tx, RS_Q_challenge_end, &p, &rows);
	} else {
		rs_p_text(&p, "exchanging");
		rs_p_text(&p, "returned");
		rs_p_time(&p, now);
		rc = rs_tx_run(ctx, tx, RS_Q_challenge_move, &p, &rows);
	}
	if (!rc && rs_rows_count(rows) == 0)
		rc = rs_fail(ctx, RS_GONE, "The challenge has ended. Make a new one.");
	if (!rc && !o->failure)
		rc = rs_handle_make(ctx, tx, o->c, "result", now + RS_RESULT_US, &o->result);
	event.from = "pending";
	event.to = o->failure ? "rejected" : "returned";
	event.detail = o->detail;
	/* One that is refused is on record as such, by rs_audit_denied(). */
	return rc || o->failure ? rc : rs_audit(ctx, tx, &event);
}

/*
 * Of an answer that names no challenge the record has the connector alone; of one to a connector that
 * there is not, nothing that a stranger chose.
 */
static void on_record(struct rs_ctx *ctx, const struct rs_id *connector, const char *why)
{
	struct rs_event event = {
		.action = "challenge.refused", .object_type = "challenge", .detail = why};
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;

	rs_p_id(&p, connector);
	if (rs_look_one(ctx, RS_REACH_JOB, RS_Q_connector_by_id, &p, &rows) == RS_OK) {
		if (!rs_id_parse(rs_row_text(rows, 0, "enterprise_id"), &event.enterprise))
			return;
		event.object = *connector;
	}
	rs_err_reset(&ctx->err);
	rs_audit_denied(ctx, &event, RS_ASSERTION_INVALID);
}

/*
 * Nobody says who he is here: refusals are counted by address, before they are put on record, so that
 * nobody fills it.
 */
static enum rs_code unasked(struct rs_ctx *ctx, const struct rs_id *connector, const char *why)
{
	enum rs_code rc = rs_throttle_refused(ctx);

	if (rc)
		return rc;
	on_record(ctx, connector, why);
	return rs_fail(ctx, RS_ASSERTION_INVALID, "Nobody here is waiting for this answer.");
}

/* The same for what is not even a question: the client's fault, whoever that is. */
static enum rs_code nonsense(
	struct rs_ctx *ctx, const struct rs_id *connector, const char *why, const char *text)
{
	enum rs_code rc = unasked(ctx, connector, why);

	return rc != RS_ASSERTION_INVALID ? rc : rs_fail(ctx, RS_BAD_REQUEST, "%s", text);
}

enum rs_code rs_challenge_garbled(struct rs_ctx *ctx, const struct rs_id *connector)
{
	return nonsense(ctx, connector, "parameter-twice",
		"A parameter is malformed or stands here twice.");
}

/* No live challenge: what the page says. */
static enum rs_code dead(struct rs_ctx *ctx, const struct rs_challenge *c, bool used)
{
	struct rs_event event = rs_challenge_event(c, "challenge.refused");
	enum rs_code rc;

	if (rs_challenge_live(c) && !rs_challenge_overdue(c, rs_clock_now_us(ctx->app->clock)) &&
		!used)
		return RS_OK;
	rc = rs_throttle_refused(ctx);
	if (rc)
		return rc;
	if (used)
		rc = rs_fail(
			ctx, RS_REPLAY_DETECTED, "The identity provider's answer was used before.");
	else
		return rs_challenge_refuse(ctx, c);
	rs_audit_denied(ctx, &event, rc);
	return rc;
}

static enum rs_code judge(struct rs_ctx *ctx, struct rs_challenge *c,
	const struct rs_factor *factor, const json_t *params, struct outcome *out)
{
	struct rs_verdict verdict = {0};
	bool passed, locked;
	enum rs_code rc = open_private(ctx, c);

	if (!rc)
		rc = factor->callback(ctx, c, params, &verdict);
	if (rc) {
		rs_err_reset(&ctx->err);
		verdict = (struct rs_verdict){
			.result = RS_VERDICT_UNAVAILABLE, .code = RS_IDP_UNAVAILABLE};
	}
	passed = verdict.result == RS_VERDICT_PASSED;
	if (!passed) {
		struct rs_event event = rs_challenge_event(c, "challenge.answered");
		enum rs_code code = verdict.code ? verdict.code : RS_ASSERTION_INVALID;

		out->failure = rs_code_slug(code);
		out->detail = event.detail = verdict.detail;
		event.from = "pending";
		event.to = "rejected";
		rs_audit_denied(ctx, &event, code);
	}
	/* No proof without its record. */
	rc = rs_challenge_judged(ctx, c, passed ? "passed" : "refused",
		passed ? RS_OK : verdict.code, &verdict, false, &locked);
	rs_secret_free(verdict.sealed);
	return rc;
}

static enum rs_code finish(
	struct rs_ctx *ctx, struct rs_challenge *c, const json_t *params, struct outcome *out)
{
	const struct rs_factor *factor = NULL;
	enum rs_code rc = rs_challenge_factor(ctx, c, &factor);

	if (!rc)
		rc = rs_challenge_connect(ctx, factor, c);
	if (rc) {
		out->failure = rs_code_slug(rs_challenge_denied(ctx, c, rc));
		rs_err_reset(&ctx->err);
	} else {
		rc = judge(ctx, c, factor, params, out);
		if (rc)
			return rc;
	}
	return rs_tx_use(ctx, RS_REACH_JOB, settle, out);
}

enum rs_code rs_challenge_returned(struct rs_ctx *ctx, const struct rs_id *connector,
	const char *state, json_t *params, const char **url, json_t **page)
{
	struct rs_challenge c;
	struct following f = {.c = &c, .handle = state};
	struct outcome out = {.c = &c};
	struct handle handle;
	enum rs_code rc;

	*url = NULL;
	*page = NULL;
	if (!well_formed(state))
		return nonsense(ctx, connector, "no-state", "This names no challenge.");
	rc = peek(ctx, state, "state", &c, &handle);
	if (rc == RS_NOT_FOUND || (!rc && !rs_id_eq(&c.connector_id, connector)))
		return unasked(ctx, connector, "unknown-state");
	if (!rc)
		rc = dead(ctx, &c, handle.used);
	if (!rc)
		rc = rs_tx_use(ctx, RS_REACH_JOB, exchange, &f);
	if (rc == RS_GONE)
		rc = rs_fail(
			ctx, RS_REPLAY_DETECTED, "The identity provider's answer was used before.");
	/* The crash that the tests provoke: the answer is spent, and nobody has looked at it. */
	if (!rc && rs_failpoint("after_exchange"))
		return rs_fail(ctx, RS_UNAVAILABLE, "Interrupted after the answer was taken.");
	if (!rc)
		rc = finish(ctx, &c, params, &out);
	if (rc)
		return rc;
	*page = rs_arena_json(ctx->arena, json_pack("{s:s, s:s?, s:s?}", "challenge", c.id.s,
						  "result", out.result, "error", out.failure));
	if (c.return_url)
		*url = rs_arena_printf(ctx->arena, "%s#challenge=%s&%s=%s", c.return_url, c.id.s,
			out.failure ? "error" : "result", out.failure ? out.failure : out.result);
	return RS_OK;
}

/*
 * Who took an answer has died on it. The answer is spent - a code is never exchanged again - so its
 * challenge is over, and its user need not wait for the end of its time to make another.
 */
static enum rs_code end_stranded(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	int64_t now = rs_clock_now_us(ctx->app->clock);
	enum rs_code rc;

	(void)arg;
	rs_p_time(&p, now);
	rs_p_time(&p, now - STRANDED_US);
	rs_p_text(&p, rs_code_slug(RS_IDP_UNAVAILABLE));
	rc = rs_tx_run(ctx, tx, RS_Q_challenge_stranded, &p, &rows);
	for (int i = 0; !rc && i < rs_rows_count(rows); i++) {
		struct rs_event event = {
			.action = "challenge.returned",
			.object_type = "challenge",
			.from = "pending",
			.to = "rejected",
			.detail = "interrupted",
		};

		if (rs_id_parse(rs_row_text(rows, i, "id"), &event.object) &&
			rs_id_parse(rs_row_text(rows, i, "enterprise_id"), &event.enterprise))
			rc = rs_audit(ctx, tx, &event);
	}
	return rc;
}

enum rs_code rs_challenge_end_stranded(struct rs_ctx *ctx)
{
	return rs_tx_use(ctx, RS_REACH_JOB, end_stranded, NULL);
}

/* --- the client brings the result back --- */

struct completing {
	const char *result;
};

/*
 * Nothing marks a result as used: the challenge has left `returned` when it has passed, in the very
 * statement that grants. Until then, should granting fail through no fault of the client's, it may
 * be brought again.
 */
static enum rs_code judge_result(
	struct rs_ctx *ctx, const struct rs_challenge *c, const char *result)
{
	struct rs_event event = rs_challenge_event(c, "challenge.answered");
	struct rs_challenge whose;
	struct handle handle;
	enum rs_code rc =
		well_formed(result) ? peek(ctx, result, "result", &whose, &handle) : RS_NOT_FOUND;

	if (!rc && rs_id_eq(&whose.id, &c->id))
		return handle.late ? rs_challenge_denied(ctx, c,
					     rs_fail(ctx, RS_GONE, "This result is too old."))
				   : RS_OK;
	if (rc && rc != RS_NOT_FOUND)
		return rc;
	rs_audit_denied(ctx, &event, RS_ASSERTION_INVALID);
	rc = rs_fail(ctx, RS_ASSERTION_INVALID, "This is not the result of this challenge.");
	rs_err_ext(ctx, "challenge_id", json_string(c->id.s));
	return rc;
}

static enum rs_code bring_result(struct rs_ctx *ctx, json_t *body, struct rs_challenge *c)
{
	static const struct rs_field BODY[] = {
		RS_FIELD(struct completing, result, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 1,
			.max = 100),
		RS_FIELD_END,
	};
	const struct rs_factor *factor = NULL;
	struct completing in = {0};
	enum rs_code rc = rs_challenge_factor(ctx, c, &factor);

	rs_json_read(ctx, body, "", BODY, &in, NULL);
	if (!rc)
		rc = rs_faults(ctx);
	if (!rc)
		rc = rs_challenge_denied(ctx, c, rs_challenge_connect(ctx, factor, c));
	return rc ? rc : judge_result(ctx, c, in.result);
}

enum rs_code rs_challenge_complete(struct rs_ctx *ctx, const struct rs_id *id, json_t *body,
	struct rs_challenge *out, struct rs_reissue *request)
{
	enum rs_code rc = rs_challenge_load(ctx, id, "challenge.answer", out);

	*request = (struct rs_reissue){0};
	/* Another token, be it of the same user, did not begin this. */
	if (!rc && !rs_equal(out->token_hash.data, ctx->actor.token_hash, 32)) {
		struct rs_event event = rs_challenge_event(out, "challenge.refused");

		event.detail = "another token";
		rs_audit_denied(ctx, &event, RS_CHALLENGE_NOT_FOUND);
		return rs_fail(
			ctx, RS_CHALLENGE_NOT_FOUND, "There is no such second-factor challenge.");
	}
	if (!rc && (strcmp(out->status, "returned") != 0 ||
			   rs_challenge_overdue(out, rs_clock_now_us(ctx->app->clock))))
		return rs_challenge_refuse(ctx, out);
	if (!rc)
		rc = bring_result(ctx, body, out);
	if (!rc)
		rc = rs_challenge_grant(ctx, out, request);
	return rc ? rc : rs_challenge_get(ctx, id, out);
}

enum rs_code rs_challenge_once(
	struct rs_ctx *ctx, const char *kind, const void *key, size_t len, int64_t until)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	unsigned char hash[32];
	enum rs_code rc;

	rs_sha256(key, len, hash);
	rs_p_text(&p, kind);
	rs_p_bytes(&p, hash, sizeof(hash));
	rs_p_time(&p, until);
	rc = rs_read(ctx, RS_REACH_JOB, RS_Q_challenge_once, &p, &rows);
	if (!rc && rs_rows_count(rows) == 0)
		rc = rs_fail(ctx, RS_REPLAY_DETECTED, "This was used before.");
	return rc;
}
