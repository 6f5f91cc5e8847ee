/*
 * Couriers: how a code gets to where it goes, one row a channel. A courier makes one try, within ctx's
 * deadline; keeping the message sealed, trying again and giving up are the outbox's.
 */
#ifndef CHALLENGE_COURIER_H
#define CHALLENGE_COURIER_H

#include "rs/challenge.h"

/* One message to be handed over. Code and destination are secrets: never logged, never stored. */
struct rs_parcel {
	const struct rs_challenge *c;
	const struct rs_id *id;      /* the same at every try: for gateways that know a message again */
	const char *destination;
	const char *code;
	int64_t tries;               /* before this one */
	int64_t minutes;             /* the code is good for */
	int64_t give_up_at;          /* microseconds */
};

enum rs_parcel_result { RS_PARCEL_LATER, RS_PARCEL_TAKEN, RS_PARCEL_REFUSED };

struct rs_receipt {
	enum rs_parcel_result result; /* LATER is the zero value */
	int64_t again_at;             /* LATER: microseconds, 0 = the outbox decides */
	const char *provider;         /* who took it, as evidence shows it; arena or NULL */
	const char *message_id;
	enum rs_code code;            /* REFUSED: why */
	json_t *tries;                /* evidence; borrowed or NULL */
};

struct rs_courier {
	const char *channel;
	/* Anything but RS_OK: a fault of ours, tried again. */
	enum rs_code (*send)(
		struct rs_ctx *ctx, const struct rs_parcel *parcel, struct rs_receipt *receipt);
};

extern const struct rs_courier rs_courier_email, rs_courier_sms;

#endif
