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
. "$(dirname "$0")/result.sh"

for seconds in 30 10; do
    for protocol in segment track artist; do
        result "gtzan-${seconds}s-$protocol" leaderboard "" all --segment "$seconds" --protocol "$protocol" --jobs 1
    done
done
for protocol in track artist; do
    result "gtzan-10s-$protocol-ablation" ablation "" ablate --segment 10 --protocol "$protocol" --models svm-c10,forest
    result "gtzan-10s-$protocol-tuning" leaderboard "" tune svm --segment 10 --protocol "$protocol"
done
