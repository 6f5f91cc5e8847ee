/* The handlers that routes.c names: one resource, one file, one group here. */
#ifndef API_HANDLERS_H
#define API_HANDLERS_H

#include "route.h"

struct rs_certificate;

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
/* connectors.c */
enum rs_code rs_connectors_list(struct rs_call *call);
enum rs_code rs_connectors_create(struct rs_call *call);
enum rs_code rs_connectors_show(struct rs_call *call);
enum rs_code rs_connectors_update(struct rs_call *call);
enum rs_code rs_connectors_delete(struct rs_call *call);
enum rs_code rs_connectors_test(struct rs_call *call);
enum rs_code rs_connectors_saml_metadata(struct rs_call *call);
enum rs_code rs_connectors_render(struct rs_call *call, int status, const struct rs_id *id);
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
/* A certificate that the caller may see, in the form that ?format= or Accept asks for. */
enum rs_code rs_certificates_reply_form(struct rs_call *call, struct rs_certificate *certificate);
enum rs_code rs_profiles_render(struct rs_call *call, int status, const struct rs_id *id);
enum rs_code rs_agreements_render(struct rs_call *call, int status, const struct rs_id *id);

/* domains.c */
enum rs_code rs_domains_list(struct rs_call *call);
enum rs_code rs_domains_create(struct rs_call *call);
enum rs_code rs_domains_show(struct rs_call *call);
enum rs_code rs_domains_delete(struct rs_call *call);
enum rs_code rs_domains_render(struct rs_call *call, int status, const struct rs_id *id);

/* domain_validations.c */
enum rs_code rs_validations_list(struct rs_call *call);
enum rs_code rs_validations_create(struct rs_call *call);
enum rs_code rs_validations_show(struct rs_call *call);
enum rs_code rs_validations_verify(struct rs_call *call);
enum rs_code rs_validations_cancel(struct rs_call *call);
enum rs_code rs_validations_render(struct rs_call *call, int status, const struct rs_id *id);
/* confirm.c */
enum rs_code rs_validations_confirm_page(struct rs_call *call);
enum rs_code rs_validations_confirm(struct rs_call *call);
/* caa_checks.c */
enum rs_code rs_caa_checks_list(struct rs_call *call);
enum rs_code rs_caa_checks_create(struct rs_call *call);
enum rs_code rs_caa_checks_show(struct rs_call *call);
enum rs_code rs_caa_checks_render(struct rs_call *call, int status, const struct rs_id *id);

/* second_factor_challenges.c */
enum rs_code rs_challenges_create(struct rs_call *call);
enum rs_code rs_challenges_show(struct rs_call *call);
enum rs_code rs_challenges_verify(struct rs_call *call);
enum rs_code rs_challenges_resend(struct rs_call *call);
enum rs_code rs_challenges_cancel(struct rs_call *call);
enum rs_code rs_challenges_complete(struct rs_call *call);
enum rs_code rs_challenges_render(struct rs_call *call, int status, const struct rs_id *id);
enum rs_code rs_redirects_follow(struct rs_call *call);
enum rs_code rs_callbacks_oidc(struct rs_call *call);
enum rs_code rs_callbacks_saml(struct rs_call *call);
enum rs_code rs_callbacks_sms(struct rs_call *call);
enum rs_code rs_me_mobile_begin(struct rs_call *call);
enum rs_code rs_me_mobile_confirm(struct rs_call *call);
enum rs_code rs_me_mobile_render(struct rs_call *call, int status, const struct rs_id *id);
enum rs_code rs_me_totp_begin(struct rs_call *call);
enum rs_code rs_me_totp_confirm(struct rs_call *call);
enum rs_code rs_me_totp_remove(struct rs_call *call);
enum rs_code rs_me_totp_render(struct rs_call *call, int status, const struct rs_id *id);
/* reissue_requests.c */
enum rs_code rs_reissue_requests_create(struct rs_call *call);
enum rs_code rs_certificates_reissue(struct rs_call *call);
enum rs_code rs_reissue_requests_show(struct rs_call *call);
enum rs_code rs_reissue_requests_list(struct rs_call *call);
enum rs_code rs_reissue_requests_events(struct rs_call *call);
enum rs_code rs_reissue_requests_certificate(struct rs_call *call);
enum rs_code rs_reissue_requests_update(struct rs_call *call);
enum rs_code rs_reissue_requests_put_csr(struct rs_call *call);
enum rs_code rs_reissue_requests_csr(struct rs_call *call);
enum rs_code rs_reissue_requests_accept(struct rs_call *call);
enum rs_code rs_reissue_requests_verify(struct rs_call *call);
enum rs_code rs_reissue_requests_preflight(struct rs_call *call);
enum rs_code rs_reissue_requests_submit(struct rs_call *call);
enum rs_code rs_reissue_requests_approve(struct rs_call *call);
enum rs_code rs_reissue_requests_retry(struct rs_call *call);
enum rs_code rs_reissue_requests_open(struct rs_call *call);
enum rs_code rs_reissue_requests_release(struct rs_call *call);
enum rs_code rs_reissue_requests_decline(struct rs_call *call);
enum rs_code rs_reissue_requests_reopen(struct rs_call *call);
enum rs_code rs_reissue_requests_cancel(struct rs_call *call);
enum rs_code rs_reissue_requests_delete(struct rs_call *call);
enum rs_code rs_reissue_requests_render(struct rs_call *call, int status, const struct rs_id *id);

