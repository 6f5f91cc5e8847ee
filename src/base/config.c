#include "rs/config.h"

#include "rs/json.h"
#include "rs/yaml.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_SIZE_MAX (1u << 20)

enum { TEST = 1, MASK = 2, NEEDED = 4, LIVE = 8 };
enum kind { STRING, PATH, LEVEL, ENVIRONMENT, INT, BOOL, STRINGS, OBJECTS };

struct row {
	const char *section; /* "" = the top level */
	const char *key;
	enum kind kind;
	const char *def; /* JSON text */
	int64_t min;
	int64_t max;
	unsigned flags;
	const char *doc;
	size_t offset;
};

static const struct row ROWS[] = {
#define RS_CONFIG(member, section, key, kind, def, min, max, flags, doc)                           \
	{section, key, kind, #def, min, max, flags, doc, offsetof(struct rs_config, member)},
#include "rs/config.def"
#undef RS_CONFIG
};

#define ROW_COUNT (sizeof(ROWS) / sizeof(ROWS[0]))

static const struct rs_field ISSUER_FIELDS[] = {
	RS_FIELD(struct rs_config_issuer, id, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 1,
		.max = 40),
	RS_FIELD(struct rs_config_issuer, name, RS_T_STRING, .max = 200),
	RS_FIELD(struct rs_config_issuer, certificate_file, RS_T_STRING, .flags = RS_F_REQUIRED,
		.min = 1, .max = 4000),
	RS_FIELD(struct rs_config_issuer, chain_file, RS_T_STRING, .max = 4000),
	RS_FIELD(struct rs_config_issuer, key_file, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 1,
		.max = 4000),
	RS_FIELD(struct rs_config_issuer, passphrase_file, RS_T_STRING, .max = 4000),
	RS_FIELD(struct rs_config_issuer, publicly_trusted, RS_T_BOOL),
	RS_FIELD_END,
};

static const struct rs_field STUB_ZONE_FIELDS[] = {
	RS_FIELD(struct rs_config_stub_zone, zone, RS_T_STRING, .flags = RS_F_REQUIRED, .min = 1),
	RS_FIELD(struct rs_config_stub_zone, servers, RS_T_ARRAY, .flags = RS_F_REQUIRED, .min = 1,
		.max = 8),
	RS_FIELD_END,
};

/* --- names --- */

/* "/server/port" in the context's arena. */
static const char *row_pointer(struct rs_ctx *ctx, const struct row *row)
{
	return row->section[0] ? rs_arena_printf(ctx->arena, "/%s/%s", row->section, row->key)
			       : rs_arena_printf(ctx->arena, "/%s", row->key);
}

static void row_variable(const struct row *row, char out[80])
{
	snprintf(out, 80, "REISSUED_%s%s%s", row->section, row->section[0] ? "_" : "", row->key);
	for (char *c = out; *c; c++)
		*c = (char)toupper((unsigned char)*c);
}

/* --- files and environment to one document --- */

static char *read_file(struct rs_ctx *ctx, const char *path, size_t *len)
{
	FILE *f = fopen(path, "re");
	if (!f) {
		rs_fault(ctx, RS_BAD_VALUE, path, "The file cannot be read: %s.", strerror(errno));
		return NULL;
	}
	char *data = rs_arena_alloc(ctx->arena, FILE_SIZE_MAX + 1);
	*len = fread(data, 1, FILE_SIZE_MAX + 1, f);
	bool bad = ferror(f) || *len > FILE_SIZE_MAX;
	fclose(f);
	if (bad)
		rs_fault(ctx, RS_BAD_VALUE, path, "The file cannot be read or is over 1 MiB.");
	return bad ? NULL : data;
}

static void merge_file(struct rs_ctx *ctx, json_t *document, const char *path)
{
	char error[200];
	size_t len;
	char *data = read_file(ctx, path, &len);
	if (!data)
		return;
	json_t *layer = rs_yaml_parse(data, len, error, sizeof(error));
	if (!layer)
		rs_fault(ctx, RS_BAD_VALUE, path, "The file is not YAML: %s.", error);
	else if (!json_is_object(layer))
		rs_fault(ctx, RS_BAD_VALUE, path, "The file must hold `section:` keys.");
	else
		rs_json_merge(document, layer);
	json_decref(layer);
}

/* A value of the environment as the JSON it stands for; what does not fit its type stays text, so
 * that the reader tells of it. */
static json_t *variable_value(const struct row *row, const char *text)
{
	bool plain = row->kind <= ENVIRONMENT;
	if (row->kind == STRINGS && text[0] != '[') {
		json_t *list = json_array();
		char *copy = strdup(text), *state = NULL;
		for (char *word = copy ? strtok_r(copy, ",", &state) : NULL; word;
			word = strtok_r(NULL, ",", &state))
			json_array_append_new(list, json_string(word));
		free(copy);
		return list;
	}
	json_t *value = plain ? NULL : json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
	return value ?: json_string(text);
}

static json_t *section_of(json_t *document, const char *section, bool make)
{
	if (section[0] == '\0')
		return document;
	json_t *object = json_object_get(document, section);
	if (!object && make) {
		object = json_object();
		json_object_set_new(document, section, object);
	}
	return object;
}

static const char *variable_of(char *const *env, const char *name)
{
	size_t len = strlen(name);
	for (; env && *env; env++)
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			return *env + len + 1;
	return NULL;
}

static void merge_environment(json_t *document, char *const *env)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		char name[80];
		row_variable(&ROWS[i], name);
		const char *text = variable_of(env, name);
		json_t *section = text ? section_of(document, ROWS[i].section, true) : NULL;
		if (json_is_object(section))
			json_object_set_new(section, ROWS[i].key, variable_value(&ROWS[i], text));
	}
}

