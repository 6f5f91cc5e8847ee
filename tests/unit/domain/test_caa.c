/*
 * CAA decided from answers: the cases of the design's table that need no network, and the rules N,
 * F, E and T behind them. Our Issuer Domain Name is ca.example, the account acct:42@ca.example, the
 * method ca-tbr-7 unless a row says otherwise; names are below caatest.
 */
#include "rs/caa.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LINES_MAX 8

/*
 * What the DNS says, a line an entry: "name flags tag value" is a record; "name > target" an alias,
 * followed by the resolver; "name !state" what became of the lookup. A name without a line exists
 * and has no CAA record. Everything is signed unless the world begins with "insecure".
 */
struct world {
	const char *lines[LINES_MAX];
};

enum verdict { A, D, E }; /* allowed, denied, denied because a lookup failed */

struct row {
	const char *id; /* the number of the design's case, or the rule */
	const char *name;
	struct world world;
	enum verdict want;
	enum rs_code code;
	const char *account; /* NULL: account 42; "-": none */
	const char *method;  /* NULL: ca-tbr-7; "-": none */
	const char *found_at;
};

#define SAYS(...) .world = {{__VA_ARGS__}}
#define CASE(id_, name_, says_, want_, code_, ...)                                                 \
	{                                                                                          \
		.id = (id_), .name = (name_), says_, .want = (want_), .code = (code_), __VA_ARGS__ \
	}

