# Words on the screen, files, ports, durations: what every part of ./dev uses.
# shellcheck shell=bash

# One step, one line.
say()
{
	printf '%-9s %s\n' "$1" "$2"
}

die()
{
	printf 'dev: %s\n' "$1" >&2
	exit "${2:-1}"
}

# Runs a command quietly; its output is shown only when it fails.
quietly()
{
	local log rc=0
	log=$(mktemp)
	"$@" >"$log" 2>&1 </dev/null || rc=$?
	[ $rc -eq 0 ] || { tail -n 60 "$log" >&2; rm -f "$log"; die "failed: $*"; }
	rm -f "$log"
}

no_arguments()
{
	[ $# -eq 0 ] || die "what is $1? ./dev help shows the options"
}

# is_number VALUE MIN MAX
is_number()
{
	[[ $1 =~ ^[0-9]{1,9}$ ]] && [ "$1" -ge "$2" ] && [ "$1" -le "$3" ]
}

# Writes standard input to a file in one step, readable by its owner only.
write_file()
{
	(umask 077 && cat >"$1.new" && mv -f "$1.new" "$1")
}

# port_taken PORT: does anything listen there on this machine?
port_taken()
{
	(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# free_ports COUNT: the first of COUNT adjacent free ports. They are bound some seconds later, so for five
# minutes no other ./dev of this tree chooses them.
free_ports()
{
	local port i chosen=$ROOT/build/ports
	mkdir -p "$chosen"
	# Two may clear at once: what is gone is no fault.
	find "$chosen" -mindepth 1 -mmin +5 -exec rmdir -- {} + 2>/dev/null || :
	while :; do
		port=$((20000 + RANDOM % 12000))
		for ((i = 0; i < $1; i++)); do
			port_taken $((port + i)) && continue 2
			mkdir "$chosen/$((port + i))" 2>/dev/null || {
				[ -w "$chosen" ] || die "$chosen cannot be written: whose is it?"
				continue 2
			}
		done
		echo "$port"
		return
	done
}

# duration_seconds +7h1m -> 25260; d, h, m and s; a bare 0 is allowed.
duration_seconds()
{
	local text=$1 sign=1 total=0
	[ "$text" != 0 ] || { echo 0; return; }
	[[ $text =~ ^[+-]?([0-9]{1,9}[dhms])+$ ]] || die "$text is no duration; write it as +7h1m, -2d or 0"
	[[ $text != -* ]] || sign=-1
	text=${text#[+-]}
	while [[ $text =~ ^([0-9]+)([dhms])(.*)$ ]]; do
		case ${BASH_REMATCH[2]} in
		d) total=$((total + 10#${BASH_REMATCH[1]} * 86400)) ;;
		h) total=$((total + 10#${BASH_REMATCH[1]} * 3600)) ;;
		m) total=$((total + 10#${BASH_REMATCH[1]} * 60)) ;;
		s) total=$((total + 10#${BASH_REMATCH[1]})) ;;
		esac
		text=${BASH_REMATCH[3]}
	done
	echo $((sign * total))
}

# The clock file holds the offset as a 64-bit little-endian integer. Running services have it mapped,
# so it is written in place, never replaced.
clock_set()
{
	local bytes='' i
	for ((i = 0; i < 8; i++)); do
		bytes+=$(printf '\\x%02x' $((($1 >> (8 * i)) & 255)))
	done
	# shellcheck disable=SC2059 # the format is the data
	printf "$bytes" 1<>"$DIR/clock"
}

clock_get()
{
	od -An -t d8 -N 8 "$DIR/clock" | tr -d ' '
}

# A process is known by pid and start time, so that a pid used again by another program is never ours.
# One that ended but was not reaped yet (Z) is gone.
process_start()
{
	local stat
	stat=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) || return 1
	[[ $stat != [ZX]\ * ]] || return 1
	cut -d' ' -f20 <<<"$stat"
}

# pid_alive FILE: is the process that FILE ("pid start") tells of still there?
pid_alive()
{
	local pid start
	[ -s "$1" ] || return 1
	read -r pid start <"$1"
	[ "$(process_start "$pid")" = "$start" ]
}

# An instance is a directory that remembers what it was made with; an option given again wins.
instance_exists()
{
	[ -f "$DIR/instance" ]
}

# Makes the directory of a new instance; one that holds something else is not taken.
instance_directory()
{
	mkdir -p "$DIR"
	instance_exists || [ -z "$(ls -A "$DIR")" ] ||
		die "$DIR is no instance and not empty: an instance needs a directory of its own"
	# Others may pass through to what is theirs (the database's directories), but list nothing.
	chmod 711 "$DIR"
	touch "$DIR/instance"
}

# Takes the instance for this command alone; children must not inherit the lock (9>&-).
instance_open()
{
	local PORT_SAVED='' REPLICAS_SAVED='' PRESET_SAVED='' CONFIGS_SAVED=()
	exec 9>"$DIR/.lock"
	flock -w 300 9 || die "another ./dev works in $DIR"
	# shellcheck source=/dev/null
	! instance_exists || . "$DIR/instance"
	REPLICAS=${OPT_REPLICAS:-${REPLICAS_SAVED:-1}}
	PORT=${OPT_PORT:-${PORT_SAVED:-8080}}
	[ "$PORT" != 0 ] || PORT=${PORT_SAVED:-$(free_ports "$REPLICAS")}
	PRESET=${OPT_PRESET:-${PRESET_SAVED:-release}}
	CONFIGS=("${CONFIGS_SAVED[@]}")
	[ ${#OPT_CONFIGS[@]} -eq 0 ] || CONFIGS=("${OPT_CONFIGS[@]}")
	BASE_URL=http://127.0.0.1:$PORT
}

instance_save()
{
	mkdir -p "$DIR/log" "$DIR/pid" "$DIR/outbox" "$DIR/journal" "$DIR/replica"
	write_file "$DIR/instance" <<-EOT
		PORT_SAVED=$PORT
		REPLICAS_SAVED=$REPLICAS
		PRESET_SAVED=$PRESET
		CONFIGS_SAVED=($([ ${#CONFIGS[@]} -eq 0 ] || printf '%q ' "${CONFIGS[@]}"))
	EOT
}
