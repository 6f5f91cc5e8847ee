/*
 * Active Directory: the password of the account that was linked to the user, judged by the domain.
 *
 * It is something one knows. A second factor it is only where the first is not the same password.
 */
#include "rs/factor.h"

#include "tries.h"

#include "rs/ad_connector.h"
#include "rs/app.h"
#include "rs/id.h"
#include "rs/metrics.h"
#include "rs/slots.h"

#include <string.h>
#include <strings.h>

#define KIND "ad"

/* The one account in the connector's domain that was linked to a user, or NULL. */
static enum rs_code account_of(struct rs_ctx *ctx, const struct rs_id *user, const char *domain,
	const char **issuer, const char **subject)
{
	json_t *all, *each;
	size_t i;
	int count = 0;
	enum rs_code rc = rs_factor_identities(ctx, user, KIND, &all);

	*issuer = *subject = NULL;
	if (rc)
		return rc;
	json_array_foreach(all, i, each)
	{
		const char *of = json_string_value(json_object_get(each, "issuer"));

		if (strcasecmp(of, domain) != 0)
			continue;
		*issuer = of;
		*subject = json_string_value(json_object_get(each, "subject"));
		count++;
	}
	if (count != 1)
		*issuer = *subject = NULL;
	return RS_OK;
}

static enum rs_code available(
	struct rs_ctx *ctx, const struct rs_subject *subject, const json_t *option)
{
	struct rs_ad_settings settings = {0};
	struct rs_challenge of = {.user_id = subject->user_id};
	struct rs_connector *connector;
	const char *issuer, *account;
	struct rs_id id = {0};
	bool linked;
	enum rs_code rc;

	(void)rs_id_parse(json_string_value(json_object_get(option, "connector_id")), &id);
	rc = rs_connector_get(ctx, &subject->enterprise_id, &id, "active_directory", &connector);
	if (!rc)
		rc = rs_connector_settings(ctx, connector, &settings);
	if (!rc)
		rc = account_of(ctx, &subject->user_id, settings.domain, &issuer, &account);
	if (!rc && !account)
		rc = rs_fail(ctx, RS_DESTINATION_MISSING,
			"The user needs exactly one linked account of the domain %s.",
			settings.domain);
	/* It may be too new to count, which is said before a password is asked for. */
	return rc ? rc : rs_factor_linked(ctx, &of, KIND, issuer, account, &linked);
}

/*
 * Our own limit, below the domain's: hit before the password is sent, taken back when nobody judged
 * it. It is the user's, whatever challenge and request, and wrong passwords are forgotten as the domain
 * forgets them: when none has followed for RS_AD_WINDOW_S.
 */
static struct rs_limit limit_of(const struct rs_ad_settings *settings)
{
	return (struct rs_limit){"ad-password", settings->attempts, RS_AD_WINDOW_S};
}

static enum rs_code take_attempt(
	struct rs_ctx *ctx, const struct rs_challenge *c, const struct rs_ad_settings *settings)
{
	struct rs_limit limit = limit_of(settings);
	enum rs_code rc = rs_tries_hit(ctx, &limit, &c->user_id);
	int retry_after = ctx->err.retry_after;

	if (rc != RS_RATE_LIMITED)
		return rc;
	rc = rs_fail(ctx, RS_SUBJECT_LOCKED,
		"Too many wrong passwords, and one more might lock the account in its domain. Try "
		"again in %d seconds.",
		retry_after);
	ctx->err.retry_after = retry_after;
	return rc;
}

/* What came of it, for our limit. */
static enum rs_code settle_attempt(struct rs_ctx *ctx, const struct rs_challenge *c,
	const struct rs_ad_settings *settings, enum rs_ldap_outcome outcome)
{
	struct rs_limit limit = limit_of(settings);

	if (outcome == RS_LDAP_IS_PASSED)
		return rs_tries_forgive(ctx, &limit, &c->user_id);
	if (outcome == RS_LDAP_IS_UNAVAILABLE)
		return rs_tries_return(ctx, &limit, &c->user_id);
	return RS_OK;
}

