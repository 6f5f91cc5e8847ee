/* /openapi.yaml as it is in the source tree, and the same as JSON. */
#include "handlers.h"
#include "http.h"

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

enum rs_code rs_openapi_show_yaml(struct rs_call *call)
{
	rs_reply_header(call, "Cache-Control", "public, max-age=300");
	return rs_reply_bytes(call, 200, "application/yaml", rs_openapi_yaml, rs_openapi_yaml_len);
}

enum rs_code rs_openapi_show_json(struct rs_call *call)
{
	rs_reply_header(call, "Cache-Control", "public, max-age=300");
	return rs_reply_bytes(call, 200, "application/json", the_json, strlen(the_json));
}
