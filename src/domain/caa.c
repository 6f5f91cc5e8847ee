/* CAA: which names to ask, the relevant record set, the verdict. RFC 8659, 8657, 9495. */
#include "rs/caa.h"

#include "rs/dnsmsg.h"
#include "rs/names.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* 128 is RFC 8659's; 1 is what many take for it. */
#define CRITICAL (128 | 1)

/* The tags we know (IANA: Certification Authority Restriction Properties), those of which a verdict
 * can come first. The reserved auth, path and policy are unknown ones. */
static const char *const KNOWN_TAGS[] = {
	"issue", "issuewild", "issuemail", "issuevmc", "iodef", "contactemail", "contactphone"};
#define DECISIVE_TAGS 3
#define KNOWN_COUNT   (sizeof(KNOWN_TAGS) / sizeof(KNOWN_TAGS[0]))

const char *rs_caa_kind_name(enum rs_caa_kind kind)
{
	return kind == RS_CAA_KIND_MAIL ? "mail" : "dns";
}

const char *rs_caa_result_name(enum rs_caa_result result)
{
	static const char *const names[] = {
		[RS_CAA_RESULT_ERROR] = "error",
		[RS_CAA_RESULT_FORBIDDEN] = "forbidden",
		[RS_CAA_RESULT_PERMITTED] = "permitted",
	};

	return names[result];
}

const char *rs_caa_dnssec_name(enum rs_caa_dnssec dnssec)
{
	static const char *const names[] = {
		[RS_CAA_SEC_UNKNOWN] = "unknown",
		[RS_CAA_SEC_SECURE] = "secure",
		[RS_CAA_SEC_INSECURE] = "insecure",
		[RS_CAA_SEC_BOGUS] = "bogus",
	};

	return names[dnssec];
}

/* --- what is asked --- */

bool rs_caa_ask_of(const json_t *domain, struct rs_caa_ask *ask)
{
	const char *kind = json_string_value(json_object_get(domain, "kind"));
	const char *name = json_string_value(json_object_get(domain, "name"));
	const char *at;

	if (!kind || !name || strcmp(kind, "ip") == 0)
		return false;
	ask->kind = strcmp(kind, "mail") == 0 ? RS_CAA_KIND_MAIL : RS_CAA_KIND_DNS;
	at = ask->kind == RS_CAA_KIND_MAIL ? strrchr(name, '@') : NULL;
	ask->name = at ? at + 1 : name;
	ask->wildcard = json_is_true(json_object_get(domain, "wildcard"));
	return !rs_dns_name_under(ask->name, "onion");
}

json_t *rs_caa_basis(const struct rs_caa_ask *ask)
{
	json_t *out = json_pack("{s:i, s:s, s:s, s:b, s:O, s:s?, s:[]}", "v", RS_CAA_POLICY_VERSION,
		"kind", rs_caa_kind_name(ask->kind), "name", ask->name, "wildcard", ask->wildcard,
		"issuers", ask->issuers, "account_uri", ask->account_uri, "methods");

	for (const char *const *method = ask->methods; method && *method; method++)
		json_array_append_new(json_object_get(out, "methods"), json_string(*method));
	return out;
}

int64_t rs_caa_valid_until(int64_t checked_at, int64_t recheck_s)
{
	if (recheck_s > RS_CAA_AGE_MAX_S)
		recheck_s = RS_CAA_AGE_MAX_S;
	return checked_at + recheck_s * INT64_C(1000000);
}

/* --- what was seen --- */

enum rs_code rs_caa_climb(
	struct rs_ctx *ctx, const char *name, const char *const **names, size_t *count)
{
	char *text = rs_arena_strdup(ctx->arena, name);
	size_t len = strlen(text);
	const char **out;
	size_t labels = 1;

	*count = 0;
	if (!rs_dns_name_valid(text))
		return rs_fail(ctx, RS_BAD_NAME, "The name cannot be looked up in the DNS.");
	if (text[len - 1] == '.')
		text[len - 1] = '\0';
	for (char *s = text; *s; s++) {
		labels += *s == '.';
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s + 32);
	}
	out = rs_new_array(ctx->arena, const char *, labels);
	for (const char *s = text; s; s = strchr(s, '.')) {
		s += *s == '.';
		out[(*count)++] = s;
	}
	*names = out;
	return RS_OK;
}

void rs_caa_lookup_read(struct rs_ctx *ctx, const char *name, enum rs_caa_seen seen,
	struct rs_bytes packet, struct rs_caa_lookup *out)
{
	struct rs_dnsmsg msg;

