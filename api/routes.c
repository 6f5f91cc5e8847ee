/*
 * The routes, in the order of openapi.yaml. tests/lint/test_routes.sh compares the two.
 */
#include "handlers.h"
#include "http.h"

#define PUBLIC RS_ROUTE_PUBLIC
#define HEALTH (RS_ROUTE_PUBLIC | RS_ROUTE_HEALTH)
#define FORMS RS_ROUTE_FORMS

/* clang-format off: one row a route */
const struct rs_route rs_routes[] = {
	{RS_GET, "/healthz", NULL, RS_BODY_NONE, HEALTH, rs_health_live, NULL, 0},
	{RS_GET, "/readyz", NULL, RS_BODY_NONE, HEALTH, rs_health_ready, NULL, 0},
	{RS_GET, "/metrics", NULL, RS_BODY_NONE, HEALTH | FORMS, rs_metrics_show, NULL, 0},
	{RS_GET, "/openapi.yaml", NULL, RS_BODY_NONE, PUBLIC | FORMS, rs_openapi_show_yaml, NULL, 0},
	{RS_GET, "/openapi.json", NULL, RS_BODY_NONE, PUBLIC, rs_openapi_show_json, NULL, 0},
	{RS_GET, "/problems/{code}", NULL, RS_BODY_NONE, PUBLIC | FORMS, rs_problems_show, NULL, 0},
};
/* clang-format on */

const int rs_route_count = sizeof(rs_routes) / sizeof(rs_routes[0]);
