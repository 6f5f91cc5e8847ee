/*
 * Groups of statements in one round trip, and set statements: one statement for all of a group that
 * wait for it. A statement whose text holds the line --:set takes arrays, one element an item ($1
 * is the array of the first parameters, and so on), and gives each row the number of its item,
 * from 1. What starting a statement costs, which for reads and writes by a key is most of it, is
 * then paid once.
 *
 * Elements go out in PostgreSQL's binary form, text or bytea as the statement's own cast says
 * ($3::bytea[]), so that nothing is quoted or escaped.
 *
 * A set holds items of one enterprise: row-level security is asked whose rows they are before each.
 * Two items of the same key are never in one set, since neither would see what the other does.
 */
#include "internal.h"

#include "rs/clock.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ITEM	  "item"
#define OID_BYTEA 17
#define OID_TEXT  25

/* NULL for what is no query. */
static const struct rs_query_text *query_of(int slot)
{
	if (slot >= RS_SLOT_WAITING)
		return &rs_query_texts[slot - RS_SLOT_WAITING];
	if (slot >= RS_SLOT_QUERIES && slot < RS_SLOT_LISTS)
		return &rs_query_texts[slot - RS_SLOT_QUERIES];
	return NULL;
}

bool rs_set_is(int slot)
{
	const struct rs_query_text *query = query_of(slot);

	return query && query->set;
}

static size_t element_size(const struct rs_params *p, int i)
{
	if (!p->value[i])
		return 0;
	return p->format[i] ? (size_t)p->length[i] : strlen(p->value[i]);
}

static unsigned char *put(unsigned char *at, uint32_t number)
{
	number = htonl(number);
	memcpy(at, &number, sizeof number);
	return at + sizeof number;
}

/* The array of the i-th parameters, as array_recv() of PostgreSQL reads it. */
static void put_array(struct rs_params *out, const struct rs_params *const *items, int count, int i,
	uint32_t type)
{
	size_t size = 20;
	unsigned char *data, *at;
	bool nulls = false;

	for (int n = 0; n < count; n++) {
		size += 4 + element_size(items[n], i);
		nulls |= !items[n]->value[i];
	}
	data = at = rs_arena_alloc(out->ctx->arena, size);
	at = put(at, 1); /* dimensions */
	at = put(at, nulls);
	at = put(at, type);
	at = put(at, (uint32_t)count);
	at = put(at, 1); /* the first index */
	for (int n = 0; n < count; n++) {
		size_t len = element_size(items[n], i);

		if (!items[n]->value[i]) {
			at = put(at, UINT32_MAX);
			continue;
		}
		at = put(at, (uint32_t)len);
		memcpy(at, items[n]->value[i], len);
		at += len;
	}
	out->value[i] = (char *)data;
	out->length[i] = (int)size;
	out->format[i] = 1;
}

struct rs_params rs_set_params(
	struct rs_ctx *ctx, int slot, const struct rs_params *const *items, int count)
{
	struct rs_params out = rs_params(ctx);
	const struct rs_query_text *query = query_of(slot);
	uint64_t bytea = query ? query->bytea : 0;

	out.count = items[0]->count;
	for (int i = 0; i < out.count; i++)
		put_array(&out, items, count, i, bytea >> i & 1 ? OID_BYTEA : OID_TEXT);
	return out;
}

/*
 * A share of the result for each of at least two ones: the rows of its item. They are ordered by their
 * items first, each item's as they came.
 */
static void split(struct rs_ctx *ctx, PGresult *whole, struct rs_one **ones, int count)
{
	int item = PQfnumber(whole, ITEM), rows = PQntuples(whole);
	struct rs_shared *shared = malloc(sizeof(*shared) + (size_t)rows * sizeof(int));
	int *of = rs_new_array(ctx->arena, int, rows), *begin;

	if (!shared)
		abort();
	atomic_init(&shared->shares, count);
	begin = rs_new_array(ctx->arena, int, count + 2); /* of item n at n, which counts from 1 */
	for (int row = 0; row < rows; row++)
		begin[of[row] = (int)strtol(PQgetvalue(whole, row, item), NULL, 10)]++;
	for (int n = 1; n < count + 2; n++)
		begin[n] += begin[n - 1];
	for (int row = rows - 1; row >= 0; row--)
		shared->rows[--begin[of[row]]] = row;
	for (int n = 0; n < count; n++) {
		const int *at = &begin[ones[n]->item + 1];

		ones[n]->got = (struct rs_share){.result = whole,
			.shared = shared,
			.rows = shared->rows + at[0],
			.count = at[1] - at[0]};
	}
}

/* --- groups --- */

static const char *key_of(const struct rs_one *one)
{
	return one->key ? one->key : "";
}

/*
 * The order in which groups run, the same in all replicas: single statements by their keys, then
 * set by set, each by its keys.
 */
