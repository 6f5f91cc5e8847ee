#include "rs/keyring.h"

#include "rs/id.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT_LEN  32
#define NONCE_LEN 12
#define TAG_LEN	  16
/* A ring of RS_KEYRING_MAX keys fits easily; anything longer is not a keyring. */
#define FILE_MAX  16384

struct entry {
	char kid[RS_KID_MAX + 1];
	unsigned char derived[RS_KEY_LABEL_COUNT][ROOT_LEN];
};

/* Made by calloc(). */
struct rs_keyring {
	size_t count;
	size_t active;
	struct entry entries[RS_KEYRING_MAX];
};

static const char *const LABELS[RS_KEY_LABEL_COUNT] = {
#define RS_KEY_LABEL_TEXT(name, label) label,
	RS_KEY_LABELS(RS_KEY_LABEL_TEXT)
#undef RS_KEY_LABEL_TEXT
};

/* HKDF-SHA-256 cannot fail for these lengths but for memory: then the process ends. */
static void derive(
	const unsigned char root[ROOT_LEN], const char *label, unsigned char out[ROOT_LEN])
{
	char info[64];
	int info_len = snprintf(info, sizeof(info), "reissued/v1/%s", label);
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *kctx = EVP_KDF_CTX_new(kdf);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, "SHA256", 0),
		OSSL_PARAM_construct_octet_string(
			OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)root, ROOT_LEN),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, (size_t)info_len),
		OSSL_PARAM_construct_end(),
	};
	if (!kctx || EVP_KDF_derive(kctx, out, ROOT_LEN, params) != 1)
		abort();
	EVP_KDF_CTX_free(kctx);
	EVP_KDF_free(kdf);
}

static void add(struct rs_keyring *ring, const char *kid, const unsigned char root[ROOT_LEN])
{
	struct entry *e = &ring->entries[ring->count++];
	snprintf(e->kid, sizeof(e->kid), "%s", kid);
	for (int i = 0; i < RS_KEY_LABEL_COUNT; i++)
		derive(root, LABELS[i], e->derived[i]);
}

static const struct entry *find(const struct rs_keyring *ring, const char *kid)
{
	for (size_t i = 0; i < ring->count; i++)
		if (kid && !strcmp(ring->entries[i].kid, kid))
			return &ring->entries[i];
	return NULL;
}

static bool kid_valid(const char *kid)
{
	size_t len =
		strspn(kid, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
	return len > 0 && len <= RS_KID_MAX && kid[len] == '\0';
}

/* --- the file --- */

static enum rs_code check_owner(struct rs_ctx *ctx, const char *path, const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return rs_fail(
			ctx, RS_VALIDATION_FAILED, "The keyring %s is not a regular file.", path);
	if (st->st_mode & (S_IRWXO | S_IWGRP))
		return rs_fail(ctx, RS_VALIDATION_FAILED,
			"The keyring %s may be read or written by others (mode %04o): chmod 600 %s",
			path, (unsigned)st->st_mode & 07777u, path);
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return rs_fail(ctx, RS_VALIDATION_FAILED,
			"The keyring %s belongs to user %u: it must belong to root or to the "
			"service.",
			path, (unsigned)st->st_uid);
	if (st->st_size > FILE_MAX)
		return rs_fail(ctx, RS_VALIDATION_FAILED, "The keyring %s is too large.", path);
	return RS_OK;
}

static enum rs_code slurp(struct rs_ctx *ctx, const char *path, struct rs_secret **out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) != 0) {
		int why = errno;
		if (fd >= 0)
			close(fd);
		return rs_fail(ctx, RS_UNAVAILABLE,
			"The keyring %s cannot be read: %s. `reissued keyring init` makes one.",
			path, strerror(why));
	}
	enum rs_code rc = check_owner(ctx, path, &st);
	if (rc == RS_OK) {
		*out = rs_secret_new((size_t)st.st_size);
		ssize_t got = read(fd, rs_secret_data(*out), (size_t)st.st_size);
		if (got != (ssize_t)st.st_size) {
			rs_secret_drop(out);
			rc = rs_fail(ctx, RS_UNAVAILABLE, "The keyring %s cannot be read.", path);
		}
	}
	close(fd);
	return rc;
}

