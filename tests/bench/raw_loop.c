/*
 * raw_loop: the least a reissue could cost here: plain OpenSSL and libpq around our two statements.
 *
 *	raw_loop CONNINFO p256|rsa2048 THREADS IDS
 *
 * IDS is a file of ids of ready drafts, one a line. Each thread has a connection of its own and takes
 * the next id: decode and verify the CSR, fill and encode a certificate the textbook way, Tx1
 * (reissue_intend.sql), sign, Tx2 (issuance_finish.sql), each statement a transaction and a commit of
 * its own. No HTTP, no authorisation, no lint, no journal, no batching. Before the clock starts, what
 * the statements need is read, and each connection rehearses a draft and rolls it back, so that it has
 * its plans as the service's connections have theirs. Prints {"done", "seconds", "rate", "p50_ms",
 * "p99_ms"}.
 */
#include "textbook.h"

#include "rs/queries.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WORKS_MAX   20000
#define THREADS_MAX 64
#define TX1_PARAMS  29
#define TX2_PARAMS  7
#define PARAMS_MAX  TX1_PARAMS

/* One draft: the parameters that do not depend on what is signed. */
struct work {
	char *id, *revision, *newest, *digest, *round, *enterprise, *actor, *issuer, *content;
	unsigned char *csr;
	size_t csr_len;
};

static struct {
	const char *conninfo;
	EVP_PKEY *key;
	X509 *certificate;
	struct work work[WORKS_MAX];
	double latency[WORKS_MAX];
	size_t count;
	atomic_size_t next;
} run;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what, const char *why)
{
	fprintf(stderr, "raw_loop: %s: %s\n", what, why);
	exit(1);
}

/* --- before the clock starts --- */

static const char SELECT_WORK[] =
	"SELECT r.id, r.revision, r.newest_revision, r.digest, r.round, "
	"r.enterprise_id, r.owner_id, r.issuer_id, jsonb_build_object('owner_id', r.owner_id, "
	"'profile_id', r.profile_id, 'issuer_name', 'CN=bench', 'issuer_name_sha256', "
	"repeat('00', 32), 'category', r.category, 'subject', r.subject, 'san', r.san, "
	"'common_name', r.common_name, 'search_text', r.search_text, 'not_before', "
	"to_char(clock_timestamp(), 'YYYY-MM-DD\"T\"HH24:MI:SSOF'), 'not_after', "
	"to_char(clock_timestamp() + interval '10 days', 'YYYY-MM-DD\"T\"HH24:MI:SSOF'), 'key', "
	"r.key, 'extensions', '{\"key_usage\": [\"digitalSignature\"]}'::jsonb, 'spki_sha256', "
	"encode(r.spki_sha256, 'hex'), 'lineage_id', r.lineage_id, 'generation', "
	"r.certificate_generation + 1, 'replaces_id', r.certificate_id, 'previous_action', 'keep'), "
	"q.csr_der FROM reissue_view r JOIN reissue_request q ON q.id = r.id "
	"WHERE r.id = $1::uuid";

static void command(PGconn *pg, const char *sql)
{
	PGresult *result = PQexec(pg, sql);

	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		die(sql, PQerrorMessage(pg));
	PQclear(result);
}

static PGconn *dial(void)
{
	PGconn *pg = PQconnectdb(run.conninfo);

	if (PQstatus(pg) != CONNECTION_OK)
		die("connect", PQerrorMessage(pg));
	command(pg, "SET app.enterprise = '*'");
	command(pg, "SET plan_cache_mode = force_generic_plan");
	command(pg, "SET enable_seqscan = off");
	return pg;
}

static void read_work(PGconn *pg, const char *id, struct work *out)
{
	PGresult *result = PQexecParams(pg, SELECT_WORK, 1, NULL, &id, NULL, NULL, 0);
	char **text[] = {&out->id, &out->revision, &out->newest, &out->digest, &out->round,
		&out->enterprise, &out->actor, &out->issuer, &out->content};
	unsigned char *csr;
	size_t len;

	if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1)
		die("draft", PQerrorMessage(pg));
	for (int i = 0; i < 9; i++)
		*text[i] = strdup(PQgetvalue(result, 0, i));
	out->digest = (char *)PQunescapeBytea((unsigned char *)out->digest, &len);
	if (len != 32)
		die("draft", "a digest of 32 octets was expected");
	csr = PQunescapeBytea((unsigned char *)PQgetvalue(result, 0, 9), &out->csr_len);
	out->csr = malloc(out->csr_len);
	memcpy(out->csr, csr, out->csr_len);
	PQfreemem(csr);
	PQclear(result);
}

static void read_works(const char *path)
{
	FILE *in = fopen(path, "r");
	char id[64];
	PGconn *pg = dial();

	if (!in)
		die(path, "cannot be read");
	while (run.count < WORKS_MAX && fscanf(in, "%60s", id) == 1)
		read_work(pg, id, &run.work[run.count++]);
	fclose(in);
	PQfinish(pg);
}

