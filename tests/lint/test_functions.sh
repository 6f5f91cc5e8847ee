#!/bin/sh
# No function of api/, src/ and tests/ is over 80 lines or of a cyclomatic complexity over 15.
cd "$1" || exit 1
command -v pmccabe >/dev/null || { echo "pmccabe is missing: apt-get install pmccabe"; exit 1; }
find api src tests -name '*.c' -not -path '*/node_modules/*' -print0 | xargs -0 pmccabe |
	awk -F'\t' '$2 > 15 || $5 > 80 { print $6 ": " $7 ": complexity " $2 ", " $5 " lines"; bad = 1 }
		END { exit bad }'