/* The 32 bytes of canonical base64, or false. */
static bool root_read(const char *text, unsigned char root[ROOT_LEN])
{
	unsigned char raw[48];
	/* 44 characters give 33 bytes to EVP_DecodeBlock, the last of which is padding. */
	bool good = strlen(text) == 44 && text[43] == '=' && text[42] != '=' &&
		    EVP_DecodeBlock(raw, (const unsigned char *)text, 44) == 33;
	if (good)
		memcpy(root, raw, ROOT_LEN);
	rs_cleanse(raw, sizeof(raw));
	return good;
}

static void root_write(const unsigned char root[ROOT_LEN], char text[45])
{
	EVP_EncodeBlock((unsigned char *)text, root, ROOT_LEN);
}

static enum rs_code parse(
	struct rs_ctx *ctx, const char *path, struct rs_secret *text, json_t **out)
{
	json_error_t error;
	json_t *doc = json_loadb((const char *)rs_secret_data(text), rs_secret_len(text),
		JSON_REJECT_DUPLICATES, &error);
	json_t *keys = json_object_get(doc, "keys");
	const char *active = json_string_value(json_object_get(doc, "active"));
	if (active && json_is_object(keys) && json_object_size(doc) == 2 &&
		json_object_size(keys) <= RS_KEYRING_MAX && json_object_get(keys, active)) {
		*out = doc;
		return RS_OK;
	}
	json_decref(doc);
	return rs_fail(ctx, RS_VALIDATION_FAILED,
		"The keyring %s is not of the form {\"active\": KID, \"keys\": {KID: BASE64}} with "
		"at most %d keys, the active one among them.",
		path, RS_KEYRING_MAX);
}

static enum rs_code read_file(struct rs_ctx *ctx, const char *path, json_t **out)
{
	rs_auto_secret text = NULL;
	enum rs_code rc = slurp(ctx, path, &text);
	return rc == RS_OK ? parse(ctx, path, text, out) : rc;
}

static enum rs_code fill(struct rs_ctx *ctx, const char *path, json_t *doc, struct rs_keyring *ring)
{
	const char *active = json_string_value(json_object_get(doc, "active"));
	const char *kid;
	json_t *value;
	json_object_foreach(json_object_get(doc, "keys"), kid, value)
	{
		unsigned char root[ROOT_LEN];
		if (!kid_valid(kid) || !json_is_string(value) ||
			!root_read(json_string_value(value), root))
			return rs_fail(ctx, RS_VALIDATION_FAILED,
				"The keyring %s: key \"%.40s\" is not base64 of 32 bytes under a "
				"name of at most %d letters, digits, _ and -.",
				path, kid, RS_KID_MAX);
		if (!strcmp(kid, active))
			ring->active = ring->count;
		add(ring, kid, root);
		rs_cleanse(root, sizeof(root));
	}
	return RS_OK;
}

enum rs_code rs_keyring_load(struct rs_ctx *ctx, const char *path, struct rs_keyring **out)
{
	*out = NULL;
	json_t *doc = NULL;
	enum rs_code rc = read_file(ctx, path, &doc);
	if (rc != RS_OK)
		return rc;
	struct rs_keyring *ring = calloc(1, sizeof(*ring));
	if (!ring)
		abort();
	rc = fill(ctx, path, doc, ring);
	json_decref(doc);
	if (rc != RS_OK) {
		rs_keyring_free(ring);
		return rc;
	}
	*out = ring;
	return RS_OK;
}

struct rs_keyring *rs_keyring_new_ephemeral(void)
{
	unsigned char root[ROOT_LEN];
	struct rs_keyring *ring = calloc(1, sizeof(*ring));
	if (!ring)
		abort();
	rs_random(root, sizeof(root));
	add(ring, "ephemeral", root);
	rs_cleanse(root, sizeof(root));
	return ring;
}

void rs_keyring_free(struct rs_keyring *ring)
{
	if (!ring)
		return;
	rs_cleanse(ring, sizeof(*ring));
	free(ring);
}

const char *rs_keyring_active(const struct rs_keyring *ring)
{
	return ring->entries[ring->active].kid;
}

size_t rs_keyring_count(const struct rs_keyring *ring)
{
	return ring->count;
}

const char *rs_keyring_kid(const struct rs_keyring *ring, size_t index)
{
	return ring->entries[index].kid;
}

bool rs_keyring_holds(const struct rs_keyring *ring, const char *kid)
{
	return find(ring, kid) != NULL;
}

