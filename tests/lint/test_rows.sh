#!/bin/bash
# Every row of tests/rows.tsv has a test that carries its number, and no test carries another.
set -u
cd "$1" || exit 1
carried=$({ grep -rhoE 'mark\.rows\([0-9, ]+\)' tests --include=*.py | grep -oE '[0-9]+'
	grep -rhoE '\brow [0-9]+\b' tests/unit tests/store --include=*.c | tr -dc '0-9\n'
	PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=tests /usr/bin/python3 -c '
from support.hostile import CASES
print("\n".join(str(row) for case in CASES for row in case.rows))'; } | sort -u)
known=$(grep -v '^#' tests/rows.tsv | cut -f1 | sort -u)
missing=$(comm -23 <(echo "$known") <(echo "$carried") | sort -n | tr '\n' ' ')
other=$(comm -13 <(echo "$known") <(echo "$carried") | sort -n | tr '\n' ' ')
[ -z "$missing" ] || echo "no test carries row $missing"
[ -z "$other" ] || echo "tests/rows.tsv has no row $other"
[ -z "$missing$other" ]
