/*
 * Text messages through the HTTP gateways of an enterprise.
 *
 * A gateway is a connector of the kind sms: where to call, how the message goes into the call, and
 * how its answer is read. URL, headers and parameters are templates: {{to}} is the number in E.164
 * form,
 * {{text}} the message, {{id}} the id of the message, the same however often it is tried. What is
 * put in is escaped for where it stands (URL, form, JSON string, header).
 *
 * Secrets: authorization (the value of that header), secret_headers, secret_parameters (merged over
 * headers and parameters), dlr_secret (the last part of the path of delivery reports).
 */
#ifndef RS_SMS_H
#define RS_SMS_H

#include "rs/connector.h"

/* How a gateway's answer is judged: everything that is given must hold. */
struct rs_sms_success {
	json_t *status;	       /* array of HTTP statuses; NULL = any 2xx */
	const char *contains;  /* a text in the answer's body; NULL = any */
	const char *json_path; /* "messages.0.status": a member of a JSON answer; NULL = none */
	const char
		*json_equals; /* its value as text; NULL = it is there, and not false, null or "" */
};

struct rs_sms_settings {
	const char *url;	   /* template; https */
	const char *method;	   /* GET, POST */
	json_t *headers;	   /* name -> template */
	const char *body;	   /* form, json, none: parameters then go into the query */
	json_t *parameters;	   /* name -> template; under json values of any shape */
	json_t *success;	   /* struct rs_sms_success */
	int64_t timeout_s;	   /* of one call, at most 10; connecting has 3 */
	const char *ca_pem;	   /* whom to trust instead of the system's CAs; NULL = those */
	const char *sender;	   /* {{sender}} of the templates; NULL = "" */
	json_t *allowed_countries; /* calling codes ("+49") that may be sent to; empty = all */
	const char *
		number_pattern; /* POSIX extended regular expression a number must match, or NULL */
	int64_t budget_per_day; /* messages a day */
	int64_t priority;	/* least first */
	bool dlr;		/* delivery reports are taken */
};

extern const struct rs_field rs_sms_success_fields[];

#endif
