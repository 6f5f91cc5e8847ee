/* The connectors a challenge goes through. */
#include "internal.h"

#include "rs/connector.h"

enum rs_code rs_challenge_connect(
	struct rs_ctx *ctx, const struct rs_factor *factor, struct rs_challenge *c)
{
	struct rs_connector *connector;
	enum rs_code rc;

	if (!factor->connector || (!rs_id_set(&c->connector_id) && factor->channels))
		return RS_OK;
	rc = rs_connector_get(
		ctx, &c->enterprise_id, &c->connector_id, factor->connector, &connector);
	if (rc)
		return rc;
	c->connector = connector;
	if (!c->connector_revision)
		c->connector_revision = connector->revision;
	return RS_OK;
}

/* The one that the option names, or any that could have been used. */
static enum rs_code sender_is_on(
	struct rs_ctx *ctx, const struct rs_challenge *c, const char *member, const char *kind)
{
	struct rs_connector *connector;
	struct rs_id id;
	size_t count = 1;
	enum rs_code rc;

	if (rs_id_parse(json_string_value(json_object_get(c->option, member)), &id))
		rc = rs_connector_get(ctx, &c->enterprise_id, &id, kind, &connector);
	else
		rc = rs_connector_find(ctx, &c->enterprise_id, kind, &connector, &count);
	if (!rc && count == 0)
		rc = rs_fail(ctx, RS_METHOD_NOT_CONFIGURED,
			"This is not available: its connectors are switched off or gone.");
	return rc;
}

enum rs_code rs_challenge_connected(
	struct rs_ctx *ctx, const struct rs_factor *factor, struct rs_challenge *c)
{
	bool one = factor->connector != NULL;
	enum rs_code rc = rs_challenge_connect(ctx, factor, c);

	if (!rc && !c->connector && (factor->channels & RS_CHANNEL_EMAIL))
		rc = sender_is_on(ctx, c, one ? "connector_id" : "email_connector_id", "smtp");
	if (!rc && !c->connector && (factor->channels & RS_CHANNEL_SMS))
		rc = sender_is_on(ctx, c, one ? "connector_id" : "sms_connector_id", "sms");
	return rc;
}
