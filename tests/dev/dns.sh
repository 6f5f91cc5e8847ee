# The name servers of an instance (tests/peers/dns): a signed root of our own with `caatest.` below
# it, so that DNSSEC, CAA and control by DNS can be tried without a network. Their configuration
# fragment comes before the files of --config, which may override it.
# shellcheck shell=bash

DNS_PEER=$ROOT/tests/peers/dns

dns_up()
{
	quietly "$DNS_PEER/up" "$DIR/dns"
	say "dns" "$(dns_server), zone caatest. (records: tests/peers/dns/set $DIR/dns NAME TYPE VALUE...)"
}

# ADDRESS@PORT of named, as the configuration writes it.
dns_server()
{
	echo "127.0.0.1@$(jq -r .port "$DIR/dns/dns.json")"
}

dns_down()
{
	[ ! -f "$DIR/dns/dns.json" ] || quietly "$DNS_PEER/down" "$DIR/dns"
}

dns_status()
{
	local pid
	pid=$(jq -r '.named // empty' "$DIR/dns/dns.json" 2>/dev/null) || pid=''
	if [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; then
		say "dns" "named runs: pid $pid, $(dns_server)"
	else
		say "dns" "stopped"
	fi
}
