#!/bin/sh
# Makes results/networks-*: networks beside classical models on spectrogram images (whole, and cut into 10 s and 3 s by
# their columns) and on audio. Networks run in their quick size, with fewer filters than published and pictures of at
# most 64x64, so that two cores finish in about an hour; every board says so.
#
# Usage: scripts/network_results.sh GTZAN-FOLDER [NAME …]     needs images_original, genres_original, splits/artist_folds.csv
set -eu
data=${1:?the folder of GTZAN}
shift
. "$(dirname "$0")/result.sh"

size="--quick --picture-size 64x64 --models majority,knn-5,svm-c10,forest,ann,cnn-5block,choi-fcn5,cnn-7x7"

# board NAME PLACE FLAGS…
board() {
    name=$1 place=$2
    shift 2
    # shellcheck disable=SC2086
    result "networks-$name" leaderboard "$place" all --protocol "${name##*-}" "$@" $size
}

all="images-track images-artist images-10s-segment images-10s-track images-10s-artist
    images-3s-segment images-3s-track images-3s-artist audio-10s-segment audio-10s-track audio-10s-artist"
for name in ${*:-$all}; do
    case $name in
    images-10s-*) board "$name" images_original --segment 10 --folds 3 --epochs 8 ;;
    images-3s-*) board "$name" images_original --segment 3 --holdout 80/20 --epochs 5 ;;
    images-*) board "$name" images_original --folds 5 --epochs 25 ;;
    audio-10s-*) board "$name" genres_original --segment 10 --folds 5 --epochs 25 ;;
    *) echo "no board is called $name" >&2 && exit 2 ;;
    esac
done
