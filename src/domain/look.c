/* One run of the DNS for a whole verification: CAA climbs of many names, what was seen as evidence.
 */
#include "internal.h"

#include "rs/app.h"
#include "rs/clock.h"
#include "rs/config.h"
#include "rs/id.h"

#include <string.h>

/* What answering takes after the last lookup. */
#define RESERVE_MS 1500

int rs_dns_deadline(const struct rs_ctx *ctx)
{
	int configured = (int)ctx->app->config->dns_deadline_ms;
	int left = rs_ctx_left_ms(ctx) - RESERVE_MS;

	return left < configured ? (left > 0 ? left : 0) : configured;
}

const char *rs_account_uri(struct rs_ctx *ctx, const struct rs_id *enterprise)
{
	static const char PLACE[] = "{enterprise_id}";
	const char *template = ctx->app->config->caa_account_uri_template;
	const char *at = strstr(template, PLACE);

	if (!at)
		return template;
	return rs_arena_printf(ctx->arena, "%.*s%s%s", (int)(at - template), template,
		enterprise->s, at + sizeof(PLACE) - 1);
}

static const char *type_name(enum rs_rr_type type)
{
	switch (type) {
	case RS_RR_CAA:
		return "CAA";
	case RS_RR_TXT:
		return "TXT";
	case RS_RR_AAAA:
		return "AAAA";
	case RS_RR_DS:
		return "DS";
	default:
		return "A";
	}
}

json_t *rs_dns_evidence(struct rs_ctx *ctx, const struct rs_dns_question *question,
	const struct rs_dns_answer *answer)
{
	json_t *chain = json_array();

	for (size_t i = 0; i < answer->chain_len; i++)
		json_array_append_new(chain, json_string(answer->chain[i]));
	return json_pack("{s:s, s:s, s:s, s:s, s:i, s:I, s:s, s:o, s:b, s:s, s:i, s:I, s:s?, s:s?}",
		"name", question->name, "type", type_name(question->type), "state",
		rs_dns_state_name(answer->state), "reason", rs_dns_reason_name(answer->reason),
		"rcode", answer->rcode, "ttl", (json_int_t)answer->ttl, "canonical",
		answer->canonical ? answer->canonical : question->name, "chain", chain, "soa",
		answer->soa, "perspective", RS_RESOLVER_PERSPECTIVE, "attempts", answer->attempts,
		"ms", (json_int_t)answer->ms, "why", answer->why, "message",
		answer->packet.len ? rs_base64(ctx->arena, answer->packet.data, answer->packet.len)
				   : NULL);
}

/* --- one run --- */

#define ROOM_FIRST     16
/* How many names are proven to be unsigned, and how long that may take. */
#define PROOFS_MAX     16
#define PROOF_LEAST_MS 500
#define PROOF_MOST_MS  1500

static void make_room(struct rs_ctx *ctx, struct rs_looking *l)
{
	size_t room = l->room ? 4 * l->room : ROOM_FIRST;
	struct rs_dns_question *more = rs_new_array(ctx->arena, struct rs_dns_question, room);

	if (l->count > 0)
		memcpy(more, l->questions, l->count * sizeof(*more));
	l->questions = more;
	l->room = room;
}

size_t rs_looking_add(
	struct rs_ctx *ctx, struct rs_looking *l, const char *name, enum rs_rr_type type)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->questions[i].type == type && strcmp(l->questions[i].name, name) == 0)
			return i;
	if (l->count == l->room)
		make_room(ctx, l);
	l->questions[l->count] = (struct rs_dns_question){name, type};
	return l->count++;
}

/* Whether DNSSEC's chain ends above a name, as far as an answer leaves it open. */
static bool is_open(const struct rs_dns_answer *answer)
{
	return answer->state == RS_DNS_INSECURE ||
	       (answer->state == RS_DNS_FAILED && answer->reason != RS_DNS_REASON_TIMEOUT);
}

/*
 * Asks for DS where an answer was insecure or failed: the proof that the zone is unsigned, or that
 * it is not. It is kept as evidence and changes no verdict, so it may fail.
 */
static void prove(struct rs_ctx *ctx, struct rs_looking *l, int left_ms)
{
	struct rs_looking *proofs = rs_new(ctx->arena, struct rs_looking);

	for (size_t i = 0; i < l->count && proofs->count < PROOFS_MAX; i++)
		if (is_open(&l->answers[i]))
			rs_looking_add(ctx, proofs, l->questions[i].name, RS_RR_DS);
	if (proofs->count == 0 || left_ms < PROOF_LEAST_MS)
		return;
	proofs->answers = rs_new_array(ctx->arena, struct rs_dns_answer, proofs->count);
	proofs->told = rs_new_array(ctx->arena, json_t *, proofs->count);
	if (rs_resolver_lookup(ctx, proofs->questions, proofs->count,
		    left_ms < PROOF_MOST_MS ? left_ms : PROOF_MOST_MS, proofs->answers))
		rs_err_reset(&ctx->err);
	else
		l->proofs = proofs;
}

json_t *rs_looking_proof(struct rs_ctx *ctx, const struct rs_looking *l, const char *name)
{
	for (size_t i = 0; l->proofs && i < l->proofs->count; i++)
		if (strcmp(l->proofs->questions[i].name, name) == 0)
			return rs_looking_evidence(ctx, l->proofs, i);
	return NULL;
}

