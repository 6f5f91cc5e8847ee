/*
 * Tests of RSA moduli that cost microseconds: small factors, powers, the ROCA fingerprint, primes
 * close to each other. OpenSSL's own EVP_PKEY_public_check() would take 3.4 ms for 2048 bits and
 * 1.3 s for 16384, most of it a primality test that says nothing about these.
 */
#include "spki.h"

#include <openssl/bn.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#define SMALL_PRIMES_BELOW 752
#define PRIMES_MAX	   133 /* odd primes below 752 */
#define WORDS_MAX	   64  /* 4096 bits */
#define FERMAT_ROUNDS	   100
#define ROCA_PRIMES	   38 /* 3 .. 167 */
#define ROCA_GENERATOR	   65537u
#define POWER_FILTERS	   8

/* A modulus as 64-bit words, most significant first. */
struct words {
	uint64_t w[WORDS_MAX];
	size_t count;
};

/*
 * Computed once: the primes; the residues mod each ROCA prime that are powers of 65537; for each
 * prime exponent k some primes q = 1 (mod k), modulo which a k-th power leaves a k-th power
 * residue.
 */
static struct tables {
	uint16_t prime[PRIMES_MAX];
	unsigned primes;
	uint64_t roca[ROCA_PRIMES][3];
	struct {
		uint32_t k, q[POWER_FILTERS];
	} power[PRIMES_MAX];
	unsigned powers;
} tables;
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

static bool is_prime(uint32_t n)
{
	for (uint32_t d = 3; d * d <= n; d += 2)
		if (n % d == 0)
			return false;
	return n > 2 && n % 2 != 0;
}

static void make_tables(void)
{
	for (uint16_t n = 3; n < SMALL_PRIMES_BELOW; n++)
		if (is_prime(n))
			tables.prime[tables.primes++] = n;
	for (unsigned i = 0; i < ROCA_PRIMES; i++) {
		uint32_t p = tables.prime[i], x = 1;
		do {
			tables.roca[i][x / 64] |= UINT64_C(1) << x % 64;
			x = x * (ROCA_GENERATOR % p) % p;
		} while (x != 1);
	}
	/* A factor is above 752, so 4096 bits are at most a 428th power; 2 and odd primes below. */
	for (unsigned i = 0; i == 0 || tables.prime[i - 1] < 428; i++) {
		uint32_t k = i == 0 ? 2 : tables.prime[i - 1], q = k == 2 ? 751 : 2 * k + 1;
		tables.power[tables.powers].k = k;
		for (unsigned f = 0; f < POWER_FILTERS; q += k == 2 ? 2 : 2 * k)
			if (q > SMALL_PRIMES_BELOW && is_prime(q))
				tables.power[tables.powers].q[f++] = q;
		tables.powers++;
	}
}

static const struct tables *get_tables(void)
{
	pthread_once(&tables_once, make_tables);
	return &tables;
}

static void to_words(struct rs_bytes n, struct words *out)
{
	size_t head = n.len % 8, at = 0;
	out->count = 0;
	while (at < n.len && out->count < WORDS_MAX) {
		size_t take = at == 0 && head ? head : 8;
		uint64_t w = 0;
		for (size_t i = 0; i < take; i++)
			w = w << 8 | n.data[at + i];
		out->w[out->count++] = w;
		at += take;
	}
}

static uint64_t words_mod(const struct words *n, uint64_t m)
{
	unsigned __int128 r = 0;
	for (size_t i = 0; i < n->count; i++)
		r = (r << 64 | n->w[i]) % m;
	return (uint64_t)r;
}

/* One division of the long number serves as many primes as fit into a word. */
static uint64_t word_of_primes(const uint16_t *prime, unsigned count, unsigned *taken)
{
	uint64_t product = 1;
	unsigned n = 0;
	while (n < count && product <= UINT64_MAX / prime[n])
		product *= prime[n++];
	*taken = n;
	return product;
}

static bool has_small_factor(const struct words *n)
{
	const struct tables *t = get_tables();
	unsigned taken;
	for (unsigned at = 0; at < t->primes; at += taken) {
		uint64_t product = word_of_primes(t->prime + at, t->primes - at, &taken);
		uint64_t r = words_mod(n, product);
		for (unsigned i = at; i < at + taken; i++)
			if (r % t->prime[i] == 0)
				return true;
	}
	return false;
}

static uint64_t power_mod(uint64_t base, uint32_t exponent, uint64_t m)
{
	uint64_t result = 1;
	for (base %= m; exponent; exponent >>= 1, base = base * base % m)
		if (exponent & 1)
			result = result * base % m;
	return result;
}

/*
 * A k-th power is a k-th power residue modulo every q; a number that is none passes one filter for
 * k with probability 1/k. Eight filters leave one sound modulus in 256 suspected of being a square,
 * so suspects are settled by the exact root.
 */
static bool maybe_power(const struct words *n, uint32_t k, const uint32_t q[POWER_FILTERS])
{
	for (unsigned f = 0; f < POWER_FILTERS; f++)
		if (power_mod(words_mod(n, q[f]), (q[f] - 1) / k, q[f]) != 1)
			return false;
	return true;
}