	*out = (struct rs_caa_lookup){.seen = seen};
	if (seen != RS_CAA_SEEN_SECURE && seen != RS_CAA_SEEN_INSECURE)
		return;
	if (!rs_dnsmsg_read(ctx, packet, name, RS_RR_CAA, &msg)) {
		*out = (struct rs_caa_lookup){.seen = RS_CAA_SEEN_FAILED, .why = msg.why};
		return;
	}
	out->rcode = msg.rcode;
	out->soa = msg.soa;
	out->rdata = msg.rdata;
	out->count = msg.count;
}

static bool equal_nocase(struct rs_bytes bytes, const char *text)
{
	return bytes.len == strlen(text) &&
	       strncasecmp((const char *)bytes.data, text, bytes.len) == 0;
}

/* The place of a tag in KNOWN_TAGS, KNOWN_COUNT when unknown. */
static size_t tag_place(struct rs_bytes tag)
{
	size_t i = 0;

	while (i < KNOWN_COUNT && !equal_nocase(tag, KNOWN_TAGS[i]))
		i++;
	return i;
}

static bool critical_unknown(const struct rs_caa_record *record)
{
	return (record->flags & CRITICAL) && tag_place(record->raw_tag) == KNOWN_COUNT;
}

/* Those that alone can forbid first, then those that can permit, then what people may read. */
static int rank(const struct rs_caa_record *record)
{
	size_t place = tag_place(record->raw_tag);

	if (critical_unknown(record))
		return 0;
	return place < DECISIVE_TAGS ? 1 : place < KNOWN_COUNT ? 2 : 3;
}

static int by_octets(struct rs_bytes a, struct rs_bytes b)
{
	int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);

	return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* A resolver shuffles the records; two checks of the same set must look the same. */
static int by_weight(const void *one, const void *two)
{
	const struct rs_caa_record *a = one, *b = two;
	int order = rank(a) - rank(b);

	if (!order)
		order = by_octets(a->raw_tag, b->raw_tag);
	if (!order)
		order = by_octets(a->raw_value, b->raw_value);
	return order ? order : a->flags - b->flags;
}

static void fault(struct rs_ctx *ctx, struct rs_caa_set *set, enum rs_code code, const char *name,
	const char *what, const char *why)
{
	set->fault = code;
	set->dnssec = code == RS_CAA_DNSSEC_BOGUS ? RS_CAA_SEC_BOGUS : RS_CAA_SEC_UNKNOWN;
	set->detail = rs_arena_printf(ctx->arena, "The CAA lookup of %s %s%s%s.", name, what,
		why ? ": " : "", why ? why : "");
}

static void read_set(struct rs_ctx *ctx, const char *name, const struct rs_caa_lookup *lookup,
	struct rs_caa_set *set)
{
	set->records = rs_new_array(ctx->arena, struct rs_caa_record, lookup->count);
	for (size_t i = 0; i < lookup->count; i++) {
		struct rs_caa_record *record = &set->records[i];

		if (!rs_caa_rdata(lookup->rdata[i], &record->flags, &record->raw_tag,
			    &record->raw_value)) {
			fault(ctx, set, RS_CAA_LOOKUP_FAILED, name, "gave a malformed record",
				NULL);
			return;
		}
		record->tag = rs_dns_text(ctx, record->raw_tag, RS_CAA_SHOWN_MAX);
		record->value = rs_dns_text(ctx, record->raw_value, RS_CAA_SHOWN_MAX);
	}
	qsort(set->records, lookup->count, sizeof(*set->records), by_weight);
	set->count = lookup->count;
	set->found_at = name;
}

/* Whether the lookup is an answer at all; else the fault is noted. */
static bool answered(struct rs_ctx *ctx, const char *name, const struct rs_caa_lookup *lookup,
	struct rs_caa_set *set)
{
	bool found = lookup->count > 0;

	if (lookup->seen == RS_CAA_SEEN_BOGUS)
		fault(ctx, set, RS_CAA_DNSSEC_BOGUS, name, "gave an answer that DNSSEC refutes",
			lookup->why);
	else if (lookup->seen == RS_CAA_SEEN_TIMEOUT)
		fault(ctx, set, RS_CAA_TIMEOUT, name, "got no answer in time", lookup->why);
	else if (lookup->seen == RS_CAA_SEEN_FAILED)
		fault(ctx, set, RS_CAA_LOOKUP_FAILED, name, "failed", lookup->why);
	else if (lookup->rcode != RS_RCODE_NOERROR && (found || lookup->rcode != RS_RCODE_NXDOMAIN))
		fault(ctx, set, RS_CAA_LOOKUP_FAILED, name, "failed at the server",
			rs_arena_printf(ctx->arena, "response code %d", lookup->rcode));
	else if (!found && lookup->seen == RS_CAA_SEEN_INSECURE && !lookup->soa)
		fault(ctx, set, RS_CAA_LOOKUP_FAILED, name,
			"gave no record and no SOA either, which is no answer", NULL);
	else if (lookup->rcode == RS_RCODE_NXDOMAIN && !strchr(name, '.'))
		fault(ctx, set, RS_CAA_LOOKUP_FAILED, name,
			"says that the top-level domain does not exist", NULL);
	else
		return true;
	return false;
}

