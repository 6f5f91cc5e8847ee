# The container image: built from docker/Dockerfile, run by docker/compose.yaml, and the story told to
# it. Without a docker engine and without an image registry: buildah and podman, a base image made by
# mmdebstrap, and a stand-in for postgres:15 (tests/image). About three minutes and 2 GB.
# shellcheck shell=bash

IMAGE_DEBIAN=docker.io/library/debian:bookworm-slim
IMAGE_POSTGRES=docker.io/library/postgres:15
# podman needs these where there is neither systemd nor a user session.
IMAGE_RUN_ARGS='--ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --no-healthcheck'

stage_image()
{
	apt_install tests/apt-image.txt
	IMAGE_STORE=$(mktemp -d /var/tmp/reissued-image.XXXXXX)
	trap image_end EXIT
	image_tools
	image_build
	image_up
	image_is_confined
	image_peers
	image_story
}

# Storage of our own, so that nothing of the machine's is used or touched.
image_tools()
{
	local storage="--root $IMAGE_STORE/root --runroot $IMAGE_STORE/runroot --storage-driver vfs"
	ENGINE=$IMAGE_STORE/podman
	# compose.yaml's own health checks contradict --no-healthcheck.
	cat >"$ENGINE" <<-EOT
		#!/bin/bash
		args=()
		while [ \$# -gt 0 ]; do
			case \$1 in
			--healthcheck-*) shift ;;
			*) args+=("\$1") ;;
			esac
			shift
		done
		exec podman $storage --runtime runc --cgroup-manager cgroupfs "\${args[@]}"
	EOT
	cat >"$IMAGE_STORE/buildah" <<-EOT
		#!/bin/bash
		exec buildah $storage bud --isolation chroot --format docker --pull-never "\$@"
	EOT
	chmod +x "$ENGINE" "$IMAGE_STORE/buildah"
	export ENGINE ENGINE_RUN=$IMAGE_RUN_ARGS
}

image_build()
{
	mkdir "$IMAGE_STORE/base"
	mmdebstrap --variant=minbase bookworm "$IMAGE_STORE/base/base.tar"
	"$IMAGE_STORE/buildah" -t $IMAGE_DEBIAN -f "$ROOT/tests/image/base.Dockerfile" "$IMAGE_STORE/base"
	"$IMAGE_STORE/buildah" -t $IMAGE_POSTGRES -f "$ROOT/tests/image/postgres.Dockerfile" "$ROOT/tests/image"
	"$IMAGE_STORE/buildah" -t reissued -f "$ROOT/docker/Dockerfile" "$ROOT"
}

image_compose()
{
	podman-compose --podman-path "$ENGINE" --podman-run-args="$IMAGE_RUN_ARGS" \
		-p "$IMAGE_PROJECT" -f "$IMAGE_STORE/docker/compose.yaml" "$@"
}

# A copy of docker/ next to sql/, so that the secrets and the trial CA are of this run alone.
image_up()
{
	cp -r "$ROOT/docker" "$ROOT/sql" "$IMAGE_STORE"
	rm -rf "$IMAGE_STORE/docker/secrets"
	IMAGE_PROJECT=reissued-test-$$
	PORT=$(free_ports 1)
	export REISSUED_PORT=$PORT
	"$IMAGE_STORE/docker/setup"
	printf 'net:\n  allow_addresses: ["127.0.0.0/8"]\n' >>"$IMAGE_STORE/docker/reissued.yaml"
	image_compose up -d
	DIR=$IMAGE_STORE BASE_URL=http://127.0.0.1:$PORT
	image_wait
}

image_wait()
{
	local try
	for ((try = 0; try < 120; try++)); do
		! curl -fsS -m 5 -o "$DIR/readyz" "$BASE_URL/readyz" || return 0
		sleep 1
	done
	image_compose logs
	die "the service in the container does not get ready"
}

image_container()
{
	"$ENGINE" ps -q --filter "name=${IMAGE_PROJECT}_$1"
}

# Not root, no capability, no new privileges, nothing to write but the journal's volume; healthy.
image_is_confined()
{
	local id status health
	id=$(image_container reissued)
	status=$("$ENGINE" exec "$id" cat /proc/1/status)
	grep -q $'^Uid:\t10001\t10001\t' <<<"$status"
	grep -q $'^CapEff:\t0000000000000000' <<<"$status"
	grep -q $'^NoNewPrivs:\t1' <<<"$status"
	! "$ENGINE" exec "$id" touch /usr/local/bin/x || die "the root of the container is writable"
	"$ENGINE" exec "$id" touch /var/lib/reissued/x
	# podman has no timers here, so the HEALTHCHECK of the image is run by hand.
	mapfile -t health < <("$ENGINE" image inspect reissued |
		jq -er '.[0] | (.HealthCheck // .Healthcheck // .Config.Healthcheck).Test[1:][]')
	"$ENGINE" exec "$id" "${health[@]}"
}

# The demo's mail server and OpenID provider, on the loopback of the service's container.
image_peers()
{
	local pid
	pid=$("$ENGINE" inspect -f '{{.State.Pid}}' "$(image_container reissued)")
	mkdir -p "$DIR/pid" "$DIR/log"
	# shellcheck disable=SC2016
	nsenter --net --target "$pid" bash -euo pipefail -c '
		ROOT=$1 DIR=$2
		for part in lib mail oidc; do
			. "$ROOT/tests/dev/$part.sh"
		done
		mail_up
		oidc_up' peers "$ROOT" "$DIR"
}

# The demo data and the story, as ./dev up makes and tells them.
image_story()
{
	REISSUED=$IMAGE_STORE/reissued
	CONFIG_ARGS=()
	cat >"$REISSUED" <<-EOT
		#!/bin/bash
		exec $ENGINE exec -i $(image_container reissued) reissued "\$@"
	EOT
	chmod +x "$REISSUED"
	demo_data
	{
		printf '%s=%q\n' BASE_URL "$BASE_URL" CA_CERT "$DIR/docker/secrets/ca/root.crt" OUTBOX_DIR "$DIR/outbox"
		cat "$DIR/demo.env"
	} | write_file "$DIR/env"
	story_run "$DIR/env" story factor
}

image_end()
{
	local rc=$?
	if [ -d "$IMAGE_STORE/pid" ]; then
		DIR=$IMAGE_STORE oidc_down || true
		DIR=$IMAGE_STORE mail_down || true
	fi
	[ -z "${IMAGE_PROJECT:-}" ] || image_compose down -v || true
	"$ENGINE" rm -fa || true
	"$ENGINE" network rm "${IMAGE_PROJECT:-none}_default" || true
	rm -rf "$IMAGE_STORE"
	return $rc
}
