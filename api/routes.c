/*
 * The routes, in the order of openapi.yaml. tests/lint/test_routes.sh compares the two.
 */
#include "handlers.h"
#include "http.h"

#define PUBLIC RS_ROUTE_PUBLIC
#define HEALTH (RS_ROUTE_PUBLIC | RS_ROUTE_HEALTH)
#define FORMS RS_ROUTE_FORMS
#define CREATES RS_ROUTE_CREATES
#define SECRET RS_ROUTE_SECRET
#define UNTAGGED RS_ROUTE_UNTAGGED
#define OF_CERTIFICATE RS_ROUTE_OF_CERTIFICATE
#define OF_REQUEST RS_ROUTE_OF_REQUEST

#define LIST FORMS

#define PAGE "limit", "cursor", "count"
/* The parameters of lists; bit i of a row's last member: parameter i may repeat. */
static const char *const Q_PAGE[] = {PAGE, NULL};
static const char *const Q_SORTED[] = {PAGE, "sort", NULL};
static const char *const Q_PROFILES[] = {"category", PAGE, "sort", "active", "enterprise_id", NULL};
static const char *const Q_REPORT[] = {"id", "status", NULL};
static const char *const Q_CONNECTORS[] = {PAGE, "sort", "kind", "active", "enterprise_id", NULL};
static const char *const Q_ENTERPRISE[] = {PAGE, "sort", "enterprise_id", NULL};
static const char *const Q_DOMAINS[] = {PAGE, "sort", "name", "enterprise_id", NULL};
static const char *const Q_VALIDATIONS[] = {"status", PAGE, "sort", "value", "method", "enterprise_id", NULL};
static const char *const Q_CAA[] = {PAGE, "sort", "name", NULL};
static const char *const Q_AGREEMENT[] = {"version", "lang", NULL};
static const char *const Q_BLOCKED[] = {PAGE, "sort", "spki_sha256", "created_after",
	"created_before", NULL};
static const char *const Q_CERTIFICATES[] = {"status", "profile_id", "category", PAGE, "sort", "q",
	"common_name", "san", "serial", "spki_sha256", "fingerprint_sha256", "lineage_id", "owner_id",
	"expires_after", "expires_before", "issued_after", "issued_before", "enterprise_id", NULL};
static const char *const Q_USERS[] = {"status", PAGE, "sort", "role", "email", "enterprise_id",
	NULL};
static const char *const Q_FORMAT[] = {"format", NULL};
static const char *const Q_AUDIT[] = {PAGE, "sort", "actor_id", "object_type", "object_id", "action",
	"created_after", "created_before", "enterprise_id", NULL};
static const char *const Q_REQUESTS[] = {"status", "reason", "profile_id", "category", "include", PAGE,
	"sort", "number", "certificate_id", "requested_by", "owner_id", "q", "common_name", "san",
	"serial", "created_after", "created_before", "submitted_after", "submitted_before",
	"issued_after", "issued_before", "updated_after", "updated_before", "enterprise_id", NULL};
static const char *const Q_CHALLENGE[] = {"challenge_id", NULL};
static const char *const Q_WAIT[] = {"wait", NULL};
static const char *const Q_STATS[] = {"enterprise_id", NULL};

