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
