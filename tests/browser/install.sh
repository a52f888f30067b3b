#!/bin/bash
# Installs the browsers and Node.js for the tests of the verifier page on a Debian machine, only where absent.
set -euo pipefail
absent=()
command -v node >/dev/null || absent+=(nodejs)
command -v npm >/dev/null || absent+=(npm)
if [ "${1:-}" != page ]; then
    command -v chromium >/dev/null || absent+=(chromium)
    command -v chromedriver >/dev/null || absent+=(chromium-driver)
    command -v firefox-esr >/dev/null || absent+=(firefox-esr)
fi
[ ${#absent[@]} -eq 0 ] && exit
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq -y --no-install-recommends "${absent[@]}" >/dev/null
