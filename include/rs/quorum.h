/*
 * Multi-perspective corroboration (TLS BR 3.2.2.9): does the rest of the world see what we see?
 *
 * The primary perspective decides first: where it fails nothing is left to corroborate. A remote
 * perspective corroborates when it permits by itself: for CAA the same verdict, for a validation
 * the same token or the same record seen. One that saw something else, failed or never answered
 * does not. How many may disagree depends on how many were asked: none of one, one of 2 to 5, two
 * of 6 and more; those that agree must sit in the service regions of at least two Regional Internet
 * Registries.
 *
 * Pure. Who asks the perspectives, and how many the rule set of the day wants (ruleset.h,
 * `perspectives`), is the caller's business.
 */
#ifndef RS_QUORUM_H
#define RS_QUORUM_H

#include <stdbool.h>
#include <stddef.h>

/* The most remote perspectives of one check. */
#define RS_PERSPECTIVES_MAX 32

struct rs_perspective {
	const char *id;	 /* as evidence names it; two of one id are one perspective */
	const char *rir; /* AFRINIC, APNIC, ARIN, LACNIC, RIPE NCC */
	bool corroborates;
};

struct rs_quorum {
	bool reached;
	int remote;	   /* distinct remote perspectives */
	int corroborating; /* of these */
	int allowed;	   /* how many may disagree */
	int registries;	   /* distinct ones of those that corroborate */
	char text[24];	   /* "4/5": corroborating of remote */
	const char *why;   /* why it was not reached, static; NULL when it was */
};

/*
 * primary: whether our own perspective permits. required: the least number of remote perspectives,
 * 0 = none is demanded; those given count all the same. Two entries of one id that disagree count
 * as one that does not corroborate. More than RS_PERSPECTIVES_MAX are not reached.
 */
void rs_quorum_judge(bool primary, const struct rs_perspective *remote, size_t count, int required,
	struct rs_quorum *out);

#endif
