#!/bin/bash
# install.sh: installs PostgreSQL and etcd servers from Debian. It makes and starts no cluster: the tests make their own.
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
# and etcd, for guards: its service is not needed, the tests start their own members
if ! command -v etcd >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -qq -y --no-install-recommends etcd-server >/dev/null
fi