static const struct row ROWS[] = {
	CASE("1", "none", SAYS(NULL), A, RS_CAA_NONE),
	CASE("2", "empty", SAYS("empty 0 issue ;"), D, RS_CAA_FORBIDDEN,
		.found_at = "empty.caatest"),
	CASE("3", "empty2", SAYS("empty2 0 issue "), D, RS_CAA_FORBIDDEN),
	CASE("4", "deny", SAYS("deny 0 issue other.example"), D, RS_CAA_FORBIDDEN),
	CASE("5", "upper", SAYS("upper 0 ISSUE other.example"), D, RS_CAA_FORBIDDEN),
	CASE("5b", "upper", SAYS("upper 0 IsSuE ca.example"), A, RS_CAA_PERMITTED),
	CASE("7", "ok", SAYS("ok 0 issue ca.example"), A, RS_CAA_PERMITTED,
		.found_at = "ok.caatest"),
	CASE("8", "okcase", SAYS("okcase 0 issue CA.Example"), A, RS_CAA_PERMITTED),
	CASE("12", "crit1", SAYS("crit1 128 unknownprop x"), D, RS_CAA_CRITICAL_UNKNOWN),
	CASE("13", "crit2", SAYS("crit2 130 unknownprop x"), D, RS_CAA_CRITICAL_UNKNOWN),
	CASE("15", "noncrit", SAYS("noncrit 126 unknownprop x"), A, RS_CAA_NONE),
	CASE("15 wildcard", "*.noncrit", SAYS("noncrit 126 unknownprop x"), A, RS_CAA_NONE),
	CASE("17", "critknown", SAYS("critknown 128 issue ca.example"), A, RS_CAA_PERMITTED),
	CASE("18", "critissuemail", SAYS("critissuemail 128 issuemail ;"), A, RS_CAA_NONE),
	CASE("21", "sub1.deny", SAYS("deny 0 issue other.example"), D, RS_CAA_FORBIDDEN,
		.found_at = "deny.caatest"),
	CASE("22", "sub2.sub1.deny",
		SAYS("deny 0 issue other.example", "sub1.deny !nxdomain",
			"sub2.sub1.deny !nxdomain"),
		D, RS_CAA_FORBIDDEN, .found_at = "deny.caatest"),
	CASE("23", "deny.permit",
		SAYS("permit 0 issue ca.example", "deny.permit 0 issue other.example"), D,
		RS_CAA_FORBIDDEN, .found_at = "deny.permit.caatest"),
	CASE("24", "permit.deny", SAYS("deny 0 issue other.example", "permit.deny 0 dummy dummy"),
		A, RS_CAA_NONE, .found_at = "permit.deny.caatest"),
	CASE("26", "a.b", SAYS(". 0 issue other.example"), D, RS_CAA_FORBIDDEN,
		.found_at = "caatest"),
	CASE("27", "*.deny", SAYS("deny 0 issue other.example"), D, RS_CAA_FORBIDDEN),
	CASE("29 wildcard", "*.wildonly", SAYS("wildonly 0 issuewild other.example"), D,
		RS_CAA_FORBIDDEN),
	CASE("29", "wildonly", SAYS("wildonly 0 issuewild other.example"), A, RS_CAA_NONE),
	CASE("30", "wildover",
		SAYS("wildover 0 issue ca.example", "wildover 0 issuewild other.example"), A,
		RS_CAA_PERMITTED),
	CASE("30 wildcard", "*.wildover",
		SAYS("wildover 0 issue ca.example", "wildover 0 issuewild other.example"), D,
		RS_CAA_FORBIDDEN),
	CASE("30 reversed", "*.wildover",
		SAYS("wildover 0 issue other.example", "wildover 0 issuewild ca.example"), A,
		RS_CAA_PERMITTED),
	CASE("32", "wildsemi", SAYS("wildsemi 0 issuewild ;", "wildsemi 0 issue ca.example"), A,
		RS_CAA_PERMITTED),
	CASE("32 wildcard", "*.wildsemi",
		SAYS("wildsemi 0 issuewild ;", "wildsemi 0 issue ca.example"), D, RS_CAA_FORBIDDEN),
	CASE("34", "*.wildiodef", SAYS("wildiodef 0 iodef mailto:a@example.com"), A, RS_CAA_NONE),
	CASE("36", "cname-deny", SAYS("cname-deny > deny", "deny 0 issue other.example"), D,
		RS_CAA_FORBIDDEN, .found_at = "cname-deny.caatest"),
	CASE("37", "cname2-deny",
		SAYS("cname2-deny > cname-deny", "cname-deny > deny", "deny 0 issue ;"), D,
		RS_CAA_FORBIDDEN),
	CASE("38", "sub1.cname-deny", SAYS("cname-deny > deny", "deny 0 issue other.example"), D,
		RS_CAA_FORBIDDEN),
	CASE("40", "x.dn.deny",
		SAYS("deny 0 issue other.example", "x.dn.deny > x.target",
			"x.target 0 issue ca.example"),
		A, RS_CAA_PERMITTED),
	CASE("42", "cname-ok.deny",
		SAYS("cname-ok.deny > ok", "ok 0 issue ca.example", "deny 0 issue other.example"),
		A, RS_CAA_PERMITTED),
	CASE("44", "cname-loop", SAYS("cname-loop !failed"), E, RS_CAA_LOOKUP_FAILED),
	/* F3: the target's parents are not climbed, the asked name's are */
	CASE("F3", "c.deny",
		SAYS("c.deny > x.ok", "ok 0 issue ca.example", "deny 0 issue other.example"), D,
		RS_CAA_FORBIDDEN, .found_at = "deny.caatest"),
	CASE("F3 none", "c", SAYS("c > x.deny", "deny 0 issue other.example"), A, RS_CAA_NONE),
	CASE("F5", "c.deny", SAYS("c.deny > gone", "gone !nxdomain", "deny 0 issue other.example"),
		D, RS_CAA_FORBIDDEN, .found_at = "deny.caatest"),
	CASE("47", "mal1", SAYS("mal1 0 issue %%%%%"), D, RS_CAA_FORBIDDEN),
	CASE("48", "mal2", SAYS("mal2 0 issue ca.example; a=b;"), D, RS_CAA_FORBIDDEN),
	CASE("49", "mal3", SAYS("mal3 0 issue ca.example; a_b=1"), D, RS_CAA_FORBIDDEN),
	CASE("E10 wildcard", "*.mal",
		SAYS("mal 0 issuewild ca.example; a", "mal 0 issue ca.example"), D,
		RS_CAA_FORBIDDEN),
	CASE("54", "mal8", SAYS("mal8 0 issue %%%%%", "mal8 0 issue ca.example"), A,
		RS_CAA_PERMITTED),
	CASE("E8", "both", SAYS("both 0 issue ;", "both 0 issue ca.example"), A, RS_CAA_PERMITTED),
	CASE("55", "par1", SAYS("par1 0 issue ca.example; foo=bar;baz=bar"), A, RS_CAA_PERMITTED),
	CASE("56", "par2", SAYS("par2 0 issue ca.example;"), A, RS_CAA_PERMITTED),
	/* E3: before all else, by either flag, also when an issue matches */
	CASE("E3", "x", SAYS("x 0 issue ca.example", "x 128 futureprop y"), D,
		RS_CAA_CRITICAL_UNKNOWN),
	CASE("E3 bit 1", "x", SAYS("x 0 issue ca.example", "x 1 futureprop y"), D,
		RS_CAA_CRITICAL_UNKNOWN),
	CASE("E3 all", "x", SAYS("x 255 futureprop y"), D, RS_CAA_CRITICAL_UNKNOWN),
	CASE("E3 wildcard", "*.x", SAYS("x 0 issuewild ca.example", "x 128 p y"), D,
		RS_CAA_CRITICAL_UNKNOWN),
	CASE("E2 known", "x",
		SAYS("x 128 issuevmc ;", "x 128 iodef mailto:a@b.c", "x 128 contactemail a@b.c",
			"x 128 contactphone 1", "x 129 issuewild ;", "x 128 IssueMail ;"),
		A, RS_CAA_NONE),
	CASE("E2 auth", "x", SAYS("x 128 auth x"), D, RS_CAA_CRITICAL_UNKNOWN),
	CASE("E2 path", "x", SAYS("x 128 path x"), D, RS_CAA_CRITICAL_UNKNOWN),
	CASE("E2 policy", "x", SAYS("x 128 policy x"), D, RS_CAA_CRITICAL_UNKNOWN),
	CASE("E4", "x", SAYS("x 0 is-ue other.example"), A, RS_CAA_NONE),
	CASE("E4 critical", "x", SAYS("x 128 is-ue ca.example"), D, RS_CAA_CRITICAL_UNKNOWN),
	CASE("E4 longer", "x", SAYS("x 128 issuer ca.example"), D, RS_CAA_CRITICAL_UNKNOWN),
	CASE("E4 shorter", "x", SAYS("x 128 issu ca.example"), D, RS_CAA_CRITICAL_UNKNOWN),
	/* E9: the whole name or nothing */
	CASE("E9 longer", "x", SAYS("x 0 issue ca.example.org"), D, RS_CAA_FORBIDDEN),
	CASE("E9 sub", "x", SAYS("x 0 issue www.ca.example"), D, RS_CAA_FORBIDDEN),
	CASE("E9 prefix", "x", SAYS("x 0 issue ca.exampl"), D, RS_CAA_FORBIDDEN),
	CASE("E9 inside", "x", SAYS("x 0 issue notca.example"), D, RS_CAA_FORBIDDEN),
	CASE("E9 dot", "x", SAYS("x 0 issue ca.example."), D, RS_CAA_FORBIDDEN),
	CASE("E9 second", "x", SAYS("x 0 issue second-ca.example"), A, RS_CAA_PERMITTED),
	/* accounturi: RFC 8657 3 */
	CASE("60", "acc-ok", SAYS("acc-ok 0 issue ca.example; accounturi=acct:42@ca.example"), A,
		RS_CAA_PERMITTED),
	CASE("60 other", "acc-ok", SAYS("acc-ok 0 issue ca.example; accounturi=acct:42@ca.example"),
		D, RS_CAA_ACCOUNT_MISMATCH, .account = "acct:43@ca.example"),
	CASE("60 nobody", "acc-ok",
		SAYS("acc-ok 0 issue ca.example; accounturi=acct:42@ca.example"), D,
		RS_CAA_ACCOUNT_MISMATCH, .account = "-"),
	CASE("61", "acc-two-rr",
		SAYS("acc-two-rr 0 issue ca.example; accounturi=acct:1@ca.example",
			"acc-two-rr 0 issue ca.example; accounturi=acct:42@ca.example"),
		A, RS_CAA_PERMITTED),
	CASE("63", "acc-empty", SAYS("acc-empty 0 issue ca.example; accounturi="), D,
		RS_CAA_ACCOUNT_MISMATCH),
	CASE("63 nobody", "acc-empty", SAYS("acc-empty 0 issue ca.example; accounturi="), D,
		RS_CAA_ACCOUNT_MISMATCH, .account = "-"),
	CASE("E14 twice", "x",
		SAYS("x 0 issue ca.example; accounturi=acct:42@ca.example; "
		     "accounturi=acct:42@ca.example"),
		D, RS_CAA_ACCOUNT_MISMATCH),
	CASE("E14 case", "x", SAYS("x 0 issue ca.example; accounturi=ACCT:42@ca.example"), D,
		RS_CAA_ACCOUNT_MISMATCH),
	CASE("E14 no URI", "x", SAYS("x 0 issue ca.example; accounturi=42"), D,
		RS_CAA_ACCOUNT_MISMATCH),
	CASE("E14 longer", "x", SAYS("x 0 issue ca.example; accounturi=acct:42@ca.example/"), D,
		RS_CAA_ACCOUNT_MISMATCH),
	CASE("E14 tag", "x", SAYS("x 0 issue ca.example; AccountURI=acct:43@ca.example"), D,
		RS_CAA_ACCOUNT_MISMATCH),
	CASE("E14 stranger", "x", SAYS("x 0 issue other.example; accounturi=acct:42@ca.example"), D,
		RS_CAA_FORBIDDEN),
	/* validationmethods: RFC 8657 4 */
	CASE("65", "vm-dns", SAYS("vm-dns 0 issue ca.example; validationmethods=ca-tbr-7"), A,
		RS_CAA_PERMITTED),
	CASE("65 http", "vm-dns", SAYS("vm-dns 0 issue ca.example; validationmethods=ca-tbr-7"), D,
		RS_CAA_METHOD_MISMATCH, .method = "ca-tbr-18"),
	CASE("65 none", "vm-dns", SAYS("vm-dns 0 issue ca.example; validationmethods=ca-tbr-7"), D,
		RS_CAA_METHOD_MISMATCH, .method = "-"),
	CASE("65 acme", "vm-dns", SAYS("vm-dns 0 issue ca.example; validationmethods=dns-01"), D,
		RS_CAA_METHOD_MISMATCH),
	CASE("67", "vm-unknown",
		SAYS("vm-unknown 0 issue ca.example; validationmethods=tls-sni-01"), D,
		RS_CAA_METHOD_MISMATCH),
	CASE("69", "vm-empty", SAYS("vm-empty 0 issue ca.example; validationmethods="), D,
		RS_CAA_METHOD_MISMATCH),
	CASE("69 comma", "vm-empty", SAYS("vm-empty 0 issue ca.example; validationmethods=,"), D,
		RS_CAA_METHOD_MISMATCH),
	CASE("71", "vm-acc",
		SAYS("vm-acc 0 issue ca.example; validationmethods=ca-tbr-7; "
		     "accounturi=acct:1@ca.example"),
		D, RS_CAA_ACCOUNT_MISMATCH),
	CASE("E15 list", "x", SAYS("x 0 issue ca.example; validationmethods=dns-01,ca-tbr-7,x"), A,
		RS_CAA_PERMITTED),
	CASE("E15 case", "x", SAYS("x 0 issue ca.example; ValidationMethods=CA-TBR-7"), A,
		RS_CAA_PERMITTED),
	CASE("E15 malformed", "x", SAYS("x 0 issue ca.example; validationmethods=ca-tbr-7,a_b"), D,
		RS_CAA_METHOD_MISMATCH),
	CASE("E15 trailing", "x", SAYS("x 0 issue ca.example; validationmethods=ca-tbr-7,"), D,
		RS_CAA_METHOD_MISMATCH),
	CASE("E15 leading", "x", SAYS("x 0 issue ca.example; validationmethods=,ca-tbr-7"), D,
		RS_CAA_METHOD_MISMATCH),
	CASE("E15 part", "x", SAYS("x 0 issue ca.example; validationmethods=ca-tbr-77"), D,
		RS_CAA_METHOD_MISMATCH),
	CASE("E15 twice", "x",
		SAYS("x 0 issue ca.example; validationmethods=ca-tbr-7; "
		     "validationmethods=ca-tbr-7"),
		D, RS_CAA_METHOD_MISMATCH),
	CASE("E15 additive", "x",
		SAYS("x 0 issue ca.example; validationmethods=ca-tbr-18",
			"x 0 issue ca.example; validationmethods=ca-tbr-7"),
		A, RS_CAA_PERMITTED),
	CASE("nearest", "x",
		SAYS("x 0 issue other.example",
			"x 0 issue ca.example; accounturi=acct:1@ca.example",
			"x 0 issue ca.example; validationmethods=ca-tbr-18"),
		D, RS_CAA_METHOD_MISMATCH),
	/* mailboxes: RFC 9495; names with an @ are of kind mail */
	CASE("72", "user@mail-none", SAYS("mail-none 0 issue ;"), A, RS_CAA_NONE),
	CASE("73", "user@mail-deny", SAYS("mail-deny 0 issuemail ;"), D, RS_CAA_FORBIDDEN),
	CASE("73 tls", "mail-deny", SAYS("mail-deny 0 issuemail ;"), A, RS_CAA_NONE),
	CASE("75", "user@a.b.mail-deny", SAYS("mail-deny 0 issuemail ;"), D, RS_CAA_FORBIDDEN,
		.found_at = "mail-deny.caatest"),
	CASE("E17", "user@x", SAYS("x 0 issuemail ca.example", "x 0 issue other.example"), A,
		RS_CAA_PERMITTED),
	CASE("E17 wild", "user@x", SAYS("x 0 issuewild ;", "x 0 issuemail other.example"), D,
		RS_CAA_FORBIDDEN),
	CASE("E17 malformed", "user@x", SAYS("x 0 issuemail ca.example; a=b;"), D,
		RS_CAA_FORBIDDEN),
	CASE("E17 account", "user@x",
		SAYS("x 0 issuemail ca.example; accounturi=acct:1@ca.example"), D,
		RS_CAA_ACCOUNT_MISMATCH),
	CASE("E17 critical", "user@x", SAYS("x 128 zap 1", "x 0 issuemail ca.example"), D,
		RS_CAA_CRITICAL_UNKNOWN),
	CASE("F2 mail", "user@a.b", SAYS("a.b 0 iodef mailto:a@b.c", "b 0 issuemail ;"), A,
		RS_CAA_NONE),
	/* F2: the nearest set counts whole */
	CASE("F2", "a.b", SAYS("a.b 0 iodef mailto:a@b.c", "b 0 issue ;"), A, RS_CAA_NONE,
		.found_at = "a.b.caatest"),
	CASE("F2 critical above", "a.b", SAYS("a.b 0 issue ca.example", "b 128 zap 1"), A,
		RS_CAA_PERMITTED),
	/* states of lookups: F4, F6, F9, T3 */
	CASE("83", "bogus", SAYS("bogus 0 issue ca.example", "bogus !bogus"), E,
		RS_CAA_DNSSEC_BOGUS),
	CASE("85", "missing", SAYS("missing !bogus"), E, RS_CAA_DNSSEC_BOGUS),
	CASE("86", "blackhole-s", SAYS("blackhole-s !timeout"), E, RS_CAA_TIMEOUT),
	CASE("87", "servfail-s", SAYS("servfail-s !servfail"), E, RS_CAA_LOOKUP_FAILED),
	CASE("90", "good.broken", SAYS("good.broken 0 issue ca.example", "broken !bogus"), A,
		RS_CAA_PERMITTED),
	CASE("F6 timeout", "good.broken", SAYS("good.broken 0 issue ca.example", "broken !timeout"),
		A, RS_CAA_PERMITTED),
	CASE("F6 below", "servfail.present",
		SAYS("servfail.present !servfail", "present 0 issue ca.example"), E,
		RS_CAA_LOOKUP_FAILED),
	CASE("F6 between", "a.b.c", SAYS("b.c !timeout", "c 0 issue ca.example"), E,
		RS_CAA_TIMEOUT),
	CASE("F6 nothing", "a.b", SAYS(". !servfail"), E, RS_CAA_LOOKUP_FAILED),
	CASE("F6 no set yet", "x", SAYS("insecure", ". !timeout"), E, RS_CAA_TIMEOUT),
	CASE("92", "insecure", SAYS("insecure", "insecure 0 issue ca.example"), A,
		RS_CAA_PERMITTED),
	CASE("94", "timeout-i", SAYS("insecure", "timeout-i !timeout"), E, RS_CAA_TIMEOUT),
	CASE("95 servfail", "x", SAYS("insecure", "x !servfail"), E, RS_CAA_LOOKUP_FAILED),
	CASE("95 refused", "x", SAYS("insecure", "x !refused"), E, RS_CAA_LOOKUP_FAILED),
	CASE("95 notimp", "x", SAYS("insecure", "x !notimp"), E, RS_CAA_LOOKUP_FAILED),
	CASE("95 formerr", "x", SAYS("insecure", "x !formerr"), E, RS_CAA_LOOKUP_FAILED),
	CASE("95 secure", "x", SAYS("x !refused"), E, RS_CAA_LOOKUP_FAILED),
	CASE("rcode with data", "x", SAYS("x 0 issue ca.example", "x !refused"), E,
		RS_CAA_LOOKUP_FAILED),
	CASE("NXDOMAIN with data", "x", SAYS("x 0 issue ca.example", "x !nxdomain"), E,
		RS_CAA_LOOKUP_FAILED),
	CASE("98", "nosoa", SAYS("insecure", "nosoa !nosoa"), E, RS_CAA_LOOKUP_FAILED),
	CASE("98 nxdomain", "x", SAYS("insecure", "x !nxdomain-nosoa"), E, RS_CAA_LOOKUP_FAILED),
	CASE("98 secure", "x", SAYS("x !nosoa"), A, RS_CAA_NONE), /* proven by NSEC */
	CASE("98 data", "x", SAYS("insecure", "x 0 issue ca.example", "x !nosoa"), A,
		RS_CAA_PERMITTED),
	CASE("F4", "gone.gone", SAYS("insecure", "gone.gone !nxdomain", "gone !nxdomain"), A,
		RS_CAA_NONE),
	CASE("109", "x.y", SAYS("x.y !nxdomain", "y !nxdomain", ". !nxdomain"), E,
		RS_CAA_LOOKUP_FAILED),
	CASE("never looked up", "x", SAYS("x !never"), E, RS_CAA_LOOKUP_FAILED),
};

