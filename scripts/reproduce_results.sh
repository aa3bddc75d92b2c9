#!/bin/sh
# Makes results/reproduced.txt, published figures beside what the same systems score as published and without leaks, all in
# their reduced configuration; results/reproduced-recurrent.txt, the recurrent networks trained as published, which takes two
# processors about an hour; and results/reproduced-images.txt, networks trained as published on the images, another hour.
#
# Usage: scripts/reproduce_results.sh GTZAN-FOLDER [reduced] [recurrent] [images]
set -eu
data=${1:?the folder of GTZAN}
shift
. "$(dirname "$0")/result.sh"
recurrent="rnn-32 rnn-128 rnn-64x2 lstm-64 bilstm-64 lstm-64-fc2 lstm-64x2"
for what in ${*:-reduced recurrent images}; do
    case $what in
    reduced)
        name=reproduced
        command="reproduce A C E crnn-base crnn-large $recurrent cnn-5block mlfi mlfi-a4 mlfi-b4 mlfi-b2d mlfi-c --reduced"
        ;;
    recurrent)
        name=reproduced-recurrent
        command="reproduce $recurrent --full"
        ;;
    images)
        name=reproduced-images
        command="reproduce ann choi-fcn5 --full"
        ;;
    *)
        echo "$0: neither reduced, recurrent nor images: $what" >&2
        exit 2
        ;;
    esac
    # Figures whose data is not at hand are told of and left out, with status 1.
    # shellcheck disable=SC2086
    "$BENCH" $command --data "$data" --quiet --out "$STORE" > "$STORE/printed" || [ $? -eq 1 ]
    {
        echo "command  bench $command --data gtzan"
        echo "commit   $COMMIT"
        echo "machine  ${processor:-$(uname -m)}, $(getconf _NPROCESSORS_ONLN) processors, $(uname -s)"
        echo
        cat "$STORE/printed"
    } > "results/$name.txt"
done
