#!/bin/bash
# A private PostgreSQL for tests: one directory, a unix socket only, no TCP.
#
#   tests/dev/pg.sh up DIR [PORT]   starts it (made when new), prints the superuser's conninfo
#   tests/dev/pg.sh down DIR        stops it
#   tests/dev/pg.sh wipe DIR        stops it and deletes what it made
#   tests/dev/pg.sh conninfo DIR ROLE
set -euo pipefail
ROOT=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
# shellcheck source=tests/dev/lib.sh
. "$ROOT/tests/dev/lib.sh"
# shellcheck source=tests/dev/postgres.sh
. "$ROOT/tests/dev/postgres.sh"

command=${1:?up, down, wipe or conninfo}
DIR=$(realpath -m "${2:?which directory}")
case $command in
up)
	instance_directory
	mkdir -p "$DIR/log"
	PORT=${3:-5432} # names the socket only
	postgres_up >&2
	postgres_database
	conninfo postgres
	echo
	;;
down) postgres_down >&2 ;;
wipe)
	postgres_down >&2
	postgres_wipe
	rm -rf -- "${DIR:?}"
	;;
conninfo)
	conninfo "${3:?which role}"
	echo
	;;
*) die "pg.sh knows up, down, wipe and conninfo" 2 ;;
esac