/* --- the world --- */

static const struct {
	const char *word;
	struct rs_caa_lookup seen;
} STATES[] = {
	{"never", {0}},
	{"failed", {.seen = RS_CAA_SEEN_FAILED, .why = "the aliases go in a circle"}},
	{"timeout", {.seen = RS_CAA_SEEN_TIMEOUT}},
	{"bogus", {.seen = RS_CAA_SEEN_BOGUS, .why = "signature expired"}},
	{"servfail", {.seen = RS_CAA_SEEN_INSECURE, .rcode = 2, .soa = true}},
	{"formerr", {.seen = RS_CAA_SEEN_INSECURE, .rcode = 1, .soa = true}},
	{"notimp", {.seen = RS_CAA_SEEN_INSECURE, .rcode = 4, .soa = true}},
	{"refused", {.seen = RS_CAA_SEEN_INSECURE, .rcode = 5, .soa = true}},
	{"nxdomain", {.seen = RS_CAA_SEEN_SECURE, .rcode = 3, .soa = true}},
	{"nxdomain-nosoa", {.seen = RS_CAA_SEEN_SECURE, .rcode = 3}},
	{"nosoa", {.seen = RS_CAA_SEEN_SECURE}},
};

/* The text after `name ` in a line of the world that is for this name, or NULL. */
static const char *entry(const char *line, const char *name)
{
	char full[300];
	size_t len = strcspn(line, " ");

	if (len == 1 && line[0] == '.')
		snprintf(full, sizeof(full), "caatest");
	else
		snprintf(full, sizeof(full), "%.*s.caatest", (int)len, line);
	return line[len] && strcmp(full, name) == 0 ? line + len + 1 : NULL;
}

