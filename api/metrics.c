/* /metrics, when metrics.public says so. */
#include "rs/metrics.h"

#include "handlers.h"
#include "http.h"

#include "rs/database.h"
#include "rs/issuer.h"
#include "rs/log.h"

#include <stdlib.h>
#include <string.h>

static void show_issuers(const struct rs_issuers *issuers)
{
	for (size_t i = 0; i < rs_issuers_count(issuers); i++) {
		const struct rs_issuer *issuer = rs_issuers_at(issuers, i);
		rs_metric_set(RS_M_ISSUER_EXPIRES, RS_LABELS(issuer->slug), issuer->not_after);
	}
}

enum rs_code rs_metrics_show(struct rs_call *call)
{
	struct rs_exchange *x = rs_exchange_of(call);
	if (!x->server->at.metrics && !call->ctx->app->config->metrics_public)
		return rs_fail(call->ctx, RS_NOT_FOUND, "There is nothing at this address.");
	rs_metric_set(RS_M_LOG_DROPPED, (struct rs_labels){{0}}, rs_log_dropped());
	rs_store_metrics(call->ctx->app->store);
	show_issuers(call->ctx->app->issuers);
	x->malloced = rs_metrics_text();
	if (!x->malloced)
		abort();
	return rs_reply_bytes(call, 200, "text/plain; version=0.0.4; charset=utf-8", x->malloced,
		strlen(x->malloced));
}
