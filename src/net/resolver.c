/* The validating resolver, by libunbound; see resolver.h for what it promises. */
#include "rs/resolver.h"

#include "rs/app.h"
#include "rs/clock.h"
#include "rs/config.h"
#include "rs/log.h"
#include "rs/metrics.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unbound.h>

#define CLASS_IN    1
#define FLAG_AA	    0x04 /* in octet 2: only what libunbound makes up itself has it */
#define AGAIN_MS    50   /* how often a slot is tried for */
#define FAULT_MS    1000 /* how long a bad self-test is taken for the present state */
#define ANCHORS_MAX 17	 /* dns.trust_anchors and the file's */

struct rs_resolver {
	const struct rs_config *config;
	char *anchor[ANCHORS_MAX]; /* zones of the trust anchors without the last dot; "" = root */
	size_t anchor_count, first_own; /* those of dns.trust_anchors begin at first_own */
	pthread_mutex_t making;		/* ub_ctx_create() has state of the process */
	pthread_mutex_t lock;		/* over all below */
	pthread_cond_t given;		/* a slot came back, or a test ended */
	int slots;			/* free ones */
	struct {
		bool runs;
		int64_t ended; /* CLOCK_MONOTONIC ms; 0 = never */
		enum rs_code rc;
		char detail[sizeof(((struct rs_err *)0)->detail)];
	} test; /* the last self-test */
};

enum stage { WAITING, RUNNING, DONE };

struct item {
	struct batch *batch;
	const char *name;
	int type;
	bool slot;    /* it holds one */
	int64_t launched; /* CLOCK_MONOTONIC ms */
	bool skip;    /* an anchor that nothing hangs on */
	bool settled; /* an earlier attempt gave its verdict */
	enum stage stage;
	struct rs_dns_answer *answer;
};

/* The questions of one call, then one for each trust anchor: its zone's DNSKEY. */
struct batch {
	struct rs_ctx *ctx;
	struct rs_resolver *resolver;
	struct item *item;
	size_t questions, count;
	size_t running;
	int64_t start, until; /* CLOCK_MONOTONIC ms */
	bool unbounded;	      /* the self-test takes no slots */
};

static const struct {
	const char *word, *text;
} REASONS[] = {
#define X(NAME, word, text) {word, text},
	RS_DNS_REASONS(X)
#undef X
};

const char *rs_dns_state_name(enum rs_dns_state state)
{
	static const char *const NAMES[] = {"failed", "bogus", "insecure", "secure"};

	return NAMES[state];
}

const char *rs_dns_reason_name(enum rs_dns_reason reason)
{
	return REASONS[reason].word;
}

/* --- contexts --- */

static bool done(struct rs_ctx *ctx, int rc, const char *what)
{
	if (rc == UB_NOERROR)
		return true;
	rs_err_cause(ctx, "libunbound: %s: %s", what, ub_strerror(rc));
	return false;
}

static bool set_options(struct rs_ctx *ctx, struct ub_ctx *ub, const struct rs_config *config)
{
	/* A name server may not send us to ourselves, unless a test's stub zone lives here. */
	const char *const OPTIONS[][2] = {
		/*
		 * We measure time ourselves, so that silence is told from an error: with 2 it
		 * gives up after 2.3 s as if a server had answered SERVFAIL.
		 */
		{"outbound-msg-retry:", "5"},
		{"edns-buffer-size:", "1232"},
		/*
		 * Evidence of a name is the answer to our very question, asked of its zone: no
		 * proof about a neighbour, no NXDOMAIN to an A query of the way down.
		 */
		{"aggressive-nsec:", "no"},
		{"qname-minimisation:", "no"},
		{"trust-anchor-signaling:", "no"},
		{"outgoing-range:", "64"},
		{"do-not-query-localhost:", config->stub_zone_count > 0 ? "no" : "yes"},
	};

	for (size_t i = 0; i < sizeof(OPTIONS) / sizeof(OPTIONS[0]); i++)
		if (!done(ctx, ub_ctx_set_option(ub, OPTIONS[i][0], OPTIONS[i][1]), OPTIONS[i][0]))
			return false;
	/* Its own log would go to our standard error; what matters comes with the results. */
	return done(ctx, ub_ctx_debugout(ub, NULL), "debugout") &&
	       done(ctx, ub_ctx_async(ub, 1), "async");
}

