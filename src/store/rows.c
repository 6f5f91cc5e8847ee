/*
 * Rows: what came back, as text of PostgreSQL's making, turned into the C types of a field table.
 * Strings stay where libpq put them; the result lives as long as the arena.
 */
#include "internal.h"

#include "rs/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OID_TIMESTAMPTZ	  1184
#define OID_TEXT_ARRAY	  1009
#define OID_VARCHAR_ARRAY 1015
#define OID_UUID_ARRAY	  2951

struct rs_share rs_share_all(PGresult *result)
{
	return (struct rs_share){.result = result, .count = PQntuples(result)};
}

void rs_share_drop(struct rs_share *share)
{
	bool last = !share->shared || atomic_fetch_sub(&share->shared->shares, 1) == 1;

	if (last) {
		PQclear(share->result);
		free(share->shared);
	}
	*share = (struct rs_share){0};
}

static void drop(void *share)
{
	rs_share_drop(share);
}

struct rs_rows *rs_rows_keep(struct rs_ctx *ctx, int slot, struct rs_share share)
{
	struct rs_rows *rows = rs_new(ctx->arena, struct rs_rows);

	rows->share = share;
	rows->slot = slot;
	rows->count = share.count;
	rs_arena_defer(ctx->arena, drop, &rows->share);
	return rows;
}

int rs_rows_count(const struct rs_rows *rows)
{
	return rows->count;
}

/* PQfnumber() folds case and copies; our column names are what they are. */
static int column_of(const PGresult *result, const char *name)
{
	int columns = PQnfields(result);

	for (int i = 0; i < columns; i++)
		if (strcmp(PQfname(result, i), name) == 0)
			return i;
	return -1;
}

static int known_column(const struct rs_rows *rows, const char *name)
{
	int column = column_of(rows->share.result, name);

	if (column < 0) {
		fprintf(stderr, "store: a statement has no column %s\n", name);
		abort();
	}
	return column;
}

/* Where a row stands in the result. */
static int place_in(const struct rs_share *share, int row)
{
	return share->rows ? share->rows[row] : row;
}

static const char *value_at(const struct rs_share *share, int row, int column)
{
	int at = place_in(share, row);

	return PQgetisnull(share->result, at, column) ? NULL
						      : PQgetvalue(share->result, at, column);
}

/* "2026-11-23 10:00:00.123456+00", as DateStyle ISO and TimeZone UTC write it; 0 otherwise. */
static int64_t time_of(const char *text)
{
	static const char AFTER[] = "-- ::"; /* what stands behind all but the last number */
	int64_t us = 0, unit = 100000;
	int part[6] = {0};

	for (int i = 0; i < 6; i++) {
		if (*text < '0' || *text > '9')
			return 0;
		while (*text >= '0' && *text <= '9')
			part[i] = part[i] * 10 + (*text++ - '0');
		if (i < 5 && *text++ != AFTER[i])
			return 0;
	}
	if (*text == '.')
		for (text++; *text >= '0' && *text <= '9'; text++, unit /= 10)
			us += (*text - '0') * unit;
	return rs_time_seconds(part) * 1000000 + us;
}

const char *rs_row_text(const struct rs_rows *rows, int row, const char *column)
{
	return value_at(&rows->share, row, known_column(rows, column));
}

int64_t rs_row_int(const struct rs_rows *rows, int row, const char *column)
{
	int at = known_column(rows, column);
	const char *text = value_at(&rows->share, row, at);

	if (!text)
		return 0;
	if (PQftype(rows->share.result, at) == OID_TIMESTAMPTZ)
		return time_of(text);
	return strtoll(text, NULL, 10);
}

bool rs_row_bool(const struct rs_rows *rows, int row, const char *column)
{
	const char *text = rs_row_text(rows, row, column);

	return text && *text == 't';
}

