# The private PostgreSQL cluster of an instance: a unix socket only, in a directory that nobody but
# the cluster's user and root can enter. That directory is the access control; inside it is `trust`.
# shellcheck shell=bash

PG_BIN=/usr/lib/postgresql/15/bin

# initdb refuses root: the cluster belongs to an unprivileged user.
postgres_user()
{
	if [ "$(id -u)" != 0 ]; then
		id -un
	elif getent passwd postgres >/dev/null; then
		echo postgres
	else
		echo nobody
	fi
}

as_postgres()
{
	local user
	user=$(postgres_user)
	if [ "$(id -u)" = 0 ]; then
		# A directory that user cannot read is a bad place to start from.
		(cd / && exec setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups \
			env HOME=/ LC_ALL=C.UTF-8 "$@")
	else
		(cd / && exec env LC_ALL=C.UTF-8 "$@")
	fi
}

# postgres_place LINK PARENT LONGEST: makes DIR/LINK a directory of the cluster's user; where that user
# cannot reach it or its path is longer than LONGEST, a directory under PARENT with a link to it.
postgres_place()
{
	local path=$DIR/$1 real
	[ ! -d "$path/." ] || return 0
	rm -f "$path"
	if [ ${#path} -le "$3" ] && as_postgres test -x "$DIR"; then
		mkdir -m 700 "$path"
		chown "$(postgres_user)" "$path"
	else
		real=$(mktemp -d "$2/reissued-$1.XXXXXX")
		chown "$(postgres_user)" "$real"
		ln -s "$real" "$path"
	fi
}

postgres_running()
{
	[ -d "$DIR/pg/." ] && as_postgres $PG_BIN/pg_ctl -D "$(realpath "$DIR/pg")" status >/dev/null 2>&1
}

postgres_up()
{
	local data
	if postgres_running; then
		say "database" "PostgreSQL already runs"
		return
	fi
	postgres_place pg /var/tmp 4000
	# A socket's path ends at 107 bytes: DIR/sock/.s.PGSQL.65535
	postgres_place sock /tmp 89
	data=$(realpath "$DIR/pg")
	if [ ! -f "$data/PG_VERSION" ] && ! as_postgres test -f "$data/PG_VERSION"; then
		rm -f "$DIR/demo.env"
		quietly as_postgres $PG_BIN/initdb -D "$data" -U postgres -A trust -E UTF8 --locale=C.UTF-8
	fi
	as_postgres tee "$data/postgresql.auto.conf" >/dev/null <<-EOT
		listen_addresses = ''
		port = $PORT
		unix_socket_directories = '$(realpath "$DIR/sock")'
		unix_socket_permissions = 0777
		fsync = on
		synchronous_commit = on
		full_page_writes = on
		max_connections = 200
		shared_buffers = 256MB
		wal_compression = lz4
		default_toast_compression = lz4
		max_wal_size = 2GB
		log_min_messages = warning
	EOT
	as_postgres $PG_BIN/pg_ctl -D "$data" -w -t 60 start >>"$DIR/log/postgres.log" 2>&1 </dev/null 9>&- ||
		die "PostgreSQL does not start; see $DIR/log/postgres.log"
	echo "$PORT" >"$DIR/pg.port"
	say "database" "PostgreSQL runs on $DIR/sock (data in $data)"
}

postgres_down()
{
	if postgres_running; then
		quietly as_postgres $PG_BIN/pg_ctl -D "$(realpath "$DIR/pg")" -w -t 60 -m fast stop
		say "database" "stopped"
	fi
}

# Only what postgres_place made is deleted, link or not.
postgres_wipe()
{
	local name real
	for name in pg sock; do
		real=$(realpath -m "$DIR/$name")
		case $real in
		"$DIR/$name"|/var/tmp/reissued-pg.*|/tmp/reissued-sock.*) rm -rf -- "$real" ;;
		esac
		rm -rf -- "${DIR:?}/$name"
	done
}

postgres_status()
{
	if postgres_running; then
		say "database" "runs: $(conninfo reissued_app)"
	else
		say "database" "stopped"
	fi
}

# conninfo ROLE: how to connect as ROLE.
conninfo()
{
	printf 'host=%s port=%s dbname=reissued user=%s' "$(realpath "$DIR/sock")" \
		"$(cat "$DIR/pg.port")" "$1"
}

# The superuser in the database that is always there.
conninfo_postgres()
{
	conninfo postgres | sed 's/dbname=reissued/dbname=postgres/'
}

# The database, and the roles whose rights the migrations give.
postgres_database()
{
	echo "SELECT 'CREATE DATABASE reissued' WHERE NOT EXISTS
		(SELECT FROM pg_database WHERE datname = 'reissued') \\gexec" |
		quietly_psql "$(conninfo_postgres)"
	quietly_psql "$(conninfo postgres)" <"$ROOT/sql/roles.sql"
}

postgres_drop()
{
	echo 'DROP DATABASE IF EXISTS reissued WITH (FORCE)' | quietly_psql "$(conninfo_postgres)"
}

quietly_psql()
{
	PGOPTIONS='-c client_min_messages=warning' psql -X -q -v ON_ERROR_STOP=1 "$1" >/dev/null
}
