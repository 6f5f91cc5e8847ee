/*
 * DNS messages from anybody: what is read lies within the message and is to the question.
 *
 * Input: an octet of choice, then the message.
 */
#include "rs/dnsmsg.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	const char *name;
	enum rs_rr_type type;
} QUESTIONS[] = {{"www.example", RS_RR_CAA}, {"_validation.example.com", RS_RR_TXT},
	{"x.dn.example.", RS_RR_CAA}, {"a", RS_RR_A}};

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void check(
	struct rs_ctx *ctx, struct rs_bytes packet, const char *name, enum rs_rr_type type)
{
	struct rs_dnsmsg msg;
	struct rs_bytes text;

	if (!rs_dnsmsg_read(ctx, packet, name, type, &msg)) {
		must(msg.why && !msg.rdata && !msg.chain);
		return;
	}
	must(!msg.why && msg.chain_len >= 1 && msg.chain_len <= RS_DNS_CHAIN_MAX + 1);
	must(strncmp(msg.chain[0], name, strlen(msg.chain[0])) == 0);
	must(msg.canonical == msg.chain[msg.chain_len - 1]);
	must(msg.count > 0 || msg.chain_len > 1 || msg.ttl == 0);
	for (size_t i = 0; i < msg.count; i++) {
		must(msg.rdata[i].data >= packet.data &&
			msg.rdata[i].data + msg.rdata[i].len <= packet.data + packet.len);
		if (rs_dnsmsg_txt(ctx, msg.rdata[i], &text))
			must(text.len < msg.rdata[i].len);
		must(strlen(rs_dns_text(ctx, msg.rdata[i], 64)) <= 4 * 64 + 3);
	}
	/* cut off anywhere it is none: once is enough */
	must(!rs_dnsmsg_read(
		ctx, (struct rs_bytes){packet.data, packet.len - 1}, name, type, &msg));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rs_ctx ctx;
	size_t choice = size ? data[0] % (sizeof(QUESTIONS) / sizeof(QUESTIONS[0])) : 0;

	if (size == 0)
		return 0;
	rs_ctx_init_system(&ctx, NULL, "fuzz");
	check(&ctx, (struct rs_bytes){data + 1, size - 1}, QUESTIONS[choice].name,
		QUESTIONS[choice].type);
	rs_ctx_end(&ctx);
	return 0;
}
