# The service of an instance: build, configuration, keys, demo CA, processes.
# shellcheck shell=bash

# build_service PRESET: the executable of that preset, in REISSUED.
build_service()
{
	local started=$SECONDS
	REISSUED=$ROOT/build/$1/reissued
	mkdir -p "$ROOT/build"
	(
		# Two instances may start at once, but only one may build.
		exec 8>"$ROOT/build/.lock"
		flock 8
		[ -f "$ROOT/build/$1/build.ninja" ] || quietly cmake --preset "$1"
		quietly cmake --build "$ROOT/build/$1" --target reissued reissued-saml
	)
	say "build" "build/$1/reissued ($((SECONDS - started)) s)"
}

# Everything the service reads: keys, the demo CA, the configuration. What exists is kept.
configure()
{
	local n
	[ -s "$DIR/clock" ] || clock_set 0
	[ -s "$DIR/keyring" ] || quietly "$REISSUED" keyring init --file "$DIR/keyring"
	if [ ! -s "$DIR/ca/chain.pem" ]; then
		openssl rand -hex 24 | write_file "$DIR/ca.passphrase"
		quietly "$REISSUED" ca init --dir "$DIR/ca" --name 'reissued demo' \
			--algorithm EC:P-256 --days "${DEMO_CA_DAYS:-30}" --passphrase-file "$DIR/ca.passphrase"
		say "demo CA" "made in $DIR/ca: ${DEMO_CA_DAYS:-30} days, trusted by nobody"
	fi
	openssl x509 -in "$DIR/ca/issuing.crt" -noout -checkend 86400 >/dev/null ||
		die "the demo CA of this instance has run out: ./dev reset, then ./dev up"
	configuration | write_file "$DIR/reissued.yaml"
	rm -f "$DIR"/replica/*.yaml
	for ((n = 2; n <= REPLICAS; n++)); do
		configuration_of_replica "$n" | write_file "$DIR/replica/r$n.yaml"
	done
}

configuration()
{
	cat <<-EOT
		# Written by ./dev up at every start; put your own keys in another file and give it as --config.
		environment: development
		server:
		  listen: 127.0.0.1
		  port: $PORT
		  public_url: $BASE_URL
		  replica_id: r1
		database:
		  url: "$(conninfo reissued_app)"
		  job_url: "$(conninfo reissued_job)"
		  owner_url: "$(conninfo reissued_owner)"
		keyring:
		  file: $DIR/keyring
		limits:
		  login_per_address: 100000
		  challenges_per_address: 100000
		issuers:
		  - id: demo
		    name: reissued demo issuing CA
		    certificate_file: $DIR/ca/issuing.crt
		    chain_file: $DIR/ca/chain.pem
		    key_file: $DIR/ca/issuing.key
		    passphrase_file: $DIR/ca.passphrase
		    publicly_trusted: false
		signer:
		  journal_file: $DIR/journal/r1
		clock:
		  offset_file: $DIR/clock
		metrics:
		  public: true
		dcv:
		  http_port: $((PORT + 8000))
		  allow_addresses: ["127.0.0.0/8"]
		net:
		  allow_addresses: ["127.0.0.0/8"]
	EOT
}

# What is different in replica N; merged over the rest.
configuration_of_replica()
{
	cat <<-EOT
		server:
		  port: $((PORT + $1 - 1))
		  replica_id: r$1
		signer:
		  journal_file: $DIR/journal/r$1
	EOT
}

# config_arguments N: the --config arguments of replica N, in CONFIG_ARGS.
config_arguments()
{
	local file
	CONFIG_ARGS=(--config "$DIR/reissued.yaml" --config "$DIR/dns/dns.yaml")
	for file in "${CONFIGS[@]}"; do
		CONFIG_ARGS+=(--config "$file")
	done
	[ "$1" = 1 ] || CONFIG_ARGS+=(--config "$DIR/replica/r$1.yaml")
}

migrate()
{
	# Without finished demo data the database holds nothing worth keeping: begin again.
	if [ ! -s "$DIR/demo.env" ]; then
		service_down
		postgres_drop
	fi
	postgres_database
	config_arguments 1
	quietly "$REISSUED" migrate "${CONFIG_ARGS[@]}"
	say "schema" "migrated"
}

# What a running process was started from: when it differs, the process is restarted.
service_stamp()
{
	stat -c '%n %Y %s' "$REISSUED"
	cat "$DIR/reissued.yaml" "$DIR/dns/dns.yaml" "${CONFIGS[@]}"
	[ "$1" = 1 ] || cat "$DIR/replica/r$1.yaml"
}

service_up()
{
	local n stamp
	service_stop_beyond "$REPLICAS"
	for ((n = 1; n <= REPLICAS; n++)); do
		stamp=$(service_stamp "$n" | sha256sum)
		if pid_alive "$DIR/pid/r$n"; then
			[ "$stamp" != "$(cat "$DIR/pid/r$n.stamp" 2>/dev/null)" ] || continue
			service_stop "r$n"
		fi
		service_start "$n"
		echo "$stamp" >"$DIR/pid/r$n.stamp"
	done
	for ((n = 1; n <= REPLICAS; n++)); do
		service_wait "$n"
	done
}

service_start()
{
	local port=$((PORT + $1 - 1)) pid
	! port_taken "$port" ||
		die "port $port is taken by another program; choose one: ./dev up --port N (0: any free one)"
	config_arguments "$1"
	(exec setsid "$REISSUED" serve "${CONFIG_ARGS[@]}" >>"$DIR/log/r$1.log" 2>&1 </dev/null 9>&-) &
	pid=$!
	echo "$pid $(process_start "$pid")" >"$DIR/pid/r$1"
}

# Ready is what /readyz says: database, schema and signer are there.
service_wait()
{
	local url=http://127.0.0.1:$((PORT + $1 - 1)) try
	for ((try = 0; try < 600; try++)); do
		if curl -fs -m 5 -o "$DIR/readyz" "$url/readyz"; then
			say "service" "r$1 answers on $url"
			return
		fi
		pid_alive "$DIR/pid/r$1" || break
		sleep 0.1
	done
	tail -n 20 "$DIR/log/r$1.log" >&2
	die "replica r$1 does not get ready; its last lines are above ($DIR/log/r$1.log)"
}

# service_stop NAME: SIGTERM, a time to finish what is in flight, then SIGKILL.
service_stop()
{
	local pid try
	if pid_alive "$DIR/pid/$1"; then
		read -r pid _ <"$DIR/pid/$1"
		kill -TERM "$pid"
		for ((try = 0; try < 350; try++)); do
			pid_alive "$DIR/pid/$1" || break
			sleep 0.1
		done
		! pid_alive "$DIR/pid/$1" || kill -KILL "$pid"
		say "service" "$1 stopped"
	fi
	rm -f "$DIR/pid/$1" "$DIR/pid/$1.stamp"
}

# service_stop_beyond N: stops the replicas with a number above N.
service_stop_beyond()
{
	local file name
	for file in "$DIR"/pid/r*; do
		name=${file##*/}
		[[ $name =~ ^r[0-9]+$ ]] && [ "${name#r}" -gt "$1" ] || continue
		service_stop "$name"
	done
}

service_down()
{
	service_stop_beyond 0
}

service_status()
{
	local n pid
	for ((n = 1; n <= REPLICAS; n++)); do
		if pid_alive "$DIR/pid/r$n"; then
			read -r pid _ <"$DIR/pid/r$n"
			say "service" "r$n runs: pid $pid, port $((PORT + n - 1)), since $(ps -o lstart= -p "$pid")"
		else
			say "service" "r$n is stopped"
		fi
	done
}
