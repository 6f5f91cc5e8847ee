#!/bin/sh
# Failpoints are in debug builds alone, and the API suite runs against the release build: who needs one is a
# fault test. test_crash.py starts a debug build of its own.
cd "$1" || exit 1
found=$(grep -rl REISSUED_FAILPOINT tests/api --include='*.py' | grep -v '/test_crash\.py$')
[ -z "$found" ] || { printf 'failpoints in the API suite:\n%s\n' "$found"; exit 1; }
