/* /v1/domain-validations: proofs of control. */
#include "common.h"
#include "handlers.h"
#include "route.h"

#include "rs/dcv.h"
#include "rs/identity.h"
#include "rs/validation.h"

static const struct rs_csv_column COLUMNS[] = {{"id", "id"}, {"identifier.type", "identifier.type"},
	{"identifier.value", "identifier.value"}, {"method", "method"}, {"status", "status"},
	{"validated_at", "validated_at"}, {"valid_until", "valid_until"},
	{"created_at", "created_at"}, {NULL, NULL}};

static const char *const STATES[] = {"pending", "valid", "invalid", "expired", "cancelled", NULL};

static enum rs_code list_page(struct rs_call *call, const struct rs_page *page,
	struct rs_list *list, json_t **items)
{
	struct rs_validation_filter filter = {.method = rs_query(call, "method")};
	enum rs_code rc = rs_query_id(call, "enterprise_id", &filter.enterprise_id);

	if (!rc)
		rc = rs_query_name(call, "value", 320, &filter.value);
	if (!rc)
		rc = rs_query_words(call, "status", STATES, &filter.status);
	if (!rc && filter.method && !rs_method_named(filter.method))
		rc = rs_fail(call->ctx, RS_BAD_QUERY, "There is no method of this name.");
	if (!rc)
		rc = rs_validation_list(call->ctx, &filter, page, list, items);
	return rs_page_items(rc, items);
}

enum rs_code rs_validations_list(struct rs_call *call)
{
	return rs_reply_pages(call, list_page, COLUMNS);
}

static enum rs_code reply(struct rs_call *call, int status, const struct rs_validation *validation)
{
	json_t *json = NULL;
	enum rs_code rc = rs_validation_json(call->ctx, validation, &json);

	if (rc)
		return rc;
	if (status == 201)
		rs_reply_location(call, "/v1/domain-validations/%s", validation->id.s);
	return rs_reply_resource(call, status, json, validation->revision);
}

enum rs_code rs_validations_render(struct rs_call *call, int status, const struct rs_id *id)
{
	struct rs_validation validation;
	enum rs_code rc = rs_validation_get(call->ctx, id, &validation);

	return rc ? rc : reply(call, status, &validation);
}

enum rs_code rs_validations_create(struct rs_call *call)
{
	struct rs_validation validation;
	enum rs_code rc = rs_validation_create(call->ctx, call->json, &validation);

	return rc ? rc : reply(call, 201, &validation);
}

enum rs_code rs_validations_show(struct rs_call *call)
{
	struct rs_id id = rs_path_id(call, 0);

	return rs_validations_render(call, 200, &id);
}

enum rs_code rs_validations_verify(struct rs_call *call)
{
	struct rs_validation validation;
	struct rs_id id = rs_path_id(call, 0);
	int64_t revision;
	enum rs_code rc = rs_if_match(call, &revision);

	if (!rc)
		rc = rs_throttle_verify(call->ctx);
	if (!rc)
		rc = rs_validation_verify(
			call->ctx, &id, revision, rs_members_faults(call), &validation);
	return rc ? rc : reply(call, 200, &validation);
}

enum rs_code rs_validations_cancel(struct rs_call *call)
{
	struct rs_validation validation;
	struct rs_id id = rs_path_id(call, 0);
	int64_t revision;
	enum rs_code rc = rs_if_match(call, &revision);

	if (!rc)
		rc = rs_validation_cancel(
			call->ctx, &id, revision, rs_members_faults(call), &validation);
	return rc ? rc : reply(call, 200, &validation);
}
