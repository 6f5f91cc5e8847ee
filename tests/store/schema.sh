#!/bin/bash
# run.sh schema.sh REISSUED [--write]: is sql/schema.sql what the migrations make? --write renews it.
set -euo pipefail
root=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
"$1" migrate --url "$RS_TEST_OWNER" >/dev/null
# Comments and \restrict lines differ from one minor version to the next.
dump()
{
	echo "-- The schema at its head, for reading. Made by tests/store/schema.sh from the migrations."
	echo
	LC_ALL=C.UTF-8 pg_dump --schema-only "$RS_TEST_SUPER" | grep -vE '^(--|\\(un)?restrict|SET )' | cat -s
}
if [ "${2:-}" = --write ]; then
	dump >"$root/sql/schema.sql"
else
	dump | diff -u "$root/sql/schema.sql" - ||
		{ echo "schema.sql is not what the migrations make: tests/store/run.sh tests/store/schema.sh $1 --write"; exit 1; }
fi