static struct rs_bytes record_of(struct rs_ctx *ctx, const char *text)
{
	char *rest;
	unsigned long flags = strtoul(text, &rest, 10);
	const char *tag = rest + 1;
	size_t tag_len = strcspn(tag, " ");
	const char *value = tag + tag_len + 1;
	unsigned char *out = rs_arena_alloc(ctx->arena, 2 + tag_len + strlen(value));

	out[0] = (unsigned char)flags;
	out[1] = (unsigned char)tag_len;
	memcpy(out + 2, tag, tag_len);
	memcpy(out + 2 + tag_len, value, strlen(value));
	return (struct rs_bytes){out, 2 + tag_len + strlen(value)};
}

/* What a resolver reports of a name: it follows aliases, it climbs nothing. */
static struct rs_caa_lookup look_up(struct rs_ctx *ctx, const struct world *world, const char *name)
{
	bool insecure = world->lines[0] && strcmp(world->lines[0], "insecure") == 0;
	struct rs_caa_lookup out = {.seen = RS_CAA_SEEN_SECURE, .soa = true};
	struct rs_bytes *rdata = rs_new_array(ctx->arena, struct rs_bytes, LINES_MAX);

	for (int i = 0; i < LINES_MAX && world->lines[i]; i++) {
		const char *what = entry(world->lines[i], name);

		if (!what)
			continue;
		if (*what == '>')
			return look_up(
				ctx, world, rs_arena_printf(ctx->arena, "%s.caatest", what + 2));
		if (*what != '!') {
			rdata[out.count++] = record_of(ctx, what);
			continue;
		}
		for (size_t j = 0; j < sizeof(STATES) / sizeof(STATES[0]); j++)
			if (strcmp(STATES[j].word, what + 1) == 0) {
				size_t count = out.count;

				out = STATES[j].seen;
				out.count = count;
			}
	}
	out.rdata = rdata;
	if (insecure && out.seen == RS_CAA_SEEN_SECURE)
		out.seen = RS_CAA_SEEN_INSECURE;
	return out;
}

static void see(
	struct rs_ctx *ctx, const struct world *world, const char *name, struct rs_caa_set *set)
{
	const char *const *names;
	struct rs_caa_lookup *lookups;
	size_t count;

	assert_int_equal(rs_caa_climb(ctx, name, &names, &count), RS_OK);
	lookups = rs_new_array(ctx->arena, struct rs_caa_lookup, count);
	for (size_t i = 0; i < count; i++)
		lookups[i] = look_up(ctx, world, names[i]);
	rs_caa_find(ctx, names, lookups, count, set);
}

static json_t *our_issuers(struct rs_ctx *ctx)
{
	return rs_arena_json(ctx->arena, json_pack("[s, s]", "ca.example", "second-ca.example"));
}

/* The ask of a row's name, by the path a request's names take. */
static struct rs_caa_ask ask_of(struct rs_ctx *ctx, const struct row *row, const char *methods[2])
{
	bool wildcard = strncmp(row->name, "*.", 2) == 0;
	const char *name =
		rs_arena_printf(ctx->arena, "%s.caatest", row->name + (wildcard ? 2 : 0));
	json_t *domain = rs_arena_json(
		ctx->arena, json_pack("{s:s, s:s, s:b}", "kind", strchr(name, '@') ? "mail" : "dns",
				    "name", name, "wildcard", wildcard));
	struct rs_caa_ask ask = {.issuers = our_issuers(ctx)};

