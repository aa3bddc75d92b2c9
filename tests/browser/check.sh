#!/bin/sh
# Opens a page of `bench report` in a real Chromium, without a window, and tries what a reader would: tests/browser/check.mjs.
#
# Usage: tests/browser/check.sh [--install] PAGE RUN… [--shots FOLDER]
#
# The packages playwright-core and axe-core go to $BROWSER_PACKAGES (target/browser). With --install Chromium is installed
# with apt-get where there is none. Without Chromium or Node.js it says SKIPPED and succeeds.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
install=
if [ "${1:-}" = --install ]; then
    install=yes
    shift
fi
find_chromium() {
    for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
        if [ -n "$name" ] && command -v "$name" 2> /dev/null; then return; fi
    done
}
chromium=$(find_chromium)
if [ -z "$chromium" ] && [ -n "$install" ]; then
    apt-get update > /dev/null
    apt-get install -y --no-install-recommends chromium nodejs npm > /dev/null
    chromium=$(find_chromium)
fi
if [ -z "$chromium" ] || ! command -v node > /dev/null; then
    echo "SKIPPED: no Chromium or no Node.js (tests/browser/check.sh --install)"
    exit 0
fi
packages=${BROWSER_PACKAGES:-$here/../../target/browser}
# npm writes this file when all is there.
if [ ! -f "$packages/node_modules/.package-lock.json" ]; then
    mkdir -p "$packages"
    if ! npm install --silent --no-save --prefix "$packages" playwright-core@1 axe-core@4 > /dev/null 2>&1; then
        echo "SKIPPED: playwright-core and axe-core cannot be installed with npm"
        exit 0
    fi
fi
BROWSER_PACKAGES=$packages exec node "$here/check.mjs" "$chromium" "$@"
