#!/bin/bash
# Every metric of the table is counted somewhere: one that never moves tells operators that all is well.
set -u
cd "$1" || exit 1
failed=0
for metric in $(sed -n 's/^RS_METRIC(\([A-Z_]*\),.*/\1/p' include/rs/metrics.def); do
	grep -rqw "RS_M_$metric" src api --include='*.c' && continue
	echo "metrics.def: $metric is never set"
	failed=1
done
exit $failed