/* Who said what, for the evidence: no name that was typed, no password. */
static json_t *evidence(struct rs_ctx *ctx, const struct rs_ldap_verdict *v)
{
	return rs_arena_json(ctx->arena,
		json_pack("{s:s?, s:s?, s:s?, s:s?, s:s?, s:i, s:s?, s:s}", "server", v->server,
			"server_certificate", v->certificate, "dn", v->dn, "object_guid", v->guid,
			"object_sid", v->sid, "result", v->result, "subcode", v->subcode, "reason",
			rs_ldap_reason_name(v->reason)));
}

static void tell(struct rs_ctx *ctx, const struct rs_ldap_verdict *v, struct rs_verdict *out)
{
	const char *reason = rs_ldap_reason_name(v->reason);

	rs_metric_add(RS_M_DIRECTORY_ANSWERS, RS_LABELS(reason), 1);
	out->detail =
		v->subcode ? rs_arena_printf(ctx->arena, "%s %s", reason, v->subcode) : reason;
	out->evidence = evidence(ctx, v);
	switch (v->outcome) {
	case RS_LDAP_IS_PASSED:
		out->result = RS_VERDICT_PASSED;
		break;
	case RS_LDAP_IS_UNAVAILABLE:
		out->result = RS_VERDICT_UNAVAILABLE;
		out->code = RS_DIRECTORY_UNAVAILABLE;
		break;
	case RS_LDAP_IS_MISMATCH:
		out->code = RS_IDENTITY_MISMATCH;
		break;
	case RS_LDAP_IS_WRONG:
		break;
	}
}

/* Asks the directory and settles our limit with what it says. */
static enum rs_code ask(struct rs_ctx *ctx, const struct rs_challenge *c,
	const struct rs_ad_settings *settings, const char *account,
	const struct rs_factor_input *input, struct rs_verdict *verdict)
{
	struct rs_ldap_directory directory;
	struct rs_ldap_verdict said = {0};
	enum rs_code rc = rs_ad_directory(ctx, c->connector, settings, &directory);

	if (!rc)
		rc = take_attempt(ctx, c, settings);
	if (!rc) {
		if (rs_slots_take(ctx->app->outbound, &c->connector->id)) {
			rs_ldap_check(
				ctx, &directory, account, input->username, input->password, &said);
			rs_slots_give(ctx->app->outbound, &c->connector->id);
		} else {
			said.reason = RS_LDAP_BUSY;
		}
		rc = settle_attempt(ctx, c, settings, said.outcome);
	}
	if (!rc)
		tell(ctx, &said, verdict);
	rs_secret_drop(&directory.bind_password);
	return rc;
}

static enum rs_code check(struct rs_ctx *ctx, const struct rs_challenge *c,
	const struct rs_factor_input *input, struct rs_verdict *verdict)
{
	struct rs_ad_settings settings = {0};
	const char *issuer, *account, *fault;
	bool linked = false;
	enum rs_code rc = rs_connector_settings(ctx, c->connector, &settings);

	if (!rc)
		rc = account_of(ctx, &c->user_id, settings.domain, &issuer, &account);
	/* Asked in its own words, since a link may be too new to count. */
	if (!rc && account)
		rc = rs_factor_linked(ctx, c, KIND, issuer, account, &linked);
	if (rc)
		return rc;
	fault = rs_ldap_password_fault(
		rs_secret_data(input->password), rs_secret_len(input->password));
	if (fault)
		return rs_fail(ctx, RS_VALIDATION_FAILED, "%s", fault);
	if (!linked) {
		verdict->detail = "not-linked";
		return RS_OK;
	}
	return ask(ctx, c, &settings, account, input, verdict);
}

static const char *const PASSWORD[] = {"password", NULL};
static const char *const NAME_AND_PASSWORD[] = {"username", "password", NULL};

/* The name is the linked account's; where the profile has it typed, it must lead there. */
static const char *const *inputs_of(const json_t *option)
{
	return json_is_true(json_object_get(option, "ask_username")) ? NAME_AND_PASSWORD : PASSWORD;
}

const struct rs_factor rs_factor_active_directory = {
	.name = "active_directory",
	.title = "Password of the directory",
	.style = RS_FACTOR_PASSWORD,
	.inputs = PASSWORD,
	.inputs_of = inputs_of,
	.connector = "active_directory",
	.lifetime_s = 300,
	.attempts = 3,
	.amr = "pwd",
	.available = available,
	.check = check,
};
