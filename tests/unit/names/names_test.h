/* What the tables of the names tests share: a context, the three policies, one judgement. */
#ifndef NAMES_TEST_H
#define NAMES_TEST_H

#include "rs/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct rs_ruleset TLS = {.name = "tls-br", .names = "tls"};
static const struct rs_ruleset SMIME = {.name = "smime-br", .names = "mailbox"};
static const struct rs_ruleset FREE = {.name = "private", .names = "free"};

static inline int ctx_setup(void **state)
{
	static struct rs_ctx ctx;

	rs_ctx_init(&ctx, NULL);
	*state = &ctx;
	return 0;
}

static inline int ctx_teardown(void **state)
{
	rs_ctx_end(*state);
	return 0;
}

/* A SAN of one entry. */
static inline json_t *san_of(struct rs_ctx *ctx, const char *type, const char *value)
{
	return rs_arena_json(ctx->arena,
		json_pack("[{s:s, s:s}]", "type", type, "value", value));
}

/* Normalises texts of JSON (NULL = none) under a rule set. */
static inline struct rs_names judge(struct rs_ctx *ctx, const struct rs_ruleset *rules,
	const char *subject, const char *san)
{
	struct rs_name_policy policy = {.rules = rules};
	struct rs_names out;
	json_t *s = subject ? json_loads(subject, 0, NULL) : NULL;
	json_t *n = san ? json_loads(san, 0, NULL) : NULL;

	assert_true(!subject || s);
	assert_true(!san || n);
	if (s)
		rs_arena_json(ctx->arena, s);
	if (n)
		rs_arena_json(ctx->arena, n);
	rs_names_normalise(ctx, s, n, &policy, "", &out);
	return out;
}

/* The pointer of the only fault; fails with the whole list when there is not exactly one. */
static inline const char *only_fault(const struct rs_names *names)
{
	if (json_array_size(names->faults) != 1)
		fail_msg("not one fault: %s", json_dumps(names->faults, 0));
	return json_string_value(json_object_get(json_array_get(names->faults, 0), "pointer"));
}

#endif
