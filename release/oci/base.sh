#!/bin/sh
# Make an image of Debian from its packages, where no registry of images can be reached: release/oci/base.sh NAME
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mmdebstrap --quiet --variant=apt --include=python3-venv trixie "$folder/base.tar"
made=$(buildah from scratch)
buildah add --quiet "$made" "$folder/base.tar" / >/dev/null
buildah commit --quiet --rm "$made" "$1"