/* REISSUED_SERVER_PROT: a section of ours, but no key of it. */
static void refuse_unknown_variables(struct rs_ctx *ctx, char *const *env)
{
	for (; env && *env; env++) {
		bool section = false, known = false;
		size_t len = strcspn(*env, "=");
		for (size_t i = 0; i < ROW_COUNT && !known; i++) {
			char name[80], prefix[80];
			row_variable(&ROWS[i], name);
			known = strlen(name) == len && strncmp(*env, name, len) == 0;
			size_t n = (size_t)snprintf(prefix, sizeof(prefix), "REISSUED_%s_",
				ROWS[i].section);
			for (char *c = prefix; *c; c++)
				*c = (char)toupper((unsigned char)*c);
			section = section || (ROWS[i].section[0] && strncmp(*env, prefix, n) == 0);
		}
		if (section && !known)
			rs_fault(ctx, RS_UNKNOWN_MEMBER,
				rs_arena_printf(ctx->arena, "%.*s", (int)len, *env),
				"No key of the configuration is overridden by this variable.");
	}
}

static void fill_defaults(json_t *document)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		json_t *section = section_of(document, ROWS[i].section, true);
		if (json_is_object(section) && !json_object_get(section, ROWS[i].key))
			json_object_set_new(section, ROWS[i].key,
				json_loads(ROWS[i].def, JSON_DECODE_ANY, NULL));
	}
}

/* --- document to struct --- */

static struct rs_field row_field(const struct row *row)
{
	static const char *const LEVELS[] = {"debug", "info", "warn", "error", NULL};
	static const char *const ENVIRONMENTS[] = {"development", "production", NULL};
	static const enum rs_type TYPES[] = {[STRING] = RS_T_STRING, [PATH] = RS_T_STRING,
		[LEVEL] = RS_T_STRING, [ENVIRONMENT] = RS_T_STRING, [INT] = RS_T_INT,
		[BOOL] = RS_T_BOOL, [STRINGS] = RS_T_ARRAY, [OBJECTS] = RS_T_ARRAY};
	struct rs_field field = {.name = row->key, .type = TYPES[row->kind],
		.offset = row->offset, .min = row->min, .max = row->max};
	if (row->kind == LEVEL)
		field.values = LEVELS;
	if (row->kind == ENVIRONMENT)
		field.values = ENVIRONMENTS;
	return field;
}

static void read_section(struct rs_ctx *ctx, json_t *object, const char *section,
	struct rs_config *config)
{
	struct rs_field fields[ROW_COUNT + 1];
	size_t n = 0;
	const char *at = section[0] ? rs_arena_printf(ctx->arena, "/%s", section) : "";
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (strcmp(ROWS[i].section, section) == 0)
			fields[n++] = row_field(&ROWS[i]);
	fields[n] = (struct rs_field)RS_FIELD_END;
	if (!json_is_object(object))
		rs_fault(ctx, RS_WRONG_TYPE, at, "This section must hold keys.");
	else
		rs_json_read(ctx, object, at, fields, config, NULL);
}

