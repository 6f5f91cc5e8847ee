#include "internal.h"

int rs_committer_start(struct rs_store *store)
{
	store->committer = NULL;
	return 0;
}

void rs_committer_stop(struct rs_store *store)
{
	store->committer = NULL;
}

enum rs_code rs_commit(struct rs_ctx *ctx, enum rs_query query, const struct rs_params *params,
	struct rs_rows **rows)
{
	return rs_read(ctx, RS_REACH_CALLER, query, params, rows);
}
