#!/bin/bash
# run.sh PROGRAM: runs a store test against a private PostgreSQL of its own and takes it away again.
set -euo pipefail
here=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
pg=$here/../dev/pg.sh
dir=$(mktemp -d /tmp/reissued-store.XXXXXX)
# shellcheck disable=SC2064
trap "'$pg' wipe '$dir' 2>/dev/null" EXIT
RS_TEST_SUPER=$("$pg" up "$dir" 2>/dev/null)
RS_TEST_OWNER=$("$pg" conninfo "$dir" reissued_owner)
RS_TEST_APP=$("$pg" conninfo "$dir" reissued_app)
RS_TEST_JOB=$("$pg" conninfo "$dir" reissued_job)
export RS_TEST_SUPER RS_TEST_OWNER RS_TEST_APP RS_TEST_JOB
export RS_TEST_PG_UP="$pg up $dir >/dev/null 2>&1"
export RS_TEST_PID_FILE=$dir/pg/postmaster.pid
"$@"
