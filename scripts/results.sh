#!/bin/sh
# Makes results/ but for results/against_sklearn.md: leaderboards of GTZAN's 30 s and 10 s tables under segment, track and
# artist; what groups of features are worth; and what tuning is worth.
#
# Usage: scripts/results.sh GTZAN-FOLDER        needs features_30_sec.csv, features_10_sec.csv, splits/artist_folds.csv
#
# One model at a time (--jobs 1), so that seconds can be compared. Each table is kept as it is printed and as a
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

# result NAME TABLE COMMAND…: runs `bench COMMAND` into results/NAME.txt, and exports its TABLE to results/NAME.csv.
result() {
    name=results/$1 table=$2
    shift 2
    echo "bench $*" >&2
    "$bench" "$@" --data "$data" --quiet --out "$store" > "$name.printed"
    "$bench" export last --table "$table" --out "$store" -o "$name.csv"
    {
        echo "command  bench $* --data gtzan"
        echo "commit   $(git rev-parse --short=12 HEAD)"
        echo "machine  ${processor:-$(uname -m)}, $(getconf _NPROCESSORS_ONLN) processors, $(uname -s)"
        echo
        grep -v '^Again without fitting' "$name.printed"
    } > "$name.txt"
    rm "$name.printed"
}

for seconds in 30 10; do
    for protocol in segment track artist; do
        result "gtzan-${seconds}s-$protocol" leaderboard all --segment "$seconds" --protocol "$protocol" --jobs 1
    done
done
for protocol in track artist; do
    result "gtzan-10s-$protocol-ablation" ablation ablate --segment 10 --protocol "$protocol" --models svm-c10,forest
    result "gtzan-10s-$protocol-tuning" leaderboard tune svm --segment 10 --protocol "$protocol"
done
