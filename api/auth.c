#include "http.h"

enum rs_code rs_auth_check(struct rs_exchange *x)
{
	if (x->call.route->flags & RS_ROUTE_PUBLIC)
		return RS_OK;
	return rs_fail(&x->ctx, RS_UNAUTHENTICATED, "Send a valid access token as "
		"`Authorization: Bearer <token>`.");
}
