/* Lists of requests, and the events of one. */
#include "impl.h"

#include <time.h>

static const struct rs_sort SORTS[] = {
	{"created_at", "c.created_at", "timestamptz"},
	{NULL, NULL, NULL},
};

static const struct rs_list_spec SPEC = {RS_Q_reissue_list, SORTS, "c.id"};

static struct rs_params filter_params(struct rs_ctx *ctx, const struct rs_reissue_filter *f)
{
	struct rs_params p = rs_params(ctx);

	rs_p_texts(&p, f->status);
	rs_p_texts(&p, f->reason);
	rs_p_texts(&p, f->profile_id);
	rs_p_texts(&p, f->category);
	rs_p_text(&p, f->number);
	rs_p_id(&p, &f->certificate_id);
	rs_p_id(&p, &f->requested_by);
	rs_p_id(&p, &f->owner_id);
	rs_p_text(&p, f->q);
	rs_p_text(&p, f->common_name);
	rs_p_texts(&p, f->san);
	rs_p_bytes(&p, f->serial.data, f->serial.len);
	rs_p_time(&p, f->created_after);
	rs_p_time(&p, f->created_before);
	rs_p_time(&p, f->submitted_after);
	rs_p_time(&p, f->submitted_before);
	rs_p_time(&p, f->issued_after);
	rs_p_time(&p, f->issued_before);
	rs_p_id(&p, rs_enterprise_seen(ctx, &f->enterprise_id));
	rs_p_texts(&p, rs_owners_seen(ctx, "reissue.read"));
	rs_p_time(&p, f->updated_after);
	rs_p_time(&p, f->updated_before);
	return p;
}

const char *const rs_reissue_parts[] = {
	"steps", "checks", "domains", "approvals", "blockers", NULL};

static unsigned parts_of(const json_t *include)
{
	unsigned parts = 0;
	json_t *name;
	size_t i;

	json_array_foreach(include, i, name)
		for (unsigned bit = 0; rs_reissue_parts[bit]; bit++)
			if (strcmp(json_string_value(name), rs_reissue_parts[bit]) == 0)
				parts |= 1u << bit;
	return parts;
}

static enum rs_code item(struct rs_ctx *ctx, const struct rs_rows *rows, int row, unsigned parts,
	json_t **out)
{
	struct rs_case c = {0};
	enum rs_code rc = rs_case_row(ctx, rows, row, &c.request);

	if (!rc)
		rc = rs_policy_yardstick(ctx, &c.request, &c.by);
	/* They cost statements of their own for each item, and show in these parts alone. */
	if (!rc && parts & (RS_PART_STEPS | RS_PART_BLOCKERS | RS_PART_DOMAINS))
		rc = rs_policy_facts(ctx, &c.request, &c.by);
	if (rc)
		return rc;
	rs_policy_judge(ctx, &c.request, &c.by, &c.judged);
	*out = rs_reissue_render(ctx, &c, parts);
	return RS_OK;
}

enum rs_code rs_reissue_list(struct rs_ctx *ctx, const struct rs_reissue_filter *filter,
	const struct rs_page *page, struct rs_list *list, json_t **items)
{
	struct rs_params p = filter_params(ctx, filter);
	unsigned parts = parts_of(filter->include);
	enum rs_code rc = rs_list(ctx, &SPEC, &p, page, list);

	*items = rs_arena_json(ctx->arena, json_array());
	for (int i = 0; !rc && i < rs_rows_count(list->rows); i++) {
		json_t *one = NULL;

		rc = item(ctx, list->rows, i, parts, &one);
		if (!rc)
			json_array_append_new(*items, one);
	}
	return rc;
}

enum rs_code rs_reissue_events(struct rs_ctx *ctx, const struct rs_id *id,
	const struct rs_page *page, struct rs_list *list, json_t **items)
{
	static const struct rs_sort sorts[] = {
		{"at", "e.at", "timestamptz"},
		{NULL, NULL, NULL},
	};
	static const struct rs_list_spec spec = {RS_Q_certificate_events, sorts, "e.id"};
	struct rs_page oldest_first = *page;
	struct rs_params p = rs_params(ctx);
	struct rs_case c;
	enum rs_code rc = rs_case_load(ctx, id, false, &c);

	*items = rs_arena_json(ctx->arena, json_array());
	if (rc)
		return rc;
	oldest_first.sort = "at";
	rs_p_id(&p, id);
	rc = rs_list(ctx, &spec, &p, &oldest_first, list);
	for (int i = 0; !rc && i < rs_rows_count(list->rows); i++)
		json_array_append_new(*items, rs_event_json(list->rows, i));
	return rc;
}
