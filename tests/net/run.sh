#!/bin/bash
# run.sh PROGRAM: runs a test of the network layer against name and mail servers of its own (tests/peers).
set -euo pipefail
here=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
peers=$here/../peers
dir=$(mktemp -d /tmp/reissued-net.XXXXXX)
# shellcheck disable=SC2064
trap "'$peers/dns/down' '$dir'; '$peers/mail/down' '$dir/mail'; rm -rf -- '$dir'" EXIT
"$peers/dns/up" "$dir"
"$peers/mail/up" "$dir/mail" "$dir/mail/outbox"
RS_TEST_DNS=$dir RS_TEST_MAIL=$dir/mail "$@"
