/* Who is calling, and does the row of the table let them in: the one place where it is asked. */
#include "http.h"

#include "rs/certificate.h"
#include "rs/id.h"
#include "rs/identity.h"
#include "rs/permission.h"
#include "rs/reissue.h"

#include <string.h>
#include <strings.h>

/* The token of `Bearer <token>`, the scheme in any case; NULL when there is none. */
static const char *bearer_token(const char *header)
{
	if (!header || strncasecmp(header, "Bearer", 6) != 0 || header[6] != ' ')
		return NULL;
	header += 6 + strspn(header + 6, " ");
	return header[0] != '\0' ? header : NULL;
}

/* What the route reads first is asked for together with the caller. */
static void look_ahead(struct rs_exchange *x)
{
	struct rs_id id;

	if (!x->call.path[0] || !rs_id_parse(x->call.path[0], &id))
		return;
	if (x->call.route->flags & RS_ROUTE_OF_CERTIFICATE)
		rs_certificate_ahead(&x->ctx, &id);
	if (x->call.route->flags & RS_ROUTE_OF_REQUEST)
		rs_reissue_ahead(&x->ctx, &id);
}

enum rs_code rs_auth_check(struct rs_exchange *x)
{
	const struct rs_route *route = x->call.route;
	const char *token = bearer_token(x->in.authorization);
	if (route->flags & RS_ROUTE_PUBLIC)
		return RS_OK;
	look_ahead(x);
	enum rs_code rc = rs_identity_authenticate(&x->ctx, token);
	if (rc != RS_OK)
		return rc;
	if (!route->action)
		return rs_fail(&x->ctx, RS_INTERNAL, "The route names no action.");
	return rs_permit(&x->ctx, route->action, strchr(route->path, '{') != NULL);
}
