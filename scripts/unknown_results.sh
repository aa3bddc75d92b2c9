#!/bin/sh
# How many tracks of a genre that a model does not know it flags as unknown, and how many of those that it knows: each genre in
# turn is left out. Four tracks in five of the others train; the rest is asked about, and all of the genre that was left out. Which
# are asked about: every fifth, so that songs of most albums are on both sides, or the last fifth of each genre, where few are.
# Writes a CSV to standard output.
#
# usage: scripts/unknown_results.sh TABLE.csv [MODEL…]     with GTZAN's features_10_sec.csv, such as gtzan/features_10_sec.csv
set -eu
table=${1:?usage: scripts/unknown_results.sh TABLE.csv [MODEL…]}
shift
[ $# -gt 0 ] || set -- svm-c10 logistic forest
bench=${BENCH:-cargo run --release --quiet --}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The parts, by the columns `filename` (blues.00000.0.wav) and `label`.
part() {
    awk -F, -v left="$1" -v held="$2" -v wanted="$3" '
        NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; print; next }
        {
            split($at["filename"], name, ".")
            known = $at["label"] != left
            out = held == "last" ? name[2] + 0 >= 80 : name[2] % 5 == 4
            if (wanted == "train" ? known && !out : !known || out) print
        }' "$table"
}

echo "model,held_out,left_out,macro_f1_of_known,known_flagged,known,strangers_flagged,strangers"
genres=$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "label") at = i; next } { print $at }' "$table" | tr -d '\r' | sort -u)
for held in fifth last; do
    for genre in $genres; do
        part "$genre" $held train > "$work/train.csv"
        part "$genre" $held asked > "$work/asked.csv"
        for model in "$@"; do
            rm -rf "$work/model"
            $bench train "$model" --data "$work/train.csv" --calibrate platt --save "$work/model" --out "$work/runs" --quiet > /dev/null
            $bench score "$work/model" --data "$work/asked.csv" --json --quiet |
                python3 -c '
import json, sys
scores = json.load(sys.stdin)["models"][0]["scores"][0]
known, others = scores["unknown"]["common_classes"], scores["unknown"]["other_classes"]
f1 = 100 * scores["score"]["value"]
print(*sys.argv[1:], f"{f1:.1f}", known["flagged"], known["tracks"], others["flagged"], others["tracks"], sep=",")
' "$model" $held "$genre"
        done
    done
done
