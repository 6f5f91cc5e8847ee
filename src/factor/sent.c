/* Codes that are sent: who can be reached. */
#include "sent.h"

#include "rs/connector.h"
#include "rs/id.h"

enum rs_code rs_sent_email_available(struct rs_ctx *ctx, const struct rs_subject *subject,
	const json_t *option, const char *member)
{
	struct rs_connector *connector;
	struct rs_id id;
	size_t count = 1;
	enum rs_code rc;

	if (rs_id_parse(json_string_value(json_object_get(option, member)), &id))
		rc = rs_connector_get(ctx, &subject->enterprise_id, &id, "smtp", &connector);
	else
		rc = rs_connector_find(
			ctx, &subject->enterprise_id, "smtp", &connector, &count);
	if (!rc && count == 0)
		rc = rs_fail(ctx, RS_METHOD_NOT_CONFIGURED, "No mail relay is configured.");
	return rc ? rc : rs_factor_settled(ctx, subject->email_usable_from);
}

void rs_sent_passed(struct rs_ctx *ctx, const struct rs_challenge *c, struct rs_verdict *verdict)
{
	verdict->result = RS_VERDICT_PASSED;
	verdict->evidence = rs_arena_json(
		ctx->arena, json_pack("{s:O}", "destinations", c->destinations));
}
