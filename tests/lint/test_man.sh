#!/bin/bash
# The man pages can be made, tell of every subcommand and every key, and are roff without a warning
# (where groff is there to say so).
set -u
failed=0
for section in 1 5 8; do
	page=$2/reissued.$section
	program=$2/reissued
	[ $section != 8 ] || program=$2/reissued-saml
	"$1/docker/man" "$program" $section >"$page" || exit 1
	! command -v groff >/dev/null || [ -z "$(groff -man -ww -Tutf8 "$page" 2>&1 >/dev/null)" ] ||
		{ echo "reissued.$section: groff warns"; groff -man -ww -Tutf8 "$page" 2>&1 >/dev/null | head -5; failed=1; }
done
for name in $("$2/reissued" --help | sed -n 's/^  \([a-z-]*\) .*/\1/p'); do
	grep -qx "\.SS ${name//-/\\\\-}" "$2/reissued.1" || { echo "reissued.1 does not tell of $name"; failed=1; }
done
keys=$(grep -c '^RS_CONFIG(' "$1/include/rs/config.def")
told=$(grep -c '^\.TP' "$2/reissued.5")
[ "$keys" = "$told" ] || { echo "reissued.yaml.5 tells of $told keys, there are $keys"; failed=1; }
exit $failed
