#!/bin/bash
# run.sh PROGRAM [ad]: runs a test of the network layer against servers of its own (tests/peers): name
# and mail servers, or directories.
set -euo pipefail
here=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
peers=$here/../peers
dir=$(mktemp -d /tmp/reissued-net.XXXXXX)
down()
{
	"$peers/dns/down" "$dir"
	"$peers/mail/down" "$dir/mail"
	"$peers/ad/down" "$dir/ad"
	rm -rf -- "$dir"
}
trap down EXIT
if [ "${2:-}" = ad ]; then
	"$peers/ad/up" "$dir/ad"
else
	"$peers/dns/up" "$dir"
	"$peers/mail/up" "$dir/mail" "$dir/mail/outbox"
fi
RS_TEST_DNS=$dir RS_TEST_MAIL=$dir/mail RS_TEST_AD=$dir/ad "$1"
