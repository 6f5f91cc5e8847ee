/* POST /v1/certificates: the first certificate. */
#include "handlers.h"
#include "route.h"

#include "rs/certificate.h"

enum rs_code rs_certificates_enrol(struct rs_call *call)
{
	struct rs_id id;
	enum rs_code rc = rs_certificate_enrol(call->ctx, call->json, &id);

	return rc ? rc : rs_certificates_render(call, 201, &id);
}
