/*
 * CAA RDATA from anybody: no record set permits that does not name us, no order of records and no
 * record added changes what must not change.
 *
 * Input: an octet of choices, then records, each an octet of length and that many octets.
 */
#include "rs/caa.h"
#include "rs/dnsmsg.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RECORDS_MAX 32

static const char *const NAMES[] = {"a.caatest", "caatest"};
static const char *const METHODS[] = {"ca-tbr-7", NULL};

static struct rs_caa_verdict run(struct rs_ctx *ctx, const struct rs_caa_ask *ask, int seen,
	const struct rs_bytes *rdata, size_t count, struct rs_caa_set *set)
{
	struct rs_caa_lookup lookups[] = {
		{.seen = (enum rs_caa_seen)seen, .soa = true, .rdata = rdata, .count = count},
		{.seen = RS_CAA_SEEN_SECURE, .soa = true}};
	struct rs_caa_verdict verdict;

	rs_caa_find(ctx, NAMES, lookups, 2, set);
	rs_caa_judge(ctx, ask, set, &verdict);
	return verdict;
}

static void must(bool condition)
{
	if (!condition)
		abort();
}

static bool names_us(const struct rs_caa_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (strcasestr(set->records[i].value, "ca.example"))
			return true;
	return false;
}

/* In a new order, and with a record that nobody may ignore. */
static void variations(struct rs_ctx *ctx, const struct rs_caa_ask *ask, int seen,
	const struct rs_bytes *rdata, size_t count, const struct rs_caa_verdict *verdict)
{
	static const struct rs_bytes critical = {(const unsigned char *)"\x80\3zapx", 6};
	struct rs_bytes other[RECORDS_MAX + 1];
	struct rs_caa_set set;
	struct rs_caa_verdict second;

	for (size_t i = 0; i < count; i++)
		other[i] = rdata[count - 1 - i];
	second = run(ctx, ask, seen, other, count, &set);
	must(second.result == verdict->result && second.code == verdict->code);
	must(strcmp(second.detail, verdict->detail) == 0);
	other[count] = critical;
	second = run(ctx, ask, seen, other, count + 1, &set);
	must(second.result != RS_CAA_RESULT_PERMITTED);
	must(second.code == RS_CAA_CRITICAL_UNKNOWN || second.code == verdict->code);
	/* what a bogus answer says is of no interest */
	second = run(ctx, ask, RS_CAA_SEEN_BOGUS, rdata, count, &set);
	must(second.code == RS_CAA_DNSSEC_BOGUS && set.count == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rs_ctx ctx;
	struct rs_bytes rdata[RECORDS_MAX];
	struct rs_caa_ask ask = {.name = NAMES[0]};
	struct rs_caa_set set;
	struct rs_caa_verdict verdict;
	size_t count = 0;
	int choice = size ? data[0] : 0;
	char *shown;

	rs_ctx_init_system(&ctx, NULL, "fuzz");
	ask.issuers = rs_arena_json(ctx.arena, json_pack("[s]", "ca.example"));
	ask.kind = choice & 1 ? RS_CAA_KIND_MAIL : RS_CAA_KIND_DNS;
	ask.wildcard = choice & 2;
	ask.account_uri = choice & 4 ? "acct:42@ca.example" : NULL;
	ask.methods = choice & 8 ? METHODS : NULL;
	for (size_t at = 1; at < size && count < RECORDS_MAX; count++) {
		size_t len = data[at++];

		len = len < size - at ? len : size - at;
		rdata[count] = (struct rs_bytes){data + at, len};
		at += len;
	}
	verdict = run(&ctx, &ask, choice >> 4 & 7, rdata, count, &set);
	must((verdict.result == RS_CAA_RESULT_ERROR) == (set.fault != RS_OK));
	if ((choice >> 4 & 7) < RS_CAA_SEEN_INSECURE)
		must(verdict.result == RS_CAA_RESULT_ERROR);
	if (verdict.code == RS_CAA_PERMITTED)
		must(names_us(&set));
	shown = json_dumps(rs_arena_json(ctx.arena, rs_caa_records_json(&set)), 0);
	must(shown != NULL);
	free(shown);
	variations(&ctx, &ask, choice >> 4 & 7, rdata, count, &verdict);
	rs_ctx_end(&ctx);
	return 0;
}
