# Demo data. The first platform administrator comes from the command line, because somebody has to
# be the first; everything after that is made through the HTTP API, so that ./dev up proves it. Uses
# REISSUED with CONFIG_ARGS, and BASE_URL; leaves DIR/demo.env.
# shellcheck shell=bash

# api TOKEN METHOD PATH [BODY]: the answer; anything but 2xx ends the command with the problem's text.
api()
{
	local answer status
	answer=$(curl -sS -m 30 -w '\n%{http_code}' -X "$2" ${1:+-H "Authorization: Bearer $1"} \
		${4:+-H 'Content-Type: application/json' --data-binary "$4"} "$BASE_URL$3")
	status=${answer##*$'\n'}
	answer=${answer%$'\n'*}
	[[ $status == 2?? ]] || die "demo data: $2 $3 answered $status: $answer"
	printf '%s\n' "$answer"
}

# api_id ...: the same, but only the id of what was made.
api_id()
{
	api "$@" | jq -er .id
}

# object NAME VALUE...: a JSON object of strings.
object()
{
	jq -nc '[$ARGS.positional | _nwise(2) | {key: .[0], value: .[1]}] | from_entries' --args "$@"
}

demo_data()
{
	if [ -s "$DIR/demo.env" ]; then
		say "demo" "already there"
		return
	fi
	local work
	work=$(mktemp -d)
	demo_platform_admin "$work"
	demo_people "$work"
	demo_connectors "$work"
	demo_rules "$work"
	demo_oidc "$work"
	demo_certificates "$work"
	write_file "$DIR/demo.env" <"$work/env"
	rm -rf "$work"
	say "demo" "two enterprises, eight users, connectors for mail and sign-in, four profiles, an issued and three revoked certificates"
}

# demo_keep FILE NAME VALUE: sets NAME here and keeps it for DIR/env.
demo_keep()
{
	[ -n "$3" ] || die "demo data: no $2"
	printf -v "$2" '%s' "$3"
	printf '%s=%q\n' "$2" "$3" >>"$1/env"
}

demo_platform_admin()
{
	local email=platform@reissued.test token
	quietly "$REISSUED" enterprise create "${CONFIG_ARGS[@]}" --name 'Platform'
	quietly "$REISSUED" user create "${CONFIG_ARGS[@]}" --enterprise 'Platform' --email $email \
		--name 'Paula Platform' --role admin --reach platform
	token=$("$REISSUED" token create "${CONFIG_ARGS[@]}" --email $email --name 'dev up')
	demo_keep "$1" ADMIN_TOKEN "$token"
}

# demo_person WORK VARIABLE ENTERPRISE ROLE EMAIL NAME: a user with a password, and an API token that
# the user makes for itself, in VARIABLE. Sets PERSON_ID and PERSON_PASSWORD.
demo_person()
{
	local session until scopes
	# A token lives 366 days at most.
	until=$(date -u -d '+365 days' +%Y-%m-%dT%H:%M:%SZ)
	PERSON_PASSWORD=$(openssl rand -base64 18)
	PERSON_ID=$(api_id "$ADMIN_TOKEN" POST /v1/users "$(object enterprise_id "$3" role "$4" \
		email "$5" name "$6" password "$PERSON_PASSWORD")")
	session=$(api '' POST /v1/sessions "$(object email "$5" password "$PERSON_PASSWORD")" |
		jq -er .access_token)
	scopes=$(api "$session" GET /v1/me | jq -ec .scopes) # all that the role can use
	demo_keep "$1" "$2" "$(api "$session" POST /v1/api-tokens "$(jq -nc --arg until "$until" \
		--argjson scopes "$scopes" \
		'{name: "demo", scopes: $scopes, expires_at: $until}')" | jq -er .token)"
}

demo_people()
{
	local here there
	here=$(api_id "$ADMIN_TOKEN" POST /v1/enterprises "$(object name 'Example Ltd')")
	there=$(api_id "$ADMIN_TOKEN" POST /v1/enterprises "$(object name 'Other Ltd')")
	demo_person "$1" ENTERPRISE_ADMIN_TOKEN "$here" admin admin@example.test 'Adam Admin'
	demo_person "$1" OFFICER_TOKEN "$here" ra_officer officer@example.test 'Olga Officer'
	demo_person "$1" OFFICER2_TOKEN "$here" ra_officer officer2@example.test 'Oscar Officer'
	demo_person "$1" AUDITOR_TOKEN "$here" auditor auditor@example.test 'Audrey Auditor'
	demo_person "$1" SUBSCRIBER_B_TOKEN "$here" subscriber bob@example.test 'Bob Example'
	demo_person "$1" OFFICER_OTHER_TOKEN "$there" ra_officer officer@other.test 'Otto Officer'
	demo_person "$1" SUBSCRIBER2_TOKEN "$there" subscriber carol@other.test 'Carol Other'
	demo_person "$1" SUBSCRIBER_TOKEN "$here" subscriber alice@example.test 'Alice Example'
	demo_keep "$1" SUBSCRIBER_EMAIL alice@example.test
	demo_keep "$1" SUBSCRIBER_PASSWORD "$PERSON_PASSWORD"
	DEMO_OWNER=$PERSON_ID
}

# The way of the enterprise's mail: the server of tests/dev/mail.sh.
demo_connectors()
{
	demo_keep "$1" SMTP_CONNECTOR_ID "$(api_id "$ENTERPRISE_ADMIN_TOKEN" POST /v1/connectors "$(jq -nc \
		--slurpfile mail "$DIR/mail/mail.json" --rawfile ca "$DIR/mail/ca.pem" '{
			kind: "smtp", name: "demo mail", active: true, settings: {host: "127.0.0.1",
			port: $mail[0].ports.starttls, tls: "starttls", ca_pem: $ca, from: "ra@example.test",
			from_name: "Example Ltd registration", username: $mail[0].username,
			password: $mail[0].password, timeout_s: 10}}')")"
}

# A sign-in at the provider of tests/dev/oidc.sh as the second factor of a profile of its own, and Alice's
# account there, linked to her.
demo_oidc()
{
	local issuer connector profile
	issuer=$(oidc_issuer)
	connector=$(api_id "$ENTERPRISE_ADMIN_TOKEN" POST /v1/connectors "$(jq -nc \
		--slurpfile oidc "$DIR/oidc/oidc.json" --rawfile ca "$DIR/mail/ca.pem" '{
			kind: "oidc", name: "demo sign-in", display_name: "Example Ltd sign-in", settings: {
			issuer: $oidc[0].issuer, client_id: $oidc[0].client_id,
			client_secret: $oidc[0].client_secret, ca_pem: $ca}}')")
	oidc_allow "$BASE_URL/v1/callbacks/oidc/$connector"
	api "$ENTERPRISE_ADMIN_TOKEN" POST "/v1/users/$DEMO_OWNER/identities" \
		"$(object kind oidc issuer "$issuer" subject "$SUBSCRIBER_EMAIL")" >/dev/null
	demo_keep "$1" OIDC_CONNECTOR_ID "$connector"
	demo_keep "$1" OIDC_PASSWORD "$(jq -r .password "$DIR/oidc/oidc.json")"
	profile=$(api "$ENTERPRISE_ADMIN_TOKEN" GET "/v1/profiles/$PROFILE_DESKTOP_ID" | jq -c \
		--arg connector "$connector" 'del(.id, .enterprise_id, .revision, .created_at, .updated_at)
			| .name = "desktop-signing-sign-in"
			| .second_factor.reissue = [{mechanism: "oidc", connector_id: $connector}]')
	demo_keep "$1" PROFILE_OIDC_ID "$(api_id "$ENTERPRISE_ADMIN_TOKEN" POST /v1/profiles "$profile")"
}

# demo_profile NAME CATEGORY PURPOSE RULE_SET EDITABLE-FIELDS MAX_DAYS CAA: the id of a new profile.
demo_profile()
{
	api_id "$ENTERPRISE_ADMIN_TOKEN" POST /v1/profiles "$(jq -nc --arg name "$1" --arg category "$2" \
		--arg purpose "$3" --arg rule_set "$4" --argjson editable "$5" --argjson days "$6" \
		--arg agreement "$AGREEMENT_ID" --arg issuer "$DEMO_ISSUER" --arg caa "$7" '{
			name: $name, category: $category, purpose: $purpose, rule_set: $rule_set,
			issuer_id: $issuer, active: true, key_sources: ["csr"],
			key_policy: ["RSA:2048", "RSA:3072", "RSA:4096", "EC:P-256", "EC:P-384", "EC:P-521"],
			editable_fields: $editable, max_days: $days, eligible: ["issued", "revoked", "expired"],
			repeat: true, on_behalf: false, agreement_id: $agreement, vetting: false,
			dual_control: false, caa: $caa, control: "none",
			second_factor: {reissue: [], approve: [], revoke: [], enrol: []},
			previous_certificate: {action: "keep"}}')"
}

demo_rules()
{
	local editable='["subject.common_name", "subject.given_name", "subject.surname", "subject.title",
		"subject.organization", "subject.organizational_unit", "subject.email_address", "san", "validity"]'
	DEMO_ISSUER=$(api "$ADMIN_TOKEN" GET /v1/issuers | jq -er '.items[0].id')
	demo_keep "$1" AGREEMENT_ID "$(api_id "$ENTERPRISE_ADMIN_TOKEN" POST /v1/agreements "$(jq -nc '{
		name: "Subscriber Agreement", format: "text", texts: [{language: "en", text:
		"I keep my private key to myself and ask for revocation at once when I lose it."}]}')")"
	demo_keep "$1" PROFILE_DESKTOP_ID "$(demo_profile desktop-signing desktop_signing \
		document_signing private "$editable" 365 none)"
	demo_keep "$1" PROFILE_FACTOR_ID "$(demo_profile desktop-signing-factor desktop_signing \
		document_signing private "$editable" 365 none)"
	api "$ENTERPRISE_ADMIN_TOKEN" PATCH "/v1/profiles/$PROFILE_FACTOR_ID" "$(jq -nc \
		--arg relay "$SMTP_CONNECTOR_ID" '{agreement_id: null, second_factor: {
			reissue: [{mechanism: "email_otp", connector_id: $relay}, {mechanism: "totp"}],
			approve: [], revoke: [], enrol: []}}')" >/dev/null
	demo_keep "$1" PROFILE_TLS_ID "$(demo_profile tls-server tls tls_server tls-br \
		'["subject.common_name", "san", "validity"]' 200 required)"
}

