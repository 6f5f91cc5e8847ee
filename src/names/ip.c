/* IP addresses: canonical text, and the special-purpose ranges of IANA's registries (RFC 6890). */
#include "part.h"

#include <arpa/inet.h>
#include <string.h>

struct prefix {
	unsigned char octets[16];
	int bits;
};

/* Not globally reachable, or never a host's own address. */
static const struct prefix SPECIAL4[] = {
	{{0}, 8},              /* this network */
	{{10}, 8},             /* private */
	{{100, 64}, 10},       /* shared address space */
	{{127}, 8},            /* loopback */
	{{169, 254}, 16},      /* link local */
	{{172, 16}, 12},       /* private */
	{{192, 0, 0}, 24},     /* IETF protocol assignments */
	{{192, 0, 2}, 24},     /* documentation */
	{{192, 31, 196}, 24},  /* AS112 */
	{{192, 52, 193}, 24},  /* AMT */
	{{192, 88, 99}, 24},   /* deprecated 6to4 relay */
	{{192, 168}, 16},      /* private */
	{{192, 175, 48}, 24},  /* AS112 */
	{{198, 18}, 15},       /* benchmarking */
	{{198, 51, 100}, 24},  /* documentation */
	{{203, 0, 113}, 24},   /* documentation */
	{{224}, 4},            /* multicast */
	{{240}, 4},            /* reserved, broadcast */
};

/* What lies outside 2000::/3 is refused as a whole; these are the exceptions within. */
static const struct prefix SPECIAL6[] = {
	{{0x20, 0x01, 0x00}, 23},             /* IETF protocol assignments, Teredo, ORCHID */
	{{0x20, 0x01, 0x0d, 0xb8}, 32},       /* documentation */
	{{0x20, 0x02}, 16},                   /* 6to4 */
	{{0x26, 0x20, 0x00, 0x4f, 0x80}, 48}, /* AS112 */
	{{0x3f, 0xff, 0x00}, 20},             /* documentation */
};
static const struct prefix GLOBAL6 = {{0x20}, 3};
static const struct prefix MAPPED6 = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96};

static bool within(const unsigned char *address, const struct prefix *prefix)
{
	int whole = prefix->bits / 8;
	int rest = prefix->bits % 8;

	if (memcmp(address, prefix->octets, (size_t)whole) != 0)
		return false;
	return rest == 0 || (address[whole] ^ prefix->octets[whole]) >> (8 - rest) == 0;
}

static bool special(const unsigned char *address, bool v6)
{
	const struct prefix *table = v6 ? SPECIAL6 : SPECIAL4;
	size_t count = v6 ? sizeof(SPECIAL6) / sizeof(SPECIAL6[0]) :
			    sizeof(SPECIAL4) / sizeof(SPECIAL4[0]);

	if (v6 && !within(address, &GLOBAL6))
		return true;
	for (size_t i = 0; i < count; i++)
		if (within(address, &table[i]))
			return true;
	return false;
}

/* inet_pton() takes dotted decimal without leading zeros and RFC 4291 text without zone only. */
char *rs_names_ip(struct rs_names_job *job, const char *text, const char **why)
{
	unsigned char address[16];
	char shown[INET6_ADDRSTRLEN];
	bool v6 = strchr(text, ':') != NULL;

	*why = NULL;
	if (inet_pton(v6 ? AF_INET6 : AF_INET, text, address) != 1)
		*why = "it is no IP address in its usual form (192.0.2.1 or 2001:db8::1)";
	else if (v6 && within(address, &MAPPED6))
		*why = "it is an IPv4 address written as IPv6; write it as IPv4";
	else if (rs_names_public(job->policy) && special(address, v6))
		*why = "it lies in a private or special range, which no public certificate may hold";
	if (*why)
		return NULL;
	inet_ntop(v6 ? AF_INET6 : AF_INET, address, shown, sizeof(shown));
	return rs_arena_strdup(job->ctx->arena, shown);
}
