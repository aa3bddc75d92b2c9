#!/usr/bin/env bash
# Makes what a release consists of, for the system that it runs on, and publishes nothing:
#
#   genre-bench-VERSION-TARGET.tar.gz   the program, manual pages, completions, licences
#   genre_bench-VERSION-*.whl           the same for pip, with the Python module
#   genre-bench-VERSION.cdx.json        what it is made of (SBOM, CycloneDX)
#   SHA256SUMS
#
# Usage: scripts/release.sh [FOLDER]     (target/release-VERSION)
#
# Needs cargo-about (`cargo install cargo-about --locked --features cli`) for the licences of dependencies, and Python with
# PyPI for the wheel; PLATFORM and PYTHON are those of check-wheel.sh. The checkout must be what was committed; DIRTY=yes
# lets a trial through.
set -euo pipefail
cd "$(dirname "$0")/.."
refuse() { echo "release.sh: $1" >&2; exit 1; }

cargo about --version > /dev/null 2>&1 ||
    refuse "no cargo-about, which collects licences: cargo install cargo-about --locked --features cli"
[ "${DIRTY:-no}" = yes ] || [ -z "$(git status --porcelain)" ] ||
    refuse "the checkout is not what was committed: commit, or set DIRTY=yes for a trial"
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
target=$(rustc -vV | sed -n 's/^host: //p')
grep -q "^## $version" CHANGELOG.md || [ "${DIRTY:-no}" = yes ] || refuse "CHANGELOG.md has no heading for $version"
out=$(realpath -m "${1:-target/release-$version}")
mkdir -p "$out"
[ -z "$(ls "$out")" ] || refuse "$out is not empty"
folder=$(mktemp -d)
# maturin takes the licences of dependencies from here; they are no part of the source.
trap 'rm -rf "$folder" THIRD-PARTY.txt' EXIT

scripts/check-licences.sh
cargo about generate --locked --fail about.hbs > "$folder/third-party"
mv "$folder/third-party" THIRD-PARTY.txt

cargo build --release --locked --bin bench
program=${CARGO_TARGET_DIR:-target}/release/bench
name=genre-bench-$version-$target
inside=$folder/$name
mkdir -p "$inside/man" "$inside/completions"
strip -o "$inside/bench" "$program"
"$inside/bench" man -o "$inside/man" > /dev/null
for shell in bash elvish fish powershell zsh; do
    "$inside/bench" completions $shell > "$inside/completions/bench.$shell"
done
cp README.md CHANGELOG.md LICENSE-APACHE LICENSE-MIT THIRD-PARTY.txt "$inside/"
# The same files give the same archive, whoever packs them and when.
tar --sort=name --mtime="@$(git log -1 --format=%ct)" --owner=0 --group=0 --numeric-owner -C "$folder" -c "$name" |
    gzip -9n > "$out/$name.tar.gz"

scripts/check-wheel.sh "$out"
# maturin writes the list of crates into the wheel.
sbom=$(unzip -Z1 "$out"/*.whl | grep 'sboms/.*\.json$' | head -n 1)
[ -n "$sbom" ] || refuse "the wheel has no list of its crates (maturin 1.10 or newer writes one)"
unzip -p "$out"/*.whl "$sbom" > "$out/genre-bench-$version.cdx.json"

(cd "$out" && sha256sum -- * > "$folder/sums" && mv "$folder/sums" SHA256SUMS)
echo "made in $out:"
ls -l "$out"
