#!/bin/sh
# Makes results/networks-*: networks beside classical models on spectrogram images (whole, and cut into 10 s and 3 s by
# their columns) and on audio. Networks run in their reduced configuration, with fewer filters than published and small spectrograms, so
# that two cores finish in about an hour; every leaderboard says so.
#
# Usage: scripts/network_results.sh GTZAN-FOLDER [NAME …]     needs images_original, genres_original, splits/artist_folds.csv
set -eu
data=${1:?the folder of GTZAN}
shift
. "$(dirname "$0")/result.sh"

# leaderboard NAME PLACE MODELS FLAGS…
leaderboard() {
    name=$1 place=$2 models=$3
    shift 3
    result "networks-$name" leaderboard "$place" all --protocol "${name##*-}" --reduced --models "$models" "$@"
}

classical=majority,knn-5,svm-c10,forest
convolutional=ann,cnn-5block,choi-fcn5,cnn-7x7
recurrent=rnn-32,rnn-128,rnn-64x2,lstm-64,lstm-64x2,bilstm-64,lstm-64-fc2
on_mel() { for model in $(echo "$recurrent" | tr , ' '); do echo "--set $model.input=mel-128"; done; }

all="images-track images-artist images-10s-segment images-10s-track images-10s-artist
    images-3s-segment images-3s-track images-3s-artist images-recurrent-track
    audio-10s-segment audio-10s-track audio-10s-artist audio-3s-segment audio-3s-track"
for name in ${*:-$all}; do
    case $name in
    images-10s-*)
        leaderboard "$name" images_original $classical,$convolutional --segment 10 --folds 3 --epochs 8 --spectrogram-size 64x64
        ;;
    images-3s-*)
        leaderboard "$name" images_original majority,svm-c10,ann,cnn-5block --segment 3 --holdout 80/20 --epochs 5 --spectrogram-size 64x64
        ;;
    images-recurrent-*)
        # shellcheck disable=SC2046
        leaderboard "$name" images_original svm-c10,crnn-base,$recurrent --epochs 20 --spectrogram-size 64x64 $(on_mel)
        ;;
    images-*)
        leaderboard "$name" images_original $classical,$convolutional --folds 5 --epochs 25 --spectrogram-size 64x64
        ;;
    audio-10s-*)
        leaderboard "$name" genres_original $classical,$convolutional --segment 10 --folds 5 --epochs 25 --spectrogram-size 64x64
        ;;
    audio-3s-*)
        leaderboard "$name" genres_original svm-c10,ann-table,cnn-5block,crnn-base,lstm-64x2,rnn-64x2,bilstm-64,mlfi,mlfi-b2d,mlfi-b4,mlfi-c \
            --segment 3 --epochs 10
        ;;
    *) echo "no leaderboard is called $name" >&2 && exit 2 ;;
    esac
done