static bool set_stubs(struct rs_ctx *ctx, struct ub_ctx *ub, const struct rs_config *config)
{
	for (int i = 0; i < config->stub_zone_count; i++) {
		const struct rs_config_stub_zone *stub = &config->stub_zone[i];
		const json_t *server;
		size_t n;

		json_array_foreach(
			stub->servers, n, server) if (!done(ctx,
							      ub_ctx_set_stub(ub, stub->zone,
								      json_string_value(server), 0),
							      stub->zone)) return false;
	}
	return true;
}

/* The local zones come last: touching them ends the time of settings. */
static bool set_anchors(struct rs_ctx *ctx, struct ub_ctx *ub, const struct rs_config *config)
{
	const json_t *text;
	size_t i;

	if (config->dns_trust_anchor_file[0] &&
		!done(ctx, ub_ctx_add_ta_file(ub, config->dns_trust_anchor_file), "anchor file"))
		return false;
	json_array_foreach(config->dns_trust_anchors, i,
		text) if (!done(ctx, ub_ctx_add_ta(ub, json_string_value(text)),
				  "anchor")) return false;
	json_array_foreach(config->dns_remove_local_zones, i,
		text) if (!done(ctx, ub_ctx_zone_remove(ub, json_string_value(text)),
				  "local zone")) return false;
	return true;
}

static enum rs_code context_new(struct rs_ctx *ctx, struct rs_resolver *r, struct ub_ctx **out)
{
	pthread_mutex_lock(&r->making);
	*out = ub_ctx_create();
	pthread_mutex_unlock(&r->making);
	rs_fail(ctx, RS_UNAVAILABLE, "The DNS resolver cannot be used. Try again later.");
	if (!*out) {
		rs_err_cause(ctx, "ub_ctx_create: %d", errno);
		return RS_UNAVAILABLE;
	}
	if (!set_options(ctx, *out, r->config) || !set_stubs(ctx, *out, r->config) ||
		!set_anchors(ctx, *out, r->config)) {
		ub_ctx_delete(*out);
		*out = NULL;
		return RS_UNAVAILABLE;
	}
	rs_err_reset(&ctx->err);
	return RS_OK;
}

/* --- slots --- */

static bool slot_take(struct rs_resolver *r, int64_t until)
{
	struct timespec at = {.tv_sec = until / 1000, .tv_nsec = (until % 1000) * 1000000};
	bool got;

	pthread_mutex_lock(&r->lock);
	while (r->slots == 0 && pthread_cond_timedwait(&r->given, &r->lock, &at) == 0)
		;
	got = r->slots > 0;
	if (got)
		r->slots--;
	pthread_mutex_unlock(&r->lock);
	return got;
}

static void slot_give(struct item *item)
{
	struct rs_resolver *r = item->batch->resolver;

	if (!item->slot)
		return;
	item->slot = false;
	pthread_mutex_lock(&r->lock);
	r->slots++;
	pthread_cond_broadcast(&r->given);
	pthread_mutex_unlock(&r->lock);
}

/* --- one answer --- */

static void fail(struct rs_dns_answer *answer, enum rs_dns_reason reason)
{
	answer->state = RS_DNS_FAILED;
	answer->reason = reason;
	answer->why = REASONS[reason].text;
	answer->havedata = answer->nxdomain = false;
	answer->rdata = NULL;
	answer->count = 0;
	answer->ttl = 0;
}

static struct rs_bytes as_bytes(const char *data, size_t len)
{
	return (struct rs_bytes){.data = (const unsigned char *)data, .len = len};
}

