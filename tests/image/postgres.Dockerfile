# A stand-in for docker.io/library/postgres:15 where no registry is in reach: Debian's PostgreSQL with
# as much of that image's behaviour as docker/compose.yaml uses.
FROM docker.io/library/debian:bookworm-slim
ARG DEBIAN_FRONTEND=noninteractive
RUN groupadd --gid 999 postgres && useradd --uid 999 --gid 999 --home-dir /var/lib/postgresql postgres && \
    mkdir -p /etc/postgresql-common /var/lib/postgresql && \
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf && \
    apt-get update && apt-get install -y --no-install-recommends postgresql-15 && \
    rm -rf /var/lib/apt/lists/* && mkdir -p /docker-entrypoint-initdb.d /var/lib/postgresql/data && \
    chown -R 999:999 /var/lib/postgresql /run/postgresql
COPY postgres-entrypoint /usr/local/bin/docker-entrypoint.sh
ENV PGDATA=/var/lib/postgresql/data PATH=/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin
VOLUME /var/lib/postgresql/data
EXPOSE 5432
STOPSIGNAL SIGINT
ENTRYPOINT ["/usr/local/bin/docker-entrypoint.sh"]