bool rs_keyring_equal(const struct rs_keyring *a, const struct rs_keyring *b)
{
	return rs_equal(a, b, sizeof(*a)); /* no padding, and zero beyond what is used */
}

/* --- MACs --- */

static void mac(const struct entry *e, enum rs_key_label label, const void *data, size_t len,
	unsigned char out[RS_MAC_LEN])
{
	unsigned n = 0;
	if (!HMAC(EVP_sha256(), e->derived[label], ROOT_LEN, data, len, out, &n) || n != RS_MAC_LEN)
		abort();
}

void rs_keyring_mac(const struct rs_keyring *ring, enum rs_key_label label, const void *data,
	size_t len, struct rs_mac *out)
{
	const struct entry *e = &ring->entries[ring->active];
	memcpy(out->kid, e->kid, sizeof(out->kid));
	mac(e, label, data, len, out->mac);
}

bool rs_keyring_mac_kid(const struct rs_keyring *ring, enum rs_key_label label, const char *kid,
	const void *data, size_t len, unsigned char out[RS_MAC_LEN])
{
	const struct entry *e = find(ring, kid);
	if (!e)
		return false;
	mac(e, label, data, len, out);
	return true;
}

bool rs_keyring_verify(const struct rs_keyring *ring, enum rs_key_label label, const char *kid,
	const void *data, size_t len, const unsigned char expected[RS_MAC_LEN])
{
	unsigned char real[RS_MAC_LEN];
	return rs_keyring_mac_kid(ring, label, kid, data, len, real) &&
	       rs_equal(real, expected, RS_MAC_LEN);
}

/* --- sealing --- */

/* table|column|row|enterprise|kid: no part holds a bar, they are names and ids. */
static const char *aad_of(struct rs_ctx *ctx, const struct rs_seal_place *place, const char *kid)
{
	return rs_arena_printf(ctx->arena, "%s|%s|%s|%s|%s", place->table, place->column,
		place->row, place->enterprise, kid);
}

void rs_keyring_seal(struct rs_ctx *ctx, const struct rs_keyring *ring, enum rs_key_label label,
	const struct rs_seal_place *place, const void *plain, size_t len, struct rs_bytes *out)
{
	const struct entry *e = &ring->entries[ring->active];
	const char *aad = aad_of(ctx, place, e->kid);
	unsigned char *sealed = rs_arena_alloc(ctx->arena, len + RS_SEAL_OVERHEAD);
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	int n;
	rs_random(sealed, NONCE_LEN);
	/* None of these can fail but for memory. */
	if (!cipher || len > INT32_MAX ||
		EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, e->derived[label], sealed) !=
			1 ||
		EVP_EncryptUpdate(cipher, NULL, &n, (const unsigned char *)aad, (int)strlen(aad)) !=
			1 ||
		EVP_EncryptUpdate(cipher, sealed + NONCE_LEN, &n, plain, (int)len) != 1 ||
		EVP_EncryptFinal_ex(cipher, sealed + NONCE_LEN + len, &n) != 1 ||
		EVP_CIPHER_CTX_ctrl(
			cipher, EVP_CTRL_GCM_GET_TAG, TAG_LEN, sealed + NONCE_LEN + len) != 1)
		abort();
	EVP_CIPHER_CTX_free(cipher);
	*out = (struct rs_bytes){sealed, len + RS_SEAL_OVERHEAD};
}

static bool decrypt(
	const unsigned char *key, const char *aad, struct rs_bytes sealed, unsigned char *plain)
{
	int len = (int)(sealed.len - RS_SEAL_OVERHEAD);
	const unsigned char *body = sealed.data + NONCE_LEN;
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	int n;
	bool good = cipher &&
		    EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, sealed.data) == 1 &&
		    EVP_DecryptUpdate(
			    cipher, NULL, &n, (const unsigned char *)aad, (int)strlen(aad)) == 1 &&
		    EVP_DecryptUpdate(cipher, plain, &n, body, len) == 1 &&
		    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, TAG_LEN,
			    (void *)(uintptr_t)(body + len)) == 1 &&
		    EVP_DecryptFinal_ex(cipher, plain + len, &n) == 1;
	EVP_CIPHER_CTX_free(cipher);
	return good;
}

