/* The methods by mail: whom to ask, and asking. TLS BR 3.2.2.4.4, .13, .14; S/MIME BR 3.2.2.2. */
#include "internal.h"

#include "rs/app.h"
#include "rs/audit.h"
#include "rs/clock.h"
#include "rs/config.h"
#include "rs/dnsmsg.h"
#include "rs/id.h"
#include "rs/identity.h"
#include "rs/jobs.h"
#include "rs/limit.h"
#include "rs/mail.h"
#include "rs/names.h"

#include <stdio.h>
#include <string.h>

#define SECOND	    INT64_C(1000000)
#define LETTERS_MAX 10 /* of one validation */
#define HOUR_S	    3600

static const char PURPOSE[] = "domain_validation";

/* --- whom to ask --- */

static bool is(const struct rs_validation *v, const char *method)
{
	return strcmp(v->method, method) == 0;
}

/* Nobody is asked, for this reason. */
static void nobody(struct rs_letters *l, const char *result, enum rs_code code, const char *detail)
{
	l->none.result = result;
	l->none.code = code;
	l->none.detail = detail;
}

/* The contactemail values of the relevant CAA set (RFC 8659 4, TLS BR A.1.1). */
static enum rs_code caa_contacts(struct rs_ctx *ctx, const struct rs_validation *v,
	struct rs_letters *l, json_t *source, const struct rs_bytes **contacts, size_t *count)
{
	struct rs_caa_outcome outcome = {.ask = {.kind = RS_CAA_KIND_DNS,
						 .name = v->identifier,
						 .issuers = ctx->app->config->caa_issuer_domains}};
	enum rs_code rc = rs_caa_look(ctx, &outcome, 1, rs_dns_deadline(ctx));

	if (rc)
		return rc;
	json_object_set(source, "queries", outcome.queries);
	if (outcome.set.fault) {
		nobody(l, "error", outcome.set.fault, outcome.set.detail);
		return RS_OK;
	}
	json_object_set_new(source, "found_at",
		outcome.set.found_at ? json_string(outcome.set.found_at) : json_null());
	*contacts = rs_caa_values(ctx, &outcome.set, "contactemail", count);
	nobody(l, "failed", RS_DOMAIN_UNVERIFIED,
		"No contactemail of the relevant CAA records is one address.");
	return RS_OK;
}

/* Each TXT record of the name, its character-strings joined. */
static enum rs_code txt_contacts(struct rs_ctx *ctx, const struct rs_validation *v,
	struct rs_letters *l, json_t *source, const struct rs_bytes **contacts, size_t *count)
{
	struct rs_dns_question question = {
		rs_dcv_query_name(ctx, rs_method_for(v->method, v->identifier_type), v->identifier),
		RS_RR_TXT};
	struct rs_dns_answer answer = {0};
	struct rs_bytes *texts;
	enum rs_code rc = RS_OK;

	nobody(l, "failed", RS_DOMAIN_UNVERIFIED, "No TXT record there is one address.");
	if (!question.name)
		return RS_OK;
	rc = rs_resolver_lookup(ctx, &question, 1, rs_dns_deadline(ctx), &answer);
	if (rc)
		return rc;
	json_object_set_new(
		source, "queries", json_pack("[o]", rs_dns_evidence(ctx, &question, &answer)));
	if (answer.state == RS_DNS_BOGUS)
		nobody(l, "error", RS_CAA_DNSSEC_BOGUS, "The answer does not validate (DNSSEC).");
	else if (answer.state == RS_DNS_FAILED)
		nobody(l, "error",
			answer.reason == RS_DNS_REASON_TIMEOUT ? RS_CAA_TIMEOUT
							       : RS_CAA_LOOKUP_FAILED,
			answer.why ? answer.why : "The lookup failed.");
	if (answer.state == RS_DNS_BOGUS || answer.state == RS_DNS_FAILED)
		return RS_OK;
	texts = rs_new_array(ctx->arena, struct rs_bytes, answer.count + 1);
	for (size_t i = 0; i < answer.count; i++)
		if (rs_dnsmsg_txt(ctx, answer.rdata[i], &texts[*count]))
			++*count;
	*contacts = texts;
	return RS_OK;
}