static void make_issuer(const char *algorithm)
{
	run.key = strcmp(algorithm, "rsa2048") == 0 ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
	run.certificate = X509_new();
	X509_set_version(run.certificate, X509_VERSION_3);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(run.certificate), "CN", MBSTRING_ASC,
		(const unsigned char *)"bench", -1, -1, 0);
	X509_set_pubkey(run.certificate, run.key);
	X509_add1_ext_i2d(run.certificate, NID_subject_key_identifier,
		X509_get0_pubkey_bitstr(run.certificate), 0, X509V3_ADD_DEFAULT);
}

/* --- one reissue --- */

static void uuid(char out[37])
{
	unsigned char b[16];

	RAND_bytes(b, sizeof(b));
	snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-7%x%02x-a%x%02x-%02x%02x%02x%02x%02x%02x", b[0],
		b[1], b[2], b[3], b[4], b[5], b[6] & 15, b[7], b[8] & 15, b[9], b[10], b[11], b[12],
		b[13], b[14], b[15]);
}

static void timestamp(char out[40], int offset_s)
{
	time_t t = time(NULL) + offset_s;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, 40, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* An event of the size ours have: its canonical text repeats the rest. */
static int event(char *out, size_t room, const struct work *w, const char *action, const char *at)
{
	char id[37], canonical[600];

	uuid(id);
	snprintf(canonical, sizeof(canonical), "%0599d", 0);
	return snprintf(out, room,
		"{\"id\":\"%s\",\"at\":\"%s\",\"enterprise_id\":\"%s\",\"actor_kind\":\"user\","
		"\"actor_id\":\"%s\",\"actor_name\":\"bench\",\"action\":\"%s\",\"outcome\":\"done\","
		"\"object_type\":\"reissue_request\",\"object_id\":\"%s\",\"from_state\":\"draft\","
		"\"to_state\":\"issuing\",\"address\":\"127.0.0.1\",\"request_id\":\"%s\","
		"\"canonical\":\"%s\",\"row_mac\":\"%064d\",\"mac_kid\":\"bench\"}",
		id, at, w->enterprise, w->actor, action, w->id, id, canonical, 0);
}

/* The statements take sets: here of one. Its length; PostgreSQL's binary form of an array. */
static int array_of_one(char *out, const char *value, int length, bool bytea)
{
	uint32_t head[] = {htonl(1), htonl(!value), htonl(bytea ? 17 : 25), htonl(1), htonl(1),
		htonl(value ? (uint32_t)length : UINT32_MAX)};

	memcpy(out, head, sizeof(head));
	if (value)
		memcpy(out + sizeof(head), value, (size_t)length);
	return (int)sizeof(head) + (value ? length : 0);
}

static void execute(PGconn *pg, enum rs_query query, int count, const char *const *values,
	const int *lengths)
{
	const char *name = rs_query_texts[query].name, *arrays[PARAMS_MAX];
	int sizes[PARAMS_MAX], formats[PARAMS_MAX];
	char room[16384], *at = room;
	PGresult *result;

	for (int i = 0; i < count; i++) {
		bool bytea = rs_query_texts[query].bytea >> i & 1;
		int length = bytea || !values[i] ? lengths[i] : (int)strlen(values[i]);

		if (length > room + sizeof(room) - at - 24)
			die(name, "parameters too long");
		arrays[i] = at;
		formats[i] = 1;
		at += sizes[i] = array_of_one(at, values[i], length, bytea);
	}
	result = PQexecPrepared(pg, name, count, arrays, sizes, formats, 0);
	if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1)
		die(name, *PQresultErrorMessage(result) ? PQresultErrorMessage(result) : "no row");
	PQclear(result);
}

/* What a certificate is called on its way. */
struct names {
	char issuance[37], certificate[37], at[40], before[40], events[4000];
	unsigned char serial[20];
};

static void intend(PGconn *pg, const struct work *w, struct names *n, unsigned char *tbs, int tbs_len)
{
	unsigned char hash[32];
	const char *values[TX1_PARAMS] = {w->id, w->revision, w->newest, w->digest, NULL, w->round,
		w->newest, n->at, n->at, w->actor, "keep", NULL, n->events, "{}", n->issuance, w->issuer,
		(char *)n->serial, (char *)tbs, (char *)hash, w->content, n->before, "bench",
		n->certificate};
	int lengths[TX1_PARAMS] = {[3] = 32, [16] = 20, [17] = tbs_len, [18] = 32};
	size_t used = 1;

	EVP_Digest(tbs, (size_t)tbs_len, hash, NULL, EVP_sha256(), NULL);
	n->events[0] = '[';
	used += (size_t)event(n->events + 1, sizeof(n->events) - 2, w, "reissue_request.submitted", n->at);
	memcpy(n->events + used, "]", 2);
	execute(pg, RS_Q_reissue_intend, TX1_PARAMS, values, lengths);
}