static void take_message(struct item *item, const struct ub_result *result)
{
	struct rs_dns_answer *answer = item->answer;
	struct rs_dnsmsg msg;

	if (!rs_dnsmsg_read(item->batch->ctx, answer->packet, item->name,
		    (enum rs_rr_type)item->type, &msg)) {
		fail(answer, RS_DNS_REASON_MALFORMED);
		answer->why = msg.why;
		return;
	}
	answer->canonical = msg.canonical;
	answer->chain = msg.chain;
	answer->chain_len = msg.chain_len;
	answer->soa = msg.soa;
	answer->rdata = msg.count > 0 ? msg.rdata : NULL;
	answer->count = msg.count;
	/* Two readers of one message must have seen the same. */
	if (answer->packet.data[2] & FLAG_AA)
		fail(answer, RS_DNS_REASON_LOCAL);
	else if (msg.rcode != result->rcode || (msg.count > 0) != (result->havedata != 0))
		fail(answer, RS_DNS_REASON_MALFORMED);
	else if (answer->state == RS_DNS_INSECURE && msg.count == 0 && !msg.soa)
		fail(answer, RS_DNS_REASON_NO_SOA);
}

/* Bogus is asked first: such a result has rcode 0 and data like a good one. */
static void take_result(struct item *item, const struct ub_result *result)
{
	struct rs_dns_answer *answer = item->answer;
	struct rs_arena *arena = item->batch->ctx->arena;
	bool trust_anchor = item >= item->batch->item + item->batch->questions;

	answer->rcode = result->rcode;
	if (result->answer_packet && result->answer_len > 0)
		answer->packet = as_bytes(
			rs_arena_memdup(arena, result->answer_packet, (size_t)result->answer_len),
			(size_t)result->answer_len);
	if (result->bogus) {
		fail(answer, RS_DNS_REASON_BOGUS);
		answer->state = RS_DNS_BOGUS;
		if (result->why_bogus)
			answer->why = rs_dns_text(item->batch->ctx,
				as_bytes(result->why_bogus, strlen(result->why_bogus)), 500);
		return;
	}
	if (result->rcode != RS_RCODE_NOERROR && result->rcode != RS_RCODE_NXDOMAIN) {
		fail(answer, result->rcode == RS_RCODE_SERVFAIL ? RS_DNS_REASON_SERVFAIL
								: RS_DNS_REASON_RCODE);
		return;
	}
	answer->state = result->secure ? RS_DNS_SECURE : RS_DNS_INSECURE;
	answer->reason = RS_DNS_REASON_NONE;
	answer->why = NULL;
	answer->nxdomain = result->rcode == RS_RCODE_NXDOMAIN;
	answer->havedata = result->havedata;
	answer->ttl = result->ttl > 0 ? (uint32_t)result->ttl : 0;
	if (!trust_anchor)
		take_message(item, result);
}

static void finish(struct item *item)
{
	item->stage = DONE;
	item->batch->running--;
	item->answer->ms = rs_clock_mono_ms() - item->batch->start;
	slot_give(item);
}

/* Called by ub_process(), which the batch's own thread calls. */
static void on_result(void *cls, int err, struct ub_result *result)
{
	struct item *item = cls;

	if (err || !result)
		fail(item->answer, RS_DNS_REASON_INTERNAL);
	else
		take_result(item, result);
	ub_resolve_free(result);
	finish(item);
}

/* --- one attempt --- */

static bool insecure_seen(const struct batch *b)
{
	for (size_t i = 0; i < b->questions; i++)
		if (b->item[i].stage == DONE && !b->item[i].settled &&
			b->item[i].answer->state == RS_DNS_INSECURE)
			return true;
	return false;
}

/* Something is still to come; of the anchors only when a verdict hangs on them. */
static bool is_open(const struct batch *b)
{
	size_t count = b->questions == 0 || insecure_seen(b) ? b->count : b->questions;

	for (size_t i = 0; i < count; i++)
		if (b->item[i].stage != DONE && !b->item[i].skip)
			return true;
	return false;
}

static void launch(struct ub_ctx *ub, struct item *item)
{
	item->stage = RUNNING;
	item->launched = rs_clock_mono_ms();
	item->answer->attempts++;
	item->batch->running++;
	if (ub_resolve_async(ub, item->name, item->type, CLASS_IN, item, on_result, NULL) == 0)
		return;
	fail(item->answer, RS_DNS_REASON_INTERNAL);
	finish(item);
}

