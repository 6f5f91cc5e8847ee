/* Telling the owner of a domain about a request that its CAA records refuse: RFC 8659 4.4. */
#include "internal.h"

#include "rs/app.h"
#include "rs/clock.h"
#include "rs/config.h"
#include "rs/limit.h"
#include "rs/mail.h"

#include <string.h>
#include <strings.h>

#define DAY_S	  86400
#define DAY_US	  (DAY_S * INT64_C(1000000))
#define SCHEME	  "mailto:"
/* The most mailboxes one run tells, and the most names one mail tells of. */
#define MAILS_MAX 5
#define NAMES_MAX 10

struct rs_caa_report {
	const char *to;
	size_t count;
	const struct rs_caa_outcome *name[NAMES_MAX];
};

/* The mailbox of an iodef value; NULL for a page, and for a mailbox that mail cannot be sent to. */
static const char *mailbox_of(const char *url)
{
	size_t len = strlen(SCHEME);

	return strncasecmp(url, SCHEME, len) == 0 && rs_mail_address(url + len) ? url + len : NULL;
}

/*
 * Once a day at most, over all enterprises and requests: the record is written by a stranger and
 * may name a third one. What the limit says of itself is none of the caller's business.
 */
static bool may_tell(struct rs_ctx *ctx, const char *to)
{
	static const struct rs_limit ONCE = {"caa-report", 1, DAY_S};
	struct rs_limit_state *seen = ctx->limits;
	enum rs_code rc = rs_mail_limit_hit(ctx, &ONCE, to);

	ctx->limits = seen;
	if (rc)
		rs_err_reset(&ctx->err);
	return rc == RS_OK;
}

static struct rs_caa_report *report_to(
	struct rs_ctx *ctx, struct rs_caa_reports *all, const char *to)
{
	struct rs_caa_report *report;

	for (size_t i = 0; i < all->count; i++)
		if (strcasecmp(all->report[i].to, to) == 0)
			return &all->report[i];
	if (all->count == MAILS_MAX || !may_tell(ctx, to))
		return NULL;
	report = &all->report[all->count++];
	*report = (struct rs_caa_report){.to = to};
	return report;
}

static void report_name(
	struct rs_ctx *ctx, struct rs_caa_reports *all, const struct rs_caa_outcome *outcome)
{
	const json_t *records = rs_arena_json(ctx->arena, rs_caa_records_json(&outcome->set));
	json_t *urls = rs_caa_iodef(ctx, records), *url;
	size_t i;

	json_array_foreach(urls, i, url)
	{
		const char *to = mailbox_of(json_string_value(url));
		struct rs_caa_report *report = to ? report_to(ctx, all, to) : NULL;

		if (report && report->count < NAMES_MAX)
			report->name[report->count++] = outcome;
	}
}

void rs_caa_reports_plan(struct rs_ctx *ctx, const struct rs_id *enterprise,
	const struct rs_caa_outcome *outcomes, size_t count, struct rs_caa_reports *out)
{
	bool ready = false;

	*out = (struct rs_caa_reports){0};
	if (!ctx->app->config->caa_report_iodef)
		return;
	for (size_t i = 0; i < count; i++) {
		if (outcomes[i].verdict.result != RS_CAA_RESULT_FORBIDDEN)
			continue;
		if (!ready && rs_mail_ready(ctx, enterprise) != RS_OK) {
			rs_err_reset(&ctx->err);
			return;
		}
		if (!ready)
			out->report = rs_new_array(ctx->arena, struct rs_caa_report, MAILS_MAX);
		ready = true;
		report_name(ctx, out, &outcomes[i]);
	}
}

/* The names, each on a line, with where the records stand. Nothing in it is a link. */
static const char *listed(struct rs_ctx *ctx, const struct rs_caa_report *report)
{
	const char *text = "";

	for (size_t i = 0; i < report->count; i++) {
		const struct rs_caa_outcome *o = report->name[i];

		text = rs_arena_printf(ctx->arena, "%s%s%s%s (records at %s: %s)", text,
			i ? "\n\n" : "", o->ask.wildcard ? "any name below " : "",
			rs_mail_quote(ctx, o->ask.name), rs_mail_quote(ctx, o->set.found_at),
			rs_code_slug(o->verdict.code));
	}
	return text;
}

static enum rs_code put(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_id *enterprise,
	const struct rs_id *request, const struct rs_caa_report *report)
{
	int64_t now = rs_clock_now_us(ctx->app->clock);
	const char *issuer =
		json_string_value(json_array_get(ctx->app->config->caa_issuer_domains, 0));
	struct rs_id id;
	char at[32];

	rs_time_format(now, at);
	return rs_mail_put(ctx, tx,
		&(struct rs_mail){
			.enterprise = *enterprise,
			.purpose = "caa_report",
			.object = *request,
			.to = report->to,
			.text = {.subject = "A certificate request was refused by your CAA records",
				.before = rs_arena_printf(ctx->arena,
					"Somebody asked for a certificate with these names at %s "
					"(UTC), "
					"and the CAA records of the domain do not permit us "
					"(%s):\n\n%s",
					at,
					issuer ? rs_mail_quote(ctx, issuer) : "no issuer domain",
					listed(ctx, report)),
				.after = "No certificate was issued. You get this mail because an "
					 "iodef "
					 "property of the records names this address (RFC 8659); "
					 "we send "
					 "it once a day at most."},
			.give_up_at = now + DAY_US,
		},
		&id);
}

enum rs_code rs_caa_reports_put(struct rs_ctx *ctx, struct rs_tx *tx,
	const struct rs_id *enterprise, const struct rs_id *request,
	const struct rs_caa_reports *reports)
{
	enum rs_code rc = RS_OK;

	for (size_t i = 0; !rc && i < reports->count; i++)
		rc = put(ctx, tx, enterprise, request, &reports->report[i]);
	return rc;
}