static int by_turn(const void *a, const void *b)
{
	const struct rs_one *x = *(struct rs_one *const *)a, *y = *(struct rs_one *const *)b;
	int set_x = rs_set_is(x->slot) ? x->slot : 0, set_y = rs_set_is(y->slot) ? y->slot : 0;
	int reach = strcmp(x->reach, y->reach), key = strcmp(key_of(x), key_of(y));

	if (set_x != set_y)
		return set_x - set_y;
	if (set_x)
		return reach ? reach : key;
	return key ? key : reach;
}

/* How many of the sorted ones, the first included, are one set. */
static int set_length(struct rs_one *const *ones, int n)
{
	int length = 1;

	if (!rs_set_is(ones[0]->slot))
		return 1;
	while (length < n && ones[length]->slot == ones[0]->slot &&
		strcmp(ones[length]->reach, ones[0]->reach) == 0 &&
		(!ones[0]->key || strcmp(ones[length]->key, ones[length - 1]->key) != 0))
		length++;
	return length;
}

static struct rs_step reach_step(
	struct rs_ctx *ctx, struct rs_params *storage, const char *enterprise)
{
	int64_t left = rs_wire_deadline(ctx) - rs_clock_mono_ms();

	*storage = rs_params(ctx);
	rs_p_text(storage, enterprise);
	rs_p_int(storage, (left > 0 ? left : 0) + RS_STORE_GRACE_MS);
	return (struct rs_step){.slot = RS_SLOT_REACH, .params = storage};
}

/* A group on its way: its steps, and how many of the ones each step is for (0: a control
 * statement). */
struct group {
	struct rs_step *steps;
	int *lengths;
	int count;
	const char *reach; /* what the last one said; NULL nothing yet */
};

static void add_step(struct group *g, struct rs_step step, int length)
{
	g->steps[g->count] = step;
	g->lengths[g->count++] = length;
}

static void add_reach(struct rs_ctx *ctx, struct group *g, const char *reach)
{
	if (g->reach && strcmp(g->reach, reach) == 0)
		return;
	add_step(g, reach_step(ctx, rs_new(ctx->arena, struct rs_params), reach), 0);
	g->reach = reach;
}

/*
 * Numbers the items of a set; how many there are. Reads that ask the same are one item: a page that
 * sends ten requests at once has its token looked up once.
 */
static int number_items(struct rs_one *const *ones, int n, const struct rs_params **items)
{
	int count = 0;

	for (int i = 0; i < n; i++) {
		int at = ones[i]->key ? count : 0;

		while (at < count && !rs_params_same(items[at], ones[i]->params))
			at++;
		if (at == count)
			items[count++] = ones[i]->params;
		ones[i]->item = at;
	}
	return count;
}

static void add_ones(struct rs_ctx *ctx, struct group *g, struct rs_one *const *ones, int n)
{
	const struct rs_params **items = rs_new_array(ctx->arena, const struct rs_params *, n);

	for (int i = 0, length; i < n; i += length) {
		int count;

		length = set_length(ones + i, n - i);
		count = number_items(ones + i, length, items + i);
		add_reach(ctx, g, ones[i]->reach);
		add_step(g,
			(struct rs_step){.slot = ones[i]->slot,
				.params = items[i],
				.items = items + i,
				.item_count = count},
			length);
	}
}

/* Hands the results over; what is left of them is cleared. */
static void take_results(struct rs_ctx *ctx, const struct group *g, struct rs_one **ones)
{
	for (int i = 0; i < g->count; i++) {
		int length = g->lengths[i];
		PGresult *result = g->steps[i].result;

		if (length == 0)
			PQclear(result);
		else if (length == 1)
			ones[0]->got = rs_share_all(result);
		else
			split(ctx, result, ones, length);
		ones += length;
	}
}

enum rs_code rs_group_run(
	struct rs_ctx *ctx, struct rs_conn *conn, struct rs_one **ones, int n, bool durable)
{
	struct group g = {
		.steps = rs_new_array(ctx->arena, struct rs_step, 2 * n + 3),
		.lengths = rs_new_array(ctx->arena, int, 2 * n + 3),
	};
	enum rs_code rc;

	qsort(ones, (size_t)n, sizeof *ones, by_turn);
	if (durable)
		add_step(&g, (struct rs_step){.slot = RS_SLOT_BEGIN}, 0);
	add_ones(ctx, &g, ones, n);
	if (durable) {
		add_reach(ctx, &g, "");
		add_step(&g, (struct rs_step){.slot = RS_SLOT_COMMIT}, 0);
	}
	rc = rs_wire_run(ctx, conn, g.steps, g.count, NULL);
	if (rc != RS_OK)
		return rc;
	if (durable && strcmp(PQcmdStatus(g.steps[g.count - 1].result), "COMMIT") != 0) {
		for (int i = 0; i < g.count; i++)
			PQclear(g.steps[i].result);
		return rs_fail(ctx, RS_INTERNAL, "Something went wrong on our side.");
	}
	take_results(ctx, &g, ones);
	return RS_OK;
}
