/* The permission table against the one of the contract: every role x ownership x action. */
#include "identity/internal.h"

#include "rs/permission.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Where an object lies, seen from the caller. */
enum where { MINE, COLLEAGUE, STRANGER, WHERE_COUNT };

/*
 * Who may, as the contract says it: for each place the roles that may act there, s(ubscriber)
 * o(fficer) a(dmin) u(auditor), capitals for platform reach (A, U). MINE is read as "or more".
 */
struct rule {
	const char *action;
	const char *may[WHERE_COUNT];
};

static const struct rule RULES[] = {
	{"certificate.read", {"soauAU", "oauAU", "AU"}},
	{"certificate.revoke", {"soauAU", "oaA", "A"}},
	{"certificate.suspend", {"oaA", "oaA", "A"}},
	{"certificate.release", {"oaA", "oaA", "A"}},
	{"certificate.change_owner", {"oaA", "oaA", "A"}},
	{"reissue.read", {"soauAU", "oauAU", "AU"}},
	{"reissue.create", {"soauAU", "o", ""}},
	{"reissue.edit", {"soauAU", "o", ""}},
	{"reissue.csr", {"soauAU", "o", ""}},
	{"reissue.verify", {"soauAU", "o", ""}},
	{"reissue.cancel", {"soauAU", "o", ""}},
	{"reissue.reopen", {"soauAU", "o", ""}},
	{"reissue.delete", {"soauAU", "o", ""}},
	{"reissue.agreement", {"soauAU", "", ""}},
	{"reissue.submit", {"soauAU", "", ""}},
	{"reissue.open", {"oaA", "oaA", "A"}},
	{"reissue.release", {"oaA", "oaA", "A"}},
	{"reissue.approve", {"oaA", "oaA", "A"}},
	{"reissue.decline", {"oaA", "oaA", "A"}},
	{"reissue.retry", {"soauAU", "oaA", "A"}},
	{"profile.read", {"soauAU", "soauAU", "AU"}},
	{"profile.edit", {"aA", "aA", "A"}},
	{"agreement.read", {"soauAU", "soauAU", "AU"}},
	{"user.read", {"auAU", "auAU", "AU"}},
	{"user.edit", {"aA", "aA", "A"}},
	{"client.read", {"auAU", "auAU", "AU"}},
	{"client.edit", {"aA", "aA", "A"}},
	{"enterprise.edit", {"A", "A", "A"}},
	{"jwt_issuer.read", {"AU", "AU", "AU"}},
	{"jwt_issuer.edit", {"A", "A", "A"}},
	{"audit.read", {"auAU", "auAU", "AU"}},
};

static const char WHO[] = "soauAU";

static const struct rs_id ME = {"018f0000-0000-7000-8000-000000000001"};
static const struct rs_id SOMEBODY = {"018f0000-0000-7000-8000-000000000002"};
static const struct rs_id HERE = {"018f0000-0000-7000-8000-0000000000e1"};
static const struct rs_id THERE = {"018f0000-0000-7000-8000-0000000000e2"};

static int set_up(void **state)
{
	static struct rs_app app;
	static struct rs_ctx ctx;
	rs_ctx_init(&ctx, &app);
	*state = &ctx;
	return 0;
}

static int tear_down(void **state)
{
	rs_ctx_end(*state);
	return 0;
}

static void become(struct rs_ctx *ctx, char who)
{
	static const char LETTERS[] = "soau";
	char lower = who >= 'A' && who <= 'Z' ? (char)(who - 'A' + 'a') : who;
	ctx->actor = (struct rs_actor){.kind = RS_ACTOR_USER, .id = ME, .enterprise = HERE};
	ctx->actor.role = (enum rs_role)(strchr(LETTERS, lower) - LETTERS + 1);
	ctx->actor.platform = lower != who;
	ctx->actor.scopes = RS_SCOPE_ALL;
}

static bool allowed(struct rs_ctx *ctx, const char *action, enum where where, bool behalf)
{
	return rs_allowed(ctx, action, where == MINE ? &ME : &SOMEBODY,
		where == STRANGER ? &THERE : &HERE, behalf);
}

static void test_every_role_and_ownership(void **state)
{
	struct rs_ctx *ctx = *state;
	for (size_t r = 0; r < sizeof(RULES) / sizeof(RULES[0]); r++)
		for (const char *who = WHO; *who; who++)
			for (int where = 0; where < WHERE_COUNT; where++) {
				become(ctx, *who);
				bool want = strchr(RULES[r].may[where], *who);
				bool got = allowed(ctx, RULES[r].action, (enum where)where, false);
				if (got != want)
					fail_msg("%s by %c at %d: %d", RULES[r].action, *who, where,
						got);
			}
}

static void test_without_the_scope_nothing(void **state)
{
	struct rs_ctx *ctx = *state;
	become(ctx, 'A');
	ctx->actor.scopes = 0;
	assert_false(rs_allowed(ctx, "certificate.read", &ME, &HERE, false));
	assert_false(rs_allowed(ctx, "reissue.approve", &SOMEBODY, &HERE, false));
	assert_true(rs_allowed(ctx, "profile.read", NULL, &HERE, false));
	/* Each right needs its own scope and no other. */
	ctx->actor.scopes = RS_SCOPE_ALL & ~(unsigned)RS_SCOPE_APPROVE;
	assert_false(rs_allowed(ctx, "reissue.approve", &SOMEBODY, &HERE, false));
	ctx->actor.scopes = RS_SCOPE_APPROVE;
	assert_true(rs_allowed(ctx, "reissue.approve", &SOMEBODY, &HERE, false));
}

