/* /openapi.yaml as it is in the source tree, and the same as JSON. */
#include "handlers.h"
#include "http.h"

#include "rs/id.h"
#include "rs/log.h"
#include "rs/yaml.h"

#include <pthread.h>
#include <string.h>

extern const unsigned char rs_openapi_yaml[];
extern const size_t rs_openapi_yaml_len;

/* Made at the start, the same for everybody, until the process ends. */
static char *the_json;

bool rs_openapi_init(void)
{
	char error[200];
	json_t *document = rs_yaml_parse(rs_openapi_yaml, rs_openapi_yaml_len, error, sizeof(error));
	the_json = document ? json_dumps(document, JSON_COMPACT) : NULL;
	json_decref(document);
	if (!the_json)
		rs_log(NULL, RS_LOG_ERROR, "openapi.parse", rs_log_str(CAUSE, error));
	return the_json != NULL;
}

/* A text that changes with the program only: its ETag is its hash. */
static enum rs_code reply_file(struct rs_call *call, const char *type, const void *data, size_t len)
{
	unsigned char digest[32];
	char hex[33];
	if (!rs_accepts(call, type))
		return rs_fail(call->ctx, RS_NOT_ACCEPTABLE, "The answer here is %s.", type);
	rs_sha256(data, len, digest);
	rs_hex(digest, 16, hex);
	const char *etag = rs_arena_printf(call->ctx->arena, "\"%s\"", hex);
	rs_reply_header(call, "ETag", etag);
	rs_reply_header(call, "Cache-Control", "public, max-age=300");
	if (call->if_none_match && rs_etag_listed(call->if_none_match, etag))
		return rs_reply_bytes(call, 304, NULL, NULL, 0);
	return rs_reply_bytes(call, 200, type, data, len);
}

enum rs_code rs_openapi_show_yaml(struct rs_call *call)
{
	return reply_file(call, "application/yaml", rs_openapi_yaml, rs_openapi_yaml_len);
}

enum rs_code rs_openapi_show_json(struct rs_call *call)
{
	return reply_file(call, "application/json", the_json, strlen(the_json));
}