	assert_true(rs_caa_ask_of(domain, &ask));
	ask.account_uri = !row->account			   ? "acct:42@ca.example"
			  : strcmp(row->account, "-") == 0 ? NULL
							   : row->account;
	methods[0] = row->method ? row->method : "ca-tbr-7";
	methods[1] = NULL;
	ask.methods = strcmp(methods[0], "-") == 0 ? NULL : methods;
	return ask;
}

static void test_table(void **state)
{
	static const enum rs_caa_result results[] = {[A] = RS_CAA_RESULT_PERMITTED,
		[D] = RS_CAA_RESULT_FORBIDDEN,
		[E] = RS_CAA_RESULT_ERROR};
	struct rs_ctx *ctx = *state;

	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		const struct row *row = &ROWS[i];
		const char *methods[2];
		struct rs_caa_ask ask = ask_of(ctx, row, methods);
		struct rs_caa_set set;
		struct rs_caa_verdict verdict;

		see(ctx, &row->world, ask.name, &set);
		rs_caa_judge(ctx, &ask, &set, &verdict);
		if (verdict.result != results[row->want] || verdict.code != row->code)
			fail_msg("case %s, %s: %s %s (%s)", row->id, row->name,
				rs_caa_result_name(verdict.result), rs_code_slug(verdict.code),
				verdict.detail);
		if (row->found_at && (!set.found_at || strcmp(set.found_at, row->found_at) != 0))
			fail_msg("case %s: found at %s", row->id,
				set.found_at ? set.found_at : "no name");
		if (row->want == E && (set.found_at || set.count))
			fail_msg("case %s: a fault shows records", row->id);
		assert_true(verdict.detail && *verdict.detail);
	}
}

/* Case 10: a thousand records of no interest hide none that forbids, whatever the order. */
static void test_big(void **state)
{
	struct rs_ctx *ctx = *state;
	const char *const *names;
	struct rs_caa_lookup lookups[2] = {{.seen = RS_CAA_SEEN_SECURE, .count = 1001}};
	size_t count;
	const char *methods[2];
	struct row row = {.name = "big"};
	struct rs_caa_ask ask = ask_of(ctx, &row, methods);
	struct rs_caa_set set;
	struct rs_caa_verdict verdict;

	assert_int_equal(rs_caa_climb(ctx, "big.caatest", &names, &count), RS_OK);
	for (int place = 1; place <= 1000; place += 333) {
		struct rs_bytes rdata[1001];

		for (int i = 0; i < 1001; i++)
			rdata[i] = record_of(
				ctx, i == place ? "0 issue other.example"
						: rs_arena_printf(ctx->arena, "0 t%d test", i));
		lookups[0].rdata = rdata;
		rs_caa_find(ctx, names, lookups, count, &set);
		rs_caa_judge(ctx, &ask, &set, &verdict);
		assert_int_equal(verdict.code, RS_CAA_FORBIDDEN);
		assert_int_equal(set.count, 1001);
		assert_string_equal(set.records[0].tag, "issue"); /* what decides is shown first */
		assert_string_equal(set.records[1].tag, "t0");
	}
}

/* Case 99 and E5: malformed RDATA is a failed lookup, also beside a record that permits. */
static void test_malformed_rdata(void **state)
{
	static const struct {
		const char *id;
		struct rs_bytes rdata;
	} rows[] = {
		{"empty", {(const unsigned char *)"", 0}},
		{"one octet", {(const unsigned char *)"\x00", 1}},
		{"tag of length 0", {(const unsigned char *)"\x00\x00", 2}},
		{"tag of length 0 and a value", {(const unsigned char *)"\x00\x00;", 3}},
		{"tag longer than the rest", {(const unsigned char *)"\x00\x06issue", 7}},
		{"tag of length 255", {(const unsigned char *)"\x00\xff"
							      "issueca.example",
					      17}},
	};
	struct rs_ctx *ctx = *state;
	static const char *const names[] = {"a.caatest", "caatest"};
	const char *methods[2];
	struct row row = {.name = "a"};
	struct rs_caa_ask ask = ask_of(ctx, &row, methods);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rs_bytes both[] = {record_of(ctx, "0 issue ca.example"), rows[i].rdata};

		for (size_t first = 0; first < 2; first++) {
			struct rs_caa_lookup lookups[2] = {{.seen = RS_CAA_SEEN_SECURE,
								   .rdata = both + first,
								   .count = 2 - first},
				{.seen = RS_CAA_SEEN_SECURE}};
			struct rs_caa_set set;
			struct rs_caa_verdict verdict;

			rs_caa_find(ctx, names, lookups, 2, &set);
			rs_caa_judge(ctx, &ask, &set, &verdict);
			if (verdict.result != RS_CAA_RESULT_ERROR ||
				verdict.code != RS_CAA_LOOKUP_FAILED)
				fail_msg("%s: %s", rows[i].id, verdict.detail);
		}
	}
}

/* The value may be empty and the tag the whole rest; a tag of any octets is an unknown one. */
static void test_rdata(void **state)
{
	struct rs_bytes tag, value;
	int flags;

	(void)state;
	assert_true(rs_caa_rdata((struct rs_bytes){(const unsigned char *)"\x81\x05issue", 7},
		&flags, &tag, &value));
	assert_int_equal(flags, 0x81);
	assert_int_equal(tag.len, 5);
	assert_int_equal(value.len, 0);
	assert_true(rs_caa_rdata((struct rs_bytes){(const unsigned char *)"\x00\x01\x00x", 4},
		&flags, &tag, &value));
	assert_int_equal(tag.len, 1);
	assert_int_equal(value.len, 1);
	assert_memory_equal(value.data, "x", 1);
}

/* --- raw answers --- */

/* An answer to x.caatest CAA: flags, counts of answer and authority, then the records. */
static struct rs_bytes answer(struct rs_ctx *ctx, unsigned flags, unsigned answers,
	unsigned authority, const void *records, size_t len)
{
	static const unsigned char question[] = "\1x\7caatest\0\1\1\0\1";
	const unsigned char head[] = {0, 0, (unsigned char)(flags >> 8), (unsigned char)flags, 0, 1,
		0, (unsigned char)answers, 0, (unsigned char)authority, 0, 0};
	size_t front = sizeof(head) + sizeof(question) - 1;
	unsigned char *out = rs_arena_alloc(ctx->arena, front + len);

	memcpy(out, head, sizeof(head));
	memcpy(out + sizeof(head), question, sizeof(question) - 1);
	memcpy(out + front, records, len);
	return (struct rs_bytes){out, front + len};
}

#define FIXED(type, length) "\0" type "\0\1\0\0\1\54\0" length
#define CAA_RR(length)	    "\300\14\1\1\0\1\0\0\1\54\0" length
#define SOA_RR		    "\300\16" FIXED("\6", "\30") "\300\16\300\16\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1"

