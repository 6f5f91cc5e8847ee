#include "rs/ctx.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct problem {
	int status;
	const char *slug;
	const char *title;
};

static const struct problem PROBLEMS[RS_CODE_COUNT] = {
	[RS_OK] = {200, "ok", "Fine"},
#define RS_PROBLEM(name, status_, slug_, title_) [RS_##name] = {status_, slug_, title_},
#include "rs/problems.def"
#undef RS_PROBLEM
};

const char *rs_code_slug(enum rs_code code)
{
	return PROBLEMS[code].slug;
}

const char *rs_code_title(enum rs_code code)
{
	return PROBLEMS[code].title;
}

int rs_code_status(enum rs_code code)
{
	return PROBLEMS[code].status;
}

enum rs_code rs_code_from_slug(const char *slug)
{
	for (int i = 1; i < RS_CODE_COUNT; i++)
		if (strcmp(PROBLEMS[i].slug, slug) == 0)
			return (enum rs_code)i;
	return RS_CODE_COUNT;
}

void rs_err_reset(struct rs_err *err)
{
	json_decref(err->faults);
	json_decref(err->ext);
	memset(err, 0, sizeof(*err));
}

void rs_err_vprint(char *out, size_t size, const char *fmt, va_list args)
{
	size_t at = size - 1;
	int len = vsnprintf(out, size, fmt, args);

	if (len < 0 || (size_t)len < size)
		return;
	while (at > 0 && ((unsigned char)out[at - 1] & 0xc0) == 0x80)
		at--;
	if (at > 0 && ((unsigned char)out[at - 1] & 0xc0) == 0xc0)
		at--;
	out[at] = '\0';
}

void rs_err_print(char *out, size_t size, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	rs_err_vprint(out, size, fmt, args);
	va_end(args);
}

enum rs_code rs_fail_at(struct rs_ctx *ctx, enum rs_code code, const char *file, int line,
	const char *fmt, ...)
{
	struct rs_err *err = &ctx->err;
	va_list args;

	rs_err_reset(err);
	err->code = code;
	err->file = file;
	err->line = line;
	va_start(args, fmt);
	rs_err_vprint(err->detail, sizeof(err->detail), fmt, args);
	va_end(args);
	return code;
}

void rs_err_cause(struct rs_ctx *ctx, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	rs_err_vprint(ctx->err.cause, sizeof(ctx->err.cause), fmt, args);
	va_end(args);
}

void rs_err_ext(struct rs_ctx *ctx, const char *name, json_t *value)
{
	if (!ctx->err.ext)
		ctx->err.ext = json_object();
	json_object_set_new(ctx->err.ext, name, value);
}

static void note(struct rs_ctx *ctx, json_t *fault)
{
	if (!ctx->err.faults)
		ctx->err.faults = json_array();
	if (json_array_size(ctx->err.faults) < RS_FAULTS_MAX)
		json_array_append(ctx->err.faults, fault);
}

static void vfault(struct rs_ctx *ctx, enum rs_code code, const char *pointer, const char *fmt, va_list args)
{
	char detail[512];
	json_t *fault;

	rs_err_vprint(detail, sizeof(detail), fmt, args);
	fault = json_pack("{s:s, s:s, s:s}", "pointer", pointer, "code", rs_code_slug(code), "detail", detail);
	note(ctx, fault);
	json_decref(fault);
}

void rs_fault(struct rs_ctx *ctx, enum rs_code code, const char *pointer, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfault(ctx, code, pointer, fmt, args);
	va_end(args);
}

json_t *rs_faults_take(struct rs_ctx *ctx)
{
	json_t *faults = ctx->err.faults;

	ctx->err.faults = NULL;
	return faults ? rs_arena_json(ctx->arena, faults) : NULL;
}

void rs_faults_note(struct rs_ctx *ctx, json_t *faults)
{
	size_t i;
	json_t *fault;

	json_array_foreach (faults, i, fault)
		note(ctx, fault);
}

/* The code all faults share, or the general one. */
static enum rs_code common_code(const json_t *faults)
{
	const char *first = NULL;
	json_t *fault;
	size_t i;

	json_array_foreach (faults, i, fault) {
		const char *code = json_string_value(json_object_get(fault, "code"));

		if (first && strcmp(first, code) != 0)
			return RS_VALIDATION_FAILED;
		first = code;
	}
	return first ? rs_code_from_slug(first) : RS_VALIDATION_FAILED;
}

enum rs_code rs_faults(struct rs_ctx *ctx)
{
	struct rs_err *err = &ctx->err;
	const json_t *first;

	if (!err->faults || json_array_size(err->faults) == 0)
		return RS_OK;
	err->code = common_code(err->faults);
	if (rs_code_status(err->code) != rs_code_status(RS_VALIDATION_FAILED))
		err->code = RS_VALIDATION_FAILED;
	first = json_array_get(err->faults, 0);
	rs_err_print(err->pointer, sizeof(err->pointer), "%s",
		json_string_value(json_object_get(first, "pointer")));
	if (json_array_size(err->faults) == 1)
		rs_err_print(err->detail, sizeof(err->detail), "%s",
			json_string_value(json_object_get(first, "detail")));
	else
		rs_err_print(err->detail, sizeof(err->detail),
			"%zu members are not acceptable; each is listed in errors.",
			json_array_size(err->faults));
	return err->code;
}

enum rs_code rs_faults_with(struct rs_ctx *ctx, json_t *faults, enum rs_code rc)
{
	enum rs_code all;

	rs_faults_note(ctx, faults);
	all = rs_faults(ctx);
	return all ? all : rc;
}

enum rs_code rs_refuse(struct rs_ctx *ctx, enum rs_code code, const char *pointer, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfault(ctx, code, pointer, fmt, args);
	va_end(args);
	return rs_faults(ctx);
}
