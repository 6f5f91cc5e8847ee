/*
 * Text messages through the HTTP gateways of an enterprise.
 *
 * A gateway is a connector of the kind sms: where to call, how the message goes into the call, and how
 * its answer is read. URL, headers and parameters are templates: {{to}} is the number in E.164 form,
 * {{text}} the message, {{id}} the id of the message, the same however often it is tried, {{sender}} the
 * setting of that name. What is put in is escaped for where it stands (URL, form, JSON string, header).
 *
 * Secrets: authorization (the value of that header), secret_headers, secret_parameters (merged over
 * headers and parameters), dlr_secret (the last part of the path of delivery reports).
 *
 * Nothing here keeps a message: whoever sends one keeps it sealed and calls rs_sms_try() again, at the
 * time that it says, until its verdict is not RS_SMS_LATER. The gateways are asked in their order, four
 * tries of each, 0.5, 2 and 8 s apart, past those whose breaker (breaker.h) is open or whose budget is
 * used up; a gateway that refuses the number has decided for all.
 */
#ifndef RS_SMS_H
#define RS_SMS_H

#include "rs/connector.h"
#include "rs/jobs.h"

/* --- the settings of the kind sms --- */

/* How a gateway's answer is judged: everything that is given must hold. */
struct rs_sms_success {
	json_t *status;          /* array of HTTP statuses; NULL = any 2xx */
	const char *contains;    /* a text in the answer's body; NULL = any */
	const char *json_path;   /* "messages.0.status": a member of a JSON answer; NULL = none */
	const char *json_equals; /* its value as text; NULL = it is there, and not false, null or "" */
};

struct rs_sms_settings {
	const char *url;           /* template; https */
	const char *method;        /* GET, POST */
	json_t *headers;           /* name -> template */
	const char *body;          /* form, json, none: parameters then go into the query */
	json_t *parameters;        /* name -> template; under json values of any shape */
	json_t *success;           /* struct rs_sms_success */
	int64_t timeout_s;         /* of one call, at most 10; connecting has 3 */
	const char *ca_pem;        /* whom to trust instead of the system's CAs; NULL = those */
	const char *sender;        /* {{sender}} of the templates; NULL = "" */
	json_t *allowed_countries; /* calling codes ("+49") that may be sent to; empty = all */
	const char *number_pattern; /* POSIX extended regular expression a number must match, or NULL */
	int64_t budget_per_day;    /* messages a day */
	int64_t priority;          /* least first */
	bool dlr;                  /* delivery reports are taken */
};

extern const struct rs_field rs_sms_success_fields[];

/* --- numbers --- */

/* Whether text is a number in E.164 form: "+", then 7 to 15 digits, the first no 0. */
bool rs_sms_number(const char *text);
/*
 * Whether a number may get a message at all: no satellite, premium or shared-cost range, whatever a
 * connector allows.
 */
bool rs_sms_number_plain(const char *number);
/*
 * What is wrong with a pattern for numbers, a POSIX extended regular expression; NULL: nothing. One
 * that would take much memory or time is refused before it is compiled: repetitions within
 * repetitions are written out, and back references make the search try every way.
 */
const char *rs_sms_pattern_fault(const char *pattern);
/* Whether a number is one of the pattern; never with a pattern that has a fault. */
bool rs_sms_pattern_matches(const char *pattern, const char *number);
/* rs_sms_number_plain(), and what one gateway's settings say of countries and form. */
bool rs_sms_number_allowed(const struct rs_sms_settings *settings, const char *number);

/* --- texts --- */

/* How long a text is on the air: GSM 03.38 with its extension table, or UCS-2. */
struct rs_sms_size {
	bool ucs2;
	int units;    /* septets or UTF-16 units */
	int segments; /* messages it is sent as */
};
struct rs_sms_size rs_sms_size(const char *text);

/*
 * The message with a code: what it is good for (somebody else's words: on one line, no control
 * characters, no URLs, cut to 40 characters, and shorter where the alphabet makes the message longer than
 * two segments), how long, and the line by which browsers find the code (WebOTP), host without a port.
 * host NULL leaves that line out. The caller frees the secret; its text is NUL-terminated.
 */
struct rs_secret *rs_sms_code_text(const char *code, const char *what, int minutes,
	const char *host);

/* --- templates --- */

struct rs_sms_values {
	const char *to, *text, *id, *sender;
};

/* Where a template's value ends up. */
enum rs_sms_place { RS_SMS_URL, RS_SMS_FORM, RS_SMS_HEADER, RS_SMS_PLAIN };

