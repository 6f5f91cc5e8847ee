#include "rs/yaml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

/* Bounds of a document: aliases would let a few lines become gigabytes. */
#define DEPTH_MAX 64
#define NODES_MAX 200000

struct reader {
	yaml_document_t *document;
	char *error;
	size_t error_size;
	int nodes;
};

static json_t *read_node(struct reader *r, int index, int depth);

static json_t *refuse(struct reader *r, const yaml_node_t *node, const char *what, const char *name)
{
	if (r->error[0] == '\0')
		snprintf(r->error, r->error_size, "line %zu: %s%s%s",
			node ? node->start_mark.line + 1 : 0, what, name ? " " : "", name ?: "");
	return NULL;
}

static bool is_one_of(const char *text, const char *const words[])
{
	for (int i = 0; words[i]; i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

/* The number a plain scalar stands for in the core schema, or NULL. */
static json_t *plain_number(const char *text)
{
	if (text[strspn(text, "+-0123456789.eE")] != '\0' || !strpbrk(text, "0123456789"))
		return NULL;
	char *end;
	errno = 0;
	long long integer = strtoll(text, &end, 10);
	if (*end == '\0')
		return errno ? NULL : json_integer(integer);
	double real = strtod(text, &end);
	return *end == '\0' ? json_real(real) : NULL;
}

static json_t *plain_scalar(const char *text)
{
	static const char *const NULLS[] = {"", "~", "null", "Null", "NULL", NULL};
	static const char *const TRUES[] = {"true", "True", "TRUE", NULL};
	static const char *const FALSES[] = {"false", "False", "FALSE", NULL};
	if (is_one_of(text, NULLS))
		return json_null();
	if (is_one_of(text, TRUES))
		return json_true();
	if (is_one_of(text, FALSES))
		return json_false();
	json_t *number = plain_number(text);
	return number ?: json_string(text);
}

static json_t *read_scalar(struct reader *r, const yaml_node_t *node)
{
	const char *text = (const char *)node->data.scalar.value;
	if (strlen(text) != node->data.scalar.length)
		return refuse(r, node, "a NUL character", NULL);
	json_t *value = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE ? plain_scalar(text)
									    : json_string(text);
	return value ?: refuse(r, node, "text that is not UTF-8", NULL);
}

static json_t *read_sequence(struct reader *r, const yaml_node_t *node, int depth)
{
	json_t *array = json_array();
	for (yaml_node_item_t *item = node->data.sequence.items.start;
		item < node->data.sequence.items.top; item++) {
		json_t *value = read_node(r, *item, depth + 1);
		if (!value || json_array_append_new(array, value)) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static bool read_pair(struct reader *r, const yaml_node_pair_t *pair, json_t *object, int depth)
{
	const yaml_node_t *key = yaml_document_get_node(r->document, pair->key);
	if (!key || key->type != YAML_SCALAR_NODE)
		return refuse(r, key, "a key must be a word", NULL) != NULL;
	const char *name = (const char *)key->data.scalar.value;
	if (json_object_get(object, name))
		return refuse(r, key, "this key comes twice:", name) != NULL;
	json_t *value = read_node(r, pair->value, depth + 1);
	return value && json_object_set_new(object, name, value) == 0;
}

static json_t *read_mapping(struct reader *r, const yaml_node_t *node, int depth)
{
	json_t *object = json_object();
	for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
		pair < node->data.mapping.pairs.top; pair++) {
		if (!read_pair(r, pair, object, depth)) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

static json_t *read_node(struct reader *r, int index, int depth)
{
	const yaml_node_t *node = yaml_document_get_node(r->document, index);
	if (!node)
		return refuse(r, NULL, "no content", NULL);
	if (depth > DEPTH_MAX || ++r->nodes > NODES_MAX)
		return refuse(r, node, "the document is too deep or too large", NULL);
	switch (node->type) {
	case YAML_SCALAR_NODE:
		return read_scalar(r, node);
	case YAML_SEQUENCE_NODE:
		return read_sequence(r, node, depth);
	case YAML_MAPPING_NODE:
		return read_mapping(r, node, depth);
	default:
		return refuse(r, node, "unknown content", NULL);
	}
}

json_t *rs_yaml_parse(const void *data, size_t len, char *error, size_t error_size)
{
	yaml_parser_t parser;
	yaml_document_t document;
	json_t *value = NULL;
	error[0] = '\0';
	if (!yaml_parser_initialize(&parser)) {
		snprintf(error, error_size, "out of memory");
		return NULL;
	}
	yaml_parser_set_input_string(&parser, data, len);
	if (!yaml_parser_load(&parser, &document)) {
		snprintf(error, error_size, "line %zu: %s", parser.problem_mark.line + 1,
			parser.problem ? parser.problem : "not YAML");
		yaml_parser_delete(&parser);
		return NULL;
	}
	struct reader r = {.document = &document, .error = error, .error_size = error_size};
	if (yaml_document_get_root_node(&document))
		value = read_node(&r, 1, 0);
	else
		value = json_object();
	yaml_document_delete(&document);
	yaml_parser_delete(&parser);
	return value;
}
