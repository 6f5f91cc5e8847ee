/*
 * The registry of domains: the DNS names an enterprise says are its own.
 *
 * An entry is a name, with or without what stands below it. An enterprise without any entry may ask
 * for every name; one with entries only for names inside them (`name-not-registered`). The registry
 * proves nothing: control is proven by validations (validation.h), leave to issue is read from CAA
 * (verify.h). An entry that goes ends the validations of its names.
 */
#ifndef RS_DOMAIN_H
#define RS_DOMAIN_H

#include "rs/ctx.h"
#include "rs/json.h"
#include "rs/list.h"
#include "rs/store.h"

struct rs_domain {
	struct rs_id id;
	struct rs_id enterprise_id;
	const char *name; /* lower-case A-labels, no trailing dot, no wildcard */
	bool include_subdomains;
	int64_t revision;
	int64_t created_at, updated_at;
};

extern const struct rs_field rs_domain_fields[];

/* {name, include_subdomains?, enterprise_id?}; RS_ALREADY_EXISTS, RS_BAD_NAME with its pointer. */
enum rs_code rs_domain_create(struct rs_ctx *ctx, json_t *body, struct rs_domain *out) RS_CHECK;
enum rs_code rs_domain_get(struct rs_ctx *ctx, const struct rs_id *id, struct rs_domain *out) RS_CHECK;
/* Its validations end (`cancelled`) in the same transaction. revision: expected or -1. */
enum rs_code rs_domain_delete(struct rs_ctx *ctx, const struct rs_id *id, int64_t revision) RS_CHECK;
/* name: rs_names_sought(), NULL = any. *items is borrowed. */
enum rs_code rs_domain_list(struct rs_ctx *ctx, const struct rs_id *enterprise, const json_t *name,
	const struct rs_page *page, struct rs_list *list, json_t **items) RS_CHECK;

/*
 * The names of the SAN, as rs_names_domains() gives them, that a registry which is not empty does
 * not cover. A mailbox is covered by its domain, an address by nature. *out is borrowed.
 */
enum rs_code rs_domain_uncovered(struct rs_ctx *ctx, const struct rs_id *enterprise,
	const json_t *san, json_t **out) RS_CHECK;
/*
 * RS_OK when the enterprise's registry is empty or covers every name of the SAN; else RS_VALIDATION_FAILED
 * with a fault `name-not-registered` for each that it does not.
 */
enum rs_code rs_domain_covers(struct rs_ctx *ctx, const struct rs_id *enterprise, const json_t *san) RS_CHECK;

#endif
