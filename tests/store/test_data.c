/* What the database keeps to: isolation, the trail, lists, keys, counters, jobs. */
#include "harness.h"

#include "rs/audit.h"
#include "rs/idempotency.h"
#include "rs/jobs.h"
#include "rs/limit.h"
#include "rs/list.h"

#include <pthread.h>

/* --- I11, I28, I27: row-level security and the trail --- */

static void every_tenant_table_is_guarded(void **state)
{
	(void)state;
	assert_int_equal(ask_as("SUPER",
				 "SELECT count(*) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
				 "AND a.attname = 'enterprise_id' AND NOT a.attisdropped "
				 "WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace "
				 "AND c.relname <> 'job' AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"),
		0);
}

static void a_forgotten_where_shows_nothing(void **state)
{
	char sql[300];

	(void)state;
	must_sql("INSERT INTO agreement (id, enterprise_id, name, version, created_at, updated_at) "
		 "SELECT gen_random_uuid(), id, 'seen', 1, now(), now() FROM enterprise");
	assert_int_equal(ask_as("APP", "SELECT count(*) FROM agreement"), 0);
	snprintf(sql, sizeof sql,
		"BEGIN; SELECT set_config('app.enterprise', '%s', true); "
		"SELECT count(*) FROM agreement WHERE enterprise_id <> '%s'",
		ours.s, ours.s);
	assert_int_equal(ask_as("APP", sql), 0);
	snprintf(sql, sizeof sql,
		"BEGIN; SELECT set_config('app.enterprise', '%s', true); SELECT count(*) FROM agreement",
		ours.s);
	assert_int_equal(ask_as("APP", sql), 1);
	assert_int_equal(ask_as("JOB", "SELECT count(*) FROM agreement"), 2);
	/* The owner is held by FORCE as well. */
	assert_int_equal(ask_as("OWNER", "SELECT count(*) FROM agreement"), 0);
	must_sql("DELETE FROM agreement");
}

static enum rs_code write_event(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	struct rs_event event = {
		.action = arg, .object_type = "user", .object = ours, .from = "a", .to = "b"};

	return rs_audit(ctx, tx, &event);
}

static void the_trail_is_append_only(void **state)
{
	struct rs_ctx ctx;

	(void)state;
	user_ctx(&ctx, &ours);
	assert_int_equal(rs_tx_use(&ctx, RS_REACH_CALLER, write_event, "user.updated"), RS_OK);
	rs_ctx_end(&ctx);
	for (int i = 0; i < 2; i++) {
		const char *role = i ? "JOB" : "APP";

		assert_string_equal(sql_as(role, "UPDATE audit_event SET detail = 'x'"), "42501");
		assert_string_equal(sql_as(role, "DELETE FROM audit_event"), "42501");
		assert_string_equal(sql_as(role, "TRUNCATE audit_event"), "42501");
	}
	/* The trigger stops whoever the grants do not. */
	assert_string_equal(sql_as("SUPER", "UPDATE audit_event SET detail = 'x'"), "P0001");
	assert_string_equal(sql_as("SUPER", "DELETE FROM audit_event"), "P0001");
	assert_string_equal(sql_as("OWNER", "TRUNCATE audit_event"), "P0001");
	assert_int_equal(ask_as("SUPER", "SELECT count(*) FROM audit_event"), 1);
}

