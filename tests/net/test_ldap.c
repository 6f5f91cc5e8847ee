/* Passwords judged by a real domain (Samba), by slapd, and by directories that misbehave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "peak.h"

#include "rs/app.h"
#include "rs/clock.h"
#include "rs/config.h"
#include "rs/ldap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BASE	     "DC=ad,DC=example,DC=test"
#define PEOPLE	     "(&(objectCategory=person)(objectClass=user))"
#define SERVICE	     "svc-reissued@ad.example.test"
#define SLAPD_PEOPLE "(objectClass=adUser)"
#define SLAPD_DAVE   "00112233-4455-6677-8899-aabbccddeeff"
#define SLAPD_ERIN   "10112233-4455-6677-8899-aabbccddeeff"

static struct rs_app app;
static struct rs_ctx ctx;
static json_t *peer;
static const char *certificates;

static const char *in_dir(const char *file)
{
	static char path[4200];

	snprintf(path, sizeof(path), "%s/%s", getenv("RS_TEST_AD"), file);
	return path;
}

static int start(void **state)
{
	static char pem[20000];
	const char *file = in_dir("ad.yaml");
	json_t *faults = NULL;
	FILE *ca;

	(void)state;
	app.config = rs_config_load(&file, 1, NULL, &faults);
	json_decref(faults);
	if (!app.config)
		return -1;
	rs_ctx_init(&ctx, &app);
	peer = json_load_file(in_dir("ad.json"), 0, NULL);
	ca = fopen(in_dir("ca.pem"), "re");
	if (!peer || !ca)
		return -1;
	pem[fread(pem, 1, sizeof(pem) - 1, ca)] = '\0';
	fclose(ca);
	certificates = pem;
	return 0;
}

static int stop(void **state)
{
	(void)state;
	json_decref(peer);
	rs_ctx_end(&ctx);
	rs_config_free((struct rs_config *)(uintptr_t)app.config);
	return 0;
}

static const char *dc(const char *scheme)
{
	return rs_arena_printf(
		ctx.arena, "%s://%s", scheme, json_string_value(json_object_get(peer, "address")));
}

static const char *odd(const char *scheme, const char *who)
{
	json_t *port = json_object_get(json_object_get(peer, "odd"), who);

	assert_non_null(port);
	return rs_arena_printf(
		ctx.arena, "%s://127.0.0.1:%d", scheme, (int)json_integer_value(port));
}

static const char *guid_of(const char *name)
{
	json_t *person = json_object_get(json_object_get(peer, "people"), name);
	const char *guid = json_string_value(json_object_get(person, "guid"));

	assert_non_null(guid);
	return guid;
}

/* The directory of the tests with these servers. */
static struct rs_ldap_directory at(const char *const *urls, size_t count)
{
	static struct rs_secret *service;

	if (!service)
		service = rs_secret_copy("Svc-pass-w0rd", 13);
	return (struct rs_ldap_directory){
		.urls = urls,
		.url_count = count,
		.certificates = certificates,
		.bind_dn = SERVICE,
		.bind_password = service,
		.base = BASE,
		.filter = PEOPLE,
		.name_attribute = "userPrincipalName",
	};
}

static struct rs_ldap_verdict check(const struct rs_ldap_directory *directory, const char *linked,
	const char *typed, const char *password)
{
	rs_auto_secret secret = rs_secret_copy(password, strlen(password));
	struct rs_ldap_verdict verdict;
	int64_t begun = rs_clock_mono_ms();

	rs_ldap_check(&ctx, directory, linked, typed, secret, &verdict);
	assert_true(rs_clock_mono_ms() - begun < RS_LDAP_TOTAL_MS + 1000);
	print_message("    %s: %s (%d, %s), %d ms\n", verdict.server ? verdict.server : "unasked",
		verdict.why ? verdict.why : "-", verdict.result,
		verdict.subcode ? verdict.subcode : "-", (int)(rs_clock_mono_ms() - begun));
	return verdict;
}

static struct rs_ldap_verdict check_at(
	const char *url, const char *linked, const char *typed, const char *password)
{
	struct rs_ldap_directory directory = at(&url, 1);

	return check(&directory, linked, typed, password);
}

