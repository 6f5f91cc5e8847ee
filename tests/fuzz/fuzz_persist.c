/*
 * TXT records at _validation-persist: control is proven only by one that holds our account,
 * whatever stands beside it and in whatever order.
 *
 * Input: an octet of choice, then records, each two octets of length and that many octets of RDATA.
 */
#include "rs/persist.h"

#include "rs/dnsmsg.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RECORDS_MAX 16
#define ACCOUNT	    "acct:42@ca.example"

static void must(bool condition)
{
	if (!condition)
		abort();
}

static bool holds_account(struct rs_ctx *ctx, const struct rs_bytes *rdata, size_t count)
{
	struct rs_bytes text;

	for (size_t i = 0; i < count; i++)
		if (rs_dnsmsg_txt(ctx, rdata[i], &text) &&
			memmem(text.data, text.len, ACCOUNT, strlen(ACCOUNT)))
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rs_ctx ctx;
	struct rs_bytes rdata[RECORDS_MAX], reversed[RECORDS_MAX];
	struct rs_persist_ask ask = {.account_uri = ACCOUNT, .now = INT64_C(1767225600000000)};
	struct rs_persist out, again;
	size_t count = 0;

	rs_ctx_init_system(&ctx, NULL, "fuzz");
	ask.issuers = rs_arena_json(ctx.arena, json_pack("[s]", "ca.example"));
	ask.wide = size && data[0] & 1;
	for (size_t at = 1; at + 2 <= size && count < RECORDS_MAX; count++) {
		size_t len = (size_t)data[at] << 8 | data[at + 1];

		at += 2;
		len = len < size - at ? len : size - at;
		rdata[count] = (struct rs_bytes){data + at, len};
		at += len;
	}
	for (size_t i = 0; i < count; i++)
		reversed[i] = rdata[count - 1 - i];
	rs_persist_judge(&ctx, &ask, rdata, count, &out);
	rs_persist_judge(&ctx, &ask, reversed, count, &again);
	must(out.result == again.result && out.wildcard == again.wildcard &&
		out.until == again.until);
	if (out.result == RS_PERSIST_GOOD)
		must(holds_account(&ctx, rdata, count) && (out.wildcard || !ask.wide) &&
			(out.until == 0 || out.until >= ask.now));
	else
		must(!out.wildcard && out.until == 0);
	rs_ctx_end(&ctx);
	return 0;
}