/* clang-format off: one row a route */
const struct rs_route rs_routes[] = {
	{RS_POST, "/v1/sessions", NULL, RS_BODY_JSON, PUBLIC | CREATES | UNTAGGED | SECRET, rs_sessions_create, NULL, 0},
	{RS_GET, "/v1/sessions", "session.read", RS_BODY_NONE, LIST, rs_sessions_list, Q_SORTED, 0},
	{RS_DELETE, "/v1/sessions/{id}", "session.end", RS_BODY_NONE, RS_ROUTE_CURRENT | UNTAGGED, rs_sessions_end, NULL, 0},
	{RS_POST, "/oauth2/token", NULL, RS_BODY_FORM, PUBLIC | SECRET | UNTAGGED | RS_ROUTE_NO_IDEM, rs_oauth2_token, NULL, 0},
	{RS_GET, "/v1/api-tokens", "token.read", RS_BODY_NONE, LIST, rs_api_tokens_list, Q_SORTED, 0},
	{RS_POST, "/v1/api-tokens", "token.create", RS_BODY_JSON, CREATES | UNTAGGED | SECRET, rs_api_tokens_create, NULL, 0},
	{RS_DELETE, "/v1/api-tokens/{id}", "token.revoke", RS_BODY_NONE, UNTAGGED, rs_api_tokens_end, NULL, 0},
	{RS_GET, "/v1/me", "me.read", RS_BODY_NONE, 0, rs_me_show, NULL, 0},
	{RS_PATCH, "/v1/me", "me.write", RS_BODY_MERGE_PATCH, 0, rs_me_change, NULL, 0},
	{RS_POST, "/v1/me/password", "me.write", RS_BODY_JSON, 0, rs_me_set_password, NULL, 0},
	{RS_POST, "/v1/me/mobile", "me.write", RS_BODY_JSON, UNTAGGED, rs_me_mobile_begin, NULL, 0},
	{RS_POST, "/v1/me/mobile/confirm", "me.write", RS_BODY_JSON, UNTAGGED, rs_me_mobile_confirm, NULL, 0},
	{RS_POST, "/v1/me/totp", "me.write", RS_BODY_JSON, UNTAGGED, rs_me_totp_begin, NULL, 0},
	{RS_DELETE, "/v1/me/totp", "me.write", RS_BODY_NONE, UNTAGGED, rs_me_totp_remove, Q_CHALLENGE, 0},
	{RS_POST, "/v1/me/totp/confirm", "me.write", RS_BODY_JSON, UNTAGGED, rs_me_totp_confirm, NULL, 0},
	{RS_GET, "/v1/enterprises", "enterprise.list", RS_BODY_NONE, LIST, rs_enterprises_list, Q_SORTED, 0},
	{RS_POST, "/v1/enterprises", "enterprise.create", RS_BODY_JSON, CREATES | UNTAGGED, rs_enterprises_create, NULL, 0},
	{RS_GET, "/v1/enterprises/{id}", "enterprise.read", RS_BODY_NONE, 0, rs_enterprises_get, NULL, 0},
	{RS_PATCH, "/v1/enterprises/{id}", "enterprise.edit", RS_BODY_MERGE_PATCH, 0, rs_enterprises_edit, NULL, 0},
	{RS_GET, "/v1/users", "user.read", RS_BODY_NONE, LIST, rs_users_list, Q_USERS, 1},
	{RS_POST, "/v1/users", "user.create", RS_BODY_JSON, CREATES | UNTAGGED, rs_users_create, NULL, 0},
	{RS_GET, "/v1/users/{id}", "user.read", RS_BODY_NONE, 0, rs_users_get, NULL, 0},
	{RS_PATCH, "/v1/users/{id}", "user.edit", RS_BODY_MERGE_PATCH, 0, rs_users_edit, NULL, 0},
	{RS_DELETE, "/v1/users/{id}", "user.edit", RS_BODY_NONE, 0, rs_users_delete, NULL, 0},
	{RS_GET, "/v1/users/{id}/identities", "user.read", RS_BODY_NONE, LIST, rs_identities_list, Q_SORTED, 0},
	{RS_POST, "/v1/users/{id}/identities", "user.edit", RS_BODY_JSON, CREATES | UNTAGGED, rs_identities_link, NULL, 0},
	{RS_DELETE, "/v1/users/{id}/identities/{identity_id}", "user.edit", RS_BODY_NONE, UNTAGGED, rs_identities_unlink, NULL, 0},
	{RS_GET, "/v1/clients", "client.read", RS_BODY_NONE, LIST, rs_clients_list, Q_ENTERPRISE, 0},
	{RS_POST, "/v1/clients", "client.create", RS_BODY_JSON, CREATES | UNTAGGED | SECRET, rs_clients_create, NULL, 0},
	{RS_GET, "/v1/clients/{id}", "client.read", RS_BODY_NONE, 0, rs_clients_get, NULL, 0},
	{RS_PATCH, "/v1/clients/{id}", "client.edit", RS_BODY_MERGE_PATCH, 0, rs_clients_edit, NULL, 0},
	{RS_DELETE, "/v1/clients/{id}", "client.edit", RS_BODY_NONE, 0, rs_clients_delete, NULL, 0},
	{RS_GET, "/v1/jwt-issuers", "jwt_issuer.read", RS_BODY_NONE, LIST, rs_jwt_issuers_list, Q_ENTERPRISE, 0},
	{RS_POST, "/v1/jwt-issuers", "jwt_issuer.create", RS_BODY_JSON, CREATES | UNTAGGED, rs_jwt_issuers_create, NULL, 0},
	{RS_GET, "/v1/jwt-issuers/{id}", "jwt_issuer.read", RS_BODY_NONE, 0, rs_jwt_issuers_get, NULL, 0},
	{RS_PATCH, "/v1/jwt-issuers/{id}", "jwt_issuer.edit", RS_BODY_MERGE_PATCH, 0, rs_jwt_issuers_edit, NULL, 0},
	{RS_DELETE, "/v1/jwt-issuers/{id}", "jwt_issuer.edit", RS_BODY_NONE, 0, rs_jwt_issuers_delete, NULL, 0},
	{RS_GET, "/v1/issuers", "issuer.read", RS_BODY_NONE, LIST, rs_issuers_list_all, Q_SORTED, 0},
	{RS_GET, "/v1/issuers/{id}", "issuer.read", RS_BODY_NONE, 0, rs_issuers_show, NULL, 0},
	{RS_PATCH, "/v1/issuers/{id}", "issuer.edit", RS_BODY_MERGE_PATCH, 0, rs_issuers_update, NULL, 0},
	{RS_GET, "/v1/rule-sets", "rule_set.read", RS_BODY_NONE, 0, rs_rulesets_list, NULL, 0},
	{RS_GET, "/v1/rule-sets/{name}", "rule_set.read", RS_BODY_NONE, 0, rs_rulesets_show, NULL, 0},
	{RS_GET, "/v1/profiles", "profile.read", RS_BODY_NONE, LIST, rs_profiles_list, Q_PROFILES, 1},
	{RS_POST, "/v1/profiles", "profile.create", RS_BODY_JSON, CREATES | UNTAGGED, rs_profiles_create, NULL, 0},
	{RS_GET, "/v1/profiles/{id}", "profile.read", RS_BODY_NONE, 0, rs_profiles_show, NULL, 0},
	{RS_PATCH, "/v1/profiles/{id}", "profile.edit", RS_BODY_MERGE_PATCH, 0, rs_profiles_update, NULL, 0},
	{RS_DELETE, "/v1/profiles/{id}", "profile.delete", RS_BODY_NONE, 0, rs_profiles_delete, NULL, 0},
	{RS_GET, "/v1/agreements", "agreement.read", RS_BODY_NONE, LIST, rs_agreements_list, Q_ENTERPRISE, 0},
	{RS_POST, "/v1/agreements", "agreement.create", RS_BODY_JSON, CREATES | UNTAGGED, rs_agreements_create, NULL, 0},
	{RS_GET, "/v1/agreements/{id}", "agreement.read", RS_BODY_NONE, 0, rs_agreements_show, Q_AGREEMENT, 0},
	{RS_DELETE, "/v1/agreements/{id}", "agreement.delete", RS_BODY_NONE, 0, rs_agreements_delete, NULL, 0},
	{RS_POST, "/v1/agreements/{id}/versions", "agreement.edit", RS_BODY_JSON, CREATES, rs_agreements_publish, NULL, 0},
	{RS_GET, "/v1/connectors", "connector.read", RS_BODY_NONE, LIST, rs_connectors_list, Q_CONNECTORS, 0},
	{RS_POST, "/v1/connectors", "connector.create", RS_BODY_JSON, CREATES | UNTAGGED | RS_ROUTE_BIG, rs_connectors_create, NULL, 0},
	{RS_GET, "/v1/connectors/{id}", "connector.read", RS_BODY_NONE, 0, rs_connectors_show, NULL, 0},
	{RS_PATCH, "/v1/connectors/{id}", "connector.edit", RS_BODY_MERGE_PATCH, RS_ROUTE_BIG, rs_connectors_update, NULL, 0},
	{RS_DELETE, "/v1/connectors/{id}", "connector.edit", RS_BODY_NONE, 0, rs_connectors_delete, NULL, 0},
	{RS_POST, "/v1/connectors/{id}/test", "connector.edit", RS_BODY_JSON, UNTAGGED, rs_connectors_test, NULL, 0},
	{RS_GET, "/v1/connectors/{id}/saml-metadata", NULL, RS_BODY_NONE, PUBLIC | FORMS, rs_connectors_saml_metadata, NULL, 0},
	{RS_GET, "/v1/blocked-keys", "blocked_key.read", RS_BODY_NONE, LIST, rs_blocked_list, Q_BLOCKED, 0},
	{RS_POST, "/v1/blocked-keys", "blocked_key.create", RS_BODY_JSON, CREATES | UNTAGGED, rs_blocked_create, NULL, 0},
	{RS_DELETE, "/v1/blocked-keys/{spki_sha256}", "blocked_key.delete", RS_BODY_NONE, UNTAGGED, rs_blocked_delete, NULL, 0},
	{RS_GET, "/v1/certificates", "certificate.read", RS_BODY_NONE, LIST, rs_certificates_list, Q_CERTIFICATES, 7},
	{RS_POST, "/v1/certificates", "certificate.enrol", RS_BODY_JSON, CREATES | UNTAGGED | RS_ROUTE_BIG | RS_ROUTE_LONG, rs_certificates_enrol, NULL, 0},
	{RS_POST, "/v1/certificates/import", "certificate.import", RS_BODY_JSON, CREATES | UNTAGGED | RS_ROUTE_BIG, rs_certificates_import, NULL, 0},
	{RS_GET, "/v1/certificates/{id}", "certificate.read", RS_BODY_NONE, FORMS | OF_CERTIFICATE, rs_certificates_show, Q_FORMAT, 0},
	{RS_PATCH, "/v1/certificates/{id}", "certificate.change_owner", RS_BODY_MERGE_PATCH, 0, rs_certificates_update, NULL, 0},
	{RS_GET, "/v1/certificates/{id}/chain", "certificate.read", RS_BODY_NONE, FORMS, rs_certificates_chain, Q_FORMAT, 0},
	{RS_GET, "/v1/certificates/{id}/events", "certificate.read", RS_BODY_NONE, LIST, rs_certificates_events, Q_PAGE, 0},
	{RS_GET, "/v1/certificates/{id}/lineage", "certificate.read", RS_BODY_NONE, LIST, rs_certificates_lineage, Q_PAGE, 0},
	{RS_POST, "/v1/certificates/{id}/revoke", "certificate.revoke", RS_BODY_JSON, 0, rs_certificates_revoke, NULL, 0},
	{RS_POST, "/v1/certificates/{id}/suspend", "certificate.suspend", RS_BODY_JSON, 0, rs_certificates_suspend, NULL, 0},
	{RS_POST, "/v1/certificates/{id}/release", "certificate.release", RS_BODY_JSON, 0, rs_certificates_release, NULL, 0},
	{RS_POST, "/v1/certificates/{id}/reissue-requests", "reissue.create", RS_BODY_JSON, CREATES | RS_ROUTE_BIG, rs_certificates_reissue, NULL, 0},
	{RS_GET, "/v1/reissue-requests", "reissue.read", RS_BODY_NONE, LIST, rs_reissue_requests_list, Q_REQUESTS, 31},
	{RS_POST, "/v1/reissue-requests", "reissue.create", RS_BODY_JSON, CREATES | UNTAGGED | RS_ROUTE_BIG, rs_reissue_requests_create, NULL, 0},
	{RS_GET, "/v1/reissue-requests/{id}", "reissue.read", RS_BODY_NONE, OF_REQUEST, rs_reissue_requests_show, Q_WAIT, 0},
	{RS_PATCH, "/v1/reissue-requests/{id}", "reissue.edit", RS_BODY_MERGE_PATCH, 0, rs_reissue_requests_update, NULL, 0},
	{RS_DELETE, "/v1/reissue-requests/{id}", "reissue.delete", RS_BODY_NONE, 0, rs_reissue_requests_delete, NULL, 0},
	{RS_GET, "/v1/reissue-requests/{id}/csr", "reissue.read", RS_BODY_NONE, FORMS, rs_reissue_requests_csr, Q_FORMAT, 0},
	{RS_PUT, "/v1/reissue-requests/{id}/csr", "reissue.csr", RS_BODY_RAW, RS_ROUTE_BIG, rs_reissue_requests_put_csr, NULL, 0},
	{RS_PUT, "/v1/reissue-requests/{id}/agreement", "reissue.agreement", RS_BODY_JSON, 0, rs_reissue_requests_accept, NULL, 0},
	{RS_POST, "/v1/reissue-requests/{id}/verify", "reissue.verify", RS_BODY_JSON, RS_ROUTE_LONG, rs_reissue_requests_verify, NULL, 0},
	{RS_GET, "/v1/reissue-requests/{id}/preflight", "reissue.read", RS_BODY_NONE, OF_REQUEST, rs_reissue_requests_preflight, NULL, 0},
	{RS_POST, "/v1/reissue-requests/{id}/submit", "reissue.submit", RS_BODY_JSON, RS_ROUTE_LONG | OF_REQUEST, rs_reissue_requests_submit, NULL, 0},
	{RS_POST, "/v1/reissue-requests/{id}/open", "reissue.open", RS_BODY_JSON, 0, rs_reissue_requests_open, NULL, 0},
	{RS_POST, "/v1/reissue-requests/{id}/release", "reissue.release", RS_BODY_JSON, 0, rs_reissue_requests_release, NULL, 0},
	{RS_POST, "/v1/reissue-requests/{id}/approve", "reissue.approve", RS_BODY_JSON, RS_ROUTE_LONG, rs_reissue_requests_approve, NULL, 0},
	{RS_POST, "/v1/reissue-requests/{id}/decline", "reissue.decline", RS_BODY_JSON, 0, rs_reissue_requests_decline, NULL, 0},
	{RS_POST, "/v1/reissue-requests/{id}/reopen", "reissue.reopen", RS_BODY_JSON, 0, rs_reissue_requests_reopen, NULL, 0},
	{RS_POST, "/v1/reissue-requests/{id}/cancel", "reissue.cancel", RS_BODY_JSON, 0, rs_reissue_requests_cancel, NULL, 0},
	{RS_POST, "/v1/reissue-requests/{id}/retry", "reissue.retry", RS_BODY_JSON, RS_ROUTE_LONG, rs_reissue_requests_retry, NULL, 0},
	{RS_GET, "/v1/reissue-requests/{id}/certificate", "reissue.read", RS_BODY_NONE, FORMS | OF_REQUEST, rs_reissue_requests_certificate, Q_FORMAT, 0},
	{RS_GET, "/v1/reissue-requests/{id}/events", "reissue.read", RS_BODY_NONE, LIST, rs_reissue_requests_events, Q_PAGE, 0},
	{RS_POST, "/v1/second-factor-challenges", "challenge.create", RS_BODY_JSON, CREATES | UNTAGGED, rs_challenges_create, NULL, 0},
	{RS_GET, "/v1/second-factor-challenges/{id}", "challenge.read", RS_BODY_NONE, 0, rs_challenges_show, NULL, 0},
	{RS_POST, "/v1/second-factor-challenges/{id}/verify", "challenge.answer", RS_BODY_JSON, RS_ROUTE_LONG, rs_challenges_verify, NULL, 0},
	{RS_POST, "/v1/second-factor-challenges/{id}/resend", "challenge.answer", RS_BODY_JSON, 0, rs_challenges_resend, NULL, 0},
	{RS_POST, "/v1/second-factor-challenges/{id}/cancel", "challenge.cancel", RS_BODY_JSON, 0, rs_challenges_cancel, NULL, 0},
	{RS_POST, "/v1/second-factor-challenges/{id}/complete", "challenge.answer", RS_BODY_JSON, RS_ROUTE_LONG, rs_challenges_complete, NULL, 0},
	{RS_GET, "/v1/redirects/{handle}", NULL, RS_BODY_NONE, PUBLIC | FORMS | RS_ROUTE_ONCE, rs_redirects_follow, NULL, 0},
	{RS_GET, "/v1/callbacks/oidc/{connector_id}", NULL, RS_BODY_NONE, PUBLIC | FORMS | RS_ROUTE_LONG | RS_ROUTE_ANY_QUERY | RS_ROUTE_ONCE, rs_callbacks_oidc, NULL, 0},
	{RS_POST, "/v1/callbacks/saml/{connector_id}", NULL, RS_BODY_FORM, PUBLIC | FORMS | RS_ROUTE_BIG | RS_ROUTE_LONG | RS_ROUTE_NO_IDEM | UNTAGGED, rs_callbacks_saml, NULL, 0},
	{RS_POST, "/v1/callbacks/sms/{connector_id}/{secret}", NULL, RS_BODY_JSON, PUBLIC | UNTAGGED | RS_ROUTE_NO_IDEM, rs_callbacks_sms, Q_REPORT, 0},
	{RS_GET, "/v1/domains", "domain.read", RS_BODY_NONE, LIST, rs_domains_list, Q_DOMAINS, 0},
	{RS_POST, "/v1/domains", "domain.create", RS_BODY_JSON, CREATES | UNTAGGED, rs_domains_create, NULL, 0},
	{RS_GET, "/v1/domains/{id}", "domain.read", RS_BODY_NONE, 0, rs_domains_show, NULL, 0},
	{RS_DELETE, "/v1/domains/{id}", "domain.edit", RS_BODY_NONE, 0, rs_domains_delete, NULL, 0},
	{RS_GET, "/v1/domain-validations", "validation.read", RS_BODY_NONE, LIST, rs_validations_list, Q_VALIDATIONS, 1},
	{RS_POST, "/v1/domain-validations", "validation.create", RS_BODY_JSON, CREATES | UNTAGGED, rs_validations_create, NULL, 0},
	{RS_GET, "/v1/domain-validations/{id}", "validation.read", RS_BODY_NONE, 0, rs_validations_show, NULL, 0},
	{RS_POST, "/v1/domain-validations/{id}/verify", "validation.edit", RS_BODY_JSON, RS_ROUTE_LONG, rs_validations_verify, NULL, 0},
	{RS_POST, "/v1/domain-validations/{id}/cancel", "validation.edit", RS_BODY_JSON, 0, rs_validations_cancel, NULL, 0},
	{RS_GET, "/v1/domain-validations/{id}/confirm", NULL, RS_BODY_NONE, PUBLIC | FORMS, rs_validations_confirm_page, NULL, 0},
	{RS_POST, "/v1/domain-validations/{id}/confirm", NULL, RS_BODY_JSON, PUBLIC | UNTAGGED, rs_validations_confirm, NULL, 0},
	{RS_GET, "/v1/caa-checks", "caa_check.read", RS_BODY_NONE, LIST, rs_caa_checks_list, Q_CAA, 0},
	{RS_POST, "/v1/caa-checks", "caa_check.create", RS_BODY_JSON, CREATES | UNTAGGED | RS_ROUTE_LONG, rs_caa_checks_create, NULL, 0},
	{RS_GET, "/v1/caa-checks/{id}", "caa_check.read", RS_BODY_NONE, 0, rs_caa_checks_show, NULL, 0},
	{RS_GET, "/v1/audit-events", "audit.read", RS_BODY_NONE, LIST, rs_audit_events_list, Q_AUDIT, 0},
	{RS_GET, "/v1/audit-events/{id}", "audit.read", RS_BODY_NONE, 0, rs_audit_events_show, NULL, 0},
	{RS_GET, "/v1/stats", "stats.read", RS_BODY_NONE, 0, rs_stats_show, Q_STATS, 0},
	{RS_GET, "/healthz", NULL, RS_BODY_NONE, HEALTH, rs_health_live, NULL, 0},
	{RS_GET, "/readyz", NULL, RS_BODY_NONE, HEALTH, rs_health_ready, NULL, 0},
	{RS_GET, "/metrics", NULL, RS_BODY_NONE, HEALTH | FORMS, rs_metrics_show, NULL, 0},
	{RS_GET, "/openapi.yaml", NULL, RS_BODY_NONE, PUBLIC | FORMS, rs_openapi_show_yaml, NULL, 0},
	{RS_GET, "/openapi.json", NULL, RS_BODY_NONE, PUBLIC, rs_openapi_show_json, NULL, 0},
	{RS_GET, "/problems/{code}", NULL, RS_BODY_NONE, PUBLIC | FORMS, rs_problems_show, NULL, 0},
	{RS_GET, "/pki/{issuer}/ca.crt", NULL, RS_BODY_NONE, PUBLIC | FORMS, rs_pki_ca_der, NULL, 0},
	{RS_GET, "/pki/{issuer}/ca.pem", NULL, RS_BODY_NONE, PUBLIC | FORMS, rs_pki_ca_pem, NULL, 0},
};
/* clang-format on */

const int rs_route_count = sizeof(rs_routes) / sizeof(rs_routes[0]);

const struct rs_route rs_metrics_routes[] = {
	{RS_GET, "/metrics", NULL, RS_BODY_NONE, HEALTH | FORMS, rs_metrics_show, NULL, 0},
	{RS_GET, "/healthz", NULL, RS_BODY_NONE, HEALTH, rs_health_live, NULL, 0},
};

const int rs_metrics_route_count = sizeof(rs_metrics_routes) / sizeof(rs_metrics_routes[0]);