static void an_event_carries_the_mac_of_its_canonical_bytes(void **state)
{
	PGconn *pg = PQconnectdb(getenv("RS_TEST_SUPER"));
	PGresult *row = PQexec(pg, "SELECT canonical, encode(row_mac, 'hex'), mac_kid, "
				   "canonical::jsonb->>'action' FROM audit_event LIMIT 1");
	unsigned char mac[32];
	char *canonical = strdup(PQgetvalue(row, 0, 0));

	(void)state;
	assert_int_equal(rs_unhex(PQgetvalue(row, 0, 1), mac, sizeof mac), 32);
	assert_string_equal(PQgetvalue(row, 0, 3), "user.updated");
	assert_true(rs_keyring_verify(app.keyring, RS_KEY_AUDIT_MAC, PQgetvalue(row, 0, 2), canonical,
		strlen(canonical), mac));
	*strstr(canonical, "user.updated") = 'X';
	assert_false(rs_keyring_verify(app.keyring, RS_KEY_AUDIT_MAC, PQgetvalue(row, 0, 2), canonical,
		strlen(canonical), mac));
	free(canonical);
	PQclear(row);
	PQfinish(pg);
}

static void an_unknown_action_is_refused(void **state)
{
	struct rs_ctx ctx;

	(void)state;
	user_ctx(&ctx, &ours);
	assert_int_equal(
		rs_tx_use(&ctx, RS_REACH_CALLER, write_event, "user.juggled"), RS_INTERNAL);
	rs_ctx_end(&ctx);
}

static enum rs_code change_and_tell(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	enum rs_code rc = rs_job_put(ctx, tx, "test.untold", NULL, &ours, 0, NULL);

	return rc == RS_OK ? write_event(ctx, tx, arg) : rc;
}

static void a_change_that_cannot_be_told_does_not_happen(void **state)
{
	struct rs_ctx ctx;

	(void)state;
	must_sql("REVOKE INSERT ON audit_event FROM reissued_app");
	user_ctx(&ctx, &ours);
	assert_int_equal(
		rs_tx_use(&ctx, RS_REACH_CALLER, change_and_tell, "user.updated"), RS_INTERNAL);
	must_sql("GRANT INSERT ON audit_event TO reissued_app");
	rs_ctx_end(&ctx);
	assert_int_equal(ask_as("SUPER", "SELECT count(*) FROM job WHERE kind = 'test.untold'"), 0);
}

static void refusals_leave_a_trace(void **state)
{
	struct rs_event event = {.action = "access.denied", .object_type = "action", .enterprise = theirs};
	struct rs_id nobody = {""};
	struct rs_ctx ctx;
	struct rs_tx *tx;

	(void)state;
	/* Nobody, about somebody else's, while a transaction is open. */
	user_ctx(&ctx, &nobody);
	ctx.actor = (struct rs_actor){0};
	assert_int_equal(rs_tx_begin(&ctx, RS_REACH_CALLER, &tx), RS_OK);
	rs_audit_denied(&ctx, &event, RS_FORBIDDEN);
	rs_tx_end(&tx);
	rs_ctx_end(&ctx);
	assert_int_equal(ask_as("SUPER", "SELECT count(*) FROM audit_event WHERE outcome = 'denied' "
					 "AND code = 'forbidden' AND actor_kind = 'anonymous'"),
		1);
}

/* --- transactions --- */

static void an_early_return_rolls_back(void **state)
{
	long before = ask_as("SUPER", "SELECT count(*) FROM audit_event");
	struct rs_ctx ctx;

	(void)state;
	user_ctx(&ctx, &ours);
	{
		rs_auto_tx tx = NULL;

		assert_int_equal(rs_tx_begin(&ctx, RS_REACH_CALLER, &tx), RS_OK);
		assert_int_equal(write_event(&ctx, tx, "user.updated"), RS_OK);
	}
	rs_ctx_end(&ctx);
	assert_int_equal(ask_as("SUPER", "SELECT count(*) FROM audit_event"), before);
}

static void a_second_connection_is_refused(void **state)
{
	struct rs_params none;
	struct rs_tx *tx;
	struct rs_ctx ctx;

	(void)state;
	user_ctx(&ctx, &ours);
	none = rs_params(&ctx);
	assert_int_equal(rs_tx_begin(&ctx, RS_REACH_CALLER, &tx), RS_OK);
	assert_int_equal(
		rs_read(&ctx, RS_REACH_CALLER, RS_Q_schema_state, &none, NULL), RS_INTERNAL);
	rs_tx_end(&tx);
	assert_int_equal(rs_read(&ctx, RS_REACH_CALLER, RS_Q_schema_state, &none, NULL), RS_OK);
	rs_ctx_end(&ctx);
}