/* The one that was chosen, or all of them. */
static enum rs_code choose(struct rs_ctx *ctx, const struct rs_validation *v, const json_t *known,
	const json_t *source, struct rs_letters *l)
{
	bool looked_up = is(v, "email_caa") || is(v, "email_txt");
	size_t i;
	json_t *address;

	json_array_foreach(known, i, address)
	{
		if (v->recipient && strcmp(json_string_value(address), v->recipient) != 0)
			continue;
		if (json_array_size(l->to) < LETTERS_MAX)
			json_array_append_new(
				l->to, json_pack("{s:O, s:O}", "address", address, "source",
					       (json_t *)(uintptr_t)source));
	}
	if (json_array_size(l->to) > 0 || !v->recipient)
		return RS_OK;
	if (!looked_up) {
		rs_fault(ctx, RS_BAD_VALUE, "/to", "%s is none of the mailboxes of this method.",
			v->recipient);
		return rs_faults(ctx);
	}
	if (json_array_size(known) > 0)
		nobody(l, "failed", RS_DOMAIN_UNVERIFIED,
			"The address that was chosen is not among those the records name.");
	return RS_OK;
}

/* However many validations are begun: a mailbox gets so many mails in an hour. */
static enum rs_code count_mails(struct rs_ctx *ctx, const json_t *to)
{
	const struct rs_limit limit = {
		"domain-mail", ctx->app->config->limits_domain_mails_per_mailbox, HOUR_S};
	enum rs_code rc = RS_OK;
	size_t i;
	json_t *one;

	json_array_foreach(to, i, one)
	{
		const char *address = json_string_value(json_object_get(one, "address"));

		rc = rs_mail_limit_hit(ctx, &limit, address);
		if (rc)
			return rc;
	}
	return rc;
}

/* --- asking --- */

struct asker {
	const char *enterprise, *requester;
};

static enum rs_code asker_of(struct rs_ctx *ctx, const struct rs_validation *v, struct asker *out)
{
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	rs_p_id(&p, &v->enterprise_id);
	rs_p_id(&p, &v->requested_by);
	rc = rs_look_one(ctx, RS_REACH_JOB, RS_Q_validation_asker, &p, &rows);
	if (rc)
		return rc;
	out->enterprise = rs_row_text(rows, 0, "enterprise");
	out->requester = rs_row_text(rows, 0, "requester");
	return RS_OK;
}

/* {public_url}/v1/domain-validations/{id}/confirm#<token>: what stands behind # is sent to no
 * server. */
static struct rs_secret *link_of(
	struct rs_ctx *ctx, const struct rs_validation *v, struct rs_secret *token)
{
	const char *page = rs_arena_printf(ctx->arena, "%s/v1/domain-validations/%s/confirm#",
		ctx->app->config->server_public_url, v->id.s);
	size_t len = strlen(page);
	struct rs_secret *link = rs_secret_new(len + rs_secret_len(token));

	memcpy(rs_secret_data(link), page, len);
	memcpy(rs_secret_data(link) + len, rs_secret_data(token), rs_secret_len(token));
	return link;
}

static struct rs_mail_text text_of(
	struct rs_ctx *ctx, const struct rs_validation *v, const struct asker *asker)
{
	const char *enterprise = rs_mail_quote(ctx, asker->enterprise);
	bool mailbox = is(v, "mailbox");
	char until[32];

	rs_time_format(v->expires_at, until);
	return (struct rs_mail_text){
		.subject = mailbox ? "Please confirm your mailbox"
				   : rs_arena_printf(ctx->arena, "Please confirm: control of %s",
					     v->identifier),
		.before = rs_arena_printf(ctx->arena,
			"%s of %s asks for certificates for %s%s. A certificate is issued only if "
			"you, who "
			"read the mail of this mailbox, agree that %s may have it.\n\n"
			"Open this page and choose there; opening it alone confirms nothing:",
			rs_mail_quote(ctx, asker->requester), enterprise,
			mailbox ? "this mailbox, " : "", v->identifier, enterprise),
		.after = rs_arena_printf(ctx->arena,
			"If you did not ask for this, say so on the page, or do nothing: it ends "
			"at %s. "
			"This mail was written by a machine; nobody reads answers to it.",
			until),
	};
}