void rs_caa_find(struct rs_ctx *ctx, const char *const *names, const struct rs_caa_lookup *lookups,
	size_t count, struct rs_caa_set *out)
{
	*out = (struct rs_caa_set){.dnssec = RS_CAA_SEC_SECURE};
	if (count == 0 || strchr(names[count - 1], '.')) {
		fault(ctx, out, RS_CAA_LOOKUP_FAILED, count ? names[count - 1] : "no name",
			"ended below the top-level domain", NULL);
		return;
	}
	for (size_t i = 0; i < count && !out->found_at; i++) {
		if (!answered(ctx, names[i], &lookups[i], out))
			return;
		if (lookups[i].seen == RS_CAA_SEEN_INSECURE)
			out->dnssec = RS_CAA_SEC_INSECURE;
		if (lookups[i].count > 0)
			read_set(ctx, names[i], &lookups[i], out);
		if (out->fault)
			return;
	}
}

const struct rs_bytes *rs_caa_values(
	struct rs_ctx *ctx, const struct rs_caa_set *set, const char *tag, size_t *count)
{
	struct rs_bytes *out = rs_new_array(ctx->arena, struct rs_bytes, set->count);

	*count = 0;
	for (size_t i = 0; i < set->count; i++)
		if (equal_nocase(set->records[i].raw_tag, tag))
			out[(*count)++] = set->records[i].raw_value;
	return out;
}

json_t *rs_caa_records_json(const struct rs_caa_set *set)
{
	json_t *out = json_array();

	for (size_t i = 0; i < set->count; i++)
		json_array_append_new(
			out, json_pack("{s:i, s:s, s:s}", "flags", set->records[i].flags, "tag",
				     set->records[i].tag, "value", set->records[i].value));
	return out;
}

/* "mailto:" and exactly one mailbox, or an https URL: nothing else is anybody's wish to be told. */
static bool is_report_url(struct rs_ctx *ctx, const char *value)
{
	if (strncasecmp(value, "mailto:", 7) == 0)
		return rs_names_mailbox(ctx, (struct rs_bytes){(const unsigned char *)value + 7,
						     strlen(value + 7)}) != NULL;
	return strncasecmp(value, "https://", 8) == 0 && value[8] != '\0' &&
	       !strpbrk(value, " \\\"<>");
}

json_t *rs_caa_iodef(struct rs_ctx *ctx, const json_t *records)
{
	json_t *out = rs_arena_json(ctx->arena, json_array()), *record;
	size_t i;

	json_array_foreach(records, i, record)
	{
		const char *tag = json_string_value(json_object_get(record, "tag"));
		const char *value = json_string_value(json_object_get(record, "value"));

		if (tag && value && strcasecmp(tag, "iodef") == 0 && is_report_url(ctx, value))
			json_array_append_new(out, json_string(value));
	}
	return out;
}

/* --- the verdict --- */

/* How near a record comes to authorising us. */
enum match { OTHER, ACCOUNT, METHOD, US };

static bool names_us(const struct rs_caa_ask *ask, struct rs_bytes issuer)
{
	size_t i;
	json_t *ours;

	if (issuer.len == 0)
		return false;
	json_array_foreach(ask->issuers, i, ours)
	{
		if (equal_nocase(issuer, json_string_value(ours)))
			return true;
	}
	return false;
}

/* RFC 8657 3: octet by octet (RFC 3986 6.2.1). */
static bool account_fits(const struct rs_caa_ask *ask, const struct rs_caa_issue *issue)
{
	const char *ours = ask->account_uri;

	if (issue->accounts == 0)
		return true;
	return issue->accounts == 1 && ours && *ours && issue->account.len == strlen(ours) &&
	       memcmp(issue->account.data, ours, issue->account.len) == 0;
}

static bool method_char(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-';
}

static bool our_method(const struct rs_caa_ask *ask, struct rs_bytes label)
{
	for (const char *const *method = ask->methods; method && *method; method++)
		if (equal_nocase(label, *method))
			return true;
	return false;
}

/* RFC 8657 4: [*(label ",") label]; a malformed label spoils the list, an unknown one does not. */
static bool method_fits(const struct rs_caa_ask *ask, const struct rs_caa_issue *issue)
{
	const unsigned char *at = issue->methods.data;
	const unsigned char *end;
	bool fits = false;

	if (issue->method_lists != 1)
		return issue->method_lists == 0;
	end = at + issue->methods.len;
	for (;;) {
		struct rs_bytes label = {at, 0};

		while (at < end && method_char(*at))
			at++;
		label.len = (size_t)(at - label.data);
		if (label.len == 0 || (at < end && *at != ','))
			return false;
		fits = fits || our_method(ask, label);
		if (at == end)
			return fits;
		at++;
	}
}