static int nibble(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* bytea_output hex: \x and lower-case digits. */
static struct rs_bytes bytes_of(struct rs_ctx *ctx, const char *text, size_t len)
{
	struct rs_bytes out = {NULL, len < 2 ? 0 : (len - 2) / 2};
	unsigned char *data = rs_arena_alloc(ctx->arena, out.len);

	for (size_t i = 0; i < out.len; i++)
		data[i] = (unsigned char)(nibble(text[2 + 2 * i]) << 4 | nibble(text[3 + 2 * i]));
	out.data = data;
	return out;
}

/* One element of an array literal, appended; returns what follows it. */
static const char *array_item(const char *c, json_t *out, char *scratch)
{
	bool quoted = *c == '"';
	char *to = scratch;

	if (quoted)
		c++;
	while (*c && (quoted ? *c != '"' : *c != ',' && *c != '}')) {
		if (*c == '\\' && c[1])
			c++;
		*to++ = *c++;
	}
	if (quoted && *c)
		c++;
	*to = '\0';
	if (!quoted && strcmp(scratch, "NULL") == 0)
		json_array_append_new(out, json_null());
	else
		json_array_append_new(out, json_string(scratch));
	return c;
}

/* A one-dimensional text[] or uuid[] as a JSON array. */
static json_t *array_of(struct rs_ctx *ctx, const char *text, size_t len)
{
	json_t *out = rs_arena_json(ctx->arena, json_array());
	char *scratch = rs_arena_alloc(ctx->arena, len + 1);
	const char *c = text + 1;

	while (*c && *c != '}') {
		c = array_item(c, out, scratch);
		if (*c == ',')
			c++;
	}
	return out;
}

static json_t *json_of(
	struct rs_ctx *ctx, const PGresult *result, int column, const char *text, size_t len)
{
	json_error_t error;
	json_t *value;

	switch (PQftype(result, column)) {
	case OID_TEXT_ARRAY:
	case OID_VARCHAR_ARRAY:
	case OID_UUID_ARRAY:
		return array_of(ctx, text, len);
	default:
		value = json_loadb(text, len, JSON_DECODE_ANY, &error);
		return value ? rs_arena_json(ctx->arena, value) : NULL;
	}
}

static bool set_field(struct rs_ctx *ctx, const PGresult *result, int row, int column,
	enum rs_type type, void *at)
{
	const char *text = PQgetvalue(result, row, column);
	size_t len = (size_t)PQgetlength(result, row, column);

	switch (type) {
	case RS_T_STRING:
		*(const char **)at = text;
		return true;
	case RS_T_INT:
		*(int64_t *)at = strtoll(text, NULL, 10);
		return true;
	case RS_T_BOOL:
		*(bool *)at = *text == 't';
		return true;
	case RS_T_ID:
		snprintf(((struct rs_id *)at)->s, sizeof(struct rs_id), "%s", text);
		return true;
	case RS_T_TIME:
		*(int64_t *)at = time_of(text);
		return *(int64_t *)at != 0;
	case RS_T_JSON:
	case RS_T_OBJECT:
	case RS_T_ARRAY:
		*(json_t **)at = json_of(ctx, result, column, text, len);
		return *(json_t **)at != NULL;
	case RS_T_BYTES:
	case RS_T_SHA256:
	case RS_T_HEX:
		*(struct rs_bytes *)at = bytes_of(ctx, text, len);
		return true;
	default:
		return false;
	}
}

static void zero_field(enum rs_type type, void *at)
{
	switch (type) {
	case RS_T_STRING:
		*(const char **)at = NULL;
		break;
	case RS_T_INT:
	case RS_T_TIME:
		*(int64_t *)at = 0;
		break;
	case RS_T_BOOL:
		*(bool *)at = false;
		break;
	case RS_T_ID:
		((struct rs_id *)at)->s[0] = '\0';
		break;
	case RS_T_JSON:
	case RS_T_OBJECT:
	case RS_T_ARRAY:
		*(json_t **)at = NULL;
		break;
	default:
		memset(at, 0, sizeof(struct rs_bytes));
		break;
	}
}

#define PLACES 256 /* of the columns of a result, by a digest of their names; a power of two */
#define FIELDS 96

/*
 * Which column fills which field of a table. It is the same for every result of a statement, so the
 * first one of each is kept as long as the process lives; names are compared nevertheless, since a
 * migration may have changed what a statement answers.
 */
struct rs_column_map {
	const struct rs_field *fields;
	int columns;
	short column[FIELDS]; /* -1: none */
};

static _Atomic(struct rs_column_map *) kept[RS_SLOT_COUNT];

static unsigned place_of(const char *name)
{
	unsigned hash = 2166136261u;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return (hash ^ hash >> 16) & (PLACES - 1);
}

static void make_map(
	const PGresult *result, const struct rs_field *fields, struct rs_column_map *out)
{
	unsigned char places[PLACES] = {0}; /* column + 1 */

	out->fields = fields;
	out->columns = PQnfields(result);
	if (out->columns >= PLACES)
		abort();
	for (int i = 0; i < out->columns; i++) {
		unsigned at = place_of(PQfname(result, i));

		while (places[at])
			at = (at + 1) & (PLACES - 1);
		places[at] = (unsigned char)(i + 1);
	}
	for (int i = 0; fields[i].type != RS_T_END; i++) {
		unsigned at = place_of(fields[i].name);

		if (i == FIELDS)
			abort();
		while (places[at] && strcmp(PQfname(result, places[at] - 1), fields[i].name) != 0)
			at = (at + 1) & (PLACES - 1);
		out->column[i] = (short)(places[at] - 1);
	}
}

static bool map_fits(
	const struct rs_column_map *map, const PGresult *result, const struct rs_field *fields)
{
	if (!map || map->fields != fields || map->columns != PQnfields(result))
		return false;
	for (int i = 0; fields[i].type != RS_T_END; i++)
		if (map->column[i] >= 0 &&
			strcmp(PQfname(result, map->column[i]), fields[i].name) != 0)
			return false;
	return true;
}

static const struct rs_column_map *map_fields(
	struct rs_ctx *ctx, struct rs_rows *rows, const struct rs_field *fields)
{
	struct rs_column_map *map = atomic_load(&kept[rows->slot]), *none = NULL;

	if (rows->map && rows->map->fields == fields)
		return rows->map;
	if (map_fits(map, rows->share.result, fields))
		return rows->map = map;
	if (map) {
		map = rs_new(ctx->arena, struct rs_column_map);
		make_map(rows->share.result, fields, map);
		return rows->map = map;
	}
	map = calloc(1, sizeof(*map));
	if (!map)
		abort();
	make_map(rows->share.result, fields, map);
	if (atomic_compare_exchange_strong(&kept[rows->slot], &none, map))
		return rows->map = map;
	free(map);
	return map_fields(ctx, rows, fields);
}

enum rs_code rs_row_read(struct rs_ctx *ctx, const struct rs_rows *rows, int row,
	const struct rs_field *fields, void *out)
{
	/* The map is a cache: whoever reads the rows may note it. */
	const short *map = map_fields(ctx, (struct rs_rows *)rows, fields)->column;
	const PGresult *result = rows->share.result;

	row = place_in(&rows->share, row);
	for (int i = 0; fields[i].type != RS_T_END; i++) {
		void *at = (char *)out + fields[i].offset;
		enum rs_code rc;

		if (map[i] < 0)
			continue;
		if (PQgetisnull(result, row, map[i])) {
			zero_field(fields[i].type, at);
			continue;
		}
		if (set_field(ctx, result, row, map[i], fields[i].type, at))
			continue;
		rc = rs_fail(ctx, RS_INTERNAL, "Something went wrong on our side.");
		rs_err_cause(ctx, "column %s does not fit its field", fields[i].name);
		return rc;
	}
	return RS_OK;
}