/* All sections, each once; what is left at the top must be keys of the top level. */
static void read_document(struct rs_ctx *ctx, json_t *document, struct rs_config *config)
{
	json_t *top = json_copy(document);
	for (size_t i = 0; i < ROW_COUNT; i++) {
		const char *section = ROWS[i].section;
		if (!section[0] || !json_object_get(top, section))
			continue;
		read_section(ctx, json_object_get(document, section), section, config);
		json_object_del(top, section);
	}
	read_section(ctx, top, "", config);
	json_decref(top);
}

/* "credential:NAME" is a file of systemd's credentials directory. */
static const char *resolve_path(struct rs_ctx *ctx, const char *path)
{
	static const char PREFIX[] = "credential:";
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	if (!path)
		return "";
	if (strncmp(path, PREFIX, sizeof(PREFIX) - 1) != 0 || !directory)
		return path;
	return rs_arena_printf(ctx->arena, "%s/%s", directory, path + sizeof(PREFIX) - 1);
}

static void resolve_paths(struct rs_ctx *ctx, struct rs_config *config)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		const char **member = (const char **)(void *)((char *)config + ROWS[i].offset);
		if (ROWS[i].kind == PATH)
			*member = resolve_path(ctx, *member);
	}
	for (int i = 0; i < config->issuer_count; i++) {
		struct rs_config_issuer *issuer = &config->issuer[i];
		issuer->certificate_file = resolve_path(ctx, issuer->certificate_file);
		issuer->chain_file = resolve_path(ctx, issuer->chain_file);
		issuer->key_file = resolve_path(ctx, issuer->key_file);
		issuer->passphrase_file = resolve_path(ctx, issuer->passphrase_file);
	}
}

