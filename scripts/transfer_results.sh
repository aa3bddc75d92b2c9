#!/bin/sh
# Makes the transfer-*, fine-tuned-* and few-shot-* leaderboards in results/: pretrained encoders below classical models, and
# pretrained networks, beside models of the 57 features and networks that were trained from scratch, on identical test parts.
#
# Usage: scripts/transfer_results.sh GTZAN-FOLDER WEIGHTS-FOLDER ENCODER-FOLDER [NAME …]
#
# WEIGHTS-FOLDER has mobilenet_v2.safetensors, efficientnet-lite0.pth and resnet18 (of which the images need three stages);
# ENCODER-FOLDER has the ONNX files that scripts/encoders/ makes, and needs a program built with --features onnx.
set -eu
data=${1:?the folder of GTZAN}
weights=${2:?the folder of weights}
encoders=${3:?the folder of encoders}
shift 3
. "$(dirname "$0")/result.sh"

# As `result`, with folders called by what is in them.
described() {
    result "$@"
    # `result` leaves the file's name without its ending.
    sed "s|$weights|weights|g; s|$encoders|encoders|g" "$name.txt" > "$STORE/printed"
    cat "$STORE/printed" > "$name.txt"
}

# As `described`, and beside it how far every model is from the best.
compared() {
    described "$@"
    "$BENCH" compare last --out "$STORE" > "$name-differences.txt"
}

# On pictures: networks for photographs, frozen, against what reads the table or was trained on these pictures alone.
pictures() {
    models=logistic,svm-c10,resnet18+logistic,resnet18+svm-c10,mobilenetv2+svm-c10,efficientnet-lite0+svm-c10
    # What takes minutes, under the protocol that counts alone.
    if [ "$1" = artist ]; then
        models=$models,mobilenetv2+logistic,efficientnet-lite0+logistic,stack,cnn-5block,mlfi
    fi
    compared "transfer-images-10s-$1" leaderboard "" all --segment 10 --protocol "$1" --reduced --models "$models" \
        --set "mobilenetv2.weights=$weights/mobilenet_v2.safetensors" \
        --set "efficientnet-lite0.weights=$weights/efficientnet-lite0.pth" \
        --set "resnet18.weights=$weights/resnet18" --set resnet18.layer=stage3
}

# The last stages of a network for photographs, trained on these pictures, against the same network frozen, one that was trained
# from scratch, and the table. Images are as large as they are: the network resizes them, as it does where it is frozen.
fine_tuned() {
    # A fit takes ten minutes and more: where folds are drawn, one hold-out stands for them.
    holdout=
    case $1 in segment | track) holdout="--holdout 80/20" ;; esac
    # shellcheck disable=SC2086
    compared "fine-tuned-images-10s-$1" leaderboard "" all --segment 10 --protocol "$1" $holdout --reduced \
        --spectrogram-size 432x432 \
        --models logistic,svm-c10,resnet18+logistic,efficientnet-lite0+logistic,efficientnet-lite0,cnn-5block \
        --set efficientnet-lite0.trainable=last-stages --set efficientnet-lite0.size=224 --set efficientnet-lite0.epochs=4 \
        --set "efficientnet-lite0.weights=$weights/efficientnet-lite0.pth" \
        --set "resnet18.weights=$weights/resnet18" --set resnet18.layer=stage3
}

# With few tracks of a genre to train on, artists kept apart.
few_shot() {
    described few-shot-images-10s-artist "" "" all --segment 10 --protocol artist --reduced --shots 1,5,10 \
        --models logistic,svm-c10,resnet18+logistic,mobilenetv2+logistic,efficientnet-lite0+logistic \
        --set "mobilenetv2.weights=$weights/mobilenet_v2.safetensors" \
        --set "efficientnet-lite0.weights=$weights/efficientnet-lite0.pth" \
        --set "resnet18.weights=$weights/resnet18" --set resnet18.layer=stage3
}

# On the audio of a hundred clips: encoders of music and of sound. All blues among them are by one artist, so artists cannot be
# kept apart.
audio() {
    models=logistic,svm-c10,stack,cnn-5block
    set --
    for encoder in musicnn-msd musicnn-mtt yamnet mn04; do
        models=$models,$encoder+logistic,$encoder+svm-c10,$encoder+knn-5
        set -- "$@" --encoder "$encoder=$encoders/$encoder.onnx"
    done
    compared transfer-audio-30s-track leaderboard genres_original all --segment 30 --protocol track --folds 5 --reduced \
        --models "$models" "$@"
}

for name in ${*:-images-segment images-track images-artist images-fault-filtered \
    tuned-segment tuned-track tuned-artist tuned-fault-filtered few-shot audio}; do
    case $name in
    images-*) pictures "${name#images-}" ;;
    tuned-*) fine_tuned "${name#tuned-}" ;;
    few-shot) few_shot ;;
    audio) audio ;;
    esac
done
