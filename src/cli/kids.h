/* Where the database names the keys of the keyring: kids.def, counted. */
#ifndef CLI_KIDS_H
#define CLI_KIDS_H

#include "rs/keyring.h"
#include "rs/store.h"

enum rs_kid_fate { RS_KID_RENEWED, RS_KID_PASSES, RS_KID_STAYS };

struct rs_kid_place {
	const char *relation, *column;
	enum rs_kid_fate fate;
	enum rs_key_label label;
	const char *what;
};

/* The rows of kids.def, 0 <= index < count. */
size_t rs_kid_place_count(void);
const struct rs_kid_place *rs_kid_place(size_t index);
/* "renewed", "passes" or "stays". */
const char *rs_kid_fate_name(enum rs_kid_fate fate);
/* Rows of (kid, uses) of a place: how many values are under which key. */
enum rs_code rs_kid_uses(
	struct rs_ctx *ctx, const struct rs_kid_place *place, struct rs_rows **rows) RS_CHECK;

/*
 * Takes a key out of the keyring file of the configuration and forgets its check value. RS_IN_USE
 * when it is the active one, or when a place still names it: with give_up_evidence those that are
 * never rewritten may. RS_NOT_FOUND when neither file nor database knows it. *given_up counts what
 * nobody can check or read from then on. Killed between the two steps it may be run again.
 */
enum rs_code rs_kid_retire(
	struct rs_ctx *ctx, const char *kid, bool give_up_evidence, int64_t *given_up) RS_CHECK;

#endif
