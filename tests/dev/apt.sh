# Debian packages: installed only when one is missing, without questions and without daemons.
# shellcheck shell=bash

# apt_install FILE...: every package named in the lists (one a line, # is a comment).
apt_install()
{
	local missing
	mapfile -t missing < <(apt_missing "$@")
	[ ${#missing[@]} -gt 0 ] || { say "packages" "all there ($*)"; return; }
	[ "$(id -u)" = 0 ] ||
		die "these packages are missing; run as root, or: apt-get install --no-install-recommends ${missing[*]}"
	say "packages" "installing ${#missing[@]} Debian packages ($*)"
	(
		# A newcomer's machine must not suddenly run daemons: policy-rc.d refuses their start, and
		# postgresql-common makes no cluster of its own. What we put there is taken away again.
		trap apt_restore EXIT
		apt_no_daemons
		export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a
		apt_wait update
		apt_wait install -y --no-install-recommends "${missing[@]}"
		apt_none_at_boot "${missing[@]}"
	)
}

# The units of the daemons among the packages that were installed just now.
apt_none_at_boot()
{
	local package
	for package; do
		case $package in
		bind9) apt_not_at_boot named.service ;;
		slapd) apt_not_at_boot slapd.service ;;
		samba) apt_not_at_boot smbd.service nmbd.service ;;
		samba-ad-dc) apt_not_at_boot samba-ad-dc.service ;;
		winbind) apt_not_at_boot winbind.service ;;
		esac
	done
}

# policy-rc.d keeps a daemon from running now; the next boot would start it all the same.
apt_not_at_boot()
{
	command -v systemctl >/dev/null || return 0
	systemctl disable "$@" >/dev/null 2>&1 || die "$* cannot be kept from starting at boot"
}

apt_missing()
{
	local package state
	grep -hv '^ *\(#\|$\)' "$@" | sort -u | while read -r package _; do
		state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || state=''
		[ "$state" = installed ] || echo "$package"
	done
}

# apt-get with patience for whoever holds its locks.
apt_wait()
{
	local log try rc
	log=$(mktemp)
	for ((try = 0; try < 120; try++)); do
		rc=0
		apt-get -q -o DPkg::Lock::Timeout=600 "$@" >"$log" 2>&1 </dev/null || rc=$?
		grep -q 'Could not get lock\|Unable to lock' "$log" || break
		sleep 5
	done
	[ $rc -eq 0 ] || { tail -n 40 "$log" >&2; rm -f "$log"; die "apt-get $1 failed"; }
	rm -f "$log"
}

POLICY_RC_D=/usr/sbin/policy-rc.d
CREATECLUSTER=/etc/postgresql-common/createcluster.conf

apt_no_daemons()
{
	if [ ! -e $POLICY_RC_D ]; then
		printf '#!/bin/sh\nexit 101\n' >$POLICY_RC_D
		chmod 755 $POLICY_RC_D
		APT_OUR_POLICY=1
	fi
	if [ ! -e $CREATECLUSTER ]; then
		mkdir -p "${CREATECLUSTER%/*}"
		echo 'create_main_cluster = false' >$CREATECLUSTER
		APT_OUR_CLUSTERCONF=1
	fi
}

apt_restore()
{
	[ -z "${APT_OUR_POLICY:-}" ] || rm -f $POLICY_RC_D
	if [ -n "${APT_OUR_CLUSTERCONF:-}" ]; then
		rm -f $CREATECLUSTER $CREATECLUSTER.ucf-dist
		# What the package itself would have put there.
		[ ! -f /usr/share/postgresql-common/createcluster.conf ] ||
			cp /usr/share/postgresql-common/createcluster.conf $CREATECLUSTER
	fi
}
