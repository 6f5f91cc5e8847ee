/*
 * Names as people type them: what is accepted is its own normal form, holds only what may be asked
 * in the DNS, and is public where the rule set says so.
 *
 * Input: an octet of choice, then the text.
 */
#include "rs/caa.h"
#include "rs/dnsmsg.h"
#include "rs/names.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const TYPES[] = {"dns", "ip", "email", "uri", "upn", "other_name"};
static const struct rs_ruleset RULES[] = {{.name = "tls-br", .names = "tls"},
	{.name = "smime-br", .names = "mailbox"}, {.name = "private", .names = "free"}};

static void must(bool condition)
{
	if (!condition)
		abort();
}

static struct rs_names normalise(struct rs_ctx *ctx, const struct rs_ruleset *rules, json_t *san)
{
	struct rs_name_policy policy = {.rules = rules};
	struct rs_names out;

	rs_names_normalise(ctx, NULL, san, &policy, "", &out);
	return out;
}

static void check_domain(struct rs_ctx *ctx, const json_t *domain, const struct rs_ruleset *rules)
{
	const char *const *names;
	const char *kind = json_string_value(json_object_get(domain, "kind"));
	const char *base;
	struct rs_caa_ask ask = {0};
	size_t count;

	if (!rs_caa_ask_of(domain, &ask))
		return;
	must(rs_caa_climb(ctx, ask.name, &names, &count) == RS_OK && count >= 2);
	must(strcmp(names[0], ask.name) == 0); /* lower case, no dot at the end */
	for (const char *s = ask.name; *s; s++)
		must(*s != '_' && *s != '*');
	base = rs_names_base_domain(ask.name);
	if (strcmp(kind, "dns") == 0 && rules->names[0] == 't')
		must(base && rs_names_authorizes(base, ask.name) && rs_names_is_fqdn(ask.name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rs_ctx ctx;
	int choice = size ? data[0] : 0;
	const struct rs_ruleset *rules = &RULES[choice / 6 % 3];
	const char *type = TYPES[choice % 6];
	struct rs_names once, twice;
	json_t *text = size > 1 ? json_stringn((const char *)data + 1, size - 1) : NULL;
	json_t *san, *domains, *domain;
	size_t i;

	if (!text || strlen(json_string_value(text)) != size - 1) {
		json_decref(text);
		return 0;
	}
	rs_ctx_init_system(&ctx, NULL, "fuzz");
	san = rs_arena_json(ctx.arena, json_pack("[{s:s, s:o}]", "type", type, "value", text));
	if (strcmp(type, "other_name") == 0) {
		json_object_set_new(
			json_array_get(san, 0), "oid", json_string("1.3.6.1.5.5.7.8.9"));
		json_object_set_new(json_array_get(san, 0), "encoding", json_string("utf8"));
	}
	once = normalise(&ctx, rules, san);
	if (json_array_size(once.faults) == 0) {
		twice = normalise(&ctx, rules, once.san);
		must(json_array_size(twice.faults) == 0 && json_equal(once.san, twice.san));
		domains = rs_names_domains(&ctx, once.san);
		json_array_foreach(domains, i, domain) check_domain(&ctx, domain, rules);
	}
	rs_names_mailbox(&ctx, (struct rs_bytes){data + 1, size - 1});
	rs_ctx_end(&ctx);
	return 0;
}
