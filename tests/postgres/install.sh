#!/bin/bash
# install.sh: puts a PostgreSQL server on this machine, from Debian by name. No cluster is made or started: tests make theirs.
set -euo pipefail
shopt -s nullglob
found=(/usr/lib/postgresql/*/bin/postgres)
if [ ${#found[@]} -eq 0 ]; then
    export DEBIAN_FRONTEND=noninteractive
    mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
    apt-get update -qq
    apt-get install -qq -y --no-install-recommends postgresql >/dev/null
fi
