#include "journal.h"

#include "rs/failpoint.h"
#include "rs/id.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC	    "RSJ1"
#define HEADER	    44 /* magic, length, batch, digest */
#define PAYLOAD_MIN (2 + RS_SERIAL_LEN + 8 + 8)
#define PAYLOAD_MAX (1u << 20)
#define INDEX_FIRST 1024

/* Open addressing; place 0 = free. Several records may share a key: the file decides. */
struct slot {
	uint64_t key, place; /* place: offset + 1 */
};

struct rs_journal {
	int fd;
	off_t end;
	uint32_t batch;
	pthread_rwlock_t lock; /* of the index */
	struct slot *index;
	size_t size, used;
};

static void put32(unsigned char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(v >> (24 - 8 * i));
}

static uint32_t get32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put64(unsigned char *p, uint64_t v)
{
	put32(p, (uint32_t)(v >> 32));
	put32(p + 4, (uint32_t)v);
}

static uint64_t get64(const unsigned char *p)
{
	return (uint64_t)get32(p) << 32 | get32(p + 4);
}

/* --- one record --- */

static size_t payload_size(const struct rs_journal_entry *e)
{
	return PAYLOAD_MIN + strlen(e->issuer) + strlen(e->replica) + e->tbs.len + e->signature.len;
}

static unsigned char *put_block(unsigned char *p, const void *data, size_t len)
{
	memcpy(p, data, len);
	return p + len;
}

static void write_record(unsigned char *p, uint32_t batch, const struct rs_journal_entry *e)
{
	unsigned char *start = p;
	size_t issuer = strlen(e->issuer), replica = strlen(e->replica);

	memcpy(p, MAGIC, 4);
	put32(p + 4, (uint32_t)payload_size(e));
	put32(p + 8, batch);
	p += HEADER;
	*p++ = (unsigned char)issuer;
	p = put_block(p, e->issuer, issuer);
	*p++ = (unsigned char)replica;
	p = put_block(p, e->replica, replica);
	p = put_block(p, e->serial, RS_SERIAL_LEN);
	put64(p, (uint64_t)e->time_us);
	put32(p + 8, (uint32_t)e->tbs.len);
	p = put_block(p + 12, e->tbs.data, e->tbs.len);
	put32(p, (uint32_t)e->signature.len);
	p = put_block(p + 4, e->signature.data, e->signature.len);
	/* The digest's own place is zero while it is computed. */
	memset(start + 12, 0, 32);
	rs_sha256(start, (size_t)(p - start), start + 12);
}

/* A text of u8 length; NUL-terminated copy. */
static bool take_text(const unsigned char **p, const unsigned char *end, char *out)
{
	size_t len = *p < end ? *(*p)++ : 0;
	if ((size_t)(end - *p) < len)
		return false;
	memcpy(out, *p, len);
	out[len] = '\0';
	*p += len;
	return true;
}

static bool take_bytes(const unsigned char **p, const unsigned char *end, struct rs_bytes *out)
{
	if (end - *p < 4)
		return false;
	size_t len = get32(*p);
	*p += 4;
	if ((size_t)(end - *p) < len)
		return false;
	*out = (struct rs_bytes){*p, len};
	*p += len;
	return true;
}

/* Space for the texts of an entry, which live beside it. */
struct record {
	struct rs_journal_entry entry;
	char issuer[256], replica[256];
	uint32_t batch;
	size_t size; /* header and payload */
};

/* Reads the record at data, which holds avail octets; data is changed for a moment. */
static bool read_record(unsigned char *data, size_t avail, struct record *out)
{
	unsigned char digest[32], kept[32];

	if (avail < HEADER || memcmp(data, MAGIC, 4) != 0)
		return false;
	size_t payload = get32(data + 4);
	if (payload < PAYLOAD_MIN || payload > PAYLOAD_MAX || payload > avail - HEADER)
		return false;
	memcpy(kept, data + 12, 32);
	memset(data + 12, 0, 32);
	rs_sha256(data, HEADER + payload, digest);
	memcpy(data + 12, kept, 32);
	if (memcmp(digest, kept, 32) != 0)
		return false;
	const unsigned char *p = data + HEADER, *end = p + payload;
	if (!take_text(&p, end, out->issuer) || !take_text(&p, end, out->replica) ||
		end - p < RS_SERIAL_LEN + 8)
		return false;
	memcpy(out->entry.serial, p, RS_SERIAL_LEN);
	out->entry.time_us = (int64_t)get64(p + RS_SERIAL_LEN);
	p += RS_SERIAL_LEN + 8;
	out->entry.issuer = out->issuer;
	out->entry.replica = out->replica;
	out->batch = get32(data + 8);
	out->size = HEADER + payload;
	return take_bytes(&p, end, &out->entry.tbs) && take_bytes(&p, end, &out->entry.signature) &&
	       p == end;
}

/* --- reading a file through --- */

