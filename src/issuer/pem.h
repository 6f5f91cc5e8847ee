/*
 * PEM (RFC 7468), strict: labels from a list, base64 without anything else, LF or CRLF. Explanatory
 * text before a block, as certtool and `openssl -text` write it, is skipped.
 */
#ifndef RS_ISSUER_PEM_H
#define RS_ISSUER_PEM_H

#include "rs/json.h"

/* Whether data looks like PEM rather than DER. */
bool rs_pem_looks(const void *data, size_t len);

/*
 * Takes the next block from *text (advanced past it and the line ends after it). labels ends with
 * NULL. On false, *why is a static sentence. The DER is in the arena.
 */
bool rs_pem_next(struct rs_ctx *ctx, struct rs_bytes *text, const char *const labels[],
	struct rs_bytes *der, const char **why);

/* The block of this label with lines of 64 and LF, NUL-terminated, in the arena. */
const char *rs_pem_write(struct rs_ctx *ctx, const char *label, struct rs_bytes der);

/* Reads a whole small file; false with errno. Borrowed from the arena. */
bool rs_file_read(struct rs_ctx *ctx, const char *path, size_t max, struct rs_bytes *out);

#endif