/*
 * Waits for a slot only while nothing of ours runs. false: some are still to be launched, when a
 * slot is free again.
 */
static bool launch_all(struct batch *b, struct ub_ctx *ub, int64_t until)
{
	for (size_t i = 0; i < b->count; i++) {
		struct item *item = &b->item[i];

		if (item->stage != WAITING || item->skip)
			continue;
		if (!b->unbounded) {
			item->slot = slot_take(b->resolver, b->running > 0 ? 0 : until);
			if (!item->slot)
				return false;
		}
		launch(ub, item);
	}
	return true;
}

/*
 * What has waited for a second waits for a server that is dead or far away, and costs next to
 * nothing: the slot is for others, whose servers are not to be hindered by it. Returns in how many
 * milliseconds there is a slot to be given back, at most `left`.
 */
static int give_late_slots(struct batch *b, int left)
{
	int64_t now = rs_clock_mono_ms();

	for (size_t i = 0; i < b->count; i++) {
		struct item *item = &b->item[i];
		int64_t due = item->launched + RS_RESOLVER_SLOT_MS - now;

		if (item->stage != RUNNING || !item->slot)
			continue;
		if (due <= 0)
			slot_give(item);
		else if (due < left)
			left = (int)due;
	}
	return left;
}

/* What runs when the time is over is cancelled with the context. */
static void give_up(struct batch *b)
{
	for (size_t i = 0; i < b->count; i++) {
		struct item *item = &b->item[i];

		if (item->stage == DONE)
			continue;
		fail(item->answer, RS_DNS_REASON_TIMEOUT);
		if (item->stage == RUNNING)
			finish(item);
		item->stage = DONE;
		item->answer->ms = rs_clock_mono_ms() - b->start;
	}
}

/* The nearest trust anchor at or above a name decides about it. */
static const struct item *anchor_of(const struct batch *b, const char *name)
{
	const struct item *best = NULL;
	size_t len = strlen(name);
	const char *plain = rs_arena_strdup(b->ctx->arena, name);

	if (len > 0 && name[len - 1] == '.')
		plain = rs_arena_printf(b->ctx->arena, "%.*s", (int)len - 1, name);
	for (size_t i = 0; i < b->resolver->anchor_count; i++) {
		const char *zone = b->resolver->anchor[i];
		const struct item *item = &b->item[b->questions + i];

		if (zone[0] != '\0' && !rs_dns_name_under(plain, zone))
			continue;
		if (!best || strlen(best->name) < strlen(item->name))
			best = item;
	}
	return best;
}

/* Insecure means proven to be unsigned, and without a working anchor nothing is proven. */
static void check_anchors(struct batch *b)
{
	for (size_t i = 0; i < b->questions; i++) {
		struct rs_dns_answer *answer = b->item[i].answer;
		const struct item *anchor;

		if (answer->state != RS_DNS_INSECURE || b->item[i].settled)
			continue;
		anchor = anchor_of(b, b->item[i].name);
		if (!anchor || anchor->answer->state != RS_DNS_SECURE)
			fail(answer, RS_DNS_REASON_NO_ANCHOR);
	}
}

static enum rs_code attempt(struct batch *b, int64_t until)
{
	struct ub_ctx *ub;
	enum rs_code rc = context_new(b->ctx, b->resolver, &ub);

	if (rc != RS_OK)
		return rc;
	while (is_open(b)) {
		struct pollfd fd = {.fd = ub_fd(ub), .events = POLLIN};
		bool all = launch_all(b, ub, until);
		int64_t left = until - rs_clock_mono_ms();

		if (left <= 0 || !is_open(b))
			break;
		left = give_late_slots(b, (int)(all || left < AGAIN_MS ? left : AGAIN_MS));
		if (b->running > 0 && poll(&fd, 1, (int)left) > 0 && ub_process(ub) != 0)
			break;
	}
	give_up(b);
	ub_ctx_delete(ub);
	check_anchors(b);
	return RS_OK;
}

