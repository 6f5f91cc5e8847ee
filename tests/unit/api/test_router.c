#include "../../../api/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct rs_route ROUTES[] = {
	{RS_GET, "/v1/things", NULL, RS_BODY_NONE, 0, NULL, NULL, 0},
	{RS_POST, "/v1/things", NULL, RS_BODY_JSON, 0, NULL, NULL, 0},
	{RS_GET, "/v1/things/{id}", NULL, RS_BODY_NONE, 0, NULL, NULL, 0},
	{RS_POST, "/v1/things/import", NULL, RS_BODY_JSON, 0, NULL, NULL, 0},
	{RS_DELETE, "/v1/things/{id}/parts/{part_id}", NULL, RS_BODY_NONE, 0, NULL, NULL, 0},
};

static const struct rs_router_node *find(const struct rs_router *router, const char *const *path)
{
	int n = 0;
	while (path[n])
		n++;
	return rs_router_find(router, path, n);
}

static void literals_come_first(void **state)
{
	struct rs_router *router = rs_router_new(ROUTES, 5);
	(void)state;
	assert_string_equal(
		find(router, (const char *[]){"v1", "things", "import", NULL})->path,
		"/v1/things/import");
	assert_string_equal(find(router, (const char *[]){"v1", "things", "x", NULL})->path,
		"/v1/things/{id}");
	assert_string_equal(
		find(router, (const char *[]){"v1", "things", "x", "parts", "y", NULL})->path,
		"/v1/things/{id}/parts/{part_id}");
	assert_null(find(router, (const char *[]){"v1", "things", "", "parts", NULL}));
	assert_null(find(router, (const char *[]){"v1", NULL}));
	rs_router_free(router);
}

static void allow_names_the_methods(void **state)
{
	struct rs_router *router = rs_router_new(ROUTES, 5);
	struct rs_arena *arena = rs_arena_new();
	(void)state;
	assert_string_equal(
		rs_router_allow(arena, find(router, (const char *[]){"v1", "things", NULL})),
		"GET, HEAD, POST, OPTIONS");
	assert_string_equal(
		rs_router_allow(arena,
			find(router, (const char *[]){"v1", "things", "import", NULL})),
		"POST, OPTIONS");
	rs_arena_free(arena);
	rs_router_free(router);
}

static void decoding(void **state)
{
	static const struct {
		const char *in, *out;
	} ROWS[] = {{"a%20b+c", "a b c"}, {"%C3%A9", "\xc3\xa9"}, {"%00", NULL}, {"%ff", NULL},
		{"%", NULL}, {"%4", NULL}, {"%zz", NULL}, {"%41", "A"}, {"", ""}};
	struct rs_arena *arena = rs_arena_new();
	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		char *out = rs_url_decode(arena, ROWS[i].in, strlen(ROWS[i].in), true);
		if (ROWS[i].out)
			assert_string_equal(out, ROWS[i].out);
		else
			assert_null(out);
	}
	rs_arena_free(arena);
}

static void accept_header(void **state)
{
	static const struct {
		const char *accept, *type;
		bool allowed;
	} ROWS[] = {{NULL, "text/csv", true}, {"*/*", "text/csv", true}, {"text/*", "text/csv", true},
		{"text/html", "text/csv", false}, {"text/html, text/csv;q=0.5", "text/csv", true},
		{"text/csv;q=0", "text/csv", false}, {"TEXT/CSV", "text/csv", true},
		{"text/csvx", "text/csv", false}, {"text", "text/csv", false}};
	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		struct rs_call call = {.accept = ROWS[i].accept};
		assert_int_equal(rs_accepts(&call, ROWS[i].type), ROWS[i].allowed);
	}
}

static void networks(void **state)
{
	static const struct {
		const char *address, *network;
		bool inside;
	} ROWS[] = {{"10.1.2.3", "10.0.0.0/8", true}, {"11.1.2.3", "10.0.0.0/8", false},
		{"10.1.2.3", "10.1.2.3", true}, {"10.1.2.4", "10.1.2.3", false},
		{"192.168.1.130", "192.168.1.128/25", true}, {"192.168.1.1", "192.168.1.128/25", false},
		{"2001:db8::1", "2001:db8::/32", true}, {"2001:db9::1", "2001:db8::/32", false},
		{"::ffff:10.0.0.1", "10.0.0.0/8", true}};
	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		struct rs_address address;
		json_t *list = json_pack("[s]", ROWS[i].network);
		assert_true(rs_address_parse(ROWS[i].address, &address));
		assert_int_equal(rs_address_in(&address, list), ROWS[i].inside);
		json_decref(list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(literals_come_first),
		cmocka_unit_test(allow_names_the_methods),
		cmocka_unit_test(decoding),
		cmocka_unit_test(accept_header),
		cmocka_unit_test(networks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
