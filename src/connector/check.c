/* What the judges of all kinds need: URLs, hosts, certificates, texts. */
#include "rs/connector.h"

#include "rs/address.h"
#include "rs/app.h"
#include "rs/config.h"
#include "rs/httpc.h"
#include "rs/x509.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#define HOST_MAX  253
#define LABEL_MAX 63

void rs_connector_check_url(struct rs_ctx *ctx, const char *url, const char *at)
{
	const char *why = rs_httpc_url_fault(ctx, url);

	if (why)
		rs_fault(ctx, RS_BAD_VALUE, at, "%s", why);
}

static bool is_address(const char *text)
{
	unsigned char address[16];

	return inet_pton(strchr(text, ':') ? AF_INET6 : AF_INET, text, address) == 1;
}

/* LDH labels; the last one has a letter first, so that 127.1 and 0x7f.1 are no names. */
static bool is_host_name(const char *text)
{
	const char *last = text;

	if (strlen(text) > HOST_MAX)
		return false;
	for (const char *label = text;;) {
		size_t len = strcspn(label, ".");

		if (len == 0 || len > LABEL_MAX || label[0] == '-' || label[len - 1] == '-')
			return false;
		for (size_t i = 0; i < len; i++)
			if (!isalnum((unsigned char)label[i]) && label[i] != '-')
				return false;
		last = label;
		if (label[len] == '\0')
			break;
		label += len + 1;
	}
	return isalpha((unsigned char)last[0]);
}

void rs_connector_check_host(struct rs_ctx *ctx, const char *host, const char *at)
{
	const char *address = strcasecmp(host, "localhost") == 0 ? "127.0.0.1" : host;

	if (!is_address(address)) {
		if (!is_host_name(host))
			rs_fault(ctx, RS_BAD_VALUE, at,
				"This is neither a host name nor an address.");
	} else if (!rs_address_text_allowed(
			   address, RS_ADDRESS_CONNECTOR, ctx->app->config->net_allow_addresses)) {
		rs_fault(ctx, RS_BAD_VALUE, at, "This address is not called from here.");
	}
}

void rs_connector_check_certificates(struct rs_ctx *ctx, const char *pem, const char *at)
{
	const char *why = pem ? rs_x509_bundle_fault(ctx, pem) : NULL;

	if (why)
		rs_fault(ctx, RS_BAD_VALUE, at, "%s", why);
}

/* One text by the rules of all texts. */
static void check_text(struct rs_ctx *ctx, json_t *value, int max, const char *at, const char *name)
{
	struct rs_field fields[] = {{.name = name, .type = RS_T_STRING, .max = max}, RS_FIELD_END};
	const char *text;
	json_t *alone = rs_arena_json(ctx->arena, json_object());

	json_object_set(alone, name, value);
	rs_json_read(ctx, alone, at, fields, &text, NULL);
}

void rs_connector_check_texts(struct rs_ctx *ctx, const json_t *object, const char *names,
	size_t count, int max, const char *at)
{
	const char *name;
	json_t *value;

	if (json_object_size(object) > count)
		rs_fault(ctx, RS_OUT_OF_RANGE, at, "At most %zu members stand here.", count);
	json_object_foreach((json_t *)object, name, value)
	{
		if (!*name || strlen(name) > 100 || (names && name[strspn(name, names)]))
			rs_fault(ctx, RS_BAD_VALUE, rs_pointer(ctx, at, name),
				"A name here has 1 to 100 characters of %s.",
				names ? names : "any kind");
		else
			check_text(ctx, value, max, at, name);
	}
}

void rs_connector_check_words(struct rs_ctx *ctx, const json_t *array, int max, const char *at)
{
	size_t i;
	json_t *value;

	json_array_foreach(array, i, value)
	{
		check_text(ctx, value, max, at, rs_arena_printf(ctx->arena, "%zu", i));
		for (size_t k = 0; k < i; k++)
			if (json_equal(json_array_get(array, k), value))
				rs_fault(ctx, RS_BAD_VALUE, rs_pointer_index(ctx, at, i),
					"This stands here twice.");
	}
}