/* --- I39: lists --- */

static const struct rs_sort SORTS[] = {
	{"created_at", "a.created_at", "timestamptz"}, {"name", "a.name", "text"}, {0}};
static const struct rs_list_spec AGREEMENTS = {RS_Q_agreement_list, SORTS, "a.id"};

static enum rs_code list_page(struct rs_ctx *ctx, const char *sort, const char *cursor,
	const struct rs_id *filter, struct rs_list *out)
{
	struct rs_params p = rs_params(ctx);
	struct rs_page page = {.limit = 3, .cursor = cursor, .sort = sort, .count = true};

	rs_p_id(&p, filter);
	return rs_list(ctx, &AGREEMENTS, &p, &page, out);
}

static void seed_agreements(void)
{
	char sql[700];

	/* Two share each time: the id breaks the tie. */
	snprintf(sql, sizeof sql,
		"INSERT INTO agreement (id, enterprise_id, name, version, created_at, updated_at) "
		"SELECT gen_random_uuid(), '%s', 'a' || i, 1, to_timestamp(1e9 + i / 2), now() "
		"FROM generate_series(1, 10) i; "
		"INSERT INTO agreement_text (agreement_id, enterprise_id, version, language, format, "
		"text, sha256, reacceptance, published_at) "
		"SELECT id, enterprise_id, 1, 'en', 'text', 'x', '', false, now() FROM agreement",
		ours.s);
	must_sql(sql);
}

static void pages_are_complete(void **state)
{
	static const char *const sorts[] = {NULL, "created_at", "-created_at", "name", "-name"};

	(void)state;
	must_sql("DELETE FROM agreement");
	seed_agreements();
	for (size_t s = 0; s < sizeof sorts / sizeof *sorts; s++) {
		struct rs_list list = {0};
		struct rs_ctx ctx;
		char seen[600] = "";
		int rows = 0, pages = 0;

		user_ctx(&ctx, &ours);
		do {
			assert_int_equal(
				list_page(&ctx, sorts[s], list.next_cursor, NULL, &list), RS_OK);
			assert_int_equal(list.total, 10);
			for (int i = 0; i < rs_rows_count(list.rows); i++, rows++) {
				const char *id = rs_row_text(list.rows, i, "id");

				assert_null(strstr(seen, id));
				strcat(seen, id);
			}
			pages++;
		} while (list.next_cursor);
		assert_int_equal(rows, 10);
		assert_int_equal(pages, 4);
		rs_ctx_end(&ctx);
	}
}

static void cursors_are_bound(void **state)
{
	struct rs_list list;
	struct rs_ctx ctx;
	char *cursor;

	(void)state;
	user_ctx(&ctx, &ours);
	assert_int_equal(list_page(&ctx, "name", NULL, NULL, &list), RS_OK);
	cursor = rs_arena_strdup(ctx.arena, list.next_cursor);
	assert_int_equal(list_page(&ctx, "name", cursor, NULL, &list), RS_OK);
	assert_int_equal(list_page(&ctx, "-name", cursor, NULL, &list), RS_BAD_CURSOR);
	assert_int_equal(list_page(&ctx, "name", cursor, &ours, &list), RS_BAD_CURSOR);
	assert_int_equal(list_page(&ctx, "name", "", NULL, &list), RS_BAD_CURSOR);
	assert_int_equal(list_page(&ctx, "name", "!", NULL, &list), RS_BAD_CURSOR);
	for (size_t i = 0, len = strlen(cursor); i < len; i++) {
		char kept = cursor[i];

		cursor[i] = kept == 'A' ? 'B' : 'A';
		assert_int_equal(list_page(&ctx, "name", cursor, NULL, &list), RS_BAD_CURSOR);
		cursor[i] = kept;
	}
	ctx.actor.id = theirs; /* somebody else of the same enterprise */
	assert_int_equal(list_page(&ctx, "name", cursor, NULL, &list), RS_BAD_CURSOR);
	assert_int_equal(list_page(&ctx, "1; DROP TABLE x", NULL, NULL, &list), RS_BAD_QUERY);
	rs_ctx_end(&ctx);
}

