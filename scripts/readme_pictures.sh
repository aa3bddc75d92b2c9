#!/bin/sh
# Makes docs/pictures/: what is left of scores on the GTZAN table of 10 s segments, from protocol to protocol, as the README
# shows it on light and dark screens.
#
# Usage: scripts/readme_pictures.sh GTZAN-FOLDER     needs features_10_sec.csv, splits
#
# Some minutes; docs/pictures/README.md names the commands, the commit and the machine that made the pictures.
set -eu
data=${1:?the folder of GTZAN}
. "$(dirname "$0")/result.sh"

models=knn-1,knn-5,naive-bayes,lda,ridge,logistic,decision-tree,forest,extra-trees,svm,svm-c10
run() {
    echo "bench all --data gtzan --segment 10 --inputs table --models $models --protocol $1" >&2
    "$BENCH" all --data "$data" --segment 10 --inputs table --models "$models" --protocol "$1" --jobs 1 --quiet --out "$STORE" --json |
        sed -n 's/^ *"run": "\(.*\)",$/\1/p' | head -n 1
}
runs=
for protocol in segment track artist fault-filtered; do
    runs="$runs $(run "$protocol")"
done
mkdir -p docs/pictures
for theme in light dark; do
    # shellcheck disable=SC2086 # names of runs have no spaces
    "$BENCH" plot slope $runs --out "$STORE" --theme "$theme" --width 220 -o "docs/pictures/slope-$theme.svg"
done
{
    echo "# Pictures of the README"
    echo
    echo "Made by \`scripts/readme_pictures.sh\` at commit $COMMIT on ${processor:-$(uname -m)}, $(getconf _NPROCESSORS_ONLN) processors,"
    echo "from these commands:"
    echo
    echo '```text'
    for protocol in segment track artist fault-filtered; do
        echo "bench all --data gtzan --segment 10 --inputs table --jobs 1 --protocol $protocol --models \\"
        echo "    $models"
    done
    echo "bench plot slope RUN RUN RUN RUN --theme light --width 220 -o slope-light.svg"
    echo "bench plot slope RUN RUN RUN RUN --theme dark --width 220 -o slope-dark.svg"
    echo '```'
} > docs/pictures/README.md
