/*
 * The log: one JSON line an event on stderr.
 *
 * A line holds time, level, event, where in the code, the request id and the actor of the context,
 * and fields of the closed list below: there is no way to log anything else, and no formatter for
 * secrets exists. Lines go into a bounded ring that a thread of its own writes out, so that a
 * blocked sink never blocks a request: what does not fit is dropped and counted, and the count is
 * told when the sink moves again. Before rs_log_start() and after rs_log_stop() lines are written
 * at once, by the caller.
 *
 *	rs_log(ctx, RS_LOG_WARN, "store.reconnect", rs_log_str(CAUSE, text), rs_log_int(COUNT, 3));
 */
#ifndef RS_LOG_H
#define RS_LOG_H

#include "rs/ctx.h"

enum rs_log_level { RS_LOG_DEBUG, RS_LOG_INFO, RS_LOG_WARN, RS_LOG_ERROR };

/* The fields a line may have. */
#define RS_LOG_FIELDS(X)                                                                           \
	X(ADDRESS, "address") /* the client's */                                                   \
	X(BYTES, "bytes")                                                                          \
	X(CAUSE, "cause") /* private text of a library: SQLSTATE, OpenSSL queue */                 \
	X(CODE, "code")   /* slug of problems.def */                                               \
	X(COUNT, "count")                                                                          \
	X(DETAIL, "detail")                                                                        \
	X(DURATION_MS, "duration_ms")                                                              \
	X(FILE, "path") /* a file of ours: configuration, key, journal */                          \
	X(ISSUER, "issuer")                                                                        \
	X(JOB, "job")                                                                              \
	X(KEY, "key") /* name of a configuration key */                                            \
	X(METHOD, "method")                                                                        \
	X(OBJECT, "object") /* id of the resource */                                               \
	X(PORT, "port")                                                                            \
	X(ROUTE, "route") /* template, never the path itself */                                    \
	X(SERIAL, "serial")                                                                        \
	X(SOURCE, "source") /* file:line where the fault was told */                               \
	X(STATUS, "status")                                                                        \
	X(USER_AGENT, "user_agent")                                                                \
	X(VERSION, "version")

enum rs_log_name {
	RS_LOG_FIELD_END,
#define RS_LOG_FIELD(name, text) RS_LOG_FIELD_##name,
	RS_LOG_FIELDS(RS_LOG_FIELD)
#undef RS_LOG_FIELD
};

struct rs_log_field {
	enum rs_log_name name;
	const char *text; /* NULL = the number */
	int64_t number;
};

static inline struct rs_log_field rs_log_text_field(enum rs_log_name name, const char *text)
{
	return (struct rs_log_field){name, text ?: "", 0};
}

#define rs_log_str(field, value) rs_log_text_field(RS_LOG_FIELD_##field, (value))
#define rs_log_int(field, value) ((struct rs_log_field){RS_LOG_FIELD_##field, NULL, (value)})

/* Logs one event; ctx may be NULL. Never fails, never blocks once the log is started. */
#define rs_log(ctx, level, event, ...)                                                             \
	rs_log_at((ctx), (level), (event), __FILE__, __LINE__,                                     \
		(const struct rs_log_field[]){__VA_ARGS__ __VA_OPT__(,)                            \
					      {RS_LOG_FIELD_END, NULL, 0}})
void rs_log_at(const struct rs_ctx *ctx, enum rs_log_level level, const char *event,
	const char *file, int line, const struct rs_log_field *fields);

/* "debug", "info", "warn", "error"; anything else is info. */
enum rs_log_level rs_log_level_of(const char *text);
/* Lines below it are not written; info at first. */
void rs_log_set_level(enum rs_log_level level);
/* Starts the writer on a file descriptor; false when the thread cannot be made. */
bool rs_log_start(int fd);
/* Writes out what is left (at most 2 s long when the sink is blocked) and ends the writer. */
void rs_log_stop(void);
/* Lines dropped since the start. */
int64_t rs_log_dropped(void);

/*
 * One line as it would be written, with the LF; at most size bytes, always valid JSON (long values
 * are cut). The count of bytes. For tests, and the one formatter of rs_log_at().
 */
size_t rs_log_format(char *out, size_t size, const struct rs_ctx *ctx, enum rs_log_level level,
	const char *event, const char *file, int line, const struct rs_log_field *fields);

#endif