/* --- I30: idempotency --- */

static enum rs_code claim(struct rs_ctx *ctx, const char *key, const char *body)
{
	user_ctx(ctx, &ours);
	return rs_idem_claim(ctx, "POST", "/v1/things", key, body, strlen(body));
}

static enum rs_code mark(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	return rs_idem_effect(ctx, tx, "thing", arg);
}

static void lapse_leases(void)
{
	must_sql("UPDATE idempotency SET lease_until = lease_until - interval '1 hour'");
}

static void a_key_gives_the_stored_answer(void **state)
{
	struct rs_bytes body = {(const unsigned char *)"{\"x\":1}", 7};
	struct rs_ctx first, again;
	json_t *headers = json_pack("{s:s}", "Location", "/v1/things/1");

	(void)state;
	assert_int_equal(claim(&first, "k1", "b"), RS_OK);
	assert_int_equal(first.idem->state, RS_IDEM_FRESH);
	assert_int_equal(claim(&again, "k1", "b"), RS_IDEMPOTENCY_IN_PROGRESS);
	assert_true(again.err.retry_after >= 1 && again.err.retry_after <= 30);
	rs_ctx_end(&again);
	assert_int_equal(claim(&again, "k1", "other"), RS_IDEMPOTENCY_KEY_REUSED);
	rs_ctx_end(&again);
	assert_int_equal(rs_tx_use(&first, RS_REACH_CALLER, mark, &ours), RS_OK);
	rs_idem_answer(&first, 201, headers, body, false);
	rs_ctx_end(&first);
	assert_int_equal(claim(&again, "k1", "b"), RS_OK);
	assert_int_equal(again.idem->state, RS_IDEM_REPLAY);
	assert_int_equal(again.idem->status, 201);
	assert_memory_equal(again.idem->body.data, "{\"x\":1}", 7);
	assert_true(json_equal(again.idem->headers, headers));
	rs_ctx_end(&again);
	json_decref(headers);
}

static void a_crash_after_the_effect_shows_its_object(void **state)
{
	struct rs_ctx dead, next;

	(void)state;
	assert_int_equal(claim(&dead, "k2", "b"), RS_OK);
	assert_int_equal(rs_tx_use(&dead, RS_REACH_CALLER, mark, &theirs), RS_OK);
	lapse_leases();
	assert_int_equal(claim(&next, "k2", "b"), RS_OK);
	assert_int_equal(next.idem->state, RS_IDEM_EFFECT);
	assert_string_equal(next.idem->object.s, theirs.s);
	rs_ctx_end(&next);
	rs_ctx_end(&dead);
}

static void a_slow_claimant_cannot_commit(void **state)
{
	struct rs_ctx slow, next;

	(void)state;
	assert_int_equal(claim(&slow, "k3", "b"), RS_OK);
	lapse_leases();
	assert_int_equal(claim(&next, "k3", "b"), RS_OK);
	assert_int_equal(next.idem->state, RS_IDEM_FRESH);
	assert_int_equal(
		rs_tx_use(&slow, RS_REACH_CALLER, mark, &ours), RS_IDEMPOTENCY_IN_PROGRESS);
	assert_int_equal(rs_tx_use(&next, RS_REACH_CALLER, mark, &ours), RS_OK);
	rs_ctx_end(&next);
	rs_ctx_end(&slow);
}

