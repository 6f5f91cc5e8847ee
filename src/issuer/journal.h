/*
 * The signer's journal: an append-only file of what was signed.
 *
 * Record: "RSJ1", u32 length of what follows the header, u32 batch, 32 octets SHA-256 over batch
 * and payload; payload: u8 n + issuer slug, u8 n + replica, 20 octets serial, i64 time (us), u32 n +
 * TBS, u32 n + signature. Numbers are big-endian. Records that became durable together carry the
 * same batch number. A record damaged in the last batch was never answered for and is cut off;
 * damage before that is refused, since nobody can tell what was signed.
 *
 * In memory there is only an index from the serial to the place in the file, 16 octets a record.
 */
#ifndef RS_ISSUER_JOURNAL_H
#define RS_ISSUER_JOURNAL_H

#include "rs/signer.h"

struct rs_journal;

/* Opens, locks and reads it; RS_ISSUER_UNAVAILABLE with the sentence. */
enum rs_code rs_journal_open(struct rs_ctx *ctx, const char *file, struct rs_journal **out)
	RS_CHECK;
void rs_journal_close(struct rs_journal *journal);

/* The entry of a serial, read back from the file into the arena; false when there is none. */
bool rs_journal_find(struct rs_ctx *ctx, struct rs_journal *journal, const char *issuer,
	const unsigned char serial[RS_SERIAL_LEN], struct rs_journal_entry *out);

/*
 * Appends entries as one batch and returns once they are on disk. 0, or an errno: ENOSPC, EDQUOT
 * and EFBIG leave the file as it was; anything else means that nobody knows what is on disk.
 * Callers take turns: it is not safe for two at once.
 */
int rs_journal_append(struct rs_journal *journal, const struct rs_journal_entry *const *entries,
	size_t count);

#endif
