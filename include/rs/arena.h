/*
 * The request's memory.
 *
 * An arena hands out memory that lives until the request ends and is never freed singly. What else
 * must end with the request (a json_t, a PGresult, an EVP_PKEY) is handed to it with
 * rs_arena_defer() and is released in the reverse order. Allocation aborts the process when memory
 * is exhausted or a request passes RS_ARENA_MAX: a half-built answer is worse than a restart.
 * Secrets never live here: see secret.h. Sanitizer builds make each allocation its own malloc, so
 * that overruns are seen.
 */
#ifndef RS_ARENA_H
#define RS_ARENA_H

#include <jansson.h>
#include <stdarg.h>
#include <stddef.h>

/* The most bytes one request may take: 64 MiB. */
#define RS_ARENA_MAX (64u << 20)

struct rs_arena;

/* A new arena; never NULL. End it with rs_arena_free(). */
struct rs_arena *rs_arena_new(void);
/* Runs what was deferred, newest first, and frees everything. NULL is fine. */
void rs_arena_free(struct rs_arena *arena);

/* size bytes, zeroed, aligned for any type; never NULL. size 0 gives a valid pointer. */
void *rs_arena_alloc(struct rs_arena *arena, size_t size)
	__attribute__((returns_nonnull, malloc));
/* A copy of len bytes plus a NUL. */
char *rs_arena_memdup(struct rs_arena *arena, const void *data, size_t len);
/* A copy of a string; NULL gives NULL. */
char *rs_arena_strdup(struct rs_arena *arena, const char *text);
/* A formatted string. */
char *rs_arena_printf(struct rs_arena *arena, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Calls release(object) when the arena ends. NULL objects are skipped. */
void rs_arena_defer(struct rs_arena *arena, void (*release)(void *), void *object);
/* Hands a json_t reference to the arena and gives it back as a borrowed one. */
json_t *rs_arena_json(struct rs_arena *arena, json_t *value);

#define rs_new(arena, type) ((type *)rs_arena_alloc((arena), sizeof(type)))
#define rs_new_array(arena, type, n) ((type *)rs_arena_alloc((arena), sizeof(type) * (size_t)(n)))

#endif
