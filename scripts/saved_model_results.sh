#!/bin/sh
# What saved models do with what they do not know: how the models of all folds fall on their own test tracks, deformed, and how
# many tracks of a genre that was left out are flagged as unknown.
#
# usage: scripts/saved_model_results.sh GTZAN     with the folder of GTZAN in the Kaggle layout
set -eu
data=$(realpath "${1:?usage: scripts/saved_model_results.sh GTZAN}")
. "$(dirname "$0")/result.sh"

models=svm-c10,logistic,forest,knn-5,cnn-5block,crnn-base,lstm-64x2,mlfi
result robust-audio-10s-track leaderboard genres_original all --segment 10 --models $models --keep-models
name=results/robust-audio-10s-track
"$BENCH" robust last --out "$STORE" --quiet -o $name.svg > "$STORE/printed"
{
    echo
    echo "bench robust last"
    echo
    cat "$STORE/printed"
} >> $name.txt

BENCH=$BENCH scripts/unknown_results.sh "$data/features_10_sec.csv" > results/unknown-features-10s.csv
