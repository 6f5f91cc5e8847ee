/* Values of Active Directory as text and back; see ldap_text.c. */
#ifndef RS_NET_LDAP_TEXT_H
#define RS_NET_LDAP_TEXT_H

#include "rs/ctx.h"

#define RS_GUID_LEN 16 /* octets of an objectGUID */

/* value as an assertion value of a filter (RFC 4515 3); arena. */
const char *rs_ldap_escaped(struct rs_ctx *ctx, const void *value, size_t len);
/* An objectGUID of its text (MS-DTYP 2.3.4); false when it is none. */
bool rs_ldap_guid_read(const char *text, unsigned char out[RS_GUID_LEN]);
/* Its text, in lower case; arena. */
const char *rs_ldap_guid_text(struct rs_ctx *ctx, const unsigned char guid[RS_GUID_LEN]);
/* "S-1-5-21-..." (MS-DTYP 2.4.2.2), or NULL when it is no SID; arena. */
const char *rs_ldap_sid_text(struct rs_ctx *ctx, const void *sid, size_t len);
/* What a server says: itself where it is UTF-8 without controls, else as rs_dns_text(); arena. */
const char *rs_ldap_shown(struct rs_ctx *ctx, const char *text);

#endif
