#!/bin/bash
# Every audit action the code writes stands in src/audit/actions.def, once, and none else.
set -u
cd "$1" || exit 1
failed=0
known=$(sed -n 's/^RS_AUDIT_ACTION("\([^"]*\)".*/\1/p' src/audit/actions.def)
twice=$(sort <<<"$known" | uniq -d)
[ -z "$twice" ] || { echo "audit: twice in actions.def: $twice"; failed=1; }
written=$(grep -rhoE '\.action = "[a-z_]+\.[a-z_]+"' src api --include=*.c | sed 's/.*"\(.*\)"/\1/')
# The transition table writes the object type once and then the participles.
written+=" $(sed -n 's/^\tROW(.*"\([a-z_]*\)"),$/reissue_request.\1/p' src/reissue/machine.c)"
for action in $written; do
	grep -qx "$action" <<<"$known" || { echo "audit: actions.def has no row for $action"; failed=1; }
done
for action in $known; do
	grep -qx "$action" <<<"${written// /$'\n'}" || grep -rqF "\"$action\"" src api --include=*.c ||
		{ echo "audit: nothing writes $action"; failed=1; }
done
exit $failed