/* What a resolver calls an answer is one only when the message bears it out. */
static void test_raw_answers(void **state)
{
	static const struct {
		const char *id;
		unsigned flags, answers, authority;
		const char *records;
		size_t len;
		enum rs_caa_seen seen;
		enum rs_code code;
	} rows[] = {
#define RECORDS(text) (text), sizeof(text) - 1
		{"7", 0x8180, 1, 0, RECORDS(CAA_RR("\21") "\0\5issueca.example"),
			RS_CAA_SEEN_SECURE, RS_CAA_PERMITTED},
		{"42", 0x8180, 2, 0,
			RECORDS("\300\14" FIXED("\5", "\2") "\300\16"
							    "\300\16"
							    "\1\1\0\1\0\0\1\54\0\21"
							    "\0\5issueca.example"),
			RS_CAA_SEEN_SECURE, RS_CAA_PERMITTED},
		{"44", 0x8180, 1, 0, RECORDS("\300\14" FIXED("\5", "\2") "\300\14"),
			RS_CAA_SEEN_INSECURE, RS_CAA_LOOKUP_FAILED},
		{"95", 0x8185, 0, 1, RECORDS(SOA_RR), RS_CAA_SEEN_INSECURE, RS_CAA_LOOKUP_FAILED},
		{"98", 0x8180, 0, 0, RECORDS(""), RS_CAA_SEEN_INSECURE, RS_CAA_LOOKUP_FAILED},
		{"98 with its SOA", 0x8180, 0, 1, RECORDS(SOA_RR), RS_CAA_SEEN_INSECURE,
			RS_CAA_NONE},
		{"98 NXDOMAIN", 0x8183, 0, 1, RECORDS(SOA_RR), RS_CAA_SEEN_INSECURE, RS_CAA_NONE},
		{"99 empty", 0x8180, 1, 0, RECORDS(CAA_RR("\0")), RS_CAA_SEEN_SECURE,
			RS_CAA_LOOKUP_FAILED},
		{"99 no tag", 0x8180, 1, 0, RECORDS(CAA_RR("\2") "\0\0"), RS_CAA_SEEN_SECURE,
			RS_CAA_LOOKUP_FAILED},
		{"99 tag too long", 0x8180, 1, 0, RECORDS(CAA_RR("\3") "\0\2a"), RS_CAA_SEEN_SECURE,
			RS_CAA_LOOKUP_FAILED},
		{"F7", 0x8380, 1, 0, RECORDS(CAA_RR("\21") "\0\5issueca.example"),
			RS_CAA_SEEN_SECURE, RS_CAA_LOOKUP_FAILED},
		{"no answer", 0x0100, 0, 0, RECORDS(""), RS_CAA_SEEN_SECURE, RS_CAA_LOOKUP_FAILED},
		{"83", 0x8180, 1, 0, RECORDS(CAA_RR("\21") "\0\5issueca.example"),
			RS_CAA_SEEN_BOGUS, RS_CAA_DNSSEC_BOGUS},
		{"94", 0x8180, 1, 0, RECORDS(CAA_RR("\21") "\0\5issueca.example"),
			RS_CAA_SEEN_TIMEOUT, RS_CAA_TIMEOUT},
		{"87", 0x8180, 1, 0, RECORDS(CAA_RR("\21") "\0\5issueca.example"),
			RS_CAA_SEEN_FAILED, RS_CAA_LOOKUP_FAILED},
	};
	static const char *const names[] = {"x.caatest", "caatest"};
	struct rs_ctx *ctx = *state;
	const char *methods[2];
	struct row row = {.name = "x"};
	struct rs_caa_ask ask = ask_of(ctx, &row, methods);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rs_caa_lookup lookups[2] = {{0}, {.seen = RS_CAA_SEEN_SECURE}};
		struct rs_caa_set set;
		struct rs_caa_verdict verdict;

		rs_caa_lookup_read(ctx, names[0], rows[i].seen,
			answer(ctx, rows[i].flags, rows[i].answers, rows[i].authority,
				rows[i].records, rows[i].len),
			&lookups[0]);
		rs_caa_find(ctx, names, lookups, 2, &set);
		rs_caa_judge(ctx, &ask, &set, &verdict);
		if (verdict.code != rows[i].code)
			fail_msg("%s: %s, %s", rows[i].id, rs_code_slug(verdict.code),
				verdict.detail);
	}
}

/* --- DNSSEC: as good as the weakest answer that led to the verdict --- */

static void test_dnssec(void **state)
{
	static const struct {
		enum rs_caa_lookup_place { LEAF, PARENT, TLD } records;
		enum rs_caa_seen seen[3];
		enum rs_caa_dnssec want;
	} rows[] = {
		{LEAF, {RS_CAA_SEEN_SECURE, RS_CAA_SEEN_INSECURE, RS_CAA_SEEN_BOGUS},
			RS_CAA_SEC_SECURE},
		{PARENT, {RS_CAA_SEEN_SECURE, RS_CAA_SEEN_SECURE, RS_CAA_SEEN_FAILED},
			RS_CAA_SEC_SECURE},
		{PARENT, {RS_CAA_SEEN_INSECURE, RS_CAA_SEEN_SECURE, RS_CAA_SEEN_SECURE},
			RS_CAA_SEC_INSECURE},
		{PARENT, {RS_CAA_SEEN_SECURE, RS_CAA_SEEN_INSECURE, RS_CAA_SEEN_SECURE},
			RS_CAA_SEC_INSECURE},
		{TLD, {RS_CAA_SEEN_SECURE, RS_CAA_SEEN_SECURE, RS_CAA_SEEN_SECURE},
			RS_CAA_SEC_SECURE},
		{TLD, {RS_CAA_SEEN_SECURE, RS_CAA_SEEN_BOGUS, RS_CAA_SEEN_SECURE},
			RS_CAA_SEC_BOGUS},
		{TLD, {RS_CAA_SEEN_SECURE, RS_CAA_SEEN_TIMEOUT, RS_CAA_SEEN_SECURE},
			RS_CAA_SEC_UNKNOWN},
		{TLD, {RS_CAA_SEEN_SECURE, RS_CAA_SEEN_FAILED, RS_CAA_SEEN_BOGUS},
			RS_CAA_SEC_UNKNOWN},
	};
	static const char *const names[] = {"a.b.caatest", "b.caatest", "caatest"};
	struct rs_ctx *ctx = *state;
	struct rs_bytes record = record_of(ctx, "0 issue ca.example");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rs_caa_lookup lookups[3];
		struct rs_caa_set set;

		for (int j = 0; j < 3; j++)
			lookups[j] = (struct rs_caa_lookup){.seen = rows[i].seen[j],
				.soa = true,
				.rdata = &record,
				.count = j == (int)rows[i].records};
		rs_caa_find(ctx, names, lookups, 3, &set);
		if (set.dnssec != rows[i].want)
			fail_msg("row %zu: %s", i, rs_caa_dnssec_name(set.dnssec));
	}
}