static void assert_verdict(
	const struct rs_ldap_verdict *v, enum rs_ldap_outcome outcome, enum rs_ldap_reason reason)
{
	if (v->outcome != outcome || v->reason != reason)
		fail_msg("outcome %d, reason %s: %s", (int)v->outcome,
			rs_ldap_reason_name(v->reason), v->why ? v->why : "-");
}

/* Lines of odd.log about one of the directories that misbehave which begin with a word. */
static int logged(const char *who, const char *word)
{
	char line[20000], expected[100];
	int count = 0;
	FILE *log = fopen(in_dir("odd.log"), "re");

	snprintf(expected, sizeof(expected), "%s %s", who, word);
	assert_non_null(log);
	while (fgets(line, sizeof(line), log))
		count += strncmp(line, expected, strlen(expected)) == 0;
	fclose(log);
	return count;
}

/* Whether a text came to one of them, in clear or inside TLS. */
static bool told(const char *who, const char *text)
{
	char line[20000], hex[200];
	bool found = false;
	FILE *log = fopen(in_dir("odd.log"), "re");

	for (size_t i = 0; text[i]; i++)
		snprintf(hex + 2 * i, 3, "%02x", (unsigned char)text[i]);
	assert_non_null(log);
	while (fgets(line, sizeof(line), log))
		found = found || (strncmp(line, who, strlen(who)) == 0 && strstr(line, hex));
	fclose(log);
	return found;
}

/* --- the domain --- */

static void the_right_password_passes(void **state)
{
	static const char *const SCHEMES[] = {"ldaps", "ldap"};
	const char *certificate = rs_arena_printf(
		ctx.arena, "sha256:%s", json_string_value(json_object_get(peer, "certificate")));

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct rs_ldap_verdict v =
			check_at(dc(SCHEMES[i]), guid_of("alice"), NULL, "Alice-pass-w0rd");

		assert_verdict(&v, RS_LDAP_IS_PASSED, RS_LDAP_NONE);
		assert_string_equal(v.guid, guid_of("alice"));
		assert_string_equal(v.dn, "CN=alice,CN=Users," BASE);
		assert_string_equal(v.certificate, certificate);
		assert_string_equal(v.sid,
			json_string_value(json_object_get(
				json_object_get(json_object_get(peer, "people"), "alice"), "sid")));
	}
}

static void a_login_name_may_be_linked(void **state)
{
	struct rs_ldap_verdict v =
		check_at(dc("ldaps"), "alice@ad.example.test", NULL, "Alice-pass-w0rd");

	(void)state;
	assert_verdict(&v, RS_LDAP_IS_PASSED, RS_LDAP_NONE);
	v = check_at(dc("ldaps"), "*", NULL, "Alice-pass-w0rd");
	assert_verdict(&v, RS_LDAP_IS_WRONG, RS_LDAP_UNKNOWN_USER);
	v = check_at(dc("ldaps"), "alice@ad.example.test)(objectClass=*", NULL, "Alice-pass-w0rd");
	assert_verdict(&v, RS_LDAP_IS_WRONG, RS_LDAP_UNKNOWN_USER);
}