static void failures_free_a_key_and_secrets_are_not_kept(void **state)
{
	struct rs_bytes secret = {(const unsigned char *)"rsd_secret", 10};
	struct rs_ctx ctx;

	(void)state;
	assert_int_equal(claim(&ctx, "k4", "b"), RS_OK);
	rs_idem_release(&ctx);
	rs_ctx_end(&ctx);
	assert_int_equal(claim(&ctx, "k4", "another body"), RS_OK);
	rs_idem_answer(&ctx, 201, NULL, secret, true);
	rs_ctx_end(&ctx);
	assert_int_equal(claim(&ctx, "k4", "another body"), RS_IDEMPOTENCY_SECRET_ANSWER);
	rs_ctx_end(&ctx);
	assert_int_equal(ask_as("SUPER", "SELECT count(*) FROM idempotency WHERE body = 'rsd_secret'"), 0);
	assert_int_equal(claim(&ctx, "", "b"), RS_IDEMPOTENCY_KEY_INVALID);
	rs_ctx_end(&ctx);
	assert_int_equal(claim(&ctx, "k\xc3\xa4", "b"), RS_IDEMPOTENCY_KEY_INVALID);
	rs_ctx_end(&ctx);
	/* Another user with the same key is another key. */
	user_ctx(&ctx, &theirs);
	ctx.actor.id = theirs;
	assert_int_equal(rs_idem_claim(&ctx, "POST", "/v1/things", "k1", "c", 1), RS_OK);
	assert_int_equal(ctx.idem->state, RS_IDEM_FRESH);
	rs_ctx_end(&ctx);
}

static void keys_are_forgotten_after_a_day(void **state)
{
	struct rs_ctx ctx;

	(void)state;
	must_sql("UPDATE idempotency SET expires_at = now() - interval '1 second' WHERE key = 'k1'");
	user_ctx(&ctx, &ours);
	assert_int_equal(rs_idem_cleanup(&ctx), RS_OK);
	rs_ctx_end(&ctx);
	assert_int_equal(ask_as("SUPER", "SELECT count(*) FROM idempotency WHERE key = 'k1' "
					 "AND expires_at < now()"),
		0);
	assert_int_equal(claim(&ctx, "k1", "quite another body"), RS_OK);
	assert_int_equal(ctx.idem->state, RS_IDEM_FRESH);
	rs_ctx_end(&ctx);
}

/* --- I42: counters --- */

static void *hit_ten_times(void *arg)
{
	const struct rs_limit limit = {"test", 40, 86400};
	intptr_t allowed = 0;

	(void)arg;
	for (int i = 0; i < 10; i++) {
		struct rs_ctx ctx;
		enum rs_code rc;

		user_ctx(&ctx, &ours);
		rc = rs_limit_hit(&ctx, &limit, "key", 3);
		if (rc == RS_OK)
			allowed++;
		else if (rc != RS_RATE_LIMITED || ctx.err.retry_after < 1)
			allowed += 1000;
		rs_ctx_end(&ctx);
	}
	return (void *)allowed;
}

static void parallel_hits_are_counted_exactly(void **state)
{
	const struct rs_limit limit = {"test", 40, 86400};
	pthread_t thread[8];
	intptr_t allowed = 0;
	struct rs_ctx ctx;

	(void)state;
	for (int i = 0; i < 8; i++)
		pthread_create(&thread[i], NULL, hit_ten_times, NULL);
	for (int i = 0; i < 8; i++) {
		void *got;

		pthread_join(thread[i], &got);
		allowed += (intptr_t)got;
	}
	assert_int_equal(allowed, 40);
	user_ctx(&ctx, &ours);
	assert_int_equal(rs_limit_forgive(&ctx, &limit, "key", 3), RS_OK);
	assert_int_equal(rs_limit_hit(&ctx, &limit, "key", 3), RS_OK);
	assert_non_null(ctx.limits);
	assert_int_equal(ctx.limits->remaining, 39);
	rs_ctx_end(&ctx);
}