enum rs_code rs_keyring_open(struct rs_ctx *ctx, const struct rs_keyring *ring,
	enum rs_key_label label, const struct rs_seal_place *place, const char *kid,
	struct rs_bytes sealed, struct rs_secret **out)
{
	*out = NULL;
	const struct entry *e = find(ring, kid);
	if (!e || sealed.len < RS_SEAL_OVERHEAD || sealed.len > INT32_MAX) {
		rs_fail(ctx, RS_INTERNAL, "A stored secret cannot be opened.");
		rs_err_cause(ctx,
			"%s.%s row %s: kid %.40s is not in the keyring, or the value is "
			"too short",
			place->table, place->column, place->row, kid ? kid : "(none)");
		return RS_INTERNAL;
	}
	rs_auto_secret plain = rs_secret_new(sealed.len - RS_SEAL_OVERHEAD);
	if (!decrypt(e->derived[label], aad_of(ctx, place, kid), sealed, rs_secret_data(plain))) {
		rs_fail(ctx, RS_INTERNAL, "A stored secret cannot be opened.");
		rs_err_cause(ctx, "%s.%s row %s: not authentic under kid %s", place->table,
			place->column, place->row, kid);
		return RS_INTERNAL;
	}
	*out = plain;
	plain = NULL;
	return RS_OK;
}

/* --- making and changing the file --- */

/* Adds a random key under a new name to the document. */
static void add_random(json_t *doc, char kid[RS_KID_MAX + 1])
{
	unsigned char root[ROOT_LEN];
	unsigned char name[4];
	char text[45];
	rs_random(root, sizeof(root));
	rs_random(name, sizeof(name));
	kid[0] = 'k';
	rs_hex(name, sizeof(name), kid + 1);
	root_write(root, text);
	json_object_set_new(json_object_get(doc, "keys"), kid, json_string(text));
	rs_cleanse(root, sizeof(root));
	rs_cleanse(text, sizeof(text));
}

static bool write_all(int fd, json_t *doc)
{
	char *text = json_dumps(doc, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	size_t len = text ? strlen(text) : 0;
	bool good = text && write(fd, text, len) == (ssize_t)len && write(fd, "\n", 1) == 1 &&
		    fsync(fd) == 0;
	rs_cleanse(text, len);
	free(text);
	return good;
}

/* Writes doc to a file that must not exist yet; false with errno. */
static bool write_new(const char *path, json_t *doc)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	bool good = write_all(fd, doc);
	int why = errno;
	close(fd);
	if (!good)
		unlink(path);
	errno = why;
	return good;
}

enum rs_code rs_keyring_init(struct rs_ctx *ctx, const char *path)
{
	json_t *doc = json_pack("{s:s,s:{}}", "active", "", "keys");
	char kid[RS_KID_MAX + 1];
	add_random(doc, kid);
	json_object_set_new(doc, "active", json_string(kid));
	bool good = write_new(path, doc);
	int why = errno;
	json_decref(doc);
	if (good)
		return RS_OK;
	if (why == EEXIST)
		return rs_fail(ctx, RS_ALREADY_EXISTS,
			"The keyring %s exists already; `reissued keyring rotate` adds a key to "
			"it.",
			path);
	return rs_fail(
		ctx, RS_UNAVAILABLE, "The keyring %s cannot be written: %s.", path, strerror(why));
}

/* What was renamed is so after a power cut too: there may be values under the new key by then. */
static bool sync_folder(struct rs_ctx *ctx, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *folder =
		slash ? rs_arena_printf(ctx->arena, "%.*s", (int)(slash - path) + 1, path) : ".";
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool good = fsync(fd) == 0;
	int why = errno;
	close(fd);
	errno = why;
	return good;
}

/* Puts the new file, under the name beside it, in the place of the old one. */
static bool put_in_place(
	struct rs_ctx *ctx, const char *beside, const char *path, const struct stat *old)
{
	if (chown(beside, old->st_uid, old->st_gid) == 0 &&
		chmod(beside, old->st_mode & 0777) == 0 && rename(beside, path) == 0)
		return sync_folder(ctx, path);
	int why = errno;
	unlink(beside);
	errno = why;
	return false;
}