/* sessions.c */
enum rs_code rs_sessions_create(struct rs_call *call);
enum rs_code rs_sessions_list(struct rs_call *call);
enum rs_code rs_sessions_end(struct rs_call *call);
enum rs_code rs_api_tokens_list(struct rs_call *call);
enum rs_code rs_api_tokens_create(struct rs_call *call);
enum rs_code rs_api_tokens_end(struct rs_call *call);
/* oauth2.c */
enum rs_code rs_oauth2_token(struct rs_call *call);
/* me.c */
enum rs_code rs_me_show(struct rs_call *call);
enum rs_code rs_me_change(struct rs_call *call);
enum rs_code rs_me_set_password(struct rs_call *call);
/* enterprises.c */
enum rs_code rs_enterprises_list(struct rs_call *call);
enum rs_code rs_enterprises_create(struct rs_call *call);
enum rs_code rs_enterprises_get(struct rs_call *call);
enum rs_code rs_enterprises_edit(struct rs_call *call);
/* users.c */
enum rs_code rs_users_list(struct rs_call *call);
enum rs_code rs_users_create(struct rs_call *call);
enum rs_code rs_users_get(struct rs_call *call);
enum rs_code rs_users_edit(struct rs_call *call);
enum rs_code rs_users_delete(struct rs_call *call);
enum rs_code rs_identities_list(struct rs_call *call);
enum rs_code rs_identities_link(struct rs_call *call);
enum rs_code rs_identities_unlink(struct rs_call *call);
/* clients.c */
enum rs_code rs_clients_list(struct rs_call *call);
enum rs_code rs_clients_create(struct rs_call *call);
enum rs_code rs_clients_get(struct rs_call *call);
enum rs_code rs_clients_edit(struct rs_call *call);
enum rs_code rs_clients_delete(struct rs_call *call);
/* jwt_issuers.c */
enum rs_code rs_jwt_issuers_list(struct rs_call *call);
enum rs_code rs_jwt_issuers_create(struct rs_call *call);
enum rs_code rs_jwt_issuers_get(struct rs_call *call);
enum rs_code rs_jwt_issuers_edit(struct rs_call *call);
enum rs_code rs_jwt_issuers_delete(struct rs_call *call);
/* The same objects shown again for a repeated Idempotency-Key: renderers.def. */
enum rs_code rs_enterprises_render(struct rs_call *call, int status, const struct rs_id *id);
enum rs_code rs_identities_render(struct rs_call *call, int status, const struct rs_id *id);
enum rs_code rs_me_password_render(struct rs_call *call, int status, const struct rs_id *id);
enum rs_code rs_blocked_render(struct rs_call *call, int status, const struct rs_id *id);
enum rs_code rs_users_render(struct rs_call *call, int status, const struct rs_id *id);
enum rs_code rs_clients_render(struct rs_call *call, int status, const struct rs_id *id);
enum rs_code rs_jwt_issuers_render(struct rs_call *call, int status, const struct rs_id *id);

#endif