/* A climb that did not end at a top-level domain shows nothing; no lookup at all neither. */
static void test_incomplete_climb(void **state)
{
	static const char *const names[] = {"a.b.caatest", "b.caatest"};
	struct rs_caa_lookup lookups[2] = {
		{.seen = RS_CAA_SEEN_SECURE}, {.seen = RS_CAA_SEEN_SECURE}};
	struct rs_caa_set set;

	rs_caa_find(*state, names, lookups, 2, &set);
	assert_int_equal(set.fault, RS_CAA_LOOKUP_FAILED);
	rs_caa_find(*state, names, lookups, 0, &set);
	assert_int_equal(set.fault, RS_CAA_LOOKUP_FAILED);
}

/* --- which names --- */

static void test_climb(void **state)
{
	static const char *const want[] = {
		"_validation-persist.a.example.com", "a.example.com", "example.com", "com"};
	static const char *const bad[] = {"", ".", "a..b", ".a", "a b.com",
		"b\303\274cher.com",
		"*.example.com", "a@b.com", "a.com..", "a\\.b.com",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com"};
	const char *const *names;
	size_t count;

	assert_int_equal(
		rs_caa_climb(*state, "_Validation-Persist.A.Example.COM.", &names, &count), RS_OK);
	assert_int_equal(count, 4);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(names[i], want[i]);
	assert_int_equal(rs_caa_climb(*state, "com", &names, &count), RS_OK);
	assert_int_equal(count, 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (rs_caa_climb(*state, bad[i], &names, &count) != RS_BAD_NAME)
			fail_msg("%s is climbed", bad[i]);
		assert_int_equal(count, 0);
	}
}

/* The longest name has 127 labels; 254 characters are too many. */
static void test_climb_longest(void **state)
{
	char name[256];
	const char *const *names;
	size_t count;

	for (int i = 0; i < 253; i++)
		name[i] = i % 2 ? '.' : 'a';
	name[253] = '\0';
	assert_int_equal(rs_caa_climb(*state, name, &names, &count), RS_OK);
	assert_int_equal(count, 127);
	assert_string_equal(names[126], "a");
	memcpy(name + 252, "aa", 3);
	assert_int_equal(rs_caa_climb(*state, name, &names, &count), RS_BAD_NAME);
}

/* N2, N5, N6, case 77: what of a SAN is asked for, and as what. */
static void test_ask_of(void **state)
{
	static const struct {
		const char *kind, *name;
		bool wildcard, asked;
		const char *want;
	} rows[] = {
		{"dns", "www.example.com", false, true, "www.example.com"},
		{"dns", "example.com", true, true, "example.com"},
		{"mail", "a.b@example.com", false, true, "example.com"},
		{"mail", "example.com", false, true, "example.com"},
		{"ip", "192.0.2.1", false, false, NULL},
		{"ip", "2001:db8::1", false, false, NULL},
		{"dns", "abcdefghijklmnop.onion", false, false, NULL},
		{"dns", "www.abcdefghijklmnop.onion", false, false, NULL},
		{"dns", "onion.example.com", false, true, "onion.example.com"},
		{"dns", "redonion.com", false, true, "redonion.com"},
	};
	struct rs_ctx *ctx = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *domain = rs_arena_json(
			ctx->arena, json_pack("{s:s, s:s, s:b}", "kind", rows[i].kind, "name",
					    rows[i].name, "wildcard", rows[i].wildcard));
		struct rs_caa_ask ask = {0};

		if (rs_caa_ask_of(domain, &ask) != rows[i].asked)
			fail_msg("%s %s", rows[i].kind, rows[i].name);
		if (!rows[i].asked)
			continue;
		assert_string_equal(ask.name, rows[i].want);
		assert_int_equal(ask.wildcard, rows[i].wildcard);
		assert_int_equal(ask.kind == RS_CAA_KIND_MAIL, strcmp(rows[i].kind, "mail") == 0);
	}
}

/* Case 106, T6: each part of the question makes another basis. */
static void test_basis(void **state)
{
	static const char *const dns[] = {"ca-tbr-7", NULL};
	static const char *const http[] = {"ca-tbr-18", NULL};
	struct rs_ctx *ctx = *state;
	json_t *one = rs_arena_json(ctx->arena, json_pack("[s]", "ca.example"));
	const struct rs_caa_ask asks[] = {
		{RS_CAA_KIND_DNS, "a.example.com", false, one, "acct:1@ca.example", dns},
		{RS_CAA_KIND_MAIL, "a.example.com", false, one, "acct:1@ca.example", dns},
		{RS_CAA_KIND_DNS, "b.example.com", false, one, "acct:1@ca.example", dns},
		{RS_CAA_KIND_DNS, "a.example.com", true, one, "acct:1@ca.example", dns},
		{RS_CAA_KIND_DNS, "a.example.com", false, our_issuers(ctx), "acct:1@ca.example",
			dns},
		{RS_CAA_KIND_DNS, "a.example.com", false, one, "acct:2@ca.example", dns},
		{RS_CAA_KIND_DNS, "a.example.com", false, one, NULL, dns},
		{RS_CAA_KIND_DNS, "a.example.com", false, one, "acct:1@ca.example", http},
		{RS_CAA_KIND_DNS, "a.example.com", false, one, "acct:1@ca.example", NULL},
	};
	size_t count = sizeof(asks) / sizeof(asks[0]);

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++) {
			json_t *a = rs_arena_json(ctx->arena, rs_caa_basis(&asks[i]));
			json_t *b = rs_arena_json(ctx->arena, rs_caa_basis(&asks[j]));

			if (json_equal(a, b) != (i == j))
				fail_msg("asks %zu and %zu", i, j);
		}
}

/* T5: 7 h at most, whatever is configured; less when less is configured. */
static void test_valid_until(void **state)
{
	(void)state;
	assert_int_equal(rs_caa_valid_until(1000000, 25200), INT64_C(25201000000));
	assert_int_equal(rs_caa_valid_until(1000000, 90000), INT64_C(25201000000));
	assert_int_equal(rs_caa_valid_until(1000000, 60), INT64_C(61000000));
}

/* --- what people see --- */

