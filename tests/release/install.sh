#!/bin/sh
# What builds the package and the image, and tries both, from Debian; asks for root where something is missing.
set -eu
missing=
for each in buildah:buildah podman:podman runc:runc mmdebstrap:mmdebstrap dh:debhelper dpkg-buildpackage:dpkg-dev lintian:lintian; do
    command -v "${each%%:*}" >/dev/null || missing="$missing ${each##*:}"
done
/usr/bin/python3 -c 'import ensurepip' 2>/dev/null || missing="$missing python3-venv"
if [ -n "$missing" ]; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # shellcheck disable=SC2086
    apt-get install -qq -y --no-install-recommends $missing >/dev/null
fi
