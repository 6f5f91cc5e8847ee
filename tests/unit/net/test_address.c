/* Addresses that may be connected to: the special-purpose registries, and what a list opens. */
#include "rs/address.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
	const char *address;
	bool public, connector;
} ROWS[] = {
	{"8.8.8.8", true, true},
	{"1.1.1.1", true, true},
	{"2606:4700::1111", true, true},
	{"0.0.0.0", false, false},
	{"0.255.255.255", false, false},
	{"1.0.0.0", true, true},
	{"9.255.255.255", true, true},
	{"10.0.0.1", false, true},
	{"11.0.0.0", true, true},
	{"100.63.255.255", true, true},
	{"100.64.0.1", false, false},
	{"100.128.0.0", true, true},
	{"127.0.0.1", false, false},
	{"127.255.255.254", false, false},
	{"169.254.169.254", false, false},
	{"172.15.255.255", true, true},
	{"172.16.0.1", false, true},
	{"172.31.255.255", false, true},
	{"172.32.0.0", true, true},
	{"192.0.0.8", false, false},
	{"192.0.2.1", false, false},
	{"192.31.196.1", false, false},
	{"192.52.193.1", false, false},
	{"192.88.99.1", false, false},
	{"192.168.1.1", false, true},
	{"192.175.48.1", false, false},
	{"198.18.0.1", false, false},
	{"198.19.255.255", false, false},
	{"198.51.100.7", false, false},
	{"203.0.113.7", false, false},
	{"224.0.0.1", false, false},
	{"239.255.255.255", false, false},
	{"240.0.0.1", false, false},
	{"255.255.255.255", false, false},
	{"::", false, false},
	{"::1", false, false},
	{"::ffff:127.0.0.1", false, false},
	{"::ffff:8.8.8.8", false, false},
	{"::7f00:1", false, false},
	{"64:ff9b::7f00:1", false, false},
	{"64:ff9b:1::1", false, false},
	{"100::1", false, false},
	{"2001::1", false, false},
	{"2001:1ff::1", false, false},
	{"2001:200::1", true, true},
	{"2001:db8::1", false, false},
	{"2002:7f00:1::", false, false},
	{"2620:4f:8000::1", false, false},
	{"3fff::1", false, false},
	{"5f00::1", false, false},
	{"fc00::1", false, true},
	{"fd12:3456::1", false, true},
	{"fe80::1", false, false},
	{"fec0::1", false, false},
	{"ff02::1", false, false},
	{"not an address", false, false},
	{"127.1", false, false},
};

static void registries_decide(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		if (rs_address_text_allowed(ROWS[i].address, RS_ADDRESS_PUBLIC, NULL) !=
				ROWS[i].public ||
			rs_address_text_allowed(ROWS[i].address, RS_ADDRESS_CONNECTOR, NULL) !=
				ROWS[i].connector)
			fail_msg("%s is judged wrongly", ROWS[i].address);
	}
}

static void a_list_opens_what_it_names(void **state)
{
	json_t *allow = json_pack("[s, s]", "127.0.0.0/8", "169.254.0.0/16");

	(void)state;
	assert_true(rs_address_text_allowed("127.0.0.2", RS_ADDRESS_PUBLIC, allow));
	assert_false(rs_address_text_allowed("10.0.0.1", RS_ADDRESS_PUBLIC, allow));
	assert_false(rs_address_text_allowed("::1", RS_ADDRESS_PUBLIC, allow));
	/* Not by the back door of a mapped address, and link-local never. */
	assert_false(rs_address_text_allowed("::ffff:127.0.0.1", RS_ADDRESS_PUBLIC, allow));
	assert_false(rs_address_text_allowed("169.254.169.254", RS_ADDRESS_PUBLIC, allow));
	json_decref(allow);
}

static void a_list_denies_what_it_opens(void **state)
{
	json_t *allow = json_pack("[s, s, s]", "127.0.0.0/8", "!127.0.0.9", "!2606:4700::/32");

	(void)state;
	assert_true(rs_address_text_allowed("127.0.0.8", RS_ADDRESS_PUBLIC, allow));
	assert_false(rs_address_text_allowed("127.0.0.9", RS_ADDRESS_PUBLIC, allow));
	assert_false(rs_address_text_allowed("2606:4700::1111", RS_ADDRESS_PUBLIC, allow));
	assert_true(rs_address_text_allowed("1.1.1.1", RS_ADDRESS_PUBLIC, allow));
	json_decref(allow);
}

/* Whatever a list opens: what listens here is nobody's proof, and no connector's peer. */
static void our_own_addresses_stay_closed(void **state)
{
	json_t *allow = json_pack("[s, s]", "0.0.0.0/0", "::/0");
	struct ifaddrs *all;

	(void)state;
	assert_int_equal(getifaddrs(&all), 0);
	for (const struct ifaddrs *one = all; one; one = one->ifa_next) {
		bool loopback = (one->ifa_flags & IFF_LOOPBACK) != 0;

		if (!one->ifa_addr || (one->ifa_addr->sa_family != AF_INET &&
					      one->ifa_addr->sa_family != AF_INET6))
			continue;
		assert_int_equal(
			rs_address_allowed(one->ifa_addr, RS_ADDRESS_PUBLIC, allow), loopback);
		assert_int_equal(
			rs_address_allowed(one->ifa_addr, RS_ADDRESS_CONNECTOR, allow), loopback);
	}
	freeifaddrs(all);
	json_decref(allow);
}

static void networks_have_a_form(void **state)
{
	(void)state;
	assert_true(rs_network_valid("10.0.0.0/8"));
	assert_true(rs_network_valid("::1"));
	assert_true(rs_network_valid("0.0.0.0/0"));
	assert_false(rs_network_valid("10.0.0.0/33"));
	assert_false(rs_network_valid("10.0.0.0/"));
	assert_false(rs_network_valid("10.0.0.0/8x"));
	assert_false(rs_network_valid("10.0.0/8"));
	assert_false(rs_network_valid("localhost"));
	assert_false(rs_network_valid("fe80::/129"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registries_decide),
		cmocka_unit_test(a_list_opens_what_it_names),
		cmocka_unit_test(a_list_denies_what_it_opens),
		cmocka_unit_test(our_own_addresses_stay_closed),
		cmocka_unit_test(networks_have_a_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
