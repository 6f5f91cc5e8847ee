/* The keyring: its file, its MACs, what it seals. */
#include "rs/app.h"
#include "rs/keyring.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* 32 bytes 0x00..0x1f, and 32 bytes 0x20..0x3f. */
#define ROOT_A "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define ROOT_B "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="

struct fixture {
	struct rs_app app;
	struct rs_ctx ctx;
	char folder[64];
	char path[96];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	strcpy(f->folder, "/tmp/rs-keyring-XXXXXX");
	if (!mkdtemp(f->folder))
		return 1;
	snprintf(f->path, sizeof(f->path), "%s/keyring", f->folder);
	rs_ctx_init(&f->ctx, &f->app);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	unlink(f->path);
	rmdir(f->folder);
	rs_ctx_end(&f->ctx);
	free(f);
	return 0;
}

static void put(const struct fixture *f, const char *text, mode_t mode)
{
	FILE *file = fopen(f->path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(f->path, mode), 0);
}

static struct rs_keyring *load(struct fixture *f, const char *text)
{
	struct rs_keyring *ring;
	put(f, text, 0600);
	assert_int_equal(rs_keyring_load(&f->ctx, f->path, &ring), RS_OK);
	return ring;
}

static void test_init_then_load(void **state)
{
	struct fixture *f = *state;
	struct rs_keyring *ring;
	struct stat st;
	assert_int_equal(rs_keyring_init(&f->ctx, f->path), RS_OK);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(rs_keyring_load(&f->ctx, f->path, &ring), RS_OK);
	assert_int_equal(rs_keyring_count(ring), 1);
	assert_string_equal(rs_keyring_active(ring), rs_keyring_kid(ring, 0));
	rs_keyring_free(ring);
	assert_int_equal(rs_keyring_init(&f->ctx, f->path), RS_ALREADY_EXISTS);
}

static void test_a_file_others_can_read_is_refused(void **state)
{
	static const mode_t MODES[] = {0604, 0602, 0620, 0666, 0601};
	struct fixture *f = *state;
	struct rs_keyring *ring;
	for (size_t i = 0; i < sizeof(MODES) / sizeof(MODES[0]); i++) {
		put(f, "{\"active\":\"a\",\"keys\":{\"a\":\"" ROOT_A "\"}}", MODES[i]);
		assert_int_equal(rs_keyring_load(&f->ctx, f->path, &ring), RS_VALIDATION_FAILED);
		assert_null(ring);
	}
}

static void test_malformed_files_are_refused(void **state)
{
	static const char *const TEXTS[] = {
		"",
		"{}",
		"[]",
		"{\"active\":\"a\",\"keys\":{}}",
		"{\"active\":\"b\",\"keys\":{\"a\":\"" ROOT_A "\"}}",
		"{\"active\":\"a\",\"keys\":{\"a\":\"AAEC\"}}",
		"{\"active\":\"a\",\"keys\":{\"a\":\"" ROOT_A ROOT_B "\"}}",
		"{\"active\":\"a\",\"keys\":{\"a\":7}}",
		"{\"active\":\"a b\",\"keys\":{\"a b\":\"" ROOT_A "\"}}",
		"{\"active\":\"a\",\"keys\":{\"a\":\"" ROOT_A "\"},\"more\":1}",
		"{\"active\":\"a\",\"keys\":{\"a\":\"" ROOT_A "\",\"a\":\"" ROOT_B "\"}}",
	};
	struct fixture *f = *state;
	struct rs_keyring *ring;
	for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
		put(f, TEXTS[i], 0600);
		assert_int_equal(rs_keyring_load(&f->ctx, f->path, &ring), RS_VALIDATION_FAILED);
		assert_null(ring);
	}
	unlink(f->path);
	assert_int_equal(rs_keyring_load(&f->ctx, f->path, &ring), RS_UNAVAILABLE);
}

static void test_rotation_keeps_old_keys(void **state)
{
	struct fixture *f = *state;
	struct rs_mac old;
	char kid[RS_KID_MAX + 1];
	struct rs_keyring *ring = load(f, "{\"active\":\"a\",\"keys\":{\"a\":\"" ROOT_A "\"}}");
	rs_keyring_mac(ring, RS_KEY_CURSOR, "data", 4, &old);
	assert_string_equal(old.kid, "a");
	rs_keyring_free(ring);
	assert_int_equal(rs_keyring_add(&f->ctx, f->path, true, kid), RS_OK);
	assert_int_equal(rs_keyring_load(&f->ctx, f->path, &ring), RS_OK);
	assert_int_equal(rs_keyring_count(ring), 2);
	assert_string_not_equal(rs_keyring_active(ring), "a");
	assert_string_equal(rs_keyring_active(ring), kid);
	assert_true(rs_keyring_verify(ring, RS_KEY_CURSOR, "a", "data", 4, old.mac));
	rs_keyring_free(ring);
}

