/* Rule sets: rows of the database, made words of a closed list, cached for a minute. */
#include "rs/ruleset.h"

#include "cache.h"
#include "rs/clock.h"

#include <string.h>

const char *const rs_ruleset_names[] = {"tls-br", "smime-br", "codesign-br", "private", NULL};

/* The words of the columns; constraints of the table hold them to these. */
static const char *const CAA[] = {"issue", "issuemail", "none", "profile", NULL};
static const char *const NAMES[] = {"tls", "mailbox", "free", NULL};

/* The static word equal to text, so that rows may outlive the request that read them. */
static const char *word(const char *const *list, const char *text)
{
	for (; *list; list++)
		if (strcmp(*list, text) == 0)
			return *list;
	return NULL;
}

static bool read_row(const struct rs_rows *rows, int row, struct rs_ruleset *out)
{
	*out = (struct rs_ruleset){
		.name = word(rs_ruleset_names, rs_row_text(rows, row, "name")),
		.effective_from = rs_row_int(rows, row, "effective_from"),
		.max_validity_days = rs_row_int(rows, row, "max_validity_days"),
		.dcv_reuse_days = rs_row_int(rows, row, "dcv_reuse_days"),
		.persist_reuse_days = rs_row_int(rows, row, "persist_reuse_days"),
		.mailbox_reuse_days = rs_row_int(rows, row, "mailbox_reuse_days"),
		.suspension = rs_row_bool(rows, row, "suspension"),
		.dnssec_mandatory = rs_row_bool(rows, row, "dnssec_mandatory"),
		.caa = word(CAA, rs_row_text(rows, row, "caa")),
		.names = word(NAMES, rs_row_text(rows, row, "names")),
		.server_keys = rs_row_bool(rows, row, "server_keys"),
		.perspectives = rs_row_int(rows, row, "perspectives"),
	};
	return out->name && out->caa && out->names;
}

static enum rs_code all_rows(struct rs_ctx *ctx, struct rs_ruleset **out, int *count)
{
	struct rs_profiles *cache = ctx->app ? ctx->app->profiles : NULL;
	struct rs_params none = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc;

	*count = rs_profiles_rulesets(ctx, cache, out);
	if (*count > 0)
		return RS_OK;
	rc = rs_read(ctx, RS_REACH_CALLER, RS_Q_rule_set_all, &none, &rows);
	if (rc)
		return rc;
	*count = rs_rows_count(rows);
	*out = rs_new_array(ctx->arena, struct rs_ruleset, *count);
	for (int i = 0; i < *count; i++)
		if (!read_row(rows, i, &(*out)[i]))
			return rs_fail(ctx, RS_INTERNAL, "A rule set cannot be read.");
	rs_profiles_keep_rulesets(cache, *out, *count);
	return RS_OK;
}

enum rs_code rs_ruleset_at(struct rs_ctx *ctx, const char *name, int64_t time_us,
	const struct rs_ruleset **out)
{
	struct rs_ruleset *rows;
	int count;
	enum rs_code rc = all_rows(ctx, &rows, &count);

	*out = NULL;
	if (rc)
		return rc;
	/* In the order of time: the last one that is in force, or the first of all. */
	for (int i = 0; i < count; i++)
		if (strcmp(rows[i].name, name) == 0 && (!*out || rows[i].effective_from <= time_us))
			*out = &rows[i];
	return *out ? RS_OK : rs_fail(ctx, RS_NOT_FOUND, "There is no rule set of this name.");
}

static json_t *days(int64_t count)
{
	return count > 0 ? json_integer(count) : json_null();
}

static json_t *row_json(const struct rs_ruleset *row)
{
	char from[32];

	rs_time_format(row->effective_from, from);
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:b, s:b, s:s, s:s, s:b, s:I}", "effective_from",
		from, "max_validity_days", days(row->max_validity_days), "dcv_reuse_days",
		days(row->dcv_reuse_days), "persist_reuse_days", days(row->persist_reuse_days),
		"mailbox_reuse_days", days(row->mailbox_reuse_days), "suspension", row->suspension,
		"dnssec_mandatory", row->dnssec_mandatory, "caa", row->caa, "names", row->names,
		"server_keys", row->server_keys, "perspectives", (json_int_t)row->perspectives);
}

enum rs_code rs_ruleset_list(struct rs_ctx *ctx, json_t **out)
{
	struct rs_ruleset *rows;
	json_t *set = NULL;
	int count;
	enum rs_code rc = all_rows(ctx, &rows, &count);

	*out = NULL;
	if (rc)
		return rc;
	*out = json_array();
	for (int i = 0; i < count; i++) {
		if (i == 0 || strcmp(rows[i].name, rows[i - 1].name) != 0) {
			set = json_pack("{s:s, s:[]}", "name", rows[i].name, "rules");
			json_array_append_new(*out, set);
		}
		json_array_append_new(json_object_get(set, "rules"), row_json(&rows[i]));
	}
	return RS_OK;
}