/* Puts doc in the place of the file in one step: whoever could read it can read it then. */
static enum rs_code replace(struct rs_ctx *ctx, const char *path, json_t *doc)
{
	const char *beside = rs_arena_printf(ctx->arena, "%s.new", path);
	struct stat st;
	unlink(beside); /* of a command that was killed */
	if (stat(path, &st) == 0 && write_new(beside, doc) && put_in_place(ctx, beside, path, &st))
		return RS_OK;
	return rs_fail(ctx, RS_UNAVAILABLE, "The keyring %s cannot be replaced: %s.", path,
		strerror(errno));
}

/* Holds the file against other commands until the descriptor is closed; -1 with the fault told. */
static int hold(struct rs_ctx *ctx, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat held, there;
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &held) == 0 &&
		stat(path, &there) == 0 && held.st_dev == there.st_dev &&
		held.st_ino == there.st_ino)
		return fd;
	(void)rs_fail(ctx, RS_CONFLICT,
		"The keyring %s is being changed by another command: run this one again.", path);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Reads the file, has it changed, writes it. */
static enum rs_code change_held(struct rs_ctx *ctx, const char *path,
	enum rs_code (*edit)(struct rs_ctx *ctx, const char *path, json_t *doc, void *arg),
	void *arg)
{
	json_t *doc = NULL;
	enum rs_code rc = read_file(ctx, path, &doc);
	if (rc == RS_OK)
		rc = edit(ctx, path, doc, arg);
	if (rc == RS_OK)
		rc = replace(ctx, path, doc);
	json_decref(doc);
	return rc;
}

static enum rs_code change(struct rs_ctx *ctx, const char *path,
	enum rs_code (*edit)(struct rs_ctx *ctx, const char *path, json_t *doc, void *arg),
	void *arg)
{
	struct rs_keyring *ring = NULL;
	enum rs_code rc = rs_keyring_load(ctx, path, &ring); /* every key of it must be good */
	rs_keyring_free(ring);
	if (rc != RS_OK)
		return rc;
	int fd = hold(ctx, path);
	if (fd < 0)
		return ctx->err.code;
	rc = change_held(ctx, path, edit, arg);
	close(fd);
	return rc;
}

struct addition {
	bool activate;
	char *kid;
};

static enum rs_code edit_add(struct rs_ctx *ctx, const char *path, json_t *doc, void *arg)
{
	const struct addition *addition = arg;
	if (json_object_size(json_object_get(doc, "keys")) >= RS_KEYRING_MAX)
		return rs_fail(ctx, RS_QUOTA_EXHAUSTED,
			"The keyring %s holds %d keys already: `reissued keyring retire` takes out "
			"one that nothing needs.",
			path, RS_KEYRING_MAX);
	add_random(doc, addition->kid);
	if (addition->activate)
		json_object_set_new(doc, "active", json_string(addition->kid));
	return RS_OK;
}

static enum rs_code not_there(struct rs_ctx *ctx, const char *path, const char *kid)
{
	return rs_fail(ctx, RS_NOT_FOUND, "The keyring %s holds no key %.40s.", path, kid);
}

static enum rs_code edit_activate(struct rs_ctx *ctx, const char *path, json_t *doc, void *arg)
{
	const char *kid = arg;
	if (!json_object_get(json_object_get(doc, "keys"), kid))
		return not_there(ctx, path, kid);
	json_object_set_new(doc, "active", json_string(kid));
	return RS_OK;
}

static enum rs_code edit_remove(struct rs_ctx *ctx, const char *path, json_t *doc, void *arg)
{
	const char *kid = arg;
	if (strcmp(json_string_value(json_object_get(doc, "active")), kid) == 0)
		return rs_fail(ctx, RS_IN_USE,
			"%s is the active key: `reissued keyring activate` another one first.",
			kid);
	return json_object_del(json_object_get(doc, "keys"), kid) == 0 ? RS_OK
								       : not_there(ctx, path, kid);
}

enum rs_code rs_keyring_add(
	struct rs_ctx *ctx, const char *path, bool activate, char kid[RS_KID_MAX + 1])
{
	struct addition addition = {activate, kid};
	return change(ctx, path, edit_add, &addition);
}

enum rs_code rs_keyring_activate(struct rs_ctx *ctx, const char *path, const char *kid)
{
	return change(ctx, path, edit_activate, (void *)(uintptr_t)kid);
}

enum rs_code rs_keyring_remove(struct rs_ctx *ctx, const char *path, const char *kid)
{
	return change(ctx, path, edit_remove, (void *)(uintptr_t)kid);
}
