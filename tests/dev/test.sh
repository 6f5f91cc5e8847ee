# ./dev test: the stages that CI runs, each with its seconds, and one summary line at the end.
# shellcheck shell=bash

# What a plain ./dev test runs, in this order; the others run by --only NAME.
TEST_STAGES=(unit store net saml contract api story replicas asan tsan faults)
TEST_BY_NAME=(bench longfaults fuzz longfuzz soak image analyze)

cmd_test()
{
	local stages=("${TEST_STAGES[@]}")
	while [ $# -gt 0 ]; do
		case $1 in
		--fast) stages=(unit) ;;
		--only) [ $# -ge 2 ] || die "--only needs a name"; IFS=, read -r -a stages <<<"$2"; shift ;;
		--only=*) IFS=, read -r -a stages <<<"${1#*=}" ;;
		*) die "what is $1? ./dev help shows the options" ;;
		esac
		shift
	done
	test_check_names "${stages[@]}"
	TEST_OUT=$ROOT/build/test
	mkdir -p "$TEST_OUT"
	apt_install tests/apt-run.txt tests/apt-test.txt
	test_run_stages "${stages[@]}"
}

test_check_names()
{
	local name known
	known=" ${TEST_STAGES[*]} ${TEST_BY_NAME[*]} "
	for name in "$@"; do
		[[ $known == *" $name "* ]] || die "there is no stage $name; there are:$known"
	done
}

# Every stage runs, also after one that failed; the last line sums up all of them.
test_run_stages()
{
	local name passed=0 failed=0 begun=$SECONDS
	for name in "$@"; do
		test_run_stage "$name"
		passed=$((passed + STAGE_PASSED))
		failed=$((failed + STAGE_FAILED))
	done
	say "test" "all stages: $((SECONDS - begun)) s"
	echo "$passed passed, $failed failed"
	[ $failed -eq 0 ] && [ $passed -gt 0 ]
}