enum rs_code rs_looking_run(struct rs_ctx *ctx, struct rs_looking *l, int deadline_ms)
{
	int64_t until = rs_clock_mono_ms() + deadline_ms;
	enum rs_code rc;

	l->answers = rs_new_array(ctx->arena, struct rs_dns_answer, l->count);
	l->told = rs_new_array(ctx->arena, json_t *, l->count);
	if (l->count == 0)
		return RS_OK;
	rc = rs_resolver_lookup(ctx, l->questions, l->count, deadline_ms, l->answers);
	if (!rc)
		prove(ctx, l, (int)(until - rs_clock_mono_ms()));
	return rc;
}

/* Names of one certificate share most of the way up. */
json_t *rs_looking_evidence(struct rs_ctx *ctx, const struct rs_looking *l, size_t place)
{
	if (!l->told[place])
		l->told[place] = rs_arena_json(
			ctx->arena, rs_dns_evidence(ctx, &l->questions[place], &l->answers[place]));
	return l->told[place];
}

/* --- CAA --- */

static enum rs_caa_seen seen_of(const struct rs_dns_answer *answer)
{
	switch (answer->state) {
	case RS_DNS_SECURE:
		return RS_CAA_SEEN_SECURE;
	case RS_DNS_INSECURE:
		return RS_CAA_SEEN_INSECURE;
	case RS_DNS_BOGUS:
		return RS_CAA_SEEN_BOGUS;
	default:
		return answer->reason == RS_DNS_REASON_TIMEOUT ? RS_CAA_SEEN_TIMEOUT
							       : RS_CAA_SEEN_FAILED;
	}
}

static void judge(struct rs_ctx *ctx, struct rs_caa_outcome *o, const struct rs_looking *l)
{
	struct rs_caa_lookup *lookups =
		rs_new_array(ctx->arena, struct rs_caa_lookup, o->climb_len);

	o->queries = rs_arena_json(ctx->arena, json_array());
	for (size_t i = 0; i < o->climb_len; i++) {
		const struct rs_dns_answer *answer = &l->answers[o->at[i]];

		rs_caa_lookup_read(ctx, o->climb[i], seen_of(answer), answer->packet, &lookups[i]);
		json_array_append(o->queries, rs_looking_evidence(ctx, l, o->at[i]));
	}
	for (size_t i = 0; i < o->climb_len; i++)
		if (rs_looking_proof(ctx, l, o->climb[i]))
			json_array_append(o->queries, rs_looking_proof(ctx, l, o->climb[i]));
	rs_caa_find(ctx, o->climb, lookups, o->climb_len, &o->set);
	rs_caa_judge(ctx, &o->ask, &o->set, &o->verdict);
	o->checked_at = rs_clock_now_us(ctx->app->clock);
}

enum rs_code rs_caa_plan(
	struct rs_ctx *ctx, struct rs_caa_outcome *outcomes, size_t count, struct rs_looking *l)
{
	for (size_t i = 0; i < count; i++) {
		struct rs_caa_outcome *o = &outcomes[i];
		enum rs_code rc = rs_caa_climb(ctx, o->ask.name, &o->climb, &o->climb_len);

		if (rc)
			return rc;
		o->at = rs_new_array(ctx->arena, size_t, o->climb_len);
		for (size_t n = 0; n < o->climb_len; n++)
			o->at[n] = rs_looking_add(ctx, l, o->climb[n], RS_RR_CAA);
	}
	return RS_OK;
}

void rs_caa_conclude(struct rs_ctx *ctx, struct rs_caa_outcome *outcomes, size_t count,
	const struct rs_looking *l)
{
	for (size_t i = 0; i < count; i++)
		judge(ctx, &outcomes[i], l);
}

enum rs_code rs_caa_look(
	struct rs_ctx *ctx, struct rs_caa_outcome *outcomes, size_t count, int deadline_ms)
{
	struct rs_looking looking = {0};
	enum rs_code rc = rs_caa_plan(ctx, outcomes, count, &looking);

	if (!rc)
		rc = rs_looking_run(ctx, &looking, deadline_ms);
	if (!rc)
		rs_caa_conclude(ctx, outcomes, count, &looking);
	return rc;
}

json_t *rs_caa_row(const struct rs_caa_outcome *o, const struct rs_id *id, int64_t recheck_s)
{
	return json_pack("{s:s, s:s, s:s, s:b, s:o, s:s, s:s, s:s, s:s?, s:o, s:s, s:O, s:o, s:o}",
		"id", id->s, "kind", rs_caa_kind_name(o->ask.kind), "name", o->ask.name, "wildcard",
		o->ask.wildcard, "basis", rs_caa_basis(&o->ask), "result",
		rs_caa_result_name(o->verdict.result), "code", rs_code_slug(o->verdict.code),
		"detail", o->verdict.detail, "found_at", o->set.found_at, "records",
		rs_caa_records_json(&o->set), "dnssec", rs_caa_dnssec_name(o->set.dnssec),
		"queries", o->queries, "checked_at", rs_json_time(o->checked_at), "valid_until",
		rs_json_time(rs_caa_valid_until(o->checked_at, recheck_s)));
}
