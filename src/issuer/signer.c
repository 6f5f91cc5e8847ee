/*
 * The signer inside the process. Signing is parallel, on the callers' threads; writing the journal
 * is not: whoever comes when nobody writes takes everything that waits (at most
 * RS_SIGN_BATCH_MAX), writes and syncs it once, and lets the first of those that came meanwhile do
 * the next.
 */
#include "rs/signer.h"

#include "cert.h"
#include "journal.h"
#include "keyfile.h"
#include "spki.h"

#include "rs/clock.h"

#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

/* One request under way, from before it is signed until it is durable. */
struct item {
	struct item *next;	/* under way */
	struct item *next_wait; /* waiting for the journal */
	struct rs_journal_entry entry;
	sem_t told; /* it is durable, has failed, or is the next to write */
	bool done;
	int error;
};

struct rs_signer {
	const struct rs_issuers *issuers;
	EVP_PKEY **key; /* by the issuers' index */
	const struct rs_clock *clock;
	char *replica;
	struct rs_journal *journal;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* for those that wait for another one of their serial */
	int doubles;		/* how many those are */
	struct item *under_way;
	struct item *wait_first, *wait_last;
	bool writing;
	int broken; /* errno of the fdatasync that failed; for good */
};

enum rs_code rs_signer_open(struct rs_ctx *ctx, const struct rs_issuers *issuers,
	const struct rs_signer_config *config, struct rs_signer **out)
{
	struct rs_signer *s = calloc(1, sizeof(*s));
	enum rs_code rc = RS_OK;

	*out = NULL;
	if (!s)
		abort();
	s->issuers = issuers;
	s->clock = config->clock;
	s->key = calloc(rs_issuers_count(issuers) + 1, sizeof(EVP_PKEY *));
	s->replica = strndup(config->replica_id ? config->replica_id : "", 255);
	if (!s->key || !s->replica)
		abort();
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	for (size_t i = 0; rc == RS_OK && i < rs_issuers_count(issuers); i++) {
		const struct rs_issuer *issuer = rs_issuers_at(issuers, i);
		for (int c = 0; rc == RS_OK && c < config->issuer_count; c++) {
			if (strcmp(config->issuers[c].id, issuer->slug) != 0)
				continue;
			rc = rs_keyfile_load(
				ctx, &config->issuers[c], issuer, config->production, &s->key[i]);
		}
	}
	if (rc == RS_OK)
		rc = rs_journal_open(ctx, config->journal_file, &s->journal);
	if (rc == RS_OK)
		*out = s;
	else
		rs_signer_close(s);
	return rc;
}

void rs_signer_close(struct rs_signer *s)
{
	if (!s)
		return;
	rs_journal_close(s->journal);
	for (size_t i = 0; i < rs_issuers_count(s->issuers); i++)
		EVP_PKEY_free(s->key[i]);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	free(s->key);
	free(s->replica);
	free(s);
}

const char *rs_signer_trouble(const struct rs_signer *s)
{
	return __atomic_load_n(&s->broken, __ATOMIC_ACQUIRE)
		       ? "The signer has stopped: its journal could not be written. Restart the service."
		       : NULL;
}

/* --- policy --- */

/* The signer's own look at what it signs; NULL or the sentence. */
static const char *judge(const struct rs_issuer *issuer, const struct rs_sign_request *request)
{
	struct rs_cert cert;
	const struct rs_cert_ext *basic;
	bool ca = true;
	long path_length;

	if (!rs_cert_read_tbs(request->tbs, &cert))
		return "it is not a TBSCertificate";
	if (cert.version != 2)
		return "it is not version 3";
	if (!rs_bytes_eq(cert.serial, (struct rs_bytes){request->serial, RS_SERIAL_LEN}))
		return "its serial is another one";
	if (!rs_bytes_eq(cert.issuer, issuer->subject))
		return "its issuer is another one";
	if (!rs_bytes_eq(cert.algorithm, issuer->signature_algorithm))
		return "its signature algorithm is not the issuer's";
	if (cert.not_after < cert.not_before || cert.not_after > issuer->not_after ||
		cert.not_before < issuer->not_before)
		return "its validity is not within the issuer's";
	basic = rs_cert_find(&cert, RS_EXT_BASIC);
	if (!basic || !rs_basic_read(basic->value, &ca, &path_length) || ca)
		return "it is not marked as an end entity's";
	return NULL;
}

