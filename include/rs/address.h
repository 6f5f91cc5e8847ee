/*
 * Which addresses the service may connect to on somebody else's word.
 *
 * Names and URLs come from outside, so what is judged is the socket address that is really connected
 * to, never the text: 0x7f.1, a redirect or an answer of the DNS that changes between check and
 * connect all end here. Refused is everything in the IANA special-purpose registries (RFC 6890),
 * multicast, and what an IPv6 address embeds when that is refused; a list of networks from the
 * configuration opens some of it again. Link-local addresses, those of this machine's interfaces
 * (loopback apart, which the registry has) and what the list denies stay closed, whatever it opens.
 */
#ifndef RS_ADDRESS_H
#define RS_ADDRESS_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/socket.h>

enum rs_address_use {
	RS_ADDRESS_PUBLIC,    /* domain validation, webhooks: the public internet alone */
	RS_ADDRESS_CONNECTOR, /* mail servers and directories: RFC 1918 and RFC 4193 too */
};

/*
 * allow: array of "10.0.0.0/8" or "::1", NULL = none; one with a "!" before it is refused always
 * (net.deny_addresses comes in this way). Families other than IP are refused.
 */
bool rs_address_allowed(
	const struct sockaddr *address, enum rs_address_use use, const json_t *allow);
/* Whether an address of this text may be connected to; false for what is no address. */
bool rs_address_text_allowed(const char *text, enum rs_address_use use, const json_t *allow);
/* Whether text is a network in the form above. */
bool rs_network_valid(const char *text);

#endif
