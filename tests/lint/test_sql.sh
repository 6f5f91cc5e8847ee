#!/bin/bash
# SQL keeps to sql/README.md: no clock of its own, no unused statement, every constraint named.
set -u
cd "$1" || exit 1
failed=0
complain()
{
	echo "sql: $1"
	failed=1
}

# Comments may speak of now().
for file in sql/queries/*.sql; do
	code=$(sed 's/--.*//' "$file")
	grep -qiE '\b(now|current_timestamp|current_date|localtimestamp|statement_timestamp|transaction_timestamp)\b *(\(|[^_a-z]|$)' \
		<<<"$code" && complain "$file asks the database for the time; pass it as a parameter"
	grep -q ';' <<<"$code" && complain "$file holds more than one statement, or a semicolon"
	head -1 "$file" | grep -q '^-- ' || complain "$file does not say what it does in its first line"
done

# Apart, since a statement may land before the code that runs it: ctest -L store.
if [ "${3:-}" = unused ]; then
	used=$(grep -rohE 'RS_Q_[a-z0-9_]+' src api --include=*.[ch] --include=*.def | sort -u)
	for file in sql/queries/*.sql; do
		grep -qx "RS_Q_$(basename "$file" .sql)" <<<"$used" || complain "$file is used nowhere"
	done
	exit $failed
fi

for file in sql/migrations/*.sql; do
	[[ $(basename "$file") =~ ^[0-9]{4}_[a-z]+_[a-z_]+\.sql$ ]] ||
		complain "$file is not named NNNN_verb_object.sql"
	# A constraint begins its line with CONSTRAINT name; inline ones have no name.
	sed 's/--.*//' "$file" | grep -nE '\b(PRIMARY KEY|REFERENCES|UNIQUE|CHECK) *\(?' |
		grep -vE 'CONSTRAINT [a-z_0-9]+|CREATE UNIQUE INDEX|WITH CHECK|IF |^\s*[0-9]+:\s+(REFERENCES|CHECK)' |
		while read -r line; do echo "sql: $file: no name: $line"; done | grep . && failed=1
done

# Numbers without gap or double.
numbers=$(ls sql/migrations | cut -c1-4)
[ "$numbers" = "$(seq -f %04g 1 "$(wc -l <<<"$numbers")")" ] || complain "migration numbers are not 1, 2, 3 ..."

# What constraints.def names must exist.
for name in $(sed -n 's/^RS_CONSTRAINT(\([a-z_]*\),.*/\1/p' src/store/constraints.def); do
	grep -qw "$name" sql/migrations/*.sql || complain "constraints.def names $name, which no migration makes"
done
exit $failed
