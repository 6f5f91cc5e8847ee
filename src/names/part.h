/*
 * What the parts of the names module share: the collector of faults, and the judges of single
 * values. A judge gives the normal form in the arena, or NULL and the reason in *why.
 */
#ifndef NAMES_PART_H
#define NAMES_PART_H

#include "rs/names.h"

/* One run of rs_names_normalise(). */
struct rs_names_job {
	struct rs_ctx *ctx;
	const struct rs_name_policy *policy;
	struct rs_names *out;
};

void rs_names_fault(struct rs_names_job *job, enum rs_code code, const char *pointer,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void rs_names_warn(struct rs_names_job *job, const char *pointer, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Whether the rule set's certificates are for the public: no internal names, no private addresses. */
static inline bool rs_names_public(const struct rs_name_policy *policy)
{
	return policy->rules->names[0] != 'f'; /* "free" */
}

/* Whatever may stand in some certificate. */
extern const struct rs_name_policy rs_names_any;

/* An other_name that is a mailbox, as CAA and control are concerned: RFC 9598. */
#define RS_OID_SMTP_UTF8_MAILBOX "1.3.6.1.5.5.7.8.9"

/* --- text.c --- */
/* The next code point of valid UTF-8; *text moves on; 0 at the end. */
uint32_t rs_text_next(const char **text);
/* Why a text may not stand in a name (controls, bidi, zero width, non-characters), or NULL. */
const char *rs_text_fault(const char *text);
/* Why a text may be taken for another one (scripts mixed in one word, look-alikes), or NULL. */
const char *rs_text_confusable(const char *text);
bool rs_text_ascii(const char *text);

/* --- the judges --- */
/* wildcard: whether "*." may lead. */
char *rs_names_dns(struct rs_names_job *job, const char *text, bool wildcard, const char **why);
char *rs_names_ip(struct rs_names_job *job, const char *text, const char **why);
char *rs_names_email(struct rs_names_job *job, const char *text, const char **why);
/* The same with a local part beyond ASCII: SmtpUTF8Mailbox, RFC 9598. */
char *rs_names_utf8_mailbox(struct rs_names_job *job, const char *text, const char **why);
char *rs_names_uri(struct rs_names_job *job, const char *text, const char **why);
char *rs_names_upn(struct rs_names_job *job, const char *text, const char **why);
/* Whether a dotted object identifier is well formed (X.660: first arc 0..2, second < 40 below 2). */
bool rs_names_oid(const char *text);
/* The U-label form of a dns name in normal form, for the eye; text itself when there is none. */
const char *rs_names_dns_display(struct rs_ctx *ctx, const char *text);

/* --- the two halves --- */
void rs_names_subject(struct rs_names_job *job, const json_t *subject, const char *at);
void rs_names_san(struct rs_names_job *job, const json_t *san, const char *at);

#endif
