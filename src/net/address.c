/* Addresses: the IANA special-purpose registries as a table, and the operator's exceptions. */
#include "rs/address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* One network in binary. */
struct network {
	int family;
	unsigned char base[16];
	int bits;
};

enum kind {
	SPECIAL, /* refused unless a list opens it */
	PRIVATE, /* the same, but mail servers and directories may live there */
	CLOSED,	 /* refused always */
};

/* IANA IPv4 and IPv6 Special-Purpose Address Registries, and multicast. */
static const struct {
	const char *network;
	enum kind kind;
} REGISTRY[] = {
	{"0.0.0.0/8", SPECIAL},
	{"10.0.0.0/8", PRIVATE},
	{"100.64.0.0/10", SPECIAL},
	{"127.0.0.0/8", SPECIAL},
	{"169.254.0.0/16", CLOSED},
	{"172.16.0.0/12", PRIVATE},
	{"192.0.0.0/24", SPECIAL},
	{"192.0.2.0/24", SPECIAL},
	{"192.31.196.0/24", SPECIAL},
	{"192.52.193.0/24", SPECIAL},
	{"192.88.99.0/24", SPECIAL},
	{"192.168.0.0/16", PRIVATE},
	{"192.175.48.0/24", SPECIAL},
	{"198.18.0.0/15", SPECIAL},
	{"198.51.100.0/24", SPECIAL},
	{"203.0.113.0/24", SPECIAL},
	{"224.0.0.0/4", CLOSED},
	{"240.0.0.0/4", SPECIAL},
	{"::/128", SPECIAL},
	{"::1/128", SPECIAL},
	{"::ffff:0:0/96", SPECIAL},
	{"::/96", SPECIAL},
	{"64:ff9b::/96", SPECIAL},
	{"64:ff9b:1::/48", SPECIAL},
	{"100::/64", SPECIAL},
	{"100:0:0:1::/64", SPECIAL},
	{"2001::/23", SPECIAL},
	{"2001:db8::/32", SPECIAL},
	{"2002::/16", SPECIAL},
	{"2620:4f:8000::/48", SPECIAL},
	{"3fff::/20", SPECIAL},
	{"5f00::/16", SPECIAL},
	{"fc00::/7", PRIVATE},
	{"fe80::/10", CLOSED},
	{"fec0::/10", SPECIAL},
	{"ff00::/8", CLOSED},
};

static bool parse(const char *text, struct network *out)
{
	char address[INET6_ADDRSTRLEN];
	size_t len = strcspn(text, "/");
	char *end;
	long bits;

	if (len >= sizeof(address))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	out->family = strchr(address, ':') ? AF_INET6 : AF_INET;
	out->bits = out->family == AF_INET ? 32 : 128;
	if (inet_pton(out->family, address, out->base) != 1)
		return false;
	if (text[len] == '\0')
		return true;
	bits = strtol(text + len + 1, &end, 10);
	if (text[len + 1] == '\0' || *end || bits < 0 || bits > out->bits)
		return false;
	out->bits = (int)bits;
	return true;
}

static bool inside(int family, const unsigned char *address, const char *text)
{
	struct network network;
	int bytes, rest;

	if (!parse(text, &network) || network.family != family)
		return false;
	bytes = network.bits / 8;
	rest = network.bits % 8;
	if (memcmp(address, network.base, (size_t)bytes) != 0)
		return false;
	return rest == 0 || ((address[bytes] ^ network.base[bytes]) & (0xff00 >> rest & 0xff)) == 0;
}

static bool listed(int family, const unsigned char *address, const json_t *allow)
{
	json_t *network;
	size_t i;

	json_array_foreach(allow, i,
		network) if (inside(family, address, json_string_value(network))) return true;
	return false;
}

/* Whether a network behind a "!" holds it. */
static bool denied(int family, const unsigned char *address, const json_t *allow)
{
	json_t *network;
	size_t i;

	json_array_foreach(allow, i, network)
	{
		const char *text = json_string_value(network);

		if (text[0] == '!' && inside(family, address, text + 1))
			return true;
	}
	return false;
}

/* The octets of an address, NULL when its family is not the wanted one. */
static const unsigned char *octets_of(const struct sockaddr *address, int family)
{
	if (!address || address->sa_family != family)
		return NULL;
	return family == AF_INET
		       ? (const unsigned char *)&((const struct sockaddr_in *)(const void *)address)
				 ->sin_addr
		       : (const unsigned char *)&(
				 (const struct sockaddr_in6 *)(const void *)address)
				 ->sin6_addr;
}

/* Whether an interface of this machine has it. Loopback is the registry's, which a list can open.
 */
static bool own(int family, const unsigned char *address)
{
	const char *loopback = family == AF_INET ? "127.0.0.0/8" : "::1";
	size_t len = family == AF_INET ? 4 : 16;
	struct ifaddrs *all;
	bool found = false;

	if (inside(family, address, loopback))
		return false;
	if (getifaddrs(&all) != 0)
		return true; /* what cannot be told apart is not connected to */
	for (const struct ifaddrs *one = all; one; one = one->ifa_next) {
		const unsigned char *mine = octets_of(one->ifa_addr, family);

		found = found || (mine && memcmp(mine, address, len) == 0);
	}
	freeifaddrs(all);
	return found;
}

/* The IPv4 address that stands in the last four octets of an IPv6 one, or NULL. */
static const unsigned char *embedded(const unsigned char *address)
{
	if (inside(AF_INET6, address, "::ffff:0:0/96") || inside(AF_INET6, address, "64:ff9b::/96"))
		return address + 12;
	return NULL;
}

static bool judge(
	int family, const unsigned char *address, enum rs_address_use use, const json_t *allow)
{
	bool open = listed(family, address, allow);

	/* What an IPv6 address carries inside is where the packets end. */
	if (family == AF_INET6 && embedded(address))
		return open && judge(AF_INET, embedded(address), use, allow);
	if (denied(family, address, allow) || own(family, address))
		return false;
	for (size_t i = 0; i < sizeof(REGISTRY) / sizeof(REGISTRY[0]); i++) {
		if (!inside(family, address, REGISTRY[i].network))
			continue;
		if (REGISTRY[i].kind == CLOSED)
			return false;
		if (REGISTRY[i].kind == PRIVATE && use == RS_ADDRESS_CONNECTOR)
			return true;
		return open;
	}
	return true;
}

bool rs_address_allowed(
	const struct sockaddr *address, enum rs_address_use use, const json_t *allow)
{
	int family = address->sa_family;

	if (family != AF_INET && family != AF_INET6)
		return false;
	if (family == AF_INET6 &&
		((const struct sockaddr_in6 *)(const void *)address)->sin6_scope_id != 0)
		return false;
	return judge(family, octets_of(address, family), use, allow);
}

bool rs_address_text_allowed(const char *text, enum rs_address_use use, const json_t *allow)
{
	unsigned char address[16];
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;

	return inet_pton(family, text, address) == 1 && judge(family, address, use, allow);
}

bool rs_network_valid(const char *text)
{
	struct network network;

	return parse(text, &network);
}