static enum match match(const struct rs_caa_ask *ask, struct rs_bytes value)
{
	struct rs_caa_issue issue;

	if (!rs_caa_issue_read(value, &issue) || !names_us(ask, issue.issuer))
		return OTHER;
	if (!account_fits(ask, &issue))
		return ACCOUNT;
	return method_fits(ask, &issue) ? US : METHOD;
}

static bool has_tag(const struct rs_caa_set *set, const char *tag)
{
	for (size_t i = 0; i < set->count; i++)
		if (equal_nocase(set->records[i].raw_tag, tag))
			return true;
	return false;
}

/* The only property that counts: RFC 8659 4.2 and 4.3, RFC 9495 3. */
static const char *property(const struct rs_caa_ask *ask, const struct rs_caa_set *set)
{
	if (ask->kind == RS_CAA_KIND_MAIL)
		return "issuemail";
	return ask->wildcard && has_tag(set, "issuewild") ? "issuewild" : "issue";
}

const char *rs_caa_remedy(struct rs_ctx *ctx, const struct rs_caa_ask *ask, const char *found_at)
{
	const char *issuer = json_string_value(json_array_get(ask->issuers, 0));
	const char *tag = ask->wildcard ? "issuewild" : "issue";

	if (!issuer)
		return NULL;
	return rs_arena_printf(ctx->arena, "%s. IN CAA 0 %s \"%s\"",
		found_at && strchr(found_at, '.') ? found_at : ask->name,
		ask->kind == RS_CAA_KIND_MAIL ? "issuemail" : tag, issuer);
}

static void conclude(struct rs_ctx *ctx, const struct rs_caa_ask *ask, const struct rs_caa_set *set,
	const char *tag, enum match best, struct rs_caa_verdict *out)
{
	static const struct {
		enum rs_code code;
		const char *what;
	} rows[] = {
		[OTHER] = {RS_CAA_FORBIDDEN, "names us"},
		[ACCOUNT] = {RS_CAA_ACCOUNT_MISMATCH, "permits this account"},
		[METHOD] = {RS_CAA_METHOD_MISMATCH,
			"permits the method by which control of the name was proven"},
	};
	const char *remedy = rs_caa_remedy(ctx, ask, set->found_at);

	if (best == US) {
		out->result = RS_CAA_RESULT_PERMITTED;
		out->code = RS_CAA_PERMITTED;
		out->detail = rs_arena_printf(
			ctx->arena, "A record \"%s\" at %s permits us.", tag, set->found_at);
		return;
	}
	out->result = RS_CAA_RESULT_FORBIDDEN;
	out->code = rows[best].code;
	out->detail = rs_arena_printf(ctx->arena, "No record \"%s\" at %s %s.%s%s", tag,
		set->found_at, rows[best].what, remedy ? " This one would permit us: " : "",
		remedy ? remedy : "");
}

void rs_caa_judge(struct rs_ctx *ctx, const struct rs_caa_ask *ask, const struct rs_caa_set *set,
	struct rs_caa_verdict *out)
{
	const char *tag = property(ask, set);
	enum match best = OTHER;

	*out = (struct rs_caa_verdict){RS_CAA_RESULT_ERROR, set->fault, set->detail};
	if (set->fault)
		return;
	for (size_t i = 0; i < set->count; i++) {
		if (!critical_unknown(&set->records[i]))
			continue;
		out->result = RS_CAA_RESULT_FORBIDDEN;
		out->code = RS_CAA_CRITICAL_UNKNOWN;
		out->detail = rs_arena_printf(ctx->arena,
			"The record \"%s\" at %s is critical and of a kind we do not know.",
			set->records[i].tag, set->found_at);
		return;
	}
	if (!has_tag(set, tag)) {
		out->result = RS_CAA_RESULT_PERMITTED;
		out->code = RS_CAA_NONE;
		out->detail =
			set->found_at
				? rs_arena_printf(ctx->arena,
					  "The CAA records at %s restrict nothing that is "
					  "asked for.",
					  set->found_at)
				: rs_arena_printf(ctx->arena,
					  "Neither %s nor a domain above it has a CAA record.",
					  ask->name);
		return;
	}
	for (size_t i = 0; i < set->count; i++) {
		enum match one = equal_nocase(set->records[i].raw_tag, tag)
					 ? match(ask, set->records[i].raw_value)
					 : OTHER;

		best = one > best ? one : best;
	}
	conclude(ctx, ask, set, tag, best, out);
}
