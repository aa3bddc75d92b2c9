#!/bin/sh
# Makes results/reproduced.txt, published figures beside what the same systems score as published and without leaks, all in
# their reduced configuration; results/reproduced-recurrent.txt, the recurrent networks trained as published, which takes two
# processors about an hour; and, of each network that is named, results/reproduced-NETWORK.txt, trained as published: a quarter of
# an hour for ann, an hour each for cnn-5block and choi-fcn5.
#
# Usage: scripts/reproduce_results.sh GTZAN-FOLDER [reduced] [recurrent] [NETWORK …]
set -eu
data=${1:?the folder of GTZAN}
shift
. "$(dirname "$0")/result.sh"

# What networks that were trained as published came to after every epoch; of those that always train as long, nothing is validated.
curves() {
    echo "run,input,validated on,model,fold,epoch,train loss,validation loss,validation accuracy,seconds"
    for run in $("$BENCH" list runs --out "$STORE" | cut -d ' ' -f 1); do
        input=$("$BENCH" export "$run" --out "$STORE" 2> /dev/null | sed -n 2p | cut -d , -f 3)
        parts="a part of the training part"
        if "$BENCH" show "$run" --out "$STORE" 2> /dev/null | grep -q "validated on"; then parts="the tested part"; fi
        "$BENCH" export "$run" --table history --out "$STORE" 2> /dev/null | awk -F , -v "run=$run,$input" -v "parts=$parts" '
            function short(number) { return number == "" ? "" : sprintf("%.4f", number) }
            NR > 1 {
                where = $7 == "" ? "" : parts
                printf "%s,%s,%s,%d,%d,%s,%s,%s,%.2f\n", run, where, $1, $3, $4, short($5), short($7), short($8), $11
            }'
    done
}

recurrent="rnn-32 rnn-128 rnn-64x2 lstm-64 bilstm-64 lstm-64-fc2 lstm-64x2"
for what in ${*:-reduced recurrent ann cnn-5block choi-fcn5}; do
    case $what in
    reduced)
        name=reproduced
        command="reproduce A C E crnn-base crnn-large $recurrent cnn-5block mlfi mlfi-a4 mlfi-b4 mlfi-b2d mlfi-c --reduced"
        ;;
    recurrent)
        name=reproduced-recurrent
        command="reproduce $recurrent --full"
        ;;
    *)
        name=reproduced-$what
        command="reproduce $what --full"
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
        sed "s|$data|gtzan|g" "$STORE/printed"
    } > "results/$name.txt"
    if [ "$what" != reduced ]; then curves > "results/$name-curves.csv"; fi
done