/* --- both attempts --- */

/* Whether anything failed; that is asked again, with the anchors. */
static bool again(struct batch *b)
{
	bool any = false;

	for (size_t i = 0; i < b->count; i++) {
		struct item *item = &b->item[i];
		bool anchor = i >= b->questions;

		item->settled = item->answer->state != RS_DNS_FAILED;
		if (item->settled && !(anchor && b->questions > 0))
			continue;
		any = any || !anchor || b->questions == 0;
		item->stage = WAITING;
	}
	return any;
}

static enum rs_code run(struct batch *b, int deadline_ms)
{
	int left = rs_ctx_left_ms(b->ctx);
	int all = deadline_ms < left ? deadline_ms : left;
	/* A shorter deadline is shared alike. */
	int first = all / 16 * (RS_RESOLVER_FIRST_MS / 500);
	int64_t now;
	enum rs_code rc;

	b->start = rs_clock_mono_ms();
	b->until = b->start + all;
	rc = attempt(b, b->start + (first < RS_RESOLVER_FIRST_MS ? first : RS_RESOLVER_FIRST_MS));
	now = rs_clock_mono_ms();
	if (rc != RS_OK || now >= b->until || !again(b))
		return rc;
	return attempt(
		b, b->until - now < RS_RESOLVER_SECOND_MS ? b->until : now + RS_RESOLVER_SECOND_MS);
}

static struct batch *batch_new(struct rs_ctx *ctx, struct rs_resolver *r,
	const struct rs_dns_question *questions, size_t count, struct rs_dns_answer *answers)
{
	struct batch *b = rs_new(ctx->arena, struct batch);
	struct rs_dns_answer *more = rs_new_array(ctx->arena, struct rs_dns_answer, ANCHORS_MAX);

	*b = (struct batch){.ctx = ctx, .resolver = r, .questions = count};
	b->count = count + r->anchor_count;
	b->item = rs_new_array(ctx->arena, struct item, b->count + 1);
	for (size_t i = 0; i < b->count; i++) {
		struct item *item = &b->item[i];
		size_t anchor = i - count;

		item->batch = b;
		item->answer = i < count ? &answers[i] : &more[anchor];
		item->name = i < count ? questions[i].name
				       : rs_arena_printf(ctx->arena, "%s.", r->anchor[anchor]);
		item->type = i < count ? (int)questions[i].type : RS_RR_DNSKEY;
		memset(item->answer, 0, sizeof(*item->answer));
		item->answer->canonical = item->name;
	}
	return b;
}

/* Anchors that no question stands under need not be asked. */
static void drop_anchors(struct batch *b)
{
	for (size_t i = b->questions; i < b->count; i++)
		b->item[i].skip = true;
	for (size_t i = 0; i < b->questions; i++) {
		const struct item *anchor = anchor_of(b, b->item[i].name);

		if (anchor)
			b->item[anchor - b->item].skip = false;
	}
}

static bool none_launched(const struct batch *b)
{
	for (size_t i = 0; i < b->questions; i++)
		if (b->item[i].answer->attempts > 0)
			return false;
	return b->questions > 0;
}

enum rs_code rs_resolver_lookup(struct rs_ctx *ctx, const struct rs_dns_question *questions,
	size_t count, int deadline_ms, struct rs_dns_answer *answers)
{
	struct batch *b;
	enum rs_code rc;

	for (size_t i = 0; i < count; i++)
		if (!rs_dns_name_valid(questions[i].name))
			return rs_fail(
				ctx, RS_BAD_NAME, "The name cannot be looked up in the DNS.");
	if (count == 0)
		return RS_OK;
	b = batch_new(ctx, ctx->app->resolver, questions, count, answers);
	drop_anchors(b);
	rc = run(b, deadline_ms);
	if (rc != RS_OK)
		return rc;
	if (none_launched(b))
		return rs_fail(ctx, RS_OVERLOADED,
			"Too many DNS lookups are on their way. Try again in a few seconds.");
	for (size_t i = 0; i < count; i++) {
		struct rs_labels labels = RS_LABELS(rs_dns_state_name(answers[i].state));

		rs_metric_add(RS_M_DNS_LOOKUPS, labels, 1);
		rs_metric_observe(RS_M_DNS_SECONDS, labels, answers[i].ms * 1000);
	}
	return RS_OK;
}