/* Whoever could read the file before can read it after: a service that is not root, by its group. */
static void test_rotation_keeps_owner_and_mode(void **state)
{
	struct fixture *f = *state;
	struct stat before, after;
	char kid[RS_KID_MAX + 1];

	put(f, "{\"active\":\"a\",\"keys\":{\"a\":\"" ROOT_A "\"}}", 0640);
	if (geteuid() == 0)
		assert_int_equal(chown(f->path, 0, 65534), 0);
	assert_int_equal(stat(f->path, &before), 0);
	assert_int_equal(rs_keyring_add(&f->ctx, f->path, true, kid), RS_OK);
	assert_int_equal(stat(f->path, &after), 0);
	assert_int_equal(after.st_mode, before.st_mode);
	assert_int_equal(after.st_uid, before.st_uid);
	assert_int_equal(after.st_gid, before.st_gid);
}

/* Compared are names, keys and which is active. */
static void test_equal_rings(void **state)
{
	static const char *const OTHERS[] = {
		"{\"active\":\"b\",\"keys\":{\"a\":\"" ROOT_A "\",\"b\":\"" ROOT_B "\"}}",
		"{\"active\":\"a\",\"keys\":{\"a\":\"" ROOT_A "\"}}",
		"{\"active\":\"a\",\"keys\":{\"a\":\"" ROOT_A "\",\"c\":\"" ROOT_B "\"}}",
		"{\"active\":\"a\",\"keys\":{\"a\":\"" ROOT_A "\",\"b\":\"" ROOT_A "\"}}",
	};
	static const char ONE[] =
		"{\"active\":\"a\",\"keys\":{\"a\":\"" ROOT_A "\",\"b\":\"" ROOT_B "\"}}";
	struct fixture *f = *state;
	struct rs_keyring *one = load(f, ONE), *same = load(f, ONE);

	assert_true(rs_keyring_equal(one, same));
	assert_true(rs_keyring_holds(one, "b"));
	assert_false(rs_keyring_holds(one, "c"));
	for (size_t i = 0; i < sizeof(OTHERS) / sizeof(OTHERS[0]); i++) {
		struct rs_keyring *other = load(f, OTHERS[i]);
		assert_false(rs_keyring_equal(one, other));
		rs_keyring_free(other);
	}
	rs_keyring_free(one);
	rs_keyring_free(same);
}

static void assert_ring(struct fixture *f, const char *active, size_t count)
{
	struct rs_keyring *ring;

	assert_int_equal(rs_keyring_load(&f->ctx, f->path, &ring), RS_OK);
	assert_string_equal(rs_keyring_active(ring), active);
	assert_int_equal(rs_keyring_count(ring), count);
	rs_keyring_free(ring);
}

/* Key by key: added without being used, activated, and the old one taken out. */
static void test_a_key_is_added_activated_and_removed(void **state)
{
	struct fixture *f = *state;
	char kid[RS_KID_MAX + 1];

	put(f, "{\"active\":\"a\",\"keys\":{\"a\":\"" ROOT_A "\"}}", 0600);
	assert_int_equal(rs_keyring_activate(&f->ctx, f->path, "b"), RS_NOT_FOUND);
	assert_int_equal(rs_keyring_remove(&f->ctx, f->path, "b"), RS_NOT_FOUND);
	assert_int_equal(rs_keyring_remove(&f->ctx, f->path, "a"), RS_IN_USE);
	assert_int_equal(rs_keyring_add(&f->ctx, f->path, false, kid), RS_OK);
	assert_ring(f, "a", 2);
	assert_int_equal(rs_keyring_activate(&f->ctx, f->path, kid), RS_OK);
	assert_ring(f, kid, 2);
	assert_int_equal(rs_keyring_remove(&f->ctx, f->path, kid), RS_IN_USE);
	assert_int_equal(rs_keyring_remove(&f->ctx, f->path, "a"), RS_OK);
	assert_ring(f, kid, 1);
	for (int i = 1; i < RS_KEYRING_MAX; i++)
		assert_int_equal(rs_keyring_add(&f->ctx, f->path, false, kid), RS_OK);
	assert_int_equal(rs_keyring_add(&f->ctx, f->path, false, kid), RS_QUOTA_EXHAUSTED);
}

/* Two commands at once: one of them changes nothing; what a killed one left is in nobody's way. */
static void test_one_command_changes_the_file(void **state)
{
	struct fixture *f = *state;
	char kid[RS_KID_MAX + 1], beside[sizeof(f->path) + 4];
	int fd;

	put(f, "{\"active\":\"a\",\"keys\":{\"a\":\"" ROOT_A "\"}}", 0600);
	fd = open(f->path, O_RDONLY);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(rs_keyring_add(&f->ctx, f->path, true, kid), RS_CONFLICT);
	assert_ring(f, "a", 1);
	close(fd);
	snprintf(beside, sizeof(beside), "%s.new", f->path);
	fclose(fopen(beside, "w"));
	assert_int_equal(rs_keyring_add(&f->ctx, f->path, true, kid), RS_OK);
	assert_ring(f, kid, 2);
	assert_int_equal(access(beside, F_OK), -1);
}

