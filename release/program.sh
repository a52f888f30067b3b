#!/bin/sh
# Install Comity with its pinned packages below ROOT/opt/comity, for Debian's Python: release/program.sh ROOT
#
# The working folder has comity-*.whl with its digest in wheel.sha256, requirements.txt, and the files that it pins in
# wheels/: nothing is fetched. Equal input and an equal Python give equal bytes. release/packaging.py fills the folder.
set -eu
umask 022
root=$1
home=$root/opt/comity
python=$(readlink -f /usr/bin/python3)

sha256sum --strict --quiet -c wheel.sha256
"$python" -m venv tools
"$python" -m venv --without-pip --symlinks "$home"
install() {
    tools/bin/python -m pip --python "$home/bin/python" install --quiet --disable-pip-version-check --no-index \
        --no-compile --no-warn-script-location "$@"
}
install --find-links wheels --require-hashes -r requirements.txt
install --find-links . --no-deps comity

# The scripts and the configuration name the folder of the build, and lists of files have the digests of these scripts.
# The scripts of other packages are not used.
find "$home/bin" -type f ! -name comity -delete
find "$home/lib" -path '*.dist-info/RECORD' -exec sed -i '\|^\.\./\.\./\.\./bin/|d' {} +
rm -rf "$home/.gitignore" "$home/include"
sed -i "1s|.*|#!/opt/comity/bin/python|" "$home/bin/comity"
sed -i "/^command = /d" "$home/pyvenv.cfg"
"$python" -m compileall -q --invalidation-mode unchecked-hash -s "$root" -p / "$home/lib"
chmod -R u=rwX,go=rX "$home"