/* --- signing --- */

static bool make_signature(EVP_PKEY *key, const struct rs_issuer *issuer, struct rs_bytes tbs,
	unsigned char out[RS_SIGNATURE_MAX], size_t *len)
{
	const struct rs_sigalg *algorithm = rs_sigalg_of_issuer(issuer->key.kind);
	const EVP_MD *md =
		algorithm->digest < 0 ? NULL : rs_digest_md((enum rs_digest)algorithm->digest);
	EVP_MD_CTX *mc = EVP_MD_CTX_new();
	*len = RS_SIGNATURE_MAX;
	bool ok = mc && EVP_DigestSignInit(mc, NULL, md, NULL, key) == 1 &&
		  EVP_DigestSign(mc, out, len, tbs.data, tbs.len) == 1;
	EVP_MD_CTX_free(mc);
	return ok;
}

static bool same_serial(const struct item *a, const struct item *b)
{
	return memcmp(a->entry.serial, b->entry.serial, RS_SERIAL_LEN) == 0 &&
	       strcmp(a->entry.issuer, b->entry.issuer) == 0;
}

/*
 * Reserves the serial: from here until leave() nobody else signs for it. Waits while somebody does.
 */
static void enter(struct rs_signer *s, struct item *mine)
{
	pthread_mutex_lock(&s->lock);
	for (struct item *i = s->under_way; i;) {
		if (same_serial(i, mine)) {
			s->doubles++;
			pthread_cond_wait(&s->changed, &s->lock);
			s->doubles--;
			i = s->under_way;
		} else {
			i = i->next;
		}
	}
	mine->next = s->under_way;
	s->under_way = mine;
	pthread_mutex_unlock(&s->lock);
}

