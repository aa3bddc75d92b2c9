#!/bin/sh
# Makes results/reproduced.txt: published figures beside what the same systems score as published and without leaks, all in
# their reduced configuration.
#
# Usage: scripts/reproduce_results.sh GTZAN-FOLDER
set -eu
data=${1:?the folder of GTZAN}
. "$(dirname "$0")/result.sh"
command="reproduce A C E crnn-base crnn-large rnn-32 rnn-128 rnn-64x2 lstm-64 lstm-64x2 bilstm-64 lstm-64-fc2 cnn-5block mlfi mlfi-a4 mlfi-b4 mlfi-b2d mlfi-c --reduced"
# Figures whose data is not at hand are told of and left out, with status 1.
# shellcheck disable=SC2086
"$BENCH" $command --data "$data" --quiet --out "$STORE" > "$STORE/printed" || [ $? -eq 1 ]
{
    echo "command  bench $command --data gtzan"
    echo "commit   $COMMIT"
    echo "machine  ${processor:-$(uname -m)}, $(getconf _NPROCESSORS_ONLN) processors, $(uname -s)"
    echo
    cat "$STORE/printed"
} > results/reproduced.txt