/* --- start and self-test --- */

static void anchor_add(struct rs_resolver *r, const char *text)
{
	size_t len = strcspn(text, " \t\r\n");
	char *zone = strndup(text, len);

	if (!zone)
		abort();
	if (len > 0 && zone[len - 1] == '.')
		zone[len - 1] = '\0';
	for (size_t i = 0; i < r->anchor_count; i++) {
		if (strcasecmp(r->anchor[i], zone) == 0) {
			free(zone);
			return;
		}
	}
	r->anchor[r->anchor_count++] = zone;
}

/* The zone of the first record of the anchor file; the file holds anchors of one zone. */
static enum rs_code anchor_file(struct rs_ctx *ctx, struct rs_resolver *r, const char *path)
{
	char line[4096];
	bool found = false;
	FILE *file = fopen(path, "re");

	if (!file)
		return rs_fail(ctx, RS_UNAVAILABLE, "dns.trust_anchor_file: %s: %s.", path,
			strerror(errno));
	while (!found && fgets(line, sizeof(line), file)) {
		found = !strchr(";\r\n \t", line[0]);
		if (found)
			anchor_add(r, line);
	}
	fclose(file);
	if (!found)
		return rs_fail(
			ctx, RS_UNAVAILABLE, "dns.trust_anchor_file: %s has no anchor.", path);
	return RS_OK;
}

/*
 * Asks each anchor's zone for its DNSKEY. Those of dns.trust_anchors count when there are any: the
 * root of the world need not be reachable from a test. RS_UNAVAILABLE with the reason; *wrong: the
 * settings cannot be used, or a zone did answer and does not validate.
 */
static enum rs_code self_test(struct rs_ctx *ctx, struct rs_resolver *r, int ms, bool *wrong)
{
	struct batch *b = batch_new(ctx, r, NULL, 0, NULL);
	size_t first = r->first_own < r->anchor_count ? r->first_own : 0;
	enum rs_code rc;

	*wrong = r->anchor_count == 0;
	if (*wrong)
		return rs_fail(ctx, RS_UNAVAILABLE, "No DNSSEC trust anchor is configured.");
	b->unbounded = true;
	for (size_t i = 0; i < first; i++)
		b->item[i].skip = true;
	rc = run(b, ms);
	*wrong = rc != RS_OK;
	for (size_t i = first; rc == RS_OK && i < b->count; i++) {
		const struct rs_dns_answer *answer = b->item[i].answer;

		if (answer->state == RS_DNS_SECURE)
			continue;
		*wrong = answer->state != RS_DNS_FAILED;
		rc = rs_fail(ctx, RS_UNAVAILABLE,
			"The DNSSEC trust anchor of %s does not validate: %s", b->item[i].name,
			answer->why ? answer->why : "its zone does not validate.");
	}
	return rc;
}

/* A developer's machine that names no zone of its own may be without a way to the root. */
static bool is_expected(const struct rs_config *config)
{
	return config->production || config->stub_zone_count > 0 ||
	       json_array_size(config->dns_trust_anchors) > 0;
}

static struct rs_resolver *resolver_new(const struct rs_config *config)
{
	struct rs_resolver *r = calloc(1, sizeof(*r));
	pthread_condattr_t attr;

	if (!r)
		abort();
	r->config = config;
	r->slots = RS_RESOLVER_OUTBOUND_MAX;
	pthread_mutex_init(&r->making, NULL);
	pthread_mutex_init(&r->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&r->given, &attr);
	pthread_condattr_destroy(&attr);
	return r;
}

static enum rs_code read_anchors(
	struct rs_ctx *ctx, struct rs_resolver *r, const struct rs_config *config)
{
	const json_t *text;
	size_t i;
	enum rs_code rc = RS_OK;