static void test_on_behalf_only_where_the_profile_says_so(void **state)
{
	struct rs_ctx *ctx = *state;
	become(ctx, 'o');
	assert_false(allowed(ctx, "reissue.submit", COLLEAGUE, false));
	assert_true(allowed(ctx, "reissue.submit", COLLEAGUE, true));
	assert_false(allowed(ctx, "reissue.submit", STRANGER, true));
	become(ctx, 's');
	assert_false(allowed(ctx, "reissue.submit", COLLEAGUE, true));
	become(ctx, 'A');
	assert_false(allowed(ctx, "reissue.submit", COLLEAGUE, true));
}

static void test_nobody_and_unknown_actions_are_denied(void **state)
{
	struct rs_ctx *ctx = *state;
	ctx->actor = (struct rs_actor){0};
	for (size_t r = 0; r < sizeof(RULES) / sizeof(RULES[0]); r++)
		for (int where = 0; where < WHERE_COUNT; where++)
			assert_false(allowed(ctx, RULES[r].action, (enum where)where, true));
	become(ctx, 'A');
	assert_false(rs_allowed(ctx, "certificate.frobnicate", &ME, &HERE, true));
	assert_false(rs_allowed(ctx, NULL, &ME, &HERE, true));
	assert_int_equal(rs_permit(ctx, "certificate.frobnicate", false), RS_INTERNAL);
	assert_false(ctx->permitted);
}

/* What a role never sees is absent for it before any object is read. */
static void test_invisible_kinds_are_absent(void **state)
{
	struct rs_ctx *ctx = *state;
	become(ctx, 's');
	assert_int_equal(rs_permit(ctx, "user.read", true), RS_NOT_FOUND);
	assert_int_equal(rs_permit(ctx, "reissue.approve", true), RS_OK);
	assert_false(ctx->permitted); /* only the object can tell */
	assert_int_equal(rs_may_see(ctx, "reissue.approve", &ME, &HERE), RS_OK);
	assert_int_equal(rs_may_see(ctx, "reissue.approve", &SOMEBODY, &HERE), RS_NOT_FOUND);
	assert_int_equal(rs_may_act(ctx, "reissue.approve", &SOMEBODY, &HERE), RS_NOT_FOUND);
	assert_int_equal(rs_may_act(ctx, "reissue.edit", &ME, &HERE), RS_OK);
	assert_true(ctx->permitted);
}

static void test_clients_own_what_their_users_own(void **state)
{
	struct rs_ctx *ctx = *state;
	become(ctx, 's');
	ctx->actor.kind = RS_ACTOR_CLIENT;
	assert_false(allowed(ctx, "reissue.edit", MINE, false)); /* its id is no user's */
	ctx->actor.acts_as = &SOMEBODY;
	ctx->actor.acts_as_count = 1;
	assert_true(allowed(ctx, "reissue.edit", COLLEAGUE, false));
	assert_false(allowed(ctx, "reissue.edit", STRANGER, false));
	json_t *owners = rs_owners_seen(ctx, "reissue.read");
	assert_int_equal(json_array_size(owners), 1);
	assert_string_equal(json_string_value(json_array_get(owners, 0)), SOMEBODY.s);
	become(ctx, 'o');
	assert_null(rs_owners_seen(ctx, "reissue.read"));
}

static void test_scopes_there_and_back(void **state)
{
	struct rs_ctx *ctx = *state;
	unsigned scopes;
	json_t *names = rs_scopes_json(RS_SCOPE_ALL);
	assert_int_equal(json_array_size(names), 8);
	assert_int_equal(rs_scopes_read(ctx, names, "/scopes"), RS_SCOPE_ALL);
	assert_int_equal(rs_faults(ctx), RS_OK);
	json_array_append_new(names, json_string("root"));
	assert_int_equal(rs_scopes_read(ctx, names, "/scopes"), RS_SCOPE_ALL);
	assert_int_equal(rs_faults(ctx), RS_BAD_VALUE);
	assert_string_equal(ctx->err.pointer, "/scopes/8");
	json_decref(names);
	assert_true(rs_scopes_parse("reissue:read approve", &scopes));
	assert_int_equal(scopes, RS_SCOPE_REISSUE_READ | RS_SCOPE_APPROVE);
	assert_false(rs_scopes_parse("reissue:rea", &scopes));
	assert_false(rs_scopes_parse("Approve", &scopes));
	assert_int_equal(rs_scopes_of_role(RS_ROLE_NONE), 0);
	assert_int_equal(rs_scopes_of_role(RS_ROLE_SUBSCRIBER) &
				 (RS_SCOPE_APPROVE | RS_SCOPE_ADMIN | RS_SCOPE_AUDIT_READ),
		0);
	assert_int_equal(rs_scopes_of_role(RS_ROLE_ADMIN), RS_SCOPE_ALL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_every_role_and_ownership),
		TEST(test_without_the_scope_nothing),
		TEST(test_on_behalf_only_where_the_profile_says_so),
		TEST(test_nobody_and_unknown_actions_are_denied),
		TEST(test_invisible_kinds_are_absent),
		TEST(test_clients_own_what_their_users_own),
		TEST(test_scopes_there_and_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
