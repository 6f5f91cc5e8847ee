/* What the kinds oidc and azure_ad share. */
#ifndef RS_CONNECTOR_OIDC_H
#define RS_CONNECTOR_OIDC_H

#include "rs/oidc.h"

/* client_secret and private_key. */
extern const struct rs_connector_secret_member rs_oidc_secrets[];

/* The members that both kinds have. */
#define RS_OIDC_F(member, kind, ...) RS_FIELD(struct rs_oidc_settings, member, kind, __VA_ARGS__)
#define RS_OIDC_COMMON_FIELDS                                                                      \
	RS_OIDC_F(client_id, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 1, .max = 255),           \
		RS_OIDC_F(client_auth, RS_T_STRING, .values = rs_oidc_client_auths),               \
		RS_OIDC_F(signing_algorithm, RS_T_STRING, .values = rs_oidc_algorithms),           \
		RS_OIDC_F(key_id, RS_T_STRING, .min = 1, .max = 255),                              \
		RS_OIDC_F(algorithms, RS_T_ARRAY, .min = 1, .max = 9),                             \
		RS_OIDC_F(scopes, RS_T_ARRAY, .min = 1, .max = 20),                                \
		RS_OIDC_F(required_amr, RS_T_ARRAY, .min = 1, .max = 20),                          \
		RS_OIDC_F(any_amr, RS_T_ARRAY, .min = 1, .max = 20),                               \
		RS_OIDC_F(max_age_s, RS_T_INT, .min = 0, .max = 300),                              \
		RS_OIDC_F(skew_s, RS_T_INT, .min = 0, .max = 180),                                 \
		RS_OIDC_F(jwks_ttl_s, RS_T_INT, .min = 60, .max = 86400),                          \
		RS_OIDC_F(ca_pem, RS_T_STRING, .flags = RS_F_PEM, .min = 1, .max = 32768),         \
		RS_OIDC_F(prompt, RS_T_STRING, .values = rs_oidc_prompts),                     \
		RS_OIDC_F(login_hint, RS_T_BOOL)
extern const char *const rs_oidc_client_auths[], *const rs_oidc_algorithms[],
							 *const rs_oidc_prompts[];

/* Defaults of the members above. */
void rs_oidc_defaults(struct rs_ctx *ctx, struct rs_oidc_settings *settings);
/* Judges the members above and the secrets. */
enum rs_code rs_oidc_check(struct rs_ctx *ctx, const struct rs_connector *connector,
	struct rs_oidc_settings *settings);
/*
 * Reads what the provider publishes, when it can be reached, and notes what is wrong with that at
 * `at`. One that cannot be reached now is none: test() and every use look again.
 */
void rs_oidc_check_provider(struct rs_ctx *ctx, struct rs_oidc_settings *settings, const char *at);
/* The test of both kinds. */
enum rs_code rs_oidc_test(struct rs_ctx *ctx, const struct rs_connector *connector,
	const void *settings, const char *to, struct rs_connector_report *report);

#endif