static bool issuer_id_valid(const char *id)
{
	return id[0] != '\0' && id[strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static void read_issuers(struct rs_ctx *ctx, struct rs_config *config)
{
	size_t i;
	json_t *item;
	config->issuer = rs_new_array(ctx->arena, struct rs_config_issuer,
		json_array_size(config->issuers));
	json_array_foreach(config->issuers, i, item) {
		struct rs_config_issuer *issuer = &config->issuer[config->issuer_count++];
		const char *at = rs_pointer_index(ctx, "/issuers", i);
		rs_json_read(ctx, item, at, ISSUER_FIELDS, issuer, NULL);
		if (!issuer->id)
			continue;
		issuer->name = issuer->name ?: issuer->id;
		if (!issuer_id_valid(issuer->id))
			rs_fault(ctx, RS_BAD_VALUE, rs_pointer(ctx, at, "id"),
				"An id has lower-case letters, digits and hyphens only.");
		for (size_t other = 0; other < i; other++)
			if (config->issuer[other].id &&
				strcmp(config->issuer[other].id, issuer->id) == 0)
				rs_fault(ctx, RS_BAD_VALUE, rs_pointer(ctx, at, "id"),
					"Another issuer has this id.");
	}
}

static void read_stub_zones(struct rs_ctx *ctx, struct rs_config *config)
{
	size_t i;
	json_t *item;
	config->stub_zone = rs_new_array(ctx->arena, struct rs_config_stub_zone,
		json_array_size(config->dns_stub_zones));
	json_array_foreach(config->dns_stub_zones, i, item)
		rs_json_read(ctx, item, rs_pointer_index(ctx, "/dns/stub_zones", i),
			STUB_ZONE_FIELDS, &config->stub_zone[config->stub_zone_count++], NULL);
}

/* --- rules beyond types --- */

static bool address_valid(const char *text)
{
	unsigned char address[16];
	return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

static bool network_valid(const char *text)
{
	char address[64];
	unsigned char bytes[16];
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	if (len >= sizeof(address))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	if (!address_valid(address))
		return false;
	if (!slash)
		return true;
	char *end;
	long bits = strtol(slash + 1, &end, 10);
	long most = inet_pton(AF_INET, address, bytes) == 1 ? 32 : 128;
	return slash[1] != '\0' && *end == '\0' && bits >= 0 && bits <= most;
}

/* scheme://host[:port], nothing after it. */
static bool origin_valid(const char *text)
{
	size_t scheme = strncmp(text, "https://", 8) == 0 ? 8
			: strncmp(text, "http://", 7) == 0 ? 7
							   : 0;
	const char *host = text + scheme;
	return scheme && host[0] != '\0' && host[strcspn(host, "/?#@* ")] == '\0';
}

/* address:port, or nothing. */
static bool endpoint_valid(const char *text)
{
	char address[64];
	const char *colon = strrchr(text, ':');
	if (text[0] == '\0')
		return true;
	if (!colon || (size_t)(colon - text) >= sizeof(address))
		return false;
	memcpy(address, text, (size_t)(colon - text));
	address[colon - text] = '\0';
	long port = strtol(colon + 1, NULL, 10);
	return address_valid(address) && port > 0 && port < 65536;
}

static void check_list(struct rs_ctx *ctx, json_t *list, const char *at,
	bool (*valid)(const char *text), const char *what)
{
	size_t i;
	json_t *item;
	json_array_foreach(list, i, item)
		if (!json_is_string(item) || !valid(json_string_value(item)))
			rs_fault(ctx, RS_BAD_VALUE, rs_pointer_index(ctx, at, i),
				"This must be %s.", what);
}

static bool text_valid(const char *text)
{
	return text[0] != '\0' && strlen(text) <= 500;
}

static void check_lists(struct rs_ctx *ctx, const struct rs_config *config)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		json_t *list = *(json_t *const *)(const void *)((const char *)config + ROWS[i].offset);
		if (ROWS[i].kind == STRINGS)
			check_list(ctx, list, row_pointer(ctx, &ROWS[i]), text_valid,
				"a text of 1 to 500 bytes");
	}
	check_list(ctx, config->server_trusted_proxies, "/server/trusted_proxies", network_valid,
		"an address or a network such as 10.0.0.0/8");
	check_list(ctx, config->dcv_allow_addresses, "/dcv/allow_addresses", network_valid,
		"an address or a network such as 127.0.0.0/8");
	check_list(ctx, config->net_allow_addresses, "/net/allow_addresses", network_valid,
		"an address or a network such as 10.0.0.0/8");
	check_list(ctx, config->net_deny_addresses, "/net/deny_addresses", network_valid,
		"an address or a network such as 203.0.113.7");
	check_list(ctx, config->server_cors_origins, "/server/cors_origins", origin_valid,
		"an origin such as https://app.example, without a path");
}

static void check_rules(struct rs_ctx *ctx, const struct rs_config *config)
{
	const char *url = config->server_public_url;
	check_lists(ctx, config);
	if (config->server_listen && !address_valid(config->server_listen))
		rs_fault(ctx, RS_BAD_VALUE, "/server/listen", "This must be an IP address.");
	if (url && (!origin_valid(url) || (config->production && strncmp(url, "https:", 6) != 0)))
		rs_fault(ctx, RS_BAD_VALUE, "/server/public_url",
			"This must be %s://host[:port] without a slash at the end.",
			config->production ? "https" : "http(s)");
	if (config->metrics_listen && !endpoint_valid(config->metrics_listen))
		rs_fault(ctx, RS_BAD_VALUE, "/metrics/listen",
			"This must be address:port, such as 127.0.0.1:9100.");
	if (config->server_max_in_flight > config->server_max_connections)
		rs_fault(ctx, RS_OUT_OF_RANGE, "/server/max_in_flight",
			"This must not be over server.max_connections.");
	if (config->sessions_idle_s > config->sessions_max_s)
		rs_fault(ctx, RS_OUT_OF_RANGE, "/sessions/idle_s",
			"This must not be over sessions.max_s.");
}

static void check_production(struct rs_ctx *ctx, const struct rs_config *config)
{
	if (!config->production)
		return;
	for (size_t i = 0; i < ROW_COUNT; i++) {
		json_t *def = json_loads(ROWS[i].def, JSON_DECODE_ANY, NULL);
		json_t *value = json_object_get(
			section_of(config->document, ROWS[i].section, false), ROWS[i].key);
		if ((ROWS[i].flags & TEST) && !json_equal(def, value))
			rs_fault(ctx, RS_BAD_VALUE, row_pointer(ctx, &ROWS[i]),
				"This key is for tests; production refuses it.");
		json_decref(def);
	}
	if (config->dcv_http_port != 80)
		rs_fault(ctx, RS_BAD_VALUE, "/dcv/http_port",
			"Another port than 80 is for tests; production refuses it.");
	for (int i = 0; i < config->issuer_count; i++)
		if (!config->issuer[i].passphrase_file[0])
			rs_fault(ctx, RS_REQUIRED, rs_pointer_index(ctx, "/issuers", (size_t)i),
				"Production wants passphrase_file: keys lie encrypted.");
}

/* --- the public calls --- */

/* Pointers of faults become key names: "/server/port" -> "server.port". */
static json_t *faults_of(struct rs_ctx *ctx)
{
	json_t *list = json_array(), *fault;
	size_t i;
	json_array_foreach(ctx->err.faults, i, fault) {
		char key[300];
		const char *pointer = json_string_value(json_object_get(fault, "pointer"));
		bool file = strchr(pointer, '.') != NULL;
		snprintf(key, sizeof(key), "%s", pointer[0] == '/' && !file ? pointer + 1 : pointer);
		for (char *c = key; *c && !file; c++)
			*c = *c == '/' ? '.' : *c;
		json_array_append_new(list,
			json_pack("{s:s, s:O, s:O}", "key", key, "code",
				json_object_get(fault, "code"), "detail",
				json_object_get(fault, "detail")));
	}
	return list;
}

/* A list of opened networks with the denied ones in it, as rs_address_allowed() wants them. */
static json_t *with_denied(struct rs_ctx *ctx, const json_t *allow, const json_t *deny)
{
	json_t *out = rs_arena_json(ctx->arena, json_copy((json_t *)allow)), *item;
	size_t i;
	json_array_foreach(deny, i, item)
		json_array_append_new(out, json_sprintf("!%s", json_string_value(item)));
	return out;
}

static void apply_denied(struct rs_ctx *ctx, struct rs_config *config)
{
	const json_t *deny = config->net_deny_addresses;
	config->dcv_allow_addresses = with_denied(ctx, config->dcv_allow_addresses, deny);
	config->net_allow_addresses = with_denied(ctx, config->net_allow_addresses, deny);
}

/* What `reissued serve` cannot do without. */
static void check_needed(struct rs_ctx *ctx, json_t *document)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		json_t *value = json_object_get(
			section_of(document, ROWS[i].section, false), ROWS[i].key);
		char name[80];
		row_variable(&ROWS[i], name);
		if ((ROWS[i].flags & NEEDED) && json_is_string(value) &&
			json_string_length(value) == 0)
			rs_fault(ctx, RS_REQUIRED, row_pointer(ctx, &ROWS[i]),
				"`reissued serve` needs it: %s (or %s).", ROWS[i].doc, name);
	}
}

