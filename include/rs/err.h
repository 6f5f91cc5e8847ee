/*
 * Errors.
 *
 * A function that can fail returns enum rs_code, whose values are the rows of problems.def; RS_OK
 * is 0. Where the fault is known it is told once, with rs_fail(), into the request's struct rs_err;
 * callers above just hand the code on. rs_err keeps apart what the client may read (detail,
 * pointer, faults, ext) and what only the log may (cause, file, line). api/server.c logs it once
 * and renders it as RFC 9457 problem+json.
 *
 * A 422 lists all faults of the content: rs_fault() adds one and goes on; rs_faults() at the end
 * turns them into the answer.
 */
#ifndef RS_ERR_H
#define RS_ERR_H

#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

enum rs_code {
	RS_OK = 0,
#define RS_PROBLEM(name, status, slug, title) RS_##name,
#include "rs/problems.def"
#undef RS_PROBLEM
	RS_CODE_COUNT
};

/* Marks a function whose result must be looked at. */
#define RS_CHECK __attribute__((warn_unused_result))

/* The most faults one answer lists; later ones are dropped, the answer is wrong all the same. */
#define RS_FAULTS_MAX 100

struct rs_err {
	enum rs_code code;
	char detail[512];  /* for the client: what is wrong and what to do next */
	char pointer[256]; /* RFC 6901 pointer into the body, or "" */
	char cause[512];   /* for the log only: SQLSTATE, OpenSSL queue, curl text */
	const char *file;
	int line;
	int retry_after;   /* seconds for Retry-After, 0 = the default of the code */
	json_t *faults;    /* array of {pointer, code, detail}, or NULL; owned */
	json_t *ext;       /* further members: blockers, current_status, ...; owned */
};

struct rs_ctx;

/* The slug of a code, as `code` in JSON. Static. */
const char *rs_code_slug(enum rs_code code);
/* The title of a code. Static. */
const char *rs_code_title(enum rs_code code);
/* The HTTP status of a code, 100..599; only api/ may act on it. */
int rs_code_status(enum rs_code code);
/* The code of a slug, or RS_CODE_COUNT when there is none. */
enum rs_code rs_code_from_slug(const char *slug);

/*
 * Prints as snprintf(); a text that does not fit ends with a whole character, not within one, which no
 * JSON and no database takes: what is told to people is printed by these.
 */
void rs_err_print(char *out, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void rs_err_vprint(char *out, size_t size, const char *fmt, va_list args)
	__attribute__((format(printf, 3, 0)));

/* Forgets what ctx->err holds and frees it. */
void rs_err_reset(struct rs_err *err);

/*
 * Tells a fault and returns its code: `return rs_fail(ctx, RS_NOT_FOUND, "There is no ...")`.
 * The text is a printf format for the client. A second call replaces the first.
 */
#define rs_fail(ctx, code, ...) rs_fail_at((ctx), (code), __FILE__, __LINE__, __VA_ARGS__)
enum rs_code rs_fail_at(struct rs_ctx *ctx, enum rs_code code, const char *file, int line,
	const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Adds the private cause, for the log only, to the fault told last. */
void rs_err_cause(struct rs_ctx *ctx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Sets one extension member of the problem document; takes the reference of value. */
void rs_err_ext(struct rs_ctx *ctx, const char *name, json_t *value);

/* Notes one fault of the content at an RFC 6901 pointer and goes on. */
void rs_fault(struct rs_ctx *ctx, enum rs_code code, const char *pointer, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* RS_OK when no fault was noted, else RS_VALIDATION_FAILED, or the code of all when they agree. */
enum rs_code rs_faults(struct rs_ctx *ctx) RS_CHECK;
/* Both in one: the last fault, and what rs_faults() says of it and those before. */
enum rs_code rs_refuse(struct rs_ctx *ctx, enum rs_code code, const char *pointer, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/*
 * Takes what was noted so far out of the context, where the next rs_fail() would forget it: an array in
 * the arena or NULL. rs_faults_note() notes it (again); who reads a body in two steps, the form before and
 * the content after it was looked who may and in which state, tells the faults of both.
 */
json_t *rs_faults_take(struct rs_ctx *ctx);
void rs_faults_note(struct rs_ctx *ctx, json_t *faults);
/*
 * Notes faults (NULL = none), too, and ends as rs_faults(); when none was noted at all with rc, whose
 * error stands: a refusal that told no fault stays a refusal.
 */
enum rs_code rs_faults_with(struct rs_ctx *ctx, json_t *faults, enum rs_code rc) RS_CHECK;

#endif
