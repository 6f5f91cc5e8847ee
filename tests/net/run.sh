#!/bin/bash
# run.sh PROGRAM: runs a test of the network layer against name servers of its own (tests/peers/dns).
set -euo pipefail
here=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
peer=$here/../peers/dns
dir=$(mktemp -d /tmp/reissued-net.XXXXXX)
# shellcheck disable=SC2064
trap "'$peer/down' '$dir'; rm -rf -- '$dir'" EXIT
"$peer/up" "$dir"
RS_TEST_DNS=$dir "$@"
