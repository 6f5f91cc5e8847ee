/* What stands behind a statement slot. */
#include "internal.h"

static const char *const control_sql[RS_SLOT_QUERIES] = {
	[RS_SLOT_BEGIN] = "BEGIN",
	[RS_SLOT_COMMIT] = "COMMIT",
	[RS_SLOT_ROLLBACK] = "ROLLBACK",
	[RS_SLOT_REACH] = ("SELECT set_config('app.enterprise', $1, true), "
			   "set_config('statement_timeout', $2, true)"),
	[RS_SLOT_RELAXED] = "SELECT set_config('synchronous_commit', 'off', true)",
	[RS_SLOT_CUSTOM] = "SELECT set_config('plan_cache_mode', 'force_custom_plan', true)",
};

const char *rs_slot_sql(int slot)
{
	if (slot < RS_SLOT_QUERIES)
		return control_sql[slot];
	return rs_query_texts[slot - RS_SLOT_QUERIES].sql;
}
