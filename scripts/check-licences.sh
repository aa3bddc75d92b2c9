#!/usr/bin/env bash
# Checks what the program is made of: licences, sources and versions of all dependencies, by deny.toml. It needs no
# network; with ADVISORIES=yes it also looks up known vulnerabilities, in a database that cargo-deny downloads.
#
# Without cargo-deny (`cargo install cargo-deny --locked`) it checks nothing, and says so.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! cargo deny --version > /dev/null 2>&1; then
    echo "SKIPPED: licences, bans and sources of dependencies: cargo-deny is not installed"
    exit 0
fi
if ! cargo metadata --format-version 1 --all-features --locked --offline > /dev/null 2>&1; then
    echo "SKIPPED: licences, bans and sources of dependencies: not all of them are on this machine (cargo fetch --locked)"
    exit 0
fi
cargo deny --workspace --all-features --locked --offline check licenses bans sources
if [ "${ADVISORIES:-no}" = yes ]; then
    cargo deny --workspace --all-features --locked check advisories
else
    echo "SKIPPED: known vulnerabilities, whose database comes from the network (ADVISORIES=yes)"
fi
