#!/bin/bash
# install.sh: installs PostgreSQL, etcd, Patroni, HAProxy, pgBackRest and libfaketime from Debian. It starts none of them.
set -euo pipefail
"$(dirname "$0")/../postgres/install.sh"
packages=()
need() { [ -x "$1" ] || packages+=("${@:2}"); }
need /usr/bin/patroni patroni python3-etcd # Patroni imports the client of etcd 2 in its own client of etcd 3
need /usr/sbin/haproxy haproxy
need /usr/bin/pgbackrest pgbackrest
need /usr/bin/faketime faketime
need /usr/sbin/ip iproute2
need /usr/bin/openssl openssl
if [ ${#packages[@]} -gt 0 ]; then
    export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 # in runlevel 1 no service is started
    apt-get update -qq
    apt-get install -qq -y --no-install-recommends "${packages[@]}" >/dev/null
fi
