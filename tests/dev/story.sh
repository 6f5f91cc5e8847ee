# The story: the README holds it once, ./dev up prints it and ./dev test runs it, both from there.
# shellcheck shell=bash

# story_lines PART...: the lines of those parts of the README, one after the other.
story_lines()
{
	local part
	for part in "$@"; do
		sed -n "/^<!-- $part:begin -->\$/,/^<!-- $part:end -->\$/p" "$ROOT/README.md" |
			sed '/^<!--/d; /^```/d; /./,$!d'
		echo
	done
}

story_print()
{
	local env=$DIR/env
	[ "$DIR" != "$ROOT/.run" ] || env=.run/env
	printf '\n# Paste this: it reissues the demo certificate that was revoked.\n. %s\n\n' "$env"
	story_lines story caa factor
}

# story_run ENV PART...: the very lines, as a newcomer's shell would run them, stopping at the first that
# fails.
story_run()
{
	local env=$1
	shift
	# shellcheck source=/dev/null
	(set -a; . "$env"; set +a; story_lines "$@" | bash -eu -o pipefail)
}
