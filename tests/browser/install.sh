#!/bin/bash
# Installs the browsers and Node.js for the tests of the verifier page on a Debian machine, only where absent;
# with `page` Node.js alone, with `pictures` also what takes the pictures of the documents.
set -euo pipefail
absent=()
command -v node >/dev/null || absent+=(nodejs)
command -v npm >/dev/null || absent+=(npm)
if [ "${1:-}" != page ]; then
    command -v chromium >/dev/null || absent+=(chromium)
    command -v chromedriver >/dev/null || absent+=(chromium-driver)
    command -v firefox-esr >/dev/null || absent+=(firefox-esr)
fi
if [ "${1:-}" = pictures ]; then
    command -v pdftoppm >/dev/null || absent+=(poppler-utils)
    command -v pngquant >/dev/null || absent+=(pngquant)
fi
[ ${#absent[@]} -eq 0 ] && exit
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq -y --no-install-recommends "${absent[@]}" >/dev/null
