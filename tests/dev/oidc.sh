# The OpenID provider of an instance (tests/peers/oidc/local.py), with a login form, over TLS by the
# certificate of the mail peer.
# shellcheck shell=bash

oidc_up()
{
	local dir=$DIR/oidc try
	mkdir -p "$dir"
	if [ ! -s "$dir/oidc.json" ]; then
		quietly openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$dir/key.pem"
		jq -n --argjson port "$(free_ports 1)" --arg secret "$(openssl rand -hex 24)" \
			--arg password "$(openssl rand -hex 8)" --arg ca "$DIR/mail/ca.pem" \
			--arg certificate "$DIR/mail/good.crt" --arg key "$DIR/mail/good.key" '{
				port: $port, issuer: "https://127.0.0.1:\($port)", client_id: "reissued",
				client_secret: $secret, password: $password, ca: $ca, certificate: $certificate,
				key: $key, redirect_uris: []}' | write_file "$dir/oidc.json"
	fi
	if ! pid_alive "$DIR/pid/oidc"; then
		(exec setsid /usr/bin/python3 "$ROOT/tests/peers/oidc/local.py" "$dir" \
			>>"$DIR/log/oidc.log" 2>&1 </dev/null 9>&-) &
		echo "$! $(process_start "$!")" >"$DIR/pid/oidc"
	fi
	for ((try = 0; try < 100; try++)); do
		curl -fs -m 5 --cacert "$DIR/mail/ca.pem" -o "$dir/jwks.json" "$(oidc_issuer)/jwks" && break
		pid_alive "$DIR/pid/oidc" || die "the OpenID provider does not start: $DIR/log/oidc.log"
		sleep 0.1
	done
	say "oidc" "$(oidc_issuer), whose accounts are the demo's e-mail addresses"
}

oidc_issuer()
{
	jq -r .issuer "$DIR/oidc/oidc.json"
}

# oidc_allow URI: where it may send browsers back to.
oidc_allow()
{
	jq --arg uri "$1" '.redirect_uris += [$uri]' "$DIR/oidc/oidc.json" >"$DIR/oidc/oidc.new"
	write_file "$DIR/oidc/oidc.json" <"$DIR/oidc/oidc.new"
	rm "$DIR/oidc/oidc.new"
}

oidc_down()
{
	[ ! -f "$DIR/pid/oidc" ] || service_stop oidc
}

oidc_status()
{
	if pid_alive "$DIR/pid/oidc"; then
		say "oidc" "runs: $(oidc_issuer)"
	else
		say "oidc" "stopped"
	fi
}
