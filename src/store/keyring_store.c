/* The keyring's check values: does this process hold the keys the data was made with? */
#include "rs/app.h"
#include "rs/clock.h"
#include "rs/keyring.h"
#include "rs/store.h"

#include <string.h>

/* What is kept of a key: a MAC of its own name under a label used for nothing else. */
static enum rs_code check(struct rs_ctx *ctx, const struct rs_keyring *ring, const char *kid)
{
	unsigned char value[RS_MAC_LEN];
	struct rs_rows *rows;
	struct {
		struct rs_bytes check_value;
	} row = {{0}};
	static const struct rs_field FIELDS[] = {
		{.name = "check_value", .type = RS_T_BYTES},
		RS_FIELD_END,
	};
	if (!rs_keyring_mac_kid(ring, RS_KEY_CHECK, kid, kid, strlen(kid), value))
		return rs_fail(ctx, RS_INTERNAL, "The keyring changed while it was read.");
	struct rs_params p = rs_params(ctx);
	rs_p_text(&p, kid);
	rs_p_bytes(&p, value, sizeof(value));
	rs_p_time(&p, rs_clock_now_us(ctx->app->clock));
	enum rs_code rc = rs_read_one(ctx, RS_REACH_JOB, RS_Q_keyring_check, &p, &rows);
	if (rc == RS_OK)
		rc = rs_row_read(ctx, rows, 0, FIELDS, &row);
	if (rc != RS_OK)
		return rc;
	if (row.check_value.len == sizeof(value) &&
		rs_equal(row.check_value.data, value, sizeof(value)))
		return RS_OK;
	return rs_fail(ctx, RS_VALIDATION_FAILED,
		"The key %s of the keyring is not the one this database was used with: every replica "
		"needs the same keyring file.",
		kid);
}

/* A ring with new names only is another database's: nothing that was written here can be read with it. */
static enum rs_code check_kids(struct rs_ctx *ctx, const struct rs_keyring *ring)
{
	unsigned char value[RS_MAC_LEN];
	struct rs_params p = rs_params(ctx);
	struct rs_rows *rows;
	enum rs_code rc = rs_read(ctx, RS_REACH_JOB, RS_Q_keyring_kids, &p, &rows);
	if (rc != RS_OK || rs_rows_count(rows) == 0)
		return rc;
	for (int i = 0; i < rs_rows_count(rows); i++) {
		const char *kid = rs_row_text(rows, i, "kid");
		if (rs_keyring_mac_kid(ring, RS_KEY_CHECK, kid, kid, strlen(kid), value))
			return RS_OK;
	}
	return rs_fail(ctx, RS_VALIDATION_FAILED,
		"The keyring has none of the keys that this database was used with: every replica "
		"needs the same keyring file.");
}

enum rs_code rs_keyring_verify_store(struct rs_ctx *ctx, const struct rs_keyring *ring)
{
	enum rs_code known = check_kids(ctx, ring);
	if (known != RS_OK)
		return known;
	for (size_t i = 0; i < rs_keyring_count(ring); i++) {
		enum rs_code rc = check(ctx, ring, rs_keyring_kid(ring, i));
		if (rc != RS_OK)
			return rc;
	}
	return RS_OK;
}
