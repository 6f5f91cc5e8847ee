#!/bin/sh
# Calls that invite overruns, shells, weak randomness or lost errors.
cd "$1" || exit 1
found=$(grep -rnE '(^|[^A-Za-z0-9_])(strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|atof|rand|srand|random|system|popen|alloca|strncpy|gets_s|tmpnam|mktemp|asctime|ctime|gmtime|localtime|strerror_l|vfork)[[:space:]]*\(' \
	--include='*.c' --include='*.h' api src include | grep -vE '^[^:]+:[0-9]+:[[:space:]]*(\*|//|/\*)')
[ -z "$found" ] || { printf 'banned calls:\n%s\n' "$found"; exit 1; }