static void finish(PGconn *pg, const struct work *w, struct names *n, unsigned char *der, int der_len)
{
	unsigned char hash[32];
	const char *values[TX2_PARAMS] = {w->id, n->issuance, (char *)der, (char *)hash, n->at, n->events,
		"[]"};
	int lengths[TX2_PARAMS] = {[2] = der_len, [3] = 32};
	size_t used = 1;

	EVP_Digest(der, (size_t)der_len, hash, NULL, EVP_sha256(), NULL);
	used += (size_t)event(n->events + used, sizeof(n->events) - used, w, "certificate.issued", n->at);
	n->events[used++] = ',';
	used += (size_t)event(n->events + used, sizeof(n->events) - used, w, "reissue_request.issued", n->at);
	memcpy(n->events + used, "]", 2);
	execute(pg, RS_Q_issuance_finish, TX2_PARAMS, values, lengths);
}

/* The TBS, whose signature algorithm X509_sign() would set only when it signs. */
static int encode_tbs(X509 *cert, unsigned char **tbs)
{
	bool rsa = EVP_PKEY_get_base_id(run.key) == EVP_PKEY_RSA;
	X509_ALGOR *algorithm = (X509_ALGOR *)(uintptr_t)X509_get0_tbs_sigalg(cert);

	X509_ALGOR_set0(algorithm,
		OBJ_nid2obj(rsa ? NID_sha256WithRSAEncryption : NID_ecdsa_with_SHA256),
		rsa ? V_ASN1_NULL : V_ASN1_UNDEF, NULL);
	return i2d_re_X509_tbs(cert, tbs);
}

static void reissue(PGconn *pg, const struct work *w)
{
	struct names n;
	unsigned char *tbs = NULL, *der = NULL;
	X509 *cert;
	int tbs_len, der_len;

	uuid(n.issuance);
	uuid(n.certificate);
	timestamp(n.at, 0);
	timestamp(n.before, 3000);
	RAND_bytes(n.serial, sizeof(n.serial));
	n.serial[0] &= 0x7f;
	cert = bench_textbook(w->csr, (long)w->csr_len, n.serial, run.certificate);
	if (!cert)
		die("certificate", "the textbook fails");
	tbs_len = encode_tbs(cert, &tbs);
	if (tbs_len <= 0)
		die("certificate", "cannot be encoded");
	intend(pg, w, &n, tbs, tbs_len);
	if (X509_sign(cert, run.key, EVP_sha256()) <= 0)
		die("certificate", "cannot be signed");
	der_len = i2d_X509(cert, &der);
	finish(pg, w, &n, der, der_len);
	OPENSSL_free(tbs);
	OPENSSL_free(der);
	X509_free(cert);
}

static void prepare(PGconn *pg, enum rs_query query)
{
	const char *name = rs_query_texts[query].name;
	PGresult *result = PQprepare(pg, name, rs_query_texts[query].sql, 0, NULL);

	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		die(name, PQerrorMessage(pg));
	PQclear(result);
}

static PGconn *ready(const struct work *rehearsal)
{
	PGconn *pg = dial();

	prepare(pg, RS_Q_reissue_intend);
	prepare(pg, RS_Q_issuance_finish);
	command(pg, "BEGIN");
	reissue(pg, rehearsal);
	command(pg, "ROLLBACK");
	return pg;
}

static void *work(void *arg)
{
	PGconn *pg = arg;
	size_t i;

	while ((i = atomic_fetch_add(&run.next, 1)) < run.count) {
		double begun = now();

		reissue(pg, &run.work[i]);
		run.latency[i] = (now() - begun) * 1000;
	}
	return NULL;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	int threads = argc == 5 ? (int)strtol(argv[3], NULL, 10) : 0;
	pthread_t thread[THREADS_MAX];
	PGconn *pg[THREADS_MAX];
	double begun, seconds;

	if (threads < 1 || threads > THREADS_MAX)
		die("usage", "raw_loop CONNINFO p256|rsa2048 THREADS IDS");
	run.conninfo = argv[1];
	make_issuer(argv[2]);
	read_works(argv[4]);
	for (int i = 0; i < threads; i++)
		pg[i] = ready(&run.work[(size_t)i % run.count]);
	begun = now();
	for (int i = 0; i < threads; i++)
		pthread_create(&thread[i], NULL, work, pg[i]);
	for (int i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	seconds = now() - begun;
	qsort(run.latency, run.count, sizeof(double), by_value);
	printf("{\"done\": %zu, \"seconds\": %.3f, \"rate\": %.1f, \"p50_ms\": %.2f, \"p99_ms\": %.2f}\n",
		run.count, seconds, (double)run.count / seconds, run.latency[run.count / 2],
		run.latency[run.count * 99 / 100]);
	return 0;
}