/* Why a text is no template: an unknown placeholder, or one that does not end. Static, or NULL. */
const char *rs_sms_template_fault(const char *text);
/* The same of a URL: no placeholder may stand before its path, and it has no fragment. */
const char *rs_sms_url_fault(const char *url);
/* Fills one in; the caller frees the secret, whose text is NUL-terminated. */
struct rs_secret *rs_sms_render(
	const char *text, const struct rs_sms_values *values, enum rs_sms_place place);

/* --- one call to one gateway --- */

enum rs_sms_verdict {
	RS_SMS_TAKEN,   /* the gateway has it */
	RS_SMS_LATER,   /* no answer, 408, 429, 5xx, an answer nobody can read: again */
	RS_SMS_NEXT,    /* this gateway does not work for us (401, 404, a redirect): another one */
	RS_SMS_REFUSED, /* 400, 403, 422: not to this number; final */
};

struct rs_sms_answer {
	enum rs_sms_verdict verdict;
	int status;         /* HTTP, 0 = none came */
	const char *detail; /* a sentence for administrators; no words of the gateway */
};

/* Whether an answer is a success by the rule. */
bool rs_sms_succeeded(struct rs_ctx *ctx, const struct rs_sms_settings *settings, int status,
	struct rs_bytes body);
/* Hands one message over. RS_OK with a verdict, or that the connector cannot be used at all. */
enum rs_code rs_sms_call(struct rs_ctx *ctx, const struct rs_connector *connector,
	const struct rs_sms_settings *settings, const struct rs_sms_values *values,
	struct rs_sms_answer *out) RS_CHECK;
/* Connects to the gateway and sends nothing. */
enum rs_code rs_sms_reach(struct rs_ctx *ctx, const struct rs_sms_settings *settings,
	struct rs_sms_answer *out) RS_CHECK;

/* --- sending --- */

struct rs_sms {
	struct rs_id enterprise; /* whose gateways */
	struct rs_id connector;  /* this one first; unset = all by their priority */
	struct rs_id id;         /* {{id}} */
	const char *to;          /* E.164 */
	const char *text;        /* borrowed; maybe from a secret */
};

struct rs_sms_result {
	enum rs_sms_verdict verdict; /* TAKEN; LATER; REFUSED: it is over, code says why */
	int64_t again_at;            /* LATER: microseconds of business time */
	enum rs_code code;           /* REFUSED: RS_DELIVERY_FAILED, RS_DESTINATION_NOT_ALLOWED, ... */
	struct rs_id connector;      /* the one that was called last, or unset */
	json_t *tries;               /* [{connector_id, status, detail}] of this call; borrowed */
};

/*
 * Whether a number could get a message now: RS_OK, RS_METHOD_NOT_CONFIGURED (no active gateway, or the
 * one that is named is not), RS_DESTINATION_NOT_ALLOWED (none takes this number). Reads rows, no network.
 */
enum rs_code rs_sms_ready(struct rs_ctx *ctx, const struct rs_id *enterprise,
	const struct rs_id *connector, const char *to) RS_CHECK;

/*
 * The next try of a message, after `tries` calls that said LATER. One gateway is called, or several when
 * the first ones do not work for us at all; each call takes 10 s at most, all end at ctx's deadline. RS_OK
 * with a result; anything else is a fault of ours.
 */
enum rs_code rs_sms_try(struct rs_ctx *ctx, const struct rs_sms *sms, int64_t tries,
	struct rs_sms_result *out) RS_CHECK;

/* --- the outbox: messages that nobody else keeps --- */

/*
 * Queues a message inside tx, number and text sealed; job sms.send tries it through all active gateways of
 * the enterprise until give_up_at (microseconds of business time). What cannot be sent is logged.
 * instead_of, or NULL, is a name for what it is about: what still waits under that name is not sent any
 * more, since of two codes only the newer one is good.
 */
enum rs_code rs_sms_put(struct rs_ctx *ctx, struct rs_tx *tx, const struct rs_id *enterprise,
	const char *to, const char *text, int64_t give_up_at, const char *instead_of) RS_CHECK;
/* One try. Its lease must exceed a minute. */
enum rs_code rs_sms_send_job(struct rs_ctx *ctx, const struct rs_job *job) RS_CHECK;

/* --- delivery reports --- */

/*
 * What a gateway says became of a message that it took, told under the secret of its connector: {id,
 * status}. It is noted in the evidence of the message's challenge, the same word once; a message that is
 * none of its own is no matter. Nothing hangs on a report. RS_UNAUTHENTICATED for whatever does not fit,
 * RS_RATE_LIMITED after many of these.
 */
enum rs_code rs_sms_report(struct rs_ctx *ctx, const struct rs_id *connector, const char *secret,
	json_t *told) RS_CHECK;

#endif