static void test_a_mac_holds_for_its_data_label_and_kid_only(void **state)
{
	struct fixture *f = *state;
	struct rs_mac mac;
	struct rs_keyring *ring =
		load(f, "{\"active\":\"a\",\"keys\":{\"a\":\"" ROOT_A "\",\"b\":\"" ROOT_B "\"}}");
	rs_keyring_mac(ring, RS_KEY_CURSOR, "data", 4, &mac);
	assert_true(rs_keyring_verify(ring, RS_KEY_CURSOR, "a", "data", 4, mac.mac));
	assert_false(rs_keyring_verify(ring, RS_KEY_CURSOR, "a", "Data", 4, mac.mac));
	assert_false(rs_keyring_verify(ring, RS_KEY_CURSOR, "b", "data", 4, mac.mac));
	assert_false(rs_keyring_verify(ring, RS_KEY_CURSOR, "c", "data", 4, mac.mac));
	assert_false(rs_keyring_verify(ring, RS_KEY_CURSOR, NULL, "data", 4, mac.mac));
	for (int label = 0; label < RS_KEY_LABEL_COUNT; label++)
		assert_int_equal(
			rs_keyring_verify(ring, (enum rs_key_label)label, "a", "data", 4, mac.mac),
			label == RS_KEY_CURSOR);
	mac.mac[31] ^= 1;
	assert_false(rs_keyring_verify(ring, RS_KEY_CURSOR, "a", "data", 4, mac.mac));
	rs_keyring_free(ring);
}

/* What is sealed opens at its own place, under its own kid, unchanged; nowhere else. */
static void test_sealing(void **state)
{
	static const struct rs_seal_place HERE = {"connector", "secret", "row-1", "tenant-1"};
	static const struct rs_seal_place ELSEWHERE[] = {
		{"outbox", "secret", "row-1", "tenant-1"},
		{"connector", "other", "row-1", "tenant-1"},
		{"connector", "secret", "row-2", "tenant-1"},
		{"connector", "secret", "row-1", "tenant-2"},
	};
	struct fixture *f = *state;
	struct rs_bytes sealed;
	struct rs_secret *plain;
	struct rs_keyring *ring =
		load(f, "{\"active\":\"a\",\"keys\":{\"a\":\"" ROOT_A "\",\"b\":\"" ROOT_B "\"}}");
	rs_keyring_seal(&f->ctx, ring, RS_KEY_CONNECTOR, &HERE, "canary", 6, &sealed);
	assert_int_equal(sealed.len, 6 + RS_SEAL_OVERHEAD);
	assert_null(memmem(sealed.data, sealed.len, "canary", 6));
	assert_int_equal(
		rs_keyring_open(&f->ctx, ring, RS_KEY_CONNECTOR, &HERE, "a", sealed, &plain),
		RS_OK);
	assert_memory_equal(rs_secret_data(plain), "canary", 6);
	rs_secret_free(plain);
	for (size_t i = 0; i < sizeof(ELSEWHERE) / sizeof(ELSEWHERE[0]); i++)
		assert_int_equal(rs_keyring_open(&f->ctx, ring, RS_KEY_CONNECTOR, &ELSEWHERE[i],
					 "a", sealed, &plain),
			RS_INTERNAL);
	assert_int_equal(rs_keyring_open(&f->ctx, ring, RS_KEY_OUTBOX, &HERE, "a", sealed, &plain),
		RS_INTERNAL);
	assert_int_equal(
		rs_keyring_open(&f->ctx, ring, RS_KEY_CONNECTOR, &HERE, "b", sealed, &plain),
		RS_INTERNAL);
	for (size_t i = 0; i < sealed.len; i++) {
		unsigned char copy[64];
		memcpy(copy, sealed.data, sealed.len);
		copy[i] ^= 0x80;
		assert_int_equal(rs_keyring_open(&f->ctx, ring, RS_KEY_CONNECTOR, &HERE, "a",
					 (struct rs_bytes){copy, sealed.len}, &plain),
			RS_INTERNAL);
		assert_null(plain);
	}
	rs_keyring_free(ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_init_then_load, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_file_others_can_read_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_malformed_files_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_rotation_keeps_old_keys, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_rotation_keeps_owner_and_mode, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_equal_rings, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_key_is_added_activated_and_removed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_one_command_changes_the_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_mac_holds_for_its_data_label_and_kid_only, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sealing, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