enum rs_code rs_letters_find(
	struct rs_ctx *ctx, const struct rs_validation *v, struct rs_letters *out)
{
	const struct rs_dcv_method *method = rs_method_for(v->method, v->identifier_type);
	json_t *source = rs_arena_json(ctx->arena, json_pack("{s:s}", "kind", v->method));
	const struct rs_bytes *contacts = NULL;
	struct asker asker;
	size_t count = 0;
	enum rs_code rc = RS_OK;

	*out = (struct rs_letters){.to = rs_arena_json(ctx->arena, json_array())};
	out->none.started_at = rs_clock_now_us(ctx->app->clock);
	out->none.evidence = rs_arena_json(ctx->arena, json_pack("{s:O}", "source", source));
	if (is(v, "email_caa") || is(v, "email_txt"))
		rc = rs_throttle_verify(ctx);
	if (!rc && is(v, "email_caa"))
		rc = caa_contacts(ctx, v, out, source, &contacts, &count);
	else if (!rc && is(v, "email_txt"))
		rc = txt_contacts(ctx, v, out, source, &contacts, &count);
	if (!rc)
		rc = choose(ctx, v, rs_dcv_recipients(ctx, method, v->identifier, contacts, count),
			source, out);
	if (!rc)
		rc = asker_of(ctx, v, &asker);
	if (rc)
		return rc;
	out->text = text_of(ctx, v, &asker);
	return count_mails(ctx, out->to);
}

static enum rs_code put_one(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_validation *v,
	const struct rs_mail_text *text, const json_t *to)
{
	rs_auto_secret token = rs_dcv_token_new();
	rs_auto_secret link = link_of(ctx, v, token);
	struct rs_mail mail = {.enterprise = v->enterprise_id,
		.purpose = PURPOSE,
		.object = v->id,
		.to = json_string_value(json_object_get(to, "address")),
		.text = *text,
		.give_up_at = v->expires_at,
		.keep_until = v->expires_at};
	struct rs_params p = rs_params(ctx);
	unsigned char hash[32];
	struct rs_id id;
	enum rs_code rc;

	rs_sha256(rs_secret_data(token), rs_secret_len(token), hash);
	mail.text.link = (const char *)rs_secret_data(link);
	rc = rs_mail_put(ctx, tx, &mail, &id);
	if (rc)
		return rc;
	rs_p_id(&p, &id);
	rs_p_id(&p, &v->enterprise_id);
	rs_p_id(&p, &v->id);
	rs_p_json(&p, json_object_get(to, "source"));
	rs_p_bytes(&p, hash, sizeof(hash));
	return rs_tx_run(ctx, tx, RS_Q_validation_mail_insert, &p, NULL);
}

/* They are on their way, and for a while no others. */
static enum rs_code mailed(struct rs_ctx *ctx, struct rs_tx *tx, struct rs_validation *v)
{
	int64_t now = rs_clock_now_us(ctx->app->clock);
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	struct rs_event event = {
		.action = "domain_validation.mailed",
		.object_type = "domain_validation",
		.object = v->id,
		.enterprise = v->enterprise_id,
	};
	enum rs_code rc;

	rs_p_id(&p, &v->id);
	rs_p_int(&p, v->revision);
	rs_p_time(&p, now + RS_VALIDATION_MAIL_PAUSE_S * SECOND);
	rs_p_time(&p, now);
	rc = rs_tx_run(ctx, tx, RS_Q_validation_mailed, &p, &rows);
	if (!rc && rs_rows_count(rows) == 0)
		rc = rs_fail(ctx, RS_CONFLICT,
			"The validation changed at the same moment. Read it again.");
	return rc ? rc : rs_audit(ctx, tx, &event);
}

