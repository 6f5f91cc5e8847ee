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

/* certificates.c */
enum rs_code rs_certificates_list(struct rs_call *call);
enum rs_code rs_certificates_enrol(struct rs_call *call);
enum rs_code rs_certificates_import(struct rs_call *call);
enum rs_code rs_certificates_show(struct rs_call *call);
enum rs_code rs_certificates_update(struct rs_call *call);
enum rs_code rs_certificates_chain(struct rs_call *call);
enum rs_code rs_certificates_events(struct rs_call *call);
enum rs_code rs_certificates_lineage(struct rs_call *call);
enum rs_code rs_certificates_revoke(struct rs_call *call);
enum rs_code rs_certificates_suspend(struct rs_call *call);
enum rs_code rs_certificates_release(struct rs_call *call);
enum rs_code rs_stats_show(struct rs_call *call);
/* profiles.c */
enum rs_code rs_profiles_list(struct rs_call *call);
enum rs_code rs_profiles_create(struct rs_call *call);
enum rs_code rs_profiles_show(struct rs_call *call);
enum rs_code rs_profiles_update(struct rs_call *call);
enum rs_code rs_profiles_delete(struct rs_call *call);
/* agreements.c */
enum rs_code rs_agreements_list(struct rs_call *call);
enum rs_code rs_agreements_create(struct rs_call *call);
enum rs_code rs_agreements_show(struct rs_call *call);
enum rs_code rs_agreements_publish(struct rs_call *call);
enum rs_code rs_agreements_delete(struct rs_call *call);
/* pki.c */
enum rs_code rs_issuers_list_all(struct rs_call *call);
enum rs_code rs_issuers_show(struct rs_call *call);
enum rs_code rs_issuers_update(struct rs_call *call);
enum rs_code rs_rulesets_list(struct rs_call *call);
enum rs_code rs_rulesets_show(struct rs_call *call);
enum rs_code rs_blocked_list(struct rs_call *call);
enum rs_code rs_blocked_create(struct rs_call *call);
enum rs_code rs_blocked_delete(struct rs_call *call);
enum rs_code rs_pki_ca_der(struct rs_call *call);
enum rs_code rs_pki_ca_pem(struct rs_call *call);
/* audit_events.c */
enum rs_code rs_audit_events_list(struct rs_call *call);
enum rs_code rs_audit_events_show(struct rs_call *call);
/* What an Idempotency-Key's effect was: renderers.def. */
enum rs_code rs_certificates_render(struct rs_call *call, int status, const struct rs_id *id);
enum rs_code rs_profiles_render(struct rs_call *call, int status, const struct rs_id *id);
enum rs_code rs_agreements_render(struct rs_call *call, int status, const struct rs_id *id);

#endif