/* Fills buf from offset; the count of octets, -1 with errno. */
static ssize_t read_at(int fd, unsigned char *buf, size_t size, off_t offset)
{
	size_t got = 0;
	while (got < size) {
		ssize_t n = pread(fd, buf + got, size - got, offset + (off_t)got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

struct scan {
	int fd;
	off_t at; /* end of the last good record */
	uint32_t batch;
	unsigned char *buf; /* holds one record at its largest */
};

/* 1 = a record is in *out, 0 = none here, -1 = errno. */
static int scan_at(struct scan *s, off_t offset, struct record *out)
{
	ssize_t n = read_at(s->fd, s->buf, HEADER, offset);
	if (n < 0)
		return -1;
	if (n < HEADER || memcmp(s->buf, MAGIC, 4) != 0)
		return 0;
	size_t payload = get32(s->buf + 4);
	if (payload > PAYLOAD_MAX)
		return 0;
	n = read_at(s->fd, s->buf + HEADER, payload, offset + HEADER);
	if (n < 0)
		return -1;
	return read_record(s->buf, HEADER + (size_t)n, out);
}

/* Whether a record of a later batch than the one torn stands anywhere behind offset. */
static int damaged_inside(struct scan *s, off_t offset, off_t size)
{
	struct record record;
	for (off_t at = offset + 1; at + HEADER < size; at++) {
		unsigned char first;
		if (read_at(s->fd, &first, 1, at) != 1)
			return -1;
		if (first != (unsigned char)MAGIC[0])
			continue;
		int found = scan_at(s, at, &record);
		if (found < 0)
			return -1;
		if (found && record.batch > s->batch + 1)
			return 1;
	}
	return 0;
}

typedef enum rs_code (*visit_record)(
	struct rs_ctx *ctx, const struct rs_journal_entry *entry, void *arg);

/* Visits every record; s->at is the end of the last good one. */
static enum rs_code scan_file(
	struct rs_ctx *ctx, struct scan *s, const char *file, visit_record visit, void *arg)
{
	struct stat st;
	int found = fstat(s->fd, &st);
	enum rs_code rc = RS_OK;

	s->buf = malloc(HEADER + PAYLOAD_MAX);
	if (!s->buf)
		abort();
	while (found >= 0 && s->at < st.st_size) {
		struct record record;
		found = scan_at(s, s->at, &record);
		if (found <= 0)
			break;
		rc = visit(ctx, &record.entry, arg);
		if (rc != RS_OK)
			break;
		s->at += (off_t)record.size;
		s->batch = record.batch;
	}
	if (rc == RS_OK && found == 0 && s->at < st.st_size)
		found = damaged_inside(s, s->at, st.st_size) == 0 ? 0 : -2;
	free(s->buf);
	if (rc == RS_OK && found == -1)
		return rs_fail(ctx, RS_ISSUER_UNAVAILABLE, "The journal %s cannot be read: %s.",
			file, strerror(errno));
	if (rc == RS_OK && found == -2)
		return rs_fail(ctx, RS_ISSUER_UNAVAILABLE,
			"The journal %s is damaged at byte %lld, before its end; restore it.", file,
			(long long)s->at);
	return rc;
}

enum rs_code rs_journal_read(struct rs_ctx *ctx, const char *file, visit_record visit, void *arg)
{
	struct scan scan = {.fd = open(file, O_RDONLY | O_CLOEXEC)};
	if (scan.fd < 0)
		return rs_fail(ctx, RS_NOT_FOUND, "The journal %s cannot be opened: %s.", file,
			strerror(errno));
	enum rs_code rc = scan_file(ctx, &scan, file, visit, arg);
	close(scan.fd);
	return rc;
}

/* --- the index --- */

/* Serials are random: some of their octets are a hash already. */
static uint64_t key_of(const unsigned char serial[RS_SERIAL_LEN])
{
	return get64(serial + RS_SERIAL_LEN - 8);
}

static void index_put(struct slot *index, size_t size, struct slot slot)
{
	size_t i = slot.key & (size - 1);
	while (index[i].place)
		i = (i + 1) & (size - 1);
	index[i] = slot;
}

static void index_add(struct rs_journal *j, const unsigned char serial[RS_SERIAL_LEN], off_t at)
{
	if (j->used * 4 >= j->size * 3) {
		size_t size = j->size ? j->size * 2 : INDEX_FIRST;
		struct slot *index = calloc(size, sizeof(*index));
		if (!index)
			abort();
		for (size_t i = 0; i < j->size; i++)
			if (j->index[i].place)
				index_put(index, size, j->index[i]);
		free(j->index);
		j->index = index;
		j->size = size;
	}
	index_put(j->index, j->size, (struct slot){key_of(serial), (uint64_t)at + 1});
	j->used++;
}

/* Reads one record back; its bytes are in the arena. */
static bool read_back(struct rs_ctx *ctx, const struct rs_journal *j, off_t at, struct record *out)
{
	unsigned char head[HEADER];
	if (read_at(j->fd, head, HEADER, at) != HEADER)
		return false;
	size_t size = HEADER + (size_t)get32(head + 4);
	if (size > HEADER + PAYLOAD_MAX)
		return false;
	unsigned char *data = rs_arena_alloc(ctx->arena, size);
	return read_at(j->fd, data, size, at) == (ssize_t)size && read_record(data, size, out);
}

bool rs_journal_find(struct rs_ctx *ctx, struct rs_journal *j, const char *issuer,
	const unsigned char serial[RS_SERIAL_LEN], struct rs_journal_entry *out)
{
	uint64_t key = key_of(serial);
	bool found = false;

	pthread_rwlock_rdlock(&j->lock);
	for (size_t i = key & (j->size - 1); j->size && j->index[i].place && !found;
		i = (i + 1) & (j->size - 1)) {
		struct record *record = rs_new(ctx->arena, struct record);
		if (j->index[i].key != key ||
			!read_back(ctx, j, (off_t)j->index[i].place - 1, record))
			continue;
		found = memcmp(record->entry.serial, serial, RS_SERIAL_LEN) == 0 &&
			strcmp(record->entry.issuer, issuer) == 0;
		if (found)
			*out = record->entry;
	}
	pthread_rwlock_unlock(&j->lock);
	return found;
}

/* --- opening and appending --- */

struct load {
	struct rs_journal *journal;
	off_t at;
};

static enum rs_code index_entry(struct rs_ctx *ctx, const struct rs_journal_entry *entry, void *arg)
{
	struct load *load = arg;
	(void)ctx;
	index_add(load->journal, entry->serial, load->at);
	load->at += HEADER + (off_t)payload_size(entry);
	return RS_OK;
}

enum rs_code rs_journal_open(struct rs_ctx *ctx, const char *file, struct rs_journal **out)
{
	struct rs_journal *j = calloc(1, sizeof(*j));
	if (!j)
		abort();
	pthread_rwlock_init(&j->lock, NULL);
	j->fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	enum rs_code rc = RS_OK;
	if (j->fd < 0)
		rc = rs_fail(ctx, RS_ISSUER_UNAVAILABLE, "The journal %s cannot be opened: %s.",
			file, strerror(errno));
	else if (flock(j->fd, LOCK_EX | LOCK_NB) != 0)
		rc = rs_fail(ctx, RS_ISSUER_UNAVAILABLE,
			"The journal %s is in use by another process; each replica has its own.",
			file);
	if (rc == RS_OK) {
		struct scan scan = {.fd = j->fd};
		struct load load = {.journal = j};
		rc = scan_file(ctx, &scan, file, index_entry, &load);
		j->end = scan.at;
		j->batch = scan.batch;
	}
	/* What is torn was never answered for. */
	if (rc == RS_OK && (ftruncate(j->fd, j->end) != 0 || fsync(j->fd) != 0))
		rc = rs_fail(ctx, RS_ISSUER_UNAVAILABLE, "The journal %s cannot be written: %s.",
			file, strerror(errno));
	if (rc != RS_OK) {
		rs_journal_close(j);
		j = NULL;
	}
	*out = j;
	return rc;
}

void rs_journal_close(struct rs_journal *j)
{
	if (!j)
		return;
	if (j->fd >= 0)
		close(j->fd);
	pthread_rwlock_destroy(&j->lock);
	free(j->index);
	free(j);
}

static int write_all(int fd, const unsigned char *data, size_t len, off_t at)
{
	while (len) {
		ssize_t n = pwrite(fd, data, len, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		data += n;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int rs_journal_append(
	struct rs_journal *j, const struct rs_journal_entry *const *entries, size_t count)
{
	size_t size = 0, at = 0;
	for (size_t i = 0; i < count; i++)
		size += HEADER + payload_size(entries[i]);
	unsigned char *data = malloc(size);
	if (!data)
		abort();
	for (size_t i = 0; i < count; i++) {
		write_record(data + at, j->batch + 1, entries[i]);
		at += HEADER + payload_size(entries[i]);
	}
	int error = rs_failpoint("journal_write") ? ENOSPC : write_all(j->fd, data, size, j->end);
	free(data);
	if (error) {
		/* The next batch overwrites what came through; cut it off so that it is not found.
		 */
		if (ftruncate(j->fd, j->end) != 0)
			error = EIO;
		return error;
	}
	if (rs_failpoint("journal_fsync") || fdatasync(j->fd) != 0)
		return EIO;
	pthread_rwlock_wrlock(&j->lock);
	for (size_t i = 0; i < count; i++) {
		index_add(j, entries[i]->serial, j->end);
		j->end += HEADER + (off_t)payload_size(entries[i]);
	}
	j->batch++;
	pthread_rwlock_unlock(&j->lock);
	return 0;
}