/* Cases 102 and 103, E19: record text is shown escaped and is valid UTF-8 in JSON. */
static void test_shown(void **state)
{
	static const unsigned char odd[] = "\x00\x05issue<script>\xe4\x00\n\\\"\x7f";
	struct rs_ctx *ctx = *state;
	static const char *const names[] = {"x.caatest", "caatest"};
	struct rs_bytes rdata[2] = {{odd, sizeof(odd) - 1}};
	struct rs_caa_lookup lookups[2] = {
		{.seen = RS_CAA_SEEN_INSECURE, .rdata = rdata, .count = 2},
		{.seen = RS_CAA_SEEN_SECURE}};
	const char *methods[2];
	struct row row = {.name = "x"};
	struct rs_caa_ask ask = ask_of(ctx, &row, methods);
	struct rs_caa_set set;
	struct rs_caa_verdict verdict;
	unsigned char *longest = rs_arena_alloc(ctx->arena, 9000);
	json_t *records;
	char *text;

	memset(longest, 'a', 9000);
	memcpy(longest, "\x80\x05iodef", 7);
	rdata[1] = (struct rs_bytes){longest, 9000};
	rs_caa_find(ctx, names, lookups, 2, &set);
	rs_caa_judge(ctx, &ask, &set, &verdict);
	assert_int_equal(verdict.code, RS_CAA_FORBIDDEN);
	records = rs_arena_json(ctx->arena, rs_caa_records_json(&set));
	assert_int_equal(json_array_size(records), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(records, 0), "value")),
		"<script>\\228\\000\\010\\\\\"\\127");
	assert_int_equal(
		json_integer_value(json_object_get(json_array_get(records, 1), "flags")), 128);
	assert_int_equal(
		strlen(json_string_value(json_object_get(json_array_get(records, 1), "value"))),
		RS_CAA_SHOWN_MAX + strlen("…"));
	text = json_dumps(records, 0);
	assert_non_null(text);
	free(text);
}

/* The order in which a resolver hands out records changes nothing of what is shown. */
static void test_order(void **state)
{
	struct rs_ctx *ctx = *state;
	static const char *const lines[] = {"0 issue b.example", "128 zap 1", "0 issue a.example",
		"0 iodef mailto:a@b.c", "0 unknown x", "1 issue a.example", "0 ISSUE a.example"};
	static const char *const want[] = {
		"zap", "ISSUE", "issue", "issue", "issue", "iodef", "unknown"};
	static const char *const names[] = {"caatest"};

	for (size_t turn = 0; turn < 7; turn++) {
		struct rs_bytes rdata[7];
		struct rs_caa_lookup lookup = {
			.seen = RS_CAA_SEEN_SECURE, .rdata = rdata, .count = 7};
		struct rs_caa_set set;

		for (size_t i = 0; i < 7; i++)
			rdata[i] = record_of(ctx, lines[(i * 3 + turn) % 7]);
		rs_caa_find(ctx, names, &lookup, 1, &set);
		for (size_t i = 0; i < 7; i++)
			assert_string_equal(set.records[i].tag, want[i]);
		assert_int_equal(set.records[2].flags, 0);
		assert_int_equal(set.records[3].flags, 1);
		assert_string_equal(set.records[4].value, "b.example");
	}
}

/* What is advised does permit, when it is added where the set stands. */
static void test_remedy(void **state)
{
	static const struct {
		const char *name, *line, *want;
	} rows[] = {
		{"deny", "deny 0 issue ;", "deny.caatest. IN CAA 0 issue \"ca.example\""},
		{"a.deny", "deny 0 issue ;", "deny.caatest. IN CAA 0 issue \"ca.example\""},
		{"*.a.deny", "deny 0 issue ;", "deny.caatest. IN CAA 0 issuewild \"ca.example\""},
		{"u@deny", "deny 0 issuemail ;", "deny.caatest. IN CAA 0 issuemail \"ca.example\""},
		{"a.b", ". 0 issue ;", "a.b.caatest. IN CAA 0 issue \"ca.example\""},
	};
	struct rs_ctx *ctx = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct row row = {.name = rows[i].name, .world = {{rows[i].line}}};
		const char *methods[2];
		struct rs_caa_ask ask = ask_of(ctx, &row, methods);
		struct rs_caa_set set;
		struct rs_caa_verdict verdict;
		const char *remedy;
		char *line, *cut;

		see(ctx, &row.world, ask.name, &set);
		rs_caa_judge(ctx, &ask, &set, &verdict);
		remedy = rs_caa_remedy(ctx, &ask, set.found_at);
		assert_string_equal(remedy, rows[i].want);
		assert_non_null(strstr(verdict.detail, remedy));
		/* "deny.caatest. IN CAA 0 issue "ca.example"" as a line of the world */
		line = rs_arena_strdup(ctx->arena, remedy);
		cut = strstr(line, ".caatest. IN CAA ");
		line = rs_arena_printf(ctx->arena, "%.*s %.*s", (int)(cut - line), line,
			(int)(strchr(cut, '"') - cut - 17), cut + 17);
		line = rs_arena_printf(ctx->arena, "%s ca.example", line);
		row.world.lines[1] = line;
		see(ctx, &row.world, ask.name, &set);
		rs_caa_judge(ctx, &ask, &set, &verdict);
		if (verdict.code != RS_CAA_PERMITTED)
			fail_msg("%s: %s", line, verdict.detail);
	}
}

/* Without an Issuer Domain Name of our own every restriction forbids, and nothing can be advised.
 */
static void test_no_issuer(void **state)
{
	struct rs_ctx *ctx = *state;
	struct row row = {.name = "x", .world = {{"x 0 issue ca.example", "x 0 issue "}}};
	const char *methods[2];
	struct rs_caa_ask ask = ask_of(ctx, &row, methods);
	struct rs_caa_set set;
	struct rs_caa_verdict verdict;

	for (int i = 0; i < 2; i++) {
		/* nor is an empty name ours */
		ask.issuers = rs_arena_json(ctx->arena, i ? json_array() : json_pack("[s]", ""));
		see(ctx, &row.world, ask.name, &set);
		rs_caa_judge(ctx, &ask, &set, &verdict);
		assert_int_equal(verdict.code, RS_CAA_FORBIDDEN);
	}
	assert_null(rs_caa_remedy(ctx, &ask, set.found_at));
}

/* The values of one tag, for the contacts of e-mail validation and for iodef. */
static void test_values(void **state)
{
	struct rs_ctx *ctx = *state;
	struct world world = {{"x 0 ContactEmail a@b.c", "x 0 issue ;", "x 0 contactemail d@e.f"}};
	struct rs_caa_set set;
	const struct rs_bytes *values;
	size_t count;

	see(ctx, &world, "y.x.caatest", &set);
	values = rs_caa_values(ctx, &set, "contactemail", &count);
	assert_int_equal(count, 2);
	assert_memory_equal(values[0].data, "a@b.c", 5);
	assert_memory_equal(values[1].data, "d@e.f", 5);
	rs_caa_values(ctx, &set, "iodef", &count);
	assert_int_equal(count, 0);
}

static int setup(void **state)
{
	static struct rs_ctx ctx;

	rs_ctx_init(&ctx, NULL);
	*state = &ctx;
	return 0;
}

static int teardown(void **state)
{
	rs_ctx_end(*state);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_table),
		TEST(test_big),
		TEST(test_malformed_rdata),
		TEST(test_rdata),
		TEST(test_raw_answers),
		TEST(test_dnssec),
		TEST(test_incomplete_climb),
		TEST(test_climb),
		TEST(test_climb_longest),
		TEST(test_ask_of),
		TEST(test_basis),
		TEST(test_valid_until),
		TEST(test_shown),
		TEST(test_order),
		TEST(test_remedy),
		TEST(test_no_issuer),
		TEST(test_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