enum rs_code rs_letters_put(struct rs_ctx *ctx, struct rs_tx *tx, struct rs_validation *v,
	const struct rs_letters *letters)
{
	enum rs_code rc;
	size_t i;
	json_t *to;

	if (json_array_size(letters->to) == 0)
		return rs_attempt_store(ctx, tx, v, &letters->none);
	json_array_foreach(letters->to, i, to)
	{
		rc = put_one(ctx, tx, v, &letters->text, to);
		if (rc)
			return rc;
	}
	return mailed(ctx, tx, v);
}

/* --- once more --- */

static bool is_alive(const json_t *mail)
{
	return strcmp(json_string_value(json_object_get(mail, "state")), "failed") != 0;
}

/* Those that were taken by a relay or wait; the rest will never come. */
static json_t *alive(struct rs_ctx *ctx, const struct rs_validation *v)
{
	json_t *out = rs_arena_json(ctx->arena, json_array()), *mail;
	size_t i;

	json_array_foreach(v->mails, i, mail)
	{
		if (is_alive(mail))
			json_array_append_new(
				out, json_pack("{s:O, s:O, s:O}", "id", json_object_get(mail, "id"),
					     "address", json_object_get(mail, "to"), "resends",
					     json_object_get(mail, "resends")));
	}
	return out;
}

struct sending {
	struct rs_validation *v;
	const json_t *again;		  /* NULL: */
	const struct rs_letters *letters; /* these */
};

static enum rs_code send_out(struct rs_ctx *ctx, struct rs_tx *tx, void *arg)
{
	const struct sending *s = arg;
	enum rs_code rc = RS_OK;
	size_t i;
	json_t *mail;

	if (!s->again)
		return rs_letters_put(ctx, tx, s->v, s->letters);
	json_array_foreach(s->again, i, mail)
	{
		struct rs_id id;

		if (!rs_id_parse(json_string_value(json_object_get(mail, "id")), &id))
			return rs_fail(ctx, RS_INTERNAL, "A mail has no id.");
		rc = rs_mail_again(ctx, tx, &id);
		if (rc)
			return rc;
	}
	return mailed(ctx, tx, s->v);
}

enum rs_code rs_letters_verify(struct rs_ctx *ctx, struct rs_validation *v)
{
	json_t *again = alive(ctx, v);
	struct rs_letters letters;
	struct sending sending = {.v = v, .letters = &letters};
	enum rs_code rc = rs_mail_ready(ctx, &v->enterprise_id);

	if (rc)
		return rc;
	if (json_array_size(again) > 0) {
		if (json_integer_value(json_object_get(json_array_get(again, 0), "resends")) >=
			RS_VALIDATION_RESENDS_MAX)
			return rs_fail(ctx, RS_RESEND_LIMIT,
				"The mails were sent as often as they may be.");
		sending.again = again;
		rc = count_mails(ctx, again);
	} else {
		rc = rs_letters_find(ctx, v, &letters);
	}
	if (!rc)
		rc = rs_tx_use(ctx, RS_REACH_CALLER, send_out, &sending);
	if (!rc)
		rs_jobs_wake(ctx->app->jobs);
	return rc;
}

/* --- what the page says --- */

enum rs_code rs_validation_asked(
	struct rs_ctx *ctx, const struct rs_id *id, struct rs_validation_asked *out)
{
	struct rs_validation v;
	struct asker asker;
	enum rs_code rc = rs_validation_of_mail(ctx, id, &v);

	if (!rc)
		rc = asker_of(ctx, &v, &asker);
	if (rc)
		return rc;
	*out = (struct rs_validation_asked){
		.identifier = v.identifier,
		.enterprise = asker.enterprise,
		.requester = asker.requester,
		.expires_at = v.expires_at,
		.open = strcmp(v.status, "pending") == 0 &&
			v.expires_at > rs_clock_now_us(ctx->app->clock),
	};
	return RS_OK;
}
