#!/bin/bash
# What README.md repeats is what the tables say: transitions, permissions, configuration, folders,
# packages, tests. "test_readme.sh SOURCE BUILD --write" renews the generated parts.
set -u
cd "$1" || exit 1
reissued=$2/reissued
failed=0
complain()
{
	echo "README.md: $1"
	failed=1
}

# generated NAME: what belongs between <!-- NAME:begin --> and <!-- NAME:end -->.
generated()
{
	case $1 in
	machine) printf '```mermaid\n%s\n```\n' "$("$reissued" machine)" ;;
	permissions) "$reissued" permissions ;;
	config) "$reissued" check-config --reference ;;
	esac
}

for name in machine permissions config; do
	if [ "${3:-}" = --write ]; then
		generated $name >"$2/readme.$name" || exit 1
		sed -i -e "/^<!-- $name:begin -->\$/,/^<!-- $name:end -->\$/{/^<!--/!d}" \
			-e "/^<!-- $name:begin -->\$/r $2/readme.$name" README.md
	fi
	diff <(sed -n "/^<!-- $name:begin -->\$/,/^<!-- $name:end -->\$/{/^<!--/!p}" README.md) \
		<(generated $name) >/dev/null || complain "the part \"$name\" is not what the service prints"
done

# Every folder has its row, and every row its folder.
described=$(sed -n '/^## The tree/,/^## /s/^| `\([a-z]*\)\/` .*/\1/p' README.md | sort)
there=$(git ls-files 2>/dev/null | sed -n 's,^\([a-z]*\)/.*,\1,p' | sort -u)
[ -z "$there" ] || [ "$described" = "$there" ] || complain "\"The tree\" tells of: $described; there are: $there"

# Every package has its reason.
while read -r package; do
	sed -n '/^## Dependencies/,/^## /p' README.md | grep -q "\`$package\`" ||
		complain "no reason for the package $package"
done < <(grep -v '^#' tests/apt-run.txt)

# Every test it names is there.
while read -r path name; do
	[ -f "tests/$path" ] || complain "there is no tests/$path"
	[ -z "$name" ] || grep -q "^def $name(" "tests/$path" || complain "tests/$path has no $name"
done < <(grep -oE '`(api|faults|store|unit)/([a-z]+/)*test_[a-z_]+\.(py|c)(::[a-z_0-9]+)?' README.md | tr -d '`' | sed 's/::/ /')
exit $failed
