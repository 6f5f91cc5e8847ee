#!/bin/bash
# Every invariant of tests/invariants.tsv has a test that carries its number, and none carries another.
set -u
cd "$1" || exit 1
failed=0
carried=$({ grep -rhoE 'mark\.invariant\([0-9, ]+\)' tests --include=*.py | grep -oE '[0-9]+'
	grep -rhoE '\bI[0-9]+\b' tests/unit tests/store --include=*.c | tr -d I; } | sort -nu)
known=$(grep -v '^#' tests/invariants.tsv | cut -f1 | sort -nu)
other=$(comm -13 <(sort <<<"$known") <(sort <<<"$carried") | tr '\n' ' ')
missing=$(comm -23 <(sort <<<"$known") <(sort <<<"$carried") | tr '\n' ' ')
[ -z "$missing" ] || { echo "no test carries invariant $missing"; failed=1; }
[ -z "$other" ] || { echo "tests/invariants.tsv has no invariant $other"; failed=1; }
! grep -rn 'mark\.invariant("' tests --include=*.py || { echo "invariants are numbers"; failed=1; }
exit $failed