# A stage writes JUnit files to its directory; one that writes none counts as one test.
test_run_stage()
{
	local begun=$SECONDS rc=0 log
	STAGE_OUT=$TEST_OUT/$1
	log=$TEST_OUT/$1.log
	rm -rf "$STAGE_OUT"
	mkdir -p "$STAGE_OUT"
	(set -euo pipefail; "stage_$1") >"$log" 2>&1 </dev/null &
	wait $! || rc=$?
	STAGE_PASSED=0 STAGE_FAILED=0
	test_count "$STAGE_OUT"/*.xml
	if [ $rc -ne 0 ] && [ $STAGE_FAILED -eq 0 ]; then
		STAGE_FAILED=1
	elif [ $((STAGE_PASSED + STAGE_FAILED)) -eq 0 ]; then
		STAGE_PASSED=1
	fi
	say "$1" "$STAGE_PASSED passed, $STAGE_FAILED failed, $((SECONDS - begun)) s"
	[ $STAGE_FAILED -eq 0 ] || { tail -n 80 "$log"; say "$1" "the whole log: $log"; }
}

# test_count FILE...: adds the figures of JUnit files to STAGE_PASSED and STAGE_FAILED. Pytest and
# ctest both put them on <testsuite>; what was skipped is neither.
test_count()
{
	local file suite tests bad skipped
	for file in "$@"; do
		[ -f "$file" ] || continue
		while read -r suite; do
			tests=$(test_attribute "$suite" tests)
			bad=$(($(test_attribute "$suite" failures) + $(test_attribute "$suite" errors)))
			skipped=$(($(test_attribute "$suite" skipped) + $(test_attribute "$suite" disabled)))
			STAGE_FAILED=$((STAGE_FAILED + bad))
			STAGE_PASSED=$((STAGE_PASSED + tests - bad - skipped))
		done < <(tr '\n\t' '  ' <"$file" | grep -o '<testsuite [^>]*>')
	done
}

test_attribute()
{
	[[ $1 =~ \ $2=\"([0-9]+)\" ]] && echo "${BASH_REMATCH[1]}" || echo 0
}

# --- the stages ----------------------------------------------------------------------------------

# Unit tests and lint: the label fast of the dev build.
stage_unit()
{
	build_all dev
	ctest --test-dir "$ROOT/build/dev" -L fast -j "$(nproc)" --timeout 60 --output-on-failure \
		--no-tests=error --output-junit "$STAGE_OUT/ctest.xml"
}

# The store against a private PostgreSQL: isolation, the trail, lists, keys, faults, the schema's dump.
stage_store()
{
	build_all dev
	ctest --test-dir "$ROOT/build/dev" -L store --timeout 180 --output-on-failure --no-tests=error \
		--output-junit "$STAGE_OUT/ctest.xml"
}

# The network layer against servers of its own, all at once: most of the time somebody waits.
stage_net()
{
	build_all dev
	ctest --test-dir "$ROOT/build/dev" -L net -j 4 --timeout 180 --output-on-failure --no-tests=error \
		--output-junit "$STAGE_OUT/ctest.xml"
}

# The executable that reads SAML, by itself: good and evil responses, metadata, requests.
stage_saml()
{
	build_all dev
	REISSUED_SAML=$ROOT/build/dev/reissued-saml run_pytest saml -n 2 "$ROOT/tests/saml"
}

build_all()
{
	[ -f "$ROOT/build/$1/build.ninja" ] || cmake --preset "$1"
	cmake --build "$ROOT/build/$1"
}

# test_instance NAME OPTION...: starts an instance of the tests' own and takes over its DIR/env. It is
# wiped when the stage ends, but stopped only when the stage failed.
test_instance()
{
	local dir=$STAGE_OUT/$1
	shift
	TEST_INSTANCES+=("$dir")
	trap test_instances_end EXIT
	# The suite asks the DNS as few users, far more often than one of them may by default.
	export REISSUED_LIMITS_VERIFY_PER_USER=10000
	"$ROOT/dev" up --dir "$dir" --port 0 "$@"
	set -a
	# shellcheck source=/dev/null
	. "$dir/env"
	set +a
	export REISSUED_ENV=$dir/env REISSUED_DIR=$dir
}

test_instances_end()
{
	local rc=$? dir
	for dir in "${TEST_INSTANCES[@]}"; do
		if [ $rc -eq 0 ]; then
			"$ROOT/dev" reset --dir "$dir"
		else
			"$ROOT/dev" down --dir "$dir"
		fi
	done
	return $rc
}

# run_pytest NAME ARGUMENT...: Debian's Python and its pytest, whatever else is in PATH.
run_pytest()
{
	local name=$1
	shift
	PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m pytest -p no:cacheprovider -q -ra \
		--junitxml "$STAGE_OUT/$name.xml" "$@"
}

stage_contract()
{
	node_ready
	JUNIT_DIR=$STAGE_OUT "$ROOT/tests/contract/run"
}

stage_api()
{
	test_instance run
	node_ready # the identity provider of tests/peers/oidc
	run_pytest api -n 4 --dist loadgroup "$ROOT/tests/api"
	run_pytest oracle "$ROOT/tests/oracle"
}

stage_story()
{
	test_instance run
	story_run "$REISSUED_ENV" story caa factor
	# It can be told again: the certificate it replaced may be reissued once more.
	story_run "$REISSUED_ENV" story caa factor
	examples_run
}

# The examples beside the API, each in its own language.
examples_run()
{
	/usr/bin/python3 "$ROOT/api/examples/reissue.py"
	node_ready
	node "$ROOT/api/examples/reissue.mjs"
}

# The suite through either of two replicas over one database.
stage_replicas()
{
	local url
	test_instance run --replicas 2
	node_ready # the identity provider of tests/peers/oidc
	for url in $BASE_URLS; do
		BASE_URL=$url run_pytest "replica-${url##*:}" -n 4 --dist loadgroup "$ROOT/tests/api"
	done
	run_pytest oracle "$ROOT/tests/oracle"
}

# The suite against the build with AddressSanitizer and UndefinedBehaviorSanitizer.
stage_asan()
{
	export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:exitcode=99
	export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
	test_instance run --preset asan
	node_ready # the identity provider of tests/peers/oidc
	run_pytest asan -n 4 --dist loadgroup "$ROOT/tests/api"
	REISSUED_SAML=$ROOT/build/asan/reissued-saml run_pytest asan-saml -n 2 "$ROOT/tests/saml"
	sanitizer_silent
}

# What runs at the same time, against the build with ThreadSanitizer.
stage_tsan()
{
	export TSAN_OPTIONS="second_deadlock_stack=1:history_size=4:suppressions=$ROOT/tests/tsan.supp"
	test_instance run --preset tsan
	run_pytest tsan -n 2 --dist loadgroup -m concurrency "$ROOT/tests/api"
	sanitizer_silent
}

# Stops the service (leaks are told of at its end) and looks for reports in its log.
sanitizer_silent()
{
	"$ROOT/dev" down --dir "$REISSUED_DIR"
	! grep -n -A 30 'ERROR: \(Address\|Leak\)Sanitizer\|WARNING: ThreadSanitizer\|runtime error:' \
		"$REISSUED_DIR"/log/r*.log
}

stage_faults()
{
	test_instance run --preset dev
	# A file at a time: its tests share an instance, which they break and mend one after the other.
	run_pytest faults -n 3 --dist loadfile "$ROOT/tests/faults"
}

# What takes an hour: killed at every kind of system call, a thousand races, ten thousand serials.
stage_longfaults()
{
	export CRASH_POINTS=all RACE_ROUNDS=1000 SERIALS=10000
	test_instance run --preset dev --replicas 2
	run_pytest longfaults-crash "$ROOT/tests/faults/test_crash_points.py"
	run_pytest longfaults-race "$ROOT/tests/api/test_submit_once.py" "$ROOT/tests/api/test_races.py" \
		"$ROOT/tests/api/test_invariants.py"
	run_pytest oracle "$ROOT/tests/oracle"
}

# 100,000 reissues on one process of the release build: a quarter of an hour and more.
stage_soak()
{
	test_instance run
	cmake --build "$ROOT/build/release" --target bench_load
	run_pytest soak -s "$ROOT/tests/soak"
}

# clang-tidy with .clang-tidy, gcc's analyzer, shellcheck: some minutes. gcc 12 loses sight of what goes into
# a list or comes from another file: leaks and unset values are AddressSanitizer's and clang's to find.
stage_analyze()
{
	apt_install tests/apt-analyze.txt
	build_all dev
	run-clang-tidy-14 -quiet -p "$ROOT/build/dev" "$ROOT/(src|api)/.*"
	cmake --preset analyze >/dev/null
	cmake --build "$ROOT/build/analyze" --target reissued -- -k 0
	shellcheck -x -S warning -e SC2034 "$ROOT/dev" "$ROOT"/tests/dev/*.sh "$ROOT"/tests/lint/*.sh "$ROOT/tests/bench/run" \
		"$ROOT/docker/man" "$ROOT/docker/setup" "$ROOT/.ci/run"
}

# A minute of libFuzzer for each target, from its seeds.
stage_fuzz()
{
	build_all fuzz
	ctest --test-dir "$ROOT/build/fuzz" -L fuzz -j "$(nproc)" --output-on-failure --no-tests=error \
		--output-junit "$STAGE_OUT/ctest.xml"
}

# The same, LONGFUZZ_SECONDS (an hour) each, one after the other; the corpora grow in build/fuzz.
stage_longfuzz()
{
	local target
	build_all fuzz
	for target in "$ROOT"/build/fuzz/tests/fuzz/fuzz_*; do
		[ -x "$target" ] && [ -f "$target" ] || continue
		"$target" -max_total_time="${LONGFUZZ_SECONDS:-3600}" -max_len=65536 -timeout=5 \
			-artifact_prefix="$STAGE_OUT/" "$ROOT/build/fuzz/tests/fuzz/corpus/${target##*/}"
	done
}

# The figures once, quickly: that every one of them can be measured. ./dev bench is the real thing.
stage_bench()
{
	apt_install tests/apt-bench.txt
	"$ROOT/tests/bench/run" --json --rounds 1 --count 200 >"$STAGE_OUT/bench.json"
	jq -e 'length >= 16 and all(.[]; has("value") and has("must") and has("goal") and has("unit"))' \
		"$STAGE_OUT/bench.json"
}
