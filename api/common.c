#include "common.h"

#include "rs/permission.h"

#include <string.h>

enum rs_code rs_rows_items(
	struct rs_call *call, const struct rs_list *list, rs_row_render *render, json_t **items)
{
	enum rs_code rc = RS_OK;
	*items = rs_arena_json(call->ctx->arena, json_array());
	for (int i = 0; i < rs_rows_count(list->rows) && rc == RS_OK; i++) {
		json_t *item = render(call, list->rows, i, &rc);
		if (item)
			json_array_append_new(*items, item);
	}
	return rs_page_items(rc, items);
}

void rs_show_secret(json_t *object, const char *name, struct rs_secret **secret)
{
	json_object_set_new(object, name,
		json_stringn((const char *)rs_secret_data(*secret), rs_secret_len(*secret)));
	rs_secret_free(*secret);
	*secret = NULL;
}

void rs_show_scopes(json_t *object, int64_t scopes)
{
	json_object_set_new(object, "scopes", rs_scopes_json((unsigned)scopes));
}

enum rs_code rs_no_members(struct rs_call *call)
{
	static const struct rs_field none[] = {RS_FIELD_END};

	if (call->json)
		rs_json_read(call->ctx, call->json, "", none, NULL, NULL);
	return rs_faults(call->ctx);
}

json_t *rs_members_faults(struct rs_call *call)
{
	return rs_no_members(call) ? rs_faults_take(call->ctx) : NULL;
}

const char *rs_html_text(struct rs_arena *arena, const char *text)
{
	static const struct {
		char c;
		const char *entity;
	} ENTITIES[] = {
		{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
	char *out = rs_arena_alloc(arena, 6 * strlen(text) + 1), *at = out;

	for (; *text; text++) {
		const char *entity = NULL;

		for (size_t i = 0; i < sizeof(ENTITIES) / sizeof(ENTITIES[0]); i++)
			if (ENTITIES[i].c == *text)
				entity = ENTITIES[i].entity;
		if (entity)
			at = stpcpy(at, entity);
		else
			*at++ = *text;
	}
	return out;
}