static void leave(struct rs_signer *s, struct item *mine)
{
	pthread_mutex_lock(&s->lock);
	struct item **at = &s->under_way;
	while (*at != mine)
		at = &(*at)->next;
	*at = mine->next;
	if (s->doubles)
		pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

/*
 * Writes what waits, the caller's among it, and lets the next one write; called with the lock held,
 * left without. Each is told by a semaphore of its own: nobody wakes for what does not concern it.
 */
static void write_batch(struct rs_signer *s, struct item *mine)
{
	struct item *item[RS_SIGN_BATCH_MAX], *next;
	const struct rs_journal_entry *entry[RS_SIGN_BATCH_MAX];
	size_t count = 0;

	while (s->wait_first && count < RS_SIGN_BATCH_MAX) {
		item[count] = s->wait_first;
		entry[count++] = &s->wait_first->entry;
		s->wait_first = s->wait_first->next_wait;
	}
	int error = s->broken;
	pthread_mutex_unlock(&s->lock);
	if (!error)
		error = rs_journal_append(s->journal, entry, count);
	if (error && error != ENOSPC && error != EDQUOT && error != EFBIG)
		__atomic_store_n(&s->broken, error, __ATOMIC_RELEASE);
	pthread_mutex_lock(&s->lock);
	next = s->wait_first;
	s->writing = next != NULL;
	pthread_mutex_unlock(&s->lock);
	if (next)
		sem_post(&next->told);
	for (size_t i = 0; i < count; i++) {
		item[i]->error = error;
		item[i]->done = true;
		if (item[i] != mine)
			sem_post(&item[i]->told);
	}
}

/* Returns once the item is durable, or with its errno. */
static int make_durable(struct rs_signer *s, struct item *mine)
{
	bool writes;

	sem_init(&mine->told, 0, 0);
	pthread_mutex_lock(&s->lock);
	mine->next_wait = NULL;
	if (s->wait_first)
		s->wait_last->next_wait = mine;
	else
		s->wait_first = mine;
	s->wait_last = mine;
	writes = !s->writing;
	s->writing = true;
	if (!writes) {
		pthread_mutex_unlock(&s->lock);
		while (sem_wait(&mine->told) != 0)
			;
		if (!mine->done)
			pthread_mutex_lock(&s->lock);
	}
	if (!mine->done)
		write_batch(s, mine);
	sem_destroy(&mine->told);
	return mine->error;
}

/* A serial that was signed before: the same signature, or a refusal. */
static enum rs_code answer_again(struct rs_ctx *ctx, const struct rs_journal_entry *entry,
	const struct rs_sign_request *request, struct rs_bytes *signature)
{
	if (!rs_bytes_eq(entry->tbs, request->tbs))
		return rs_fail(ctx, RS_CONFLICT,
			"The serial was signed with another content; it will not be signed again.");
	*signature = entry->signature;
	return RS_OK;
}

/* Holds the reservation of the serial. */
static enum rs_code sign_reserved(struct rs_ctx *ctx, struct rs_signer *s, EVP_PKEY *key,
	const struct rs_issuer *issuer, const struct rs_sign_request *request, struct item *mine,
	struct rs_bytes *signature)
{
	struct rs_journal_entry before;
	if (rs_journal_find(ctx, s->journal, issuer->slug, request->serial, &before))
		return answer_again(ctx, &before, request, signature);
	if (rs_clock_now(s->clock) > request->sign_before)
		return rs_fail(ctx, RS_EVIDENCE_STALE,
			"The time in which this certificate could be signed has passed.");
	enum rs_code rc = rs_issuer_live(ctx, issuer, rs_clock_now(s->clock));
	if (rc != RS_OK)
		return rc;
	unsigned char *made = rs_arena_alloc(ctx->arena, RS_SIGNATURE_MAX);
	mine->entry.signature.data = made;
	if (!make_signature(key, issuer, request->tbs, made, &mine->entry.signature.len))
		return rs_fail(ctx, RS_ISSUER_UNAVAILABLE, "The key of issuer %s did not sign.",
			issuer->slug);
	mine->entry.time_us = rs_clock_now_us(s->clock);
	int error = make_durable(s, mine);
	if (error) {
		rc = rs_fail(ctx, RS_ISSUER_UNAVAILABLE,
			"The signer cannot write its journal; nothing is signed.");
		rs_err_cause(ctx, "journal: %s", strerror(error));
		return rc;
	}
	*signature = mine->entry.signature;
	return RS_OK;
}

enum rs_code rs_signer_sign(struct rs_ctx *ctx, struct rs_signer *s,
	const struct rs_sign_request *request, struct rs_bytes *signature)
{
	const struct rs_issuer *issuer = rs_issuers_get(s->issuers, request->issuer);
	EVP_PKEY *key = NULL;
	struct item mine = {0};

	for (size_t i = 0; issuer && i < rs_issuers_count(s->issuers); i++)
		if (rs_issuers_at(s->issuers, i) == issuer)
			key = s->key[i];
	if (!key)
		return rs_fail(ctx, RS_ISSUER_UNAVAILABLE, "The signer has no key of issuer %s.",
			request->issuer);
	const char *trouble = rs_signer_trouble(s);
	if (trouble)
		return rs_fail(ctx, RS_ISSUER_UNAVAILABLE, "%s", trouble);
	const char *fault = judge(issuer, request);
	if (fault)
		return rs_fail(
			ctx, RS_LINT_FAILED, "The signer refuses the certificate: %s.", fault);
	mine.entry.issuer = issuer->slug;
	mine.entry.replica = s->replica;
	memcpy(mine.entry.serial, request->serial, RS_SERIAL_LEN);
	mine.entry.tbs = request->tbs;
	enter(s, &mine);
	enum rs_code rc = sign_reserved(ctx, s, key, issuer, request, &mine, signature);
	leave(s, &mine);
	return rc;
}
