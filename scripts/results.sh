#!/bin/sh
# Makes the leaderboards in results/: every default model, classical and neural, on identical test parts. The tables of 30 s and
# 10 s are joined with the spectrogram images, that of 3 s with the audio, of a hundred clips. Then what groups of
# features are worth, and what tuning is worth. Networks run in their reduced configuration, which every leaderboard says; those
# of 30s-track-full and 30s-artist-full, which are made only if they are named, train as published, for an hour.
#
# Usage: scripts/results.sh GTZAN-FOLDER [NAME …]     needs features_*_sec.csv, images_original, genres_original, splits
#
# One model at a time (--jobs 1), so that seconds can be compared. Each table is kept as it is printed and as a
# CSV with every number; both name the command, the commit and the machine that made them.
set -eu
data=${1:?the folder of GTZAN}
shift
. "$(dirname "$0")/result.sh"

all="30s-segment 30s-track 30s-artist 30s-fault-filtered 10s-segment 10s-track 10s-artist 10s-fault-filtered
    3s-segment 3s-track 10s-track-ablation 10s-artist-ablation 10s-track-tuning 10s-artist-tuning"
for name in ${*:-$all}; do
    what=${name#*s-}
    segment=${name%%s-*}
    case $name in
    *-ablation) result "gtzan-$name" ablation "" ablate --segment "$segment" --protocol "${what%-ablation}" --models svm-c10,forest ;;
    *-tuning) result "gtzan-$name" leaderboard "" tune svm --segment "$segment" --protocol "${what%-tuning}" ;;
    *-full)
        networks="ann,cnn-5block,mlfi,rnn-32,rnn-128,rnn-64x2,lstm-64,lstm-64x2,bilstm-64,lstm-64-fc2"
        result "gtzan-$name" leaderboard "" all --segment "$segment" --protocol "${what%-full}" --full --jobs 1 \
            --models "svm-c10,logistic,$networks"
        ;;
    *) result "gtzan-$name" leaderboard "" all --segment "$segment" --protocol "$what" --reduced --jobs 1 ;;
    esac
done
