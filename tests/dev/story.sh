# The story: the README holds it once, ./dev up prints it and ./dev test runs it, both from there.
# shellcheck shell=bash

story_lines()
{
	sed -n '/^<!-- story:begin -->$/,/^<!-- story:end -->$/p' "$ROOT/README.md" |
		sed '/^<!--/d; /^```/d; /./,$!d'
}

story_print()
{
	local env=$DIR/env
	[ "$DIR" != "$ROOT/.run" ] || env=.run/env
	printf '\n# Paste this: it reissues the demo certificate that was revoked.\n. %s\n\n' "$env"
	story_lines
}

# story_run ENV: the very lines, as a newcomer's shell would run them, stopping at the first that fails.
story_run()
{
	# shellcheck source=/dev/null
	(set -a; . "$1"; set +a; story_lines | bash -eu -o pipefail)
}
