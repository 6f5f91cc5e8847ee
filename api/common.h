/* What resources have in common when they are shown. */
#ifndef API_COMMON_H
#define API_COMMON_H

#include "route.h"

#include "rs/secret.h"

/* Reads row i of a list into out and gives its JSON (a new reference), or NULL with *rc set. */
typedef json_t *rs_row_render(struct rs_call *call, const struct rs_rows *rows, int i,
	enum rs_code *rc);

/* The items of a page whose rows are rendered one by one: the end of a page(), see route.h. */
enum rs_code rs_rows_items(
	struct rs_call *call, const struct rs_list *list, rs_row_render *render, json_t **items);
/* Sets a member to a secret that is shown this once, and frees it. */
void rs_show_secret(json_t *object, const char *name, struct rs_secret **secret);
/* Replaces the bits of scopes by their names. */
void rs_show_scopes(json_t *object, int64_t scopes);

/* The body of an action that has no members: none, or an empty object. */
enum rs_code rs_no_members(struct rs_call *call) RS_CHECK;
/* What is wrong with such a body, for who tells it after right and state (rs_faults_with()); NULL = nothing. */
json_t *rs_members_faults(struct rs_call *call);

/* Text for HTML, attribute values included. In the arena. */
const char *rs_html_text(struct rs_arena *arena, const char *text);

#endif
