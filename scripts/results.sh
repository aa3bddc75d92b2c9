#!/bin/sh
# Makes results/: the leaderboards of GTZAN's 30 s and 10 s tables under segment, track and artist.
#
# Usage: scripts/results.sh GTZAN-FOLDER        needs features_30_sec.csv, features_10_sec.csv, splits/artist_folds.csv
#
# One model at a time (--jobs 1), so that seconds can be compared. Each leaderboard is kept as it is printed and as a
# CSV with every number; both name the command, the commit and the machine that made them.
set -eu
data=${1:?the folder of the GTZAN tables}
cd "$(dirname "$0")/.."
if [ -n "$(git status --porcelain -- src plugins data Cargo.toml Cargo.lock)" ]; then
    echo "results.sh: commit the sources first, so that the results can name them" >&2
    exit 2
fi
cargo build --release
bench=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/release/bench
store=$(mktemp -d)
trap 'rm -rf "$store"' EXIT
processor=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)

for seconds in 30 10; do
    for protocol in segment track artist; do
        name=results/gtzan-${seconds}s-$protocol
        command="bench all --data gtzan --segment $seconds --protocol $protocol --jobs 1"
        echo "$command" >&2
        "$bench" all --data "$data" --segment "$seconds" --protocol "$protocol" --jobs 1 --quiet --out "$store" > "$name.board"
        "$bench" export last --out "$store" -o "$name.csv"
        {
            echo "command  $command"
            echo "commit   $(git rev-parse --short=12 HEAD)"
            echo "machine  ${processor:-$(uname -m)}, $(getconf _NPROCESSORS_ONLN) processors, $(uname -s)"
            echo
            grep -v '^Again without fitting' "$name.board"
        } > "$name.txt"
        rm "$name.board"
    done
done