/* Floor of the k-th root by bisection over its bits: rare, so simple. */
static bool exact_power(const BIGNUM *n, uint32_t k, BN_CTX *bc)
{
	BN_CTX_start(bc);
	BIGNUM *root = BN_CTX_get(bc), *power = BN_CTX_get(bc), *exponent = BN_CTX_get(bc);
	bool found = false;

	if (exponent && BN_set_word(exponent, k)) {
		BN_zero(root);
		for (int bit = BN_num_bits(n) / (int)k; bit >= 0 && !found; bit--) {
			if (!BN_set_bit(root, bit) || !BN_exp(power, root, exponent, bc))
				break;
			int order = BN_cmp(power, n);
			found = order == 0;
			if (order > 0)
				BN_clear_bit(root, bit);
		}
	}
	BN_CTX_end(bc);
	return found;
}

static bool is_power(struct rs_bytes modulus, const struct words *n)
{
	const struct tables *t = get_tables();
	for (unsigned i = 0; i < t->powers; i++) {
		if (!maybe_power(n, t->power[i].k, t->power[i].q))
			continue;
		BN_CTX *bc = BN_CTX_new();
		BIGNUM *bn = BN_bin2bn(modulus.data, (int)modulus.len, NULL);
		bool power = !bc || !bn || exact_power(bn, t->power[i].k, bc);
		BN_free(bn);
		BN_CTX_free(bc);
		if (power)
			return true;
	}
	return false;
}

enum rs_modulus_fault rs_modulus_check(struct rs_bytes modulus)
{
	struct words n;
	to_words(modulus, &n);
	if (!(n.w[n.count - 1] & 1))
		return RS_MODULUS_EVEN;
	if (has_small_factor(&n))
		return RS_MODULUS_SMALL_FACTOR;
	return is_power(modulus, &n) ? RS_MODULUS_POWER : RS_MODULUS_FINE;
}

enum rs_modulus_fault rs_modulus_roca(struct rs_bytes modulus)
{
	const struct tables *t = get_tables();
	struct words n;
	unsigned taken;

	to_words(modulus, &n);
	for (unsigned at = 0; at < ROCA_PRIMES; at += taken) {
		uint64_t product = word_of_primes(t->prime + at, ROCA_PRIMES - at, &taken);
		uint64_t r = words_mod(&n, product);
		for (unsigned i = at; i < at + taken; i++) {
			unsigned x = (unsigned)(r % t->prime[i]);
			if (!(t->roca[i][x / 64] >> x % 64 & 1))
				return RS_MODULUS_FINE;
		}
	}
	return RS_MODULUS_ROCA;
}

/* Floor of the square root: Newton's iteration from above. */
static bool square_root(BIGNUM *root, const BIGNUM *n, BN_CTX *bc)
{
	BN_CTX_start(bc);
	BIGNUM *next = BN_CTX_get(bc);
	BN_zero(root);
	bool ok = next && BN_set_bit(root, (BN_num_bits(n) + 1) / 2);
	while (ok) {
		ok = BN_div(next, NULL, n, root, bc) && BN_add(next, next, root) &&
		     BN_rshift1(next, next);
		if (!ok || BN_cmp(next, root) >= 0)
			break;
		ok = BN_copy(root, next) != NULL;
	}
	BN_CTX_end(bc);
	return ok;
}

/* Whether n is a square: squares are rare modulo 64 and modulo 3*5*7*11*13*17*19*23. */
static bool is_square(const BIGNUM *n, BIGNUM *root, BIGNUM *square, BN_CTX *bc)
{
	BN_ULONG low = BN_mod_word(n, 64);
	if (!(UINT64_C(0x0202021202030213) >> low & 1))
		return false;
	BN_ULONG r = BN_mod_word(n, 111546435);
	for (unsigned i = 0; i < 8; i++) {
		uint32_t p = get_tables()->prime[i], x = (uint32_t)(r % p);
		if (x && power_mod(x, (p - 1) / 2, p) != 1)
			return false;
	}
	return square_root(root, n, bc) && BN_sqr(square, root, bc) && BN_cmp(square, n) == 0;
}

/* n = a^2 - b^2 with a just above the root: found when the primes are close. */
static bool fermat(const BIGNUM *n, BN_CTX *bc)
{
	BIGNUM *a = BN_CTX_get(bc), *b2 = BN_CTX_get(bc), *step = BN_CTX_get(bc),
	       *root = BN_CTX_get(bc), *square = BN_CTX_get(bc);
	if (!square || !square_root(a, n, bc) || !BN_sqr(b2, a, bc))
		return true; /* out of memory: refuse */
	if (BN_cmp(b2, n) == 0)
		return true;
	if (!BN_add_word(a, 1) || !BN_sqr(b2, a, bc) || !BN_sub(b2, b2, n) ||
		!BN_lshift1(step, a) || !BN_add_word(step, 1))
		return true;
	for (int round = 0; round < FERMAT_ROUNDS; round++) {
		if (is_square(b2, root, square, bc))
			return true;
		if (!BN_add(b2, b2, step) || !BN_add_word(step, 2))
			return true;
	}
	return false;
}

enum rs_modulus_fault rs_modulus_fermat(struct rs_bytes modulus)
{
	BN_CTX *bc = BN_CTX_new();
	BIGNUM *n = BN_bin2bn(modulus.data, (int)modulus.len, NULL);
	bool close = true;
	if (bc && n) {
		BN_CTX_start(bc);
		close = fermat(n, bc);
		BN_CTX_end(bc);
	}
	BN_free(n);
	BN_CTX_free(bc);
	return close ? RS_MODULUS_CLOSE_PRIMES : RS_MODULUS_FINE;
}