/* The document, complete and checked, as the struct; NULL with all that is wrong. Ends the context. */
static struct rs_config *build(struct rs_ctx *ctx, json_t *document, json_t **faults)
{
	struct rs_config *config = rs_new(ctx->arena, struct rs_config);
	config->document = document;
	read_document(ctx, config->document, config);
	config->production = config->environment && strcmp(config->environment, "production") == 0;
	read_issuers(ctx, config);
	read_stub_zones(ctx, config);
	resolve_paths(ctx, config);
	check_rules(ctx, config);
	check_production(ctx, config);
	if (rs_faults(ctx) != RS_OK) {
		check_needed(ctx, config->document); /* all at once */
		*faults = faults_of(ctx);
		config = NULL;
	} else {
		*faults = NULL;
		apply_denied(ctx, config);
		config->arena = ctx->arena;
		ctx->arena = NULL;
	}
	rs_ctx_end(ctx);
	return config;
}

struct rs_config *rs_config_load(const char *const *files, int count, char *const *env,
	json_t **faults)
{
	struct rs_ctx ctx;
	rs_ctx_init(&ctx, NULL);
	json_t *document = rs_arena_json(ctx.arena, json_object());
	for (int i = 0; i < count; i++)
		merge_file(&ctx, document, files[i]);
	merge_environment(document, env);
	refuse_unknown_variables(&ctx, env);
	fill_defaults(document);
	return build(&ctx, document, faults);
}