static void the_domain_says_why_not(void **state)
{
	static const struct {
		const char *name, *password, *subcode;
		enum rs_ldap_reason reason;
	} CASES[] = {
		{"bob", "not the password", "52e", RS_LDAP_BAD_PASSWORD},
		{"gone", "Gone-pass-w0rd", "533", RS_LDAP_DISABLED},
		{"past", "Past-pass-w0rd", "701", RS_LDAP_ACCOUNT_EXPIRED},
		{"fresh", "Fresh-pass-w0rd", "773", RS_LDAP_MUST_CHANGE},
		{"shut", "Shut-pass-w0rd", "775", RS_LDAP_LOCKED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct rs_ldap_verdict v =
			check_at(dc("ldaps"), guid_of(CASES[i].name), NULL, CASES[i].password);

		assert_verdict(&v, RS_LDAP_IS_WRONG, CASES[i].reason);
		assert_string_equal(v.subcode, CASES[i].subcode);
		assert_int_equal(v.result, 49);
	}
}

static void nobody_is_like_a_wrong_password(void **state)
{
	struct rs_ldap_verdict v = check_at(
		dc("ldaps"), "11111111-2222-3333-4444-555555555555", NULL, "whatever it is");

	(void)state;
	assert_verdict(&v, RS_LDAP_IS_WRONG, RS_LDAP_UNKNOWN_USER);
	assert_null(v.dn);
}

static void a_typed_name_must_be_the_linked_person(void **state)
{
	struct rs_ldap_verdict v =
		check_at(dc("ldaps"), guid_of("alice"), "alice@ad.example.test", "Alice-pass-w0rd");

	(void)state;
	assert_verdict(&v, RS_LDAP_IS_PASSED, RS_LDAP_NONE);
	v = check_at(dc("ldaps"), guid_of("alice"), "bob@ad.example.test", "Bob-pass-w0rd");
	assert_verdict(&v, RS_LDAP_IS_MISMATCH, RS_LDAP_OTHER_PERSON);
	v = check_at(dc("ldaps"), guid_of("alice"), "nobody@ad.example.test", "Alice-pass-w0rd");
	assert_verdict(&v, RS_LDAP_IS_WRONG, RS_LDAP_UNKNOWN_USER);
	v = check_at(dc("ldaps"), guid_of("alice"), "al*@ad.example.test", "Alice-pass-w0rd");
	assert_verdict(&v, RS_LDAP_IS_WRONG, RS_LDAP_UNKNOWN_USER);
}

/* Whatever the reason is, the answer comes at a full step; of three tries the one least late
 * counts. */
static void the_time_does_not_tell_why(void **state)
{
	static const char *const WHO[] = {"carol", "gone", "past", "fresh", "shut", NULL};

	(void)state;
	for (size_t i = 0; i < sizeof(WHO) / sizeof(WHO[0]); i++) {
		int64_t late = RS_LDAP_STEP_MS;

		for (int k = 0; k < 3; k++) {
			int64_t begun = rs_clock_mono_ms(), ms;
			struct rs_ldap_verdict v = check_at(dc("ldaps"),
				WHO[i] ? guid_of(WHO[i]) : "11111111-2222-3333-4444-555555555555",
				NULL, "not the password");

			assert_int_equal(v.outcome, RS_LDAP_IS_WRONG);
			ms = rs_clock_mono_ms() - begun;
			assert_true(ms >= RS_LDAP_STEP_MS);
			late = ms % RS_LDAP_STEP_MS < late ? ms % RS_LDAP_STEP_MS : late;
		}
		assert_in_range(late, 0, RS_LDAP_STEP_MS / 10);
	}
}

static void two_entries_are_none(void **state)
{
	const char *url = dc("ldaps");
	struct rs_ldap_directory directory = at(&url, 1);
	struct rs_ldap_verdict v;

	(void)state;
	directory.name_attribute = "mail";
	v = check(&directory, "twin@example.test", NULL, "Twin1-pass-w0rd");
	assert_verdict(&v, RS_LDAP_IS_WRONG, RS_LDAP_SEVERAL);
}

static void the_group_is_asked_through_groups(void **state)
{
	const char *url = dc("ldaps");
	struct rs_ldap_directory directory = at(&url, 1);
	struct rs_ldap_verdict v;

	(void)state;
	directory.group = "CN=approvers,CN=Users," BASE;
	v = check(&directory, guid_of("alice"), NULL, "Alice-pass-w0rd");
	assert_verdict(&v, RS_LDAP_IS_PASSED, RS_LDAP_NONE);
	v = check(&directory, guid_of("bob"), NULL, "Bob-pass-w0rd");
	assert_verdict(&v, RS_LDAP_IS_WRONG, RS_LDAP_NOT_IN_GROUP);
	directory.group = "CN=staff,CN=Users," BASE;
	v = check(&directory, guid_of("alice"), NULL, "Alice-pass-w0rd");
	assert_verdict(&v, RS_LDAP_IS_PASSED, RS_LDAP_NONE);
}

/* The domain locks at the fifth failure: the fourth is the last one that is sent. */
static void the_account_is_never_locked(void **state)
{
	struct rs_ldap_verdict v;

	(void)state;
	for (int i = 0; i < 4; i++) {
		v = check_at(dc("ldaps"), guid_of("twin2"), NULL, "not the password");
		assert_verdict(&v, RS_LDAP_IS_WRONG, RS_LDAP_BAD_PASSWORD);
	}
	for (int i = 0; i < 3; i++) {
		v = check_at(dc("ldaps"), guid_of("twin2"), NULL, "not the password");
		assert_verdict(&v, RS_LDAP_IS_WRONG, RS_LDAP_WOULD_LOCK);
	}
}

static void an_administrator_may_name_the_threshold(void **state)
{
	const char *url = dc("ldaps");
	struct rs_ldap_directory directory = at(&url, 1);
	struct rs_ldap_verdict v;

	(void)state;
	directory.lockout_threshold = 2;
	v = check(&directory, guid_of("twin1"), NULL, "not the password");
	assert_verdict(&v, RS_LDAP_IS_WRONG, RS_LDAP_BAD_PASSWORD);
	v = check(&directory, guid_of("twin1"), NULL, "not the password");
	assert_verdict(&v, RS_LDAP_IS_WRONG, RS_LDAP_WOULD_LOCK);
	v = check_at(url, guid_of("twin1"), NULL, "Twin1-pass-w0rd");
	assert_verdict(&v, RS_LDAP_IS_PASSED, RS_LDAP_NONE);
}

/* --- before anything is sent --- */

static void what_is_no_password_is_not_sent(void **state)
{
	static const struct {
		const char *octets;
		size_t len;
	} CASES[] = {
		{"", 0},
		{"nul\0inside", 10},
		{"\xff\xfe", 2},
		{"\xc0\xaf", 2},
		{"\xed\xa0\x80", 3},
		{"\xf4\x90\x80\x80", 4},
		{"cut \xe2\x82", 6},
	};
	const char *url = odd("ldaps", "mute");
	struct rs_ldap_directory directory = at(&url, 1);
	int before = logged("mute", "connect");
	struct rs_ldap_verdict v;
	char longest[RS_LDAP_PASSWORD_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		rs_auto_secret secret = rs_secret_copy(CASES[i].octets, CASES[i].len);

		rs_ldap_check(&ctx, &directory, guid_of("alice"), NULL, secret, &v);
		assert_int_equal(v.outcome, RS_LDAP_IS_WRONG);
		assert_null(v.server);
	}
	memset(longest, 'x', sizeof(longest));
	assert_null(rs_ldap_password_fault(longest, RS_LDAP_PASSWORD_MAX));
	assert_non_null(rs_ldap_password_fault(longest, RS_LDAP_PASSWORD_MAX + 1));
	assert_null(rs_ldap_password_fault("p\xc3\xa4ss \xe2\x82\xac \xf0\x9f\x98\x80", 14));
	assert_int_equal(logged("mute", "connect"), before);
}

/* --- slapd --- */

static struct rs_ldap_directory slapd(const char **url, const char *scheme)
{
	struct rs_ldap_directory directory;
	json_t *port =
		json_object_get(peer, strcmp(scheme, "ldap") == 0 ? "slapd_ldap" : "slapd_ldaps");

	*url = rs_arena_printf(
		ctx.arena, "%s://127.0.0.1:%d", scheme, (int)json_integer_value(port));
	directory = at(url, 1);
	directory.bind_dn = "cn=svc," BASE;
	directory.filter = SLAPD_PEOPLE;
	return directory;
}

static void another_server_is_understood_too(void **state)
{
	static const char *const SCHEMES[] = {"ldaps", "ldap"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		const char *url;
		struct rs_ldap_directory directory = slapd(&url, SCHEMES[i]);
		struct rs_ldap_verdict v = check(&directory, SLAPD_DAVE, NULL, "Dave-pass-w0rd");

		assert_verdict(&v, RS_LDAP_IS_PASSED, RS_LDAP_NONE);
		v = check(&directory, SLAPD_DAVE, NULL, "not the password");
		assert_verdict(&v, RS_LDAP_IS_WRONG, RS_LDAP_BAD_PASSWORD);
		v = check(&directory, "erin@ad.example.test", NULL, "Erin-pass-w0rd");
		assert_verdict(&v, RS_LDAP_IS_WRONG, RS_LDAP_DISABLED);
		assert_string_equal(v.guid, SLAPD_ERIN);
	}
}

/* --- what is no verdict --- */

static void a_bad_certificate_gets_no_password(void **state)
{
	static const char *const WHO[] = {
		"other-ca", "expired", "wrong-name", "self-signed", "old-tls"};

	(void)state;
	for (size_t i = 0; i < sizeof(WHO) / sizeof(WHO[0]); i++) {
		struct rs_ldap_verdict v =
			check_at(odd("ldaps", WHO[i]), guid_of("alice"), NULL, "Alice-pass-w0rd");

		assert_verdict(&v, RS_LDAP_IS_UNAVAILABLE, RS_LDAP_TLS);
		if (strcmp(WHO[i], "old-tls") == 0)
			assert_non_null(strstr(v.why, "TLS1.1"));
		assert_true(logged(WHO[i], "connect") > 0);
		/* Where TLS came up, though too old, the farewell (UnbindRequest) may still be
		 * read. */
		if (strcmp(WHO[i], "old-tls") != 0)
			assert_int_equal(logged(WHO[i], "said"), 0);
		assert_false(told(WHO[i], "Svc-pass-w0rd"));
		assert_false(told(WHO[i], "Alice-pass-w0rd"));
	}
}

static void no_starttls_no_password(void **state)
{
	struct rs_ldap_verdict v =
		check_at(odd("ldap", "stripped"), guid_of("alice"), NULL, "Alice-pass-w0rd");

	(void)state;
	assert_verdict(&v, RS_LDAP_IS_UNAVAILABLE, RS_LDAP_TLS);
	assert_true(logged("stripped", "said") > 0);
	assert_false(told("stripped", "Svc-pass-w0rd"));
}

static void a_slow_server_is_waited_for_in_bounds(void **state)
{
	static const struct {
		const char *scheme, *who;
		int least_ms, most_ms;
	} CASES[] = {
		{"ldaps", "silent", 2500, 5000},
		{"ldap", "silent", 2500, 5000},
		{"ldaps", "trickle", 2500, 5000},
		{"ldap", "trickle", 0, 5000},
		{"ldaps", "mute", 4500, 6000},
		{"ldaps", "hang-up", 0, 1000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		int64_t begun = rs_clock_mono_ms(), took;
		clock_t cpu = clock();
		struct rs_ldap_verdict v = check_at(odd(CASES[i].scheme, CASES[i].who),
			guid_of("alice"), NULL, "Alice-pass-w0rd");

		took = rs_clock_mono_ms() - begun;
		assert_int_equal(v.outcome, RS_LDAP_IS_UNAVAILABLE);
		assert_in_range(took, CASES[i].least_ms, CASES[i].most_ms);
		/* Waiting is not working. */
		assert_true((clock() - cpu) * 1000 / CLOCKS_PER_SEC < 500);
	}
}

/* What a directory says, or says that it will say, is taken in bounds. */
static void a_server_that_says_too_much_is_not_heard(void **state)
{
	static const char *const WHO[] = {"boast", "endless"};

	(void)state;
	for (size_t i = 0; i < sizeof(WHO) / sizeof(WHO[0]); i++) {
		int64_t begun = rs_clock_mono_ms();
		long before = forget_peak();
		struct rs_ldap_verdict v =
			check_at(odd("ldaps", WHO[i]), guid_of("alice"), NULL, "Alice-pass-w0rd");

		assert_int_equal(v.outcome, RS_LDAP_IS_UNAVAILABLE);
		assert_in_range(peak_kib() - before, 0, 16 << 10);
		/* Nothing is waited for once it is clear. */
		assert_in_range(rs_clock_mono_ms() - begun, 0, 2000);
	}
}

/* Numbers at their ends: one wrong password more would lock, as far as can be told. */
static void numbers_are_not_trusted(void **state)
{
	struct rs_ldap_verdict v = check_at(odd("ldaps", "extreme"),
		"01010101-0101-0101-0101-010101010101", NULL, "Alice-pass-w0rd");

	(void)state;
	assert_verdict(&v, RS_LDAP_IS_WRONG, RS_LDAP_WOULD_LOCK);
}

static void the_next_server_is_asked(void **state)
{
	const char *urls[] = {"ldaps://127.0.0.1:1", odd("ldaps", "busy"),
		odd("ldaps", "self-signed"), dc("ldaps")};
	struct rs_ldap_directory directory = at(urls, 4);
	struct rs_ldap_verdict v = check(&directory, guid_of("alice"), NULL, "Alice-pass-w0rd");

	(void)state;
	assert_verdict(&v, RS_LDAP_IS_PASSED, RS_LDAP_NONE);
	assert_string_equal(v.server, dc("ldaps"));
	/* A verdict is final: the second server is not asked for another. */
	urls[0] = dc("ldaps");
	v = check(&directory, guid_of("alice"), NULL, "not the password");
	assert_verdict(&v, RS_LDAP_IS_WRONG, RS_LDAP_BAD_PASSWORD);
	assert_string_equal(v.server, dc("ldaps"));
}

static void a_referral_is_not_followed(void **state)
{
	struct rs_ldap_verdict v =
		check_at(odd("ldaps", "referral"), guid_of("alice"), NULL, "Alice-pass-w0rd");

	(void)state;
	assert_verdict(&v, RS_LDAP_IS_UNAVAILABLE, RS_LDAP_DIRECTORY);
	assert_int_equal(logged("rogue", "connect"), 0);
}

static void nothing_is_sent_when_tls_is_gone(void **state)
{
	int before = logged("tls-gone", "connect");
	struct rs_ldap_verdict v = check_at(
		odd("ldaps", "tls-gone"), "alice@ad.example.test", NULL, "Alice-pass-w0rd");

	(void)state;
	assert_int_equal(v.outcome, RS_LDAP_IS_UNAVAILABLE);
	assert_int_equal(logged("tls-gone", "connect"), before + 1);
}

static void success_is_believed_of_the_linked_person_only(void **state)
{
	struct rs_ldap_verdict v = check_at(
		odd("ldaps", "open-door"), "alice@ad.example.test", NULL, "Alice-pass-w0rd");

	(void)state;
	assert_verdict(&v, RS_LDAP_IS_MISMATCH, RS_LDAP_OTHER_PERSON);
	v = check_at(odd("ldaps", "open-door"), guid_of("alice"), NULL, "Alice-pass-w0rd");
	assert_verdict(&v, RS_LDAP_IS_UNAVAILABLE, RS_LDAP_DIRECTORY);
}

static void a_refused_service_account_ends_it(void **state)
{
	const char *urls[] = {dc("ldaps"), odd("ldaps", "open-door")};
	struct rs_ldap_directory directory = at(urls, 2);
	struct rs_secret *right = directory.bind_password;
	rs_auto_secret wrong = rs_secret_copy("not the password", 16);
	int before = logged("open-door", "connect");
	struct rs_ldap_verdict v;

	(void)state;
	directory.bind_password = wrong;
	v = check(&directory, guid_of("alice"), NULL, "Alice-pass-w0rd");
	assert_verdict(&v, RS_LDAP_IS_UNAVAILABLE, RS_LDAP_SERVICE_ACCOUNT);
	assert_int_equal(logged("open-door", "connect"), before);
	rs_ldap_try(&ctx, &directory, 0, &v);
	assert_verdict(&v, RS_LDAP_IS_UNAVAILABLE, RS_LDAP_SERVICE_ACCOUNT);
	assert_non_null(strstr(v.why, "52e"));
	directory.bind_password = right;
	rs_ldap_try(&ctx, &directory, 0, &v);
	assert_verdict(&v, RS_LDAP_IS_PASSED, RS_LDAP_NONE);
	directory.base = "DC=elsewhere,DC=test";
	rs_ldap_try(&ctx, &directory, 0, &v);
	assert_int_equal(v.outcome, RS_LDAP_IS_UNAVAILABLE);
}

static void an_address_that_is_not_called(void **state)
{
	static const char *const URLS[] = {
		"ldaps://169.254.169.254", "ldaps://[fe80::1]", "ldaps://0.0.0.0", "ldaps://[::1]"};

	(void)state;
	for (size_t i = 0; i < sizeof(URLS) / sizeof(URLS[0]); i++) {
		struct rs_ldap_verdict v =
			check_at(URLS[i], guid_of("alice"), NULL, "Alice-pass-w0rd");

		assert_verdict(&v, RS_LDAP_IS_UNAVAILABLE, RS_LDAP_CONNECTION);
		assert_non_null(strstr(v.why, "must not be connected to"));
	}
}

/* --- what is configured --- */

static void urls_filters_and_names(void **state)
{
	struct rs_ldap_url url;

	(void)state;
	assert_true(rs_ldap_url_read(&ctx, "ldaps://dc1.example.test", &url));
	assert_int_equal(url.port, 636);
	assert_false(url.starttls);
	assert_true(rs_ldap_url_read(&ctx, "ldap://[fd00::1]:3890", &url));
	assert_string_equal(url.host, "fd00::1");
	assert_int_equal(url.port, 3890);
	assert_true(url.starttls);
	assert_false(rs_ldap_url_read(&ctx, "ldapi:///", &url));
	assert_false(rs_ldap_url_read(&ctx, "ldaps://", &url));
	assert_false(rs_ldap_url_read(&ctx, "https://dc1.example.test", &url));
	assert_false(rs_ldap_url_read(&ctx, "ldaps://dc1.example.test/dc=x??sub", &url));
	assert_false(rs_ldap_url_read(&ctx, "ldaps://dc1.example.test/dc=x", &url));
	assert_true(rs_ldap_filter_valid(PEOPLE));
	assert_false(rs_ldap_filter_valid("(objectCategory=person)(objectClass=user)"));
	assert_true(rs_ldap_filter_valid("(&(a=b)(c=\\2a))"));
	assert_false(rs_ldap_filter_valid("(a=b"));
	assert_false(rs_ldap_filter_valid("(a=b))"));
	assert_false(rs_ldap_filter_valid("(a=\\2)"));
	assert_false(rs_ldap_filter_valid("a=b"));
	assert_false(rs_ldap_filter_valid(""));
	assert_false(rs_ldap_filter_valid("()"));
	assert_true(rs_ldap_filter_valid("(& (a=b) (c=d) )"));
	assert_false(rs_ldap_filter_valid(" (a=b)"));
	assert_false(rs_ldap_filter_valid("((a=b))"));
	assert_false(rs_ldap_filter_valid("(&)"));
	assert_false(rs_ldap_filter_valid("(!(a=b)(c=d))"));
	assert_false(rs_ldap_filter_valid("(=b)"));
	assert_false(rs_ldap_filter_valid("(a)"));
	assert_false(rs_ldap_filter_valid("(&(a=b)c=d)"));
	assert_false(rs_ldap_filter_valid("(a=b)(c=d)"));
	assert_true(rs_ldap_filter_valid("(|(a>=1)(!(b~=x*y))(c=*)(d=))"));
	assert_true(rs_ldap_filter_valid(
		"(memberOf:1.2.840.113556.1.4.1941:=CN=Staff,DC=example,DC=test)"));
	assert_true(rs_ldap_dn_valid(BASE));
	assert_false(rs_ldap_dn_valid("somebody@example.test"));
	assert_false(rs_ldap_dn_valid(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_right_password_passes),
		cmocka_unit_test(a_login_name_may_be_linked),
		cmocka_unit_test(the_domain_says_why_not),
		cmocka_unit_test(nobody_is_like_a_wrong_password),
		cmocka_unit_test(a_typed_name_must_be_the_linked_person),
		cmocka_unit_test(the_time_does_not_tell_why),
		cmocka_unit_test(two_entries_are_none),
		cmocka_unit_test(the_group_is_asked_through_groups),
		cmocka_unit_test(the_account_is_never_locked),
		cmocka_unit_test(an_administrator_may_name_the_threshold),
		cmocka_unit_test(what_is_no_password_is_not_sent),
		cmocka_unit_test(another_server_is_understood_too),
		cmocka_unit_test(a_bad_certificate_gets_no_password),
		cmocka_unit_test(no_starttls_no_password),
		cmocka_unit_test(a_slow_server_is_waited_for_in_bounds),
		cmocka_unit_test(a_server_that_says_too_much_is_not_heard),
		cmocka_unit_test(numbers_are_not_trusted),
		cmocka_unit_test(the_next_server_is_asked),
		cmocka_unit_test(a_referral_is_not_followed),
		cmocka_unit_test(nothing_is_sent_when_tls_is_gone),
		cmocka_unit_test(success_is_believed_of_the_linked_person_only),
		cmocka_unit_test(a_refused_service_account_ends_it),
		cmocka_unit_test(an_address_that_is_not_called),
		cmocka_unit_test(urls_filters_and_names),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
