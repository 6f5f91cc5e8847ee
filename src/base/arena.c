#include "rs/arena.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE (16u << 10)
#define ALIGNMENT  16u
/*
 * Blocks of the usual size that wait for the next arena. Every request takes one and gives it back,
 * and malloc would merge and split its chunks for that each time.
 */
#ifdef RS_SANITIZED
#define SPARE_MAX 0 /* use after free shall show */
#else
#define SPARE_MAX 32
#endif

struct block {
	struct block *next;
	size_t size;
	size_t used;
	_Alignas(ALIGNMENT) unsigned char data[];
};

struct deferred {
	struct deferred *next;
	void (*release)(void *);
	void *object;
};

struct rs_arena {
	struct block *blocks;
	struct deferred *deferred;
	size_t total;
};

static pthread_mutex_t spare_lock = PTHREAD_MUTEX_INITIALIZER;
static struct block *spare;
static int spares;

static void *must_alloc(size_t size)
{
	void *memory = malloc(size);

	if (!memory) {
		fputs("reissued: out of memory\n", stderr);
		abort();
	}
	return memory;
}

struct rs_arena *rs_arena_new(void)
{
	struct rs_arena *arena = must_alloc(sizeof(*arena));

	memset(arena, 0, sizeof(*arena));
	return arena;
}

static struct block *take_spare(void)
{
	struct block *block;

	pthread_mutex_lock(&spare_lock);
	block = spare;
	if (block) {
		spare = block->next;
		spares--;
	}
	pthread_mutex_unlock(&spare_lock);
	return block;
}

/* False when there are enough of them, or it is of another size. */
static bool keep_spare(struct block *block)
{
	bool kept;

	if (block->size != BLOCK_SIZE)
		return false;
	pthread_mutex_lock(&spare_lock);
	kept = spares < SPARE_MAX;
	if (kept) {
		block->next = spare;
		spare = block;
		spares++;
	}
	pthread_mutex_unlock(&spare_lock);
	return kept;
}

void rs_arena_free(struct rs_arena *arena)
{
	if (!arena)
		return;
	for (struct deferred *d = arena->deferred; d; d = d->next)
		d->release(d->object);
	for (struct block *b = arena->blocks; b;) {
		struct block *next = b->next;

		if (!keep_spare(b))
			free(b);
		b = next;
	}
	free(arena);
}

static struct block *add_block(struct rs_arena *arena, size_t size)
{
	struct block *block;

	arena->total += size;
	if (arena->total > RS_ARENA_MAX) {
		fputs("reissued: a request passed its memory limit\n", stderr);
		abort();
	}
	block = size == BLOCK_SIZE ? take_spare() : NULL;
	if (!block)
		block = must_alloc(sizeof(*block) + size);
	block->size = size;
	block->used = 0;
	block->next = arena->blocks;
	arena->blocks = block;
	return block;
}

void *rs_arena_alloc(struct rs_arena *arena, size_t size)
{
	struct block *block = arena->blocks;
	size_t need;
	void *memory;

	if (size > RS_ARENA_MAX)
		size = RS_ARENA_MAX + 1u; /* add_block() refuses it */
	need = (size + ALIGNMENT) & ~(size_t)(ALIGNMENT - 1);
#ifdef RS_SANITIZED
	block = add_block(arena, size ? size : 1);
	need = size;
#else
	if (!block || block->size - block->used < need)
		block = add_block(arena, need > BLOCK_SIZE / 4 ? need : BLOCK_SIZE);
#endif
	memory = block->data + block->used;
	block->used += need;
	/* A large block of its own goes behind the current one, which still has room. */
	if (block->next && block->used == block->size && block->next->used < block->next->size) {
		arena->blocks = block->next;
		block->next = arena->blocks->next;
		arena->blocks->next = block;
	}
	return memset(memory, 0, size);
}

char *rs_arena_memdup(struct rs_arena *arena, const void *data, size_t len)
{
	char *copy = rs_arena_alloc(arena, len + 1);

	if (len)
		memcpy(copy, data, len);
	return copy;
}

char *rs_arena_strdup(struct rs_arena *arena, const char *text)
{
	return text ? rs_arena_memdup(arena, text, strlen(text)) : NULL;
}

char *rs_arena_printf(struct rs_arena *arena, const char *fmt, ...)
{
	va_list args, again;
	char *text;
	int len;

	va_start(args, fmt);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0)
		abort();
	text = rs_arena_alloc(arena, (size_t)len + 1);
	vsnprintf(text, (size_t)len + 1, fmt, again);
	va_end(again);
	return text;
}

void rs_arena_defer(struct rs_arena *arena, void (*release)(void *), void *object)
{
	struct deferred *d;

	if (!object)
		return;
	d = rs_arena_alloc(arena, sizeof(*d));
	d->release = release;
	d->object = object;
	d->next = arena->deferred;
	arena->deferred = d;
}

static void release_json(void *object)
{
	json_decref(object);
}

json_t *rs_arena_json(struct rs_arena *arena, json_t *value)
{
	rs_arena_defer(arena, release_json, value);
	return value;
}
