#!/bin/bash
# install.sh PYTHON: installs verifiers of other projects in .tools/interop, from Debian, PyPI and npm, only where changed.
set -euo pipefail
python=$1
peers=$(cd "$(dirname "$0")/peers" && pwd)
cd "$peers/../../.."
here=$PWD/.tools/interop
mkdir -p "$here/bin"

packages=(golang-go golang-golang-x-mod-dev golang-github-transparency-dev-formats-dev golang-github-transparency-dev-merkle-dev
    golang-github-secure-systems-lab-go-securesystemslib-dev openssl sigsum-go softhsm2
    poppler-utils libnss3-tools qpdf zbar-tools default-jre-headless libpdfbox2-java libfontbox2-java libjaxb-api-java libactivation-java
    libcommons-logging-java libpangoft2-1.0-0 libharfbuzz-subset0)
if ! dpkg-query -W "${packages[@]}" >/dev/null 2>&1; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -qq -y --no-install-recommends "${packages[@]}" >/dev/null
fi
for program in tlogcheck proofcheck dssecheck; do
    # Debian's Go libraries lie in one tree of sources; nothing is fetched.
    GO111MODULE=off GOFLAGS= GOPATH=/usr/share/gocode go build -o "$here/bin/$program" "$peers/$program/main.go"
done

if ! cmp -s requirements/interop.txt "$here/python/installed.txt"; then
    "$python" -m venv "$here/python"
    "$here/python/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/interop.txt
    cp requirements/interop.txt "$here/python/installed.txt"
fi

# A witness from PyPI; it needs a newer Python than Comity does, and without one its test skips.
newer=
for candidate in python3.14 python3.13 python3.12 /usr/bin/python3 "$python"; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then newer=$candidate && break; fi
done
if [ -n "$newer" ] && ! cmp -s requirements/witness.txt "$here/witness/installed.txt"; then
    "$newer" -m venv "$here/witness"
    "$here/witness/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/witness.txt
    cp requirements/witness.txt "$here/witness/installed.txt"
fi

# ETSI's schemas for HI-1 messages, read out of a wheel that is not installed.
if ! cmp -s requirements/hi1.txt "$here/hi1/installed.txt"; then
    rm -rf "$here/hi1" && mkdir -p "$here/hi1"
    "$here/python/bin/python" -m pip download --quiet --disable-pip-version-check --require-hashes --no-deps \
        --python-version 3.13 --only-binary=:all: -d "$here/hi1" -r requirements/hi1.txt
    "$here/python/bin/python" -m zipfile -e "$here"/hi1/*.whl "$here/hi1"
    cp requirements/hi1.txt "$here/hi1/installed.txt"
fi

command -v npm >/dev/null || { apt-get update -qq && apt-get install -qq -y --no-install-recommends nodejs npm >/dev/null; }
mkdir -p "$here/node"
cp "$peers"/*.mjs "$peers/package.json" "$here/node/"
if ! cmp -s "$peers/package-lock.json" "$here/node/package-lock.json"; then
    cp "$peers/package-lock.json" "$here/node/"
    (cd "$here/node" && npm ci --silent --no-audit --no-fund --ignore-scripts)
fi