/* --- jobs: I41, F46 --- */

static int runs, rounds;

static enum rs_code count_run(struct rs_ctx *ctx, const struct rs_job *job)
{
	(void)ctx;
	runs += json_integer_value(json_object_get(job->payload, "n")) == 7;
	return RS_OK;
}

static enum rs_code never_works(struct rs_ctx *ctx, const struct rs_job *job)
{
	(void)job;
	return rs_fail(ctx, RS_UNAVAILABLE, "The gateway is dead.");
}

static enum rs_code round_run(struct rs_ctx *ctx, const struct rs_job *job)
{
	(void)ctx;
	(void)job;
	rounds++;
	return RS_OK;
}

static const struct rs_job_kind KINDS[] = {
	{"test.count", 0, 10, 3, count_run, false},
	{"test.poison", 0, 10, 2, never_works, true},
	{"test.round", 3600, 10, 0, round_run, false},
	{0},
};

static enum rs_code put_jobs(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	json_t *payload = json_pack("{s:i}", "n", 7);
	enum rs_code rc = RS_OK;

	(void)arg;
	for (int i = 0; i < 3 && rc == RS_OK; i++) /* the same thing three times: once */
		rc = rs_job_put(ctx, tx, "test.count", "same", &ours, 0, payload);
	if (rc == RS_OK)
		rc = rs_job_put(ctx, tx, "test.poison", NULL, NULL, 0, NULL);
	json_decref(payload);
	return rc;
}

static void jobs_run_once_and_poison_is_set_aside(void **state)
{
	struct rs_ctx ctx;
	int ran;

	(void)state;
	user_ctx(&ctx, &ours);
	assert_int_equal(rs_tx_use(&ctx, RS_REACH_CALLER, put_jobs, NULL), RS_OK);
	assert_int_equal(rs_jobs_run_due(&ctx, KINDS, &ran), RS_OK);
	assert_int_equal(runs, 1);
	assert_int_equal(rounds, 1);
	must_sql("UPDATE job SET run_at = now() - interval '1 second' WHERE state = 'queued'");
	assert_int_equal(rs_jobs_run_due(&ctx, KINDS, &ran), RS_OK);
	assert_int_equal(ran, 1);
	assert_int_equal(rounds, 1); /* not due again for an hour */
	assert_int_equal(ask_as("SUPER", "SELECT count(*) FROM job WHERE kind = 'test.poison' AND "
					 "state = 'dead' AND attempts = 2 AND last_error <> ''"),
		1);
	assert_int_equal(ask_as("SUPER", "SELECT count(*) FROM job"), 1);
	rs_ctx_end(&ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_tenant_table_is_guarded),
		cmocka_unit_test(a_forgotten_where_shows_nothing),
		cmocka_unit_test(the_trail_is_append_only),
		cmocka_unit_test(an_event_carries_the_mac_of_its_canonical_bytes),
		cmocka_unit_test(an_unknown_action_is_refused),
		cmocka_unit_test(a_change_that_cannot_be_told_does_not_happen),
		cmocka_unit_test(refusals_leave_a_trace),
		cmocka_unit_test(an_early_return_rolls_back),
		cmocka_unit_test(a_second_connection_is_refused),
		cmocka_unit_test(pages_are_complete),
		cmocka_unit_test(cursors_are_bound),
		cmocka_unit_test(a_key_gives_the_stored_answer),
		cmocka_unit_test(a_crash_after_the_effect_shows_its_object),
		cmocka_unit_test(a_slow_claimant_cannot_commit),
		cmocka_unit_test(failures_free_a_key_and_secrets_are_not_kept),
		cmocka_unit_test(keys_are_forgotten_after_a_day),
		cmocka_unit_test(parallel_hits_are_counted_exactly),
		cmocka_unit_test(jobs_run_once_and_poison_is_set_aside),
	};

	return cmocka_run_group_tests(tests, harness_start, harness_stop);
}