	if (config->dns_trust_anchor_file[0])
		rc = anchor_file(ctx, r, config->dns_trust_anchor_file);
	r->first_own = r->anchor_count;
	json_array_foreach(config->dns_trust_anchors, i, text)
		anchor_add(r, json_string_value(text));
	return rc;
}

static enum rs_code test_now(struct rs_ctx *ctx, struct rs_resolver *r, bool *wrong)
{
	enum rs_code rc = self_test(ctx, r, RS_RESOLVER_FIRST_MS, wrong);

	pthread_mutex_lock(&r->lock);
	r->test.runs = false;
	r->test.rc = rc;
	r->test.ended = rs_clock_mono_ms();
	snprintf(r->test.detail, sizeof(r->test.detail), "%s", rc == RS_OK ? "" : ctx->err.detail);
	pthread_cond_broadcast(&r->given);
	pthread_mutex_unlock(&r->lock);
	return rc;
}

/* What is wrong for good is told; what may only be away is logged. */
static enum rs_code first_test(struct rs_ctx *ctx, struct rs_resolver *r)
{
	struct ub_ctx *ub;
	bool wrong = false;
	enum rs_code rc;

	if (!is_expected(r->config)) {
		rc = context_new(ctx, r, &ub);
		if (rc == RS_OK)
			ub_ctx_delete(ub);
		return rc;
	}
	rc = test_now(ctx, r, &wrong);
	if (rc == RS_OK || wrong)
		return rc;
	rs_log(ctx, RS_LOG_WARN, "resolver.unreachable", rs_log_str(DETAIL, ctx->err.detail));
	rs_err_reset(&ctx->err);
	return RS_OK;
}

enum rs_code rs_resolver_start(
	struct rs_ctx *ctx, const struct rs_config *config, struct rs_resolver **out)
{
	struct rs_resolver *r = resolver_new(config);
	enum rs_code rc = read_anchors(ctx, r, config);

	if (rc == RS_OK)
		rc = first_test(ctx, r);
	if (rc != RS_OK) {
		rs_resolver_stop(r);
		r = NULL;
	}
	*out = r;
	return rc;
}

void rs_resolver_stop(struct rs_resolver *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->anchor_count; i++)
		free(r->anchor[i]);
	pthread_cond_destroy(&r->given);
	pthread_mutex_destroy(&r->making);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static bool test_fresh(const struct rs_resolver *r)
{
	int64_t age = rs_clock_mono_ms() - r->test.ended;

	return r->test.ended && age <= (r->test.rc == RS_OK ? RS_RESOLVER_TESTED_MS : FAULT_MS);
}

/* One caller tests at a time, and those that waited for it take its result. */
enum rs_code rs_resolver_ready(struct rs_ctx *ctx, bool *expected)
{
	struct rs_resolver *r = ctx->app->resolver;
	int left = rs_ctx_left_ms(ctx);
	int64_t until =
		rs_clock_mono_ms() + (left < RS_RESOLVER_FIRST_MS ? left : RS_RESOLVER_FIRST_MS);
	struct timespec at = {.tv_sec = until / 1000, .tv_nsec = (until % 1000) * 1000000};
	enum rs_code rc = RS_OK;
	bool ours = false, wrong;

	*expected = is_expected(r->config);
	if (!*expected)
		return RS_OK;
	pthread_mutex_lock(&r->lock);
	while (!test_fresh(r) && r->test.runs &&
		pthread_cond_timedwait(&r->given, &r->lock, &at) == 0)
		;
	if (test_fresh(r))
		rc = r->test.rc == RS_OK ? RS_OK : rs_fail(ctx, r->test.rc, "%s", r->test.detail);
	else if (r->test.runs)
		rc = rs_fail(ctx, RS_UNAVAILABLE, "The DNS resolver is still being tried.");
	else
		ours = r->test.runs = true;
	pthread_mutex_unlock(&r->lock);
	return ours ? test_now(ctx, r, &wrong) : rc;
}
