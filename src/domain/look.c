/* CAA lookups: the climbs of many names in one batch of questions, and what was seen as evidence. */
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
	default:
		return "A";
	}
}

json_t *rs_dns_evidence(
	struct rs_ctx *ctx, const struct rs_dns_question *question, const struct rs_dns_answer *answer)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:i, s:I, s:s, s:i, s:I, s:s?, s:s?}", "name",
		question->name, "type", type_name(question->type), "state",
		rs_dns_state_name(answer->state), "reason", rs_dns_reason_name(answer->reason),
		"rcode", answer->rcode, "ttl", (json_int_t)answer->ttl, "canonical",
		answer->canonical ? answer->canonical : question->name, "attempts", answer->attempts,
		"ms", (json_int_t)answer->ms, "why", answer->why, "message",
		answer->packet.len ? rs_base64(ctx->arena, answer->packet.data, answer->packet.len)
				   : NULL);
}

/* All names of all climbs, each once. */
struct batch {
	struct rs_dns_question *questions;
	struct rs_dns_answer *answers;
	size_t count;
};

static size_t question_of(struct batch *b, const char *name)
{
	size_t i = 0;

	while (i < b->count && strcmp(b->questions[i].name, name) != 0)
		i++;
	if (i == b->count)
		b->questions[b->count++] = (struct rs_dns_question){name, RS_RR_CAA};
	return i;
}

/* The climb of one ask, as places in the batch. */
struct climb {
	const char *const *names;
	size_t count;
	size_t *at;
};

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

static void judge(
	struct rs_ctx *ctx, struct rs_caa_outcome *o, const struct climb *c, const struct batch *b)
{
	struct rs_caa_lookup *lookups = rs_new_array(ctx->arena, struct rs_caa_lookup, c->count);

	o->queries = rs_arena_json(ctx->arena, json_array());
	for (size_t i = 0; i < c->count; i++) {
		const struct rs_dns_answer *answer = &b->answers[c->at[i]];

		rs_caa_lookup_read(ctx, c->names[i], seen_of(answer), answer->packet, &lookups[i]);
		json_array_append_new(
			o->queries, rs_dns_evidence(ctx, &b->questions[c->at[i]], answer));
	}
	rs_caa_find(ctx, c->names, lookups, c->count, &o->set);
	rs_caa_judge(ctx, &o->ask, &o->set, &o->verdict);
	o->checked_at = rs_clock_now_us(ctx->app->clock);
}

enum rs_code rs_caa_look(
	struct rs_ctx *ctx, struct rs_caa_outcome *outcomes, size_t count, int deadline_ms)
{
	struct climb *climbs = rs_new_array(ctx->arena, struct climb, count);
	struct batch b = {0};
	size_t most = 0;
	enum rs_code rc = RS_OK;

	for (size_t i = 0; !rc && i < count; i++) {
		rc = rs_caa_climb(ctx, outcomes[i].ask.name, &climbs[i].names, &climbs[i].count);
		most += climbs[i].count;
	}
	if (rc || count == 0)
		return rc;
	b.questions = rs_new_array(ctx->arena, struct rs_dns_question, most);
	b.answers = rs_new_array(ctx->arena, struct rs_dns_answer, most);
	for (size_t i = 0; i < count; i++) {
		climbs[i].at = rs_new_array(ctx->arena, size_t, climbs[i].count);
		for (size_t n = 0; n < climbs[i].count; n++)
			climbs[i].at[n] = question_of(&b, climbs[i].names[n]);
	}
	rc = rs_resolver_lookup(ctx, b.questions, b.count, deadline_ms, b.answers);
	for (size_t i = 0; !rc && i < count; i++)
		judge(ctx, &outcomes[i], &climbs[i], &b);
	return rc;
}

static json_t *time_json(int64_t us)
{
	char text[32];

	rs_time_format(us, text);
	return json_string(text);
}

json_t *rs_caa_row(const struct rs_caa_outcome *o, const struct rs_id *id, int64_t recheck_s)
{
	return json_pack("{s:s, s:s, s:s, s:b, s:o, s:s, s:s, s:s, s:s?, s:o, s:s, s:O, s:o, s:o}",
		"id", id->s, "kind", rs_caa_kind_name(o->ask.kind), "name", o->ask.name, "wildcard",
		o->ask.wildcard, "basis", rs_caa_basis(&o->ask), "result",
		rs_caa_result_name(o->verdict.result), "code", rs_code_slug(o->verdict.code),
		"detail", o->verdict.detail, "found_at", o->set.found_at, "records",
		rs_caa_records_json(&o->set), "dnssec", rs_caa_dnssec_name(o->set.dnssec), "queries",
		o->queries, "checked_at", time_json(o->checked_at), "valid_until",
		time_json(rs_caa_valid_until(o->checked_at, recheck_s)));
}
