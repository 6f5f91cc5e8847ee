/*
 * The settings of a connector of the kind active_directory: the domain controllers that judge a
 * user's password. Secret: bind_password.
 */
#ifndef RS_AD_CONNECTOR_H
#define RS_AD_CONNECTOR_H

#include "rs/connector.h"
#include "rs/ldap.h"

struct rs_ad_settings {
	const char *domain; /* DNS name; the issuer of the users' linked identities of kind ad */
	json_t *urls; /* ldaps://host[:port], or ldap:// with start_tls; asked in this order */
	bool start_tls;
	const char *ca_pem; /* whom to trust; no other CA is */
	const char *bind_dn;
	const char *base_dn;
	const char *filter;
	const char *login_attribute; /* what a login name is compared with */
	const char *group_dn; /* whose members pass, through other groups too; NULL = everybody */
	int64_t attempts;     /* wrong passwords of one user in RS_AD_WINDOW_S */
	int64_t lockout_threshold; /* of the domain; 0 = it is read there */
	int64_t network_timeout_ms, operation_timeout_ms;
};

#define RS_AD_WINDOW_S 1800

/*
 * The directory of a connector: what rs_ldap_check() wants. *out borrows from settings and arena,
 * and owns bind_password: rs_secret_drop(&out->bind_password), whatever came of it.
 */
enum rs_code rs_ad_directory(struct rs_ctx *ctx, const struct rs_connector *connector,
	const struct rs_ad_settings *settings, struct rs_ldap_directory *out) RS_CHECK;

#endif