# demo_enrol WORK PROFILE SUBJECT SAN: the id of a first certificate for the demo's subscriber.
demo_enrol()
{
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=first key' \
		-keyout "$1/key" -out "$1/csr" 2>/dev/null
	api_id "$OFFICER_TOKEN" POST /v1/certificates "$(jq -nc --arg profile "$2" \
		--arg owner "$DEMO_OWNER" --argjson subject "$3" --argjson san "$4" --rawfile csr "$1/csr" '{
			profile_id: $profile, owner_id: $owner, csr: $csr, subject: $subject, san: $san}')"
}

# demo_revoke ID: its owner revokes it.
demo_revoke()
{
	api "$SUBSCRIBER_TOKEN" POST "/v1/certificates/$1/revoke" '{"reason": "unspecified"}' >/dev/null
}

demo_certificates()
{
	local alice='{"common_name": "Alice Example", "organization": "Example Ltd", "country": "GB"}'
	local mailbox='[{"type": "email", "value": "alice@example.test"}]'
	demo_keep "$1" ISSUED_CERTIFICATE_ID "$(demo_enrol "$1" "$PROFILE_DESKTOP_ID" "$alice" "$mailbox")"
	demo_keep "$1" REVOKED_CERTIFICATE_ID "$(demo_enrol "$1" "$PROFILE_DESKTOP_ID" "$alice" "$mailbox")"
	demo_revoke "$REVOKED_CERTIFICATE_ID"
	demo_keep "$1" REVOKED_FACTOR_CERTIFICATE_ID "$(demo_enrol "$1" "$PROFILE_FACTOR_ID" "$alice" "$mailbox")"
	demo_revoke "$REVOKED_FACTOR_CERTIFICATE_ID"
	# A server's name is verified on the way, so there must be a DNS that knows it.
	[ -s "$DIR/dns/dns.yaml" ] || return 0
	demo_keep "$1" REVOKED_TLS_CERTIFICATE_ID "$(demo_enrol "$1" "$PROFILE_TLS_ID" \
		'{"common_name": "web.caatest"}' '[{"type": "dns", "value": "web.caatest"}]')"
	demo_revoke "$REVOKED_TLS_CERTIFICATE_ID"
}

# DIR/env: all that a test client or an example needs to know, in shell syntax.
write_env()
{
	local pid urls='' n
	read -r pid _ <"$DIR/pid/r1"
	for ((n = 0; n < REPLICAS; n++)); do
		urls+="${urls:+ }http://127.0.0.1:$((PORT + n))"
	done
	{
		printf '%s=%q\n' BASE_URL "$BASE_URL"
		printf "BASE_URLS='%s'\n" "$urls"
		cat "$DIR/demo.env"
		printf "DATABASE_URL='postgresql://reissued_app@/reissued?host=%s&port=%s'\n" \
			"$(realpath "$DIR/sock")" "$(cat "$DIR/pg.port")"
		printf '%s=%q\n' OUTBOX_DIR "$DIR/outbox" CONFIG_FILE "$DIR/reissued.yaml" \
			CA_CERT "$DIR/ca/root.crt" DNS_SERVER "$(dns_server)" DNS_DIR "$DIR/dns" MAIL_DIR "$DIR/mail" OIDC_DIR "$DIR/oidc" \
			CLOCK_FILE "$DIR/clock" PID "$pid"
	} | write_file "$DIR/env"
}
