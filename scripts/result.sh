# What the scripts that make results/ share; to be sourced, with the folder of the data in $data.
cd "$(dirname "$0")/.."
# BENCH names a program that was built before, and COMMIT what it was built from: for runs of hours.
if [ -z "${BENCH:-}" ]; then
    if [ -n "$(git status --porcelain -- src plugins data Cargo.toml Cargo.lock)" ]; then
        echo "$0: commit the sources first, so that the results can name them" >&2
        exit 2
    fi
    cargo build --release
    BENCH=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/release/bench
    COMMIT=$(git rev-parse --short=12 HEAD)
fi
# STORE names a folder that finished cells are kept in, to go on after an interruption.
if [ -z "${STORE:-}" ]; then
    STORE=$(mktemp -d)
    trap 'rm -rf "$STORE"' EXIT
fi
mkdir -p "$STORE"
processor=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)

# result NAME TABLE PLACE COMMAND…: runs `bench COMMAND` on $data/PLACE into results/NAME.txt, and exports its TABLE, where one
# is named, to results/NAME.csv.
result() {
    name=results/$1 table=$2 place=$3
    shift 3
    echo "bench $* --data gtzan/$place" >&2
    "$BENCH" "$@" --data "$data/$place" --quiet --out "$STORE" > "$STORE/printed"
    if [ -n "$table" ]; then
        "$BENCH" export last --table "$table" --out "$STORE" -o "$name.csv"
    fi
    {
        echo "command  bench $* --data gtzan/$place"
        echo "commit   $COMMIT"
        echo "machine  ${processor:-$(uname -m)}, $(getconf _NPROCESSORS_ONLN) processors, $(uname -s)"
        echo
        grep -v '^Again without fitting' "$STORE/printed" | sed "s|$data|gtzan|g"
    } > "$name.txt"
}
