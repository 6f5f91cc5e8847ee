/*
 * YAML as JSON: the configuration and openapi.yaml are written in the one and used as the other.
 * Mapping keys become strings; plain scalars become null, booleans and numbers as the YAML 1.2 core
 * schema says, everything quoted stays a string. A key that comes twice is an error.
 */
#ifndef RS_YAML_H
#define RS_YAML_H

#include <jansson.h>
#include <stddef.h>

/*
 * Reads the first document of a text; an empty text is an empty object. NULL on failure with why
 * (line included) in error. The caller owns the value.
 */
json_t *rs_yaml_parse(const void *data, size_t len, char *error, size_t error_size);

#endif
