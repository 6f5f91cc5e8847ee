/* The handlers that routes.c names: one resource, one file, one group here. */
#ifndef API_HANDLERS_H
#define API_HANDLERS_H

#include "route.h"

/* health.c */
enum rs_code rs_health_live(struct rs_call *call);
enum rs_code rs_health_ready(struct rs_call *call);
/* metrics.c */
enum rs_code rs_metrics_show(struct rs_call *call);
/* openapi.c */
enum rs_code rs_openapi_show_yaml(struct rs_call *call);
enum rs_code rs_openapi_show_json(struct rs_call *call);
/* problems.c */
enum rs_code rs_problems_show(struct rs_call *call);

#endif