/* Puts the running values of what is not LIVE into the document; names what is, or would be, another. */
static void keep_running(json_t *document, const json_t *running, struct rs_config_changes *changes)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		const struct row *row = &ROWS[i];
		json_t *section = section_of(document, row->section, false);
		json_t *kept = json_object_get(row->section[0] ? json_object_get(running, row->section)
							       : running,
			row->key);
		bool live = row->flags & LIVE;
		if (json_equal(json_object_get(section, row->key), kept))
			continue;
		json_array_append_new(live ? changes->made : changes->pending,
			json_sprintf("%s%s%s", row->section, row->section[0] ? "." : "", row->key));
		if (!live)
			json_object_set_new(section, row->key, json_deep_copy(kept));
	}
}

struct rs_config *rs_config_reload(const struct rs_config *running, const char *const *files,
	int count, char *const *env, struct rs_config_changes *changes)
{
	struct rs_ctx ctx;
	*changes = (struct rs_config_changes){.made = json_array(), .pending = json_array()};
	struct rs_config *fresh = rs_config_load(files, count, env, &changes->faults);
	if (!fresh)
		return NULL;
	if (!rs_config_complete(fresh, &changes->faults)) {
		rs_config_free(fresh);
		return NULL;
	}
	rs_ctx_init(&ctx, NULL);
	json_t *document = rs_arena_json(ctx.arena, json_deep_copy(fresh->document));
	rs_config_free(fresh);
	keep_running(document, running->document, changes);
	return build(&ctx, document, &changes->faults);
}

void rs_config_changes_end(struct rs_config_changes *changes)
{
	json_decref(changes->faults);
	json_decref(changes->made);
	json_decref(changes->pending);
}

void rs_config_free(struct rs_config *config)
{
	if (config)
		rs_arena_free(config->arena);
}

bool rs_config_complete(const struct rs_config *config, json_t **faults)
{
	struct rs_ctx ctx;
	rs_ctx_init(&ctx, NULL);
	check_needed(&ctx, config->document);
	bool complete = rs_faults(&ctx) == RS_OK;
	*faults = complete ? NULL : faults_of(&ctx);
	rs_ctx_end(&ctx);
	return complete;
}

/* Hides what follows `password=` and what stands between ':' and '@' of a URL. */
static json_t *masked(const char *text)
{
	static const char HIDDEN[] = "***";
	char *out = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&out, &len);
	if (!f)
		return json_string(HIDDEN);
	const char *authority = strstr(text, "://");
	const char *at = authority ? strchr(authority, '@') : NULL;
	const char *colon = at ? memchr(authority + 3, ':', (size_t)(at - authority - 3)) : NULL;
	if (colon) {
		fprintf(f, "%.*s:%s", (int)(colon - text), text, HIDDEN);
		text = at;
	}
	for (const char *word; (word = strstr(text, "password=")); ) {
		word += strlen("password=");
		fprintf(f, "%.*s%s", (int)(word - text), text, HIDDEN);
		text = *word == '\'' ? word + 1 + strcspn(word + 1, "'") : word;
		text += strcspn(text, " &");
	}
	fputs(text, f);
	fclose(f);
	json_t *value = json_string(out);
	free(out);
	return value;
}

json_t *rs_config_print(const struct rs_config *config)
{
	json_t *copy = json_deep_copy(config->document);
	for (size_t i = 0; i < ROW_COUNT; i++) {
		json_t *section = section_of(copy, ROWS[i].section, false);
		const char *text = json_string_value(json_object_get(section, ROWS[i].key));
		if ((ROWS[i].flags & MASK) && text)
			json_object_set_new(section, ROWS[i].key, masked(text));
	}
	return copy;
}

char *rs_config_reference(void)
{
	static const char *const KINDS[] = {"text", "file", "word", "word", "number",
		"true or false", "list of texts", "list"};
	char *out = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&out, &len);
	if (!f)
		return NULL;
	fprintf(f, "| key | type | default | range | variable | meaning |\n"
		   "|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < ROW_COUNT; i++) {
		const struct row *row = &ROWS[i];
		char name[80], range[60] = "";
		row_variable(row, name);
		if (row->max)
			snprintf(range, sizeof(range), "%lld..%lld", (long long)row->min,
				(long long)row->max);
		fprintf(f, "| `%s%s%s` | %s | `%s` | %s | `%s` | %s%s%s%s |\n", row->section,
			row->section[0] ? "." : "", row->key, KINDS[row->kind], row->def, range,
			name, row->doc, row->flags & TEST ? " (test)" : "",
			row->flags & NEEDED ? " (needed to serve)" : "",
			row->flags & LIVE ? " (live)" : "");
	}
	fclose(f);
	return out;
}
