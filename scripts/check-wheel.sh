#!/usr/bin/env bash
# Builds the wheel, installs it into a clean virtual environment and uses it there: the program, a model in Python, and the
# module that reads results. Not part of the gate: it takes a whole build, and packages from PyPI.
#
# Usage: scripts/check-wheel.sh [FOLDER]      the wheel is put into FOLDER, else target/wheels
#
# PYTHON     the Python to use (python3)
# PLATFORM   the oldest system that the wheel is for, such as manylinux_2_28. Then zig links it, and everything is built
#            for that system once more; without it the wheel is for systems as new as this one.
# FEATURES   features of the program besides the default ones, such as cuda
# WHEEL      a wheel that is there, to be checked instead of building one
set -euo pipefail
wheel=${WHEEL:+$(realpath "$WHEEL")}
wheels=$(realpath -m "${1:-target/wheels}")
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# What is set here must not help the installed program.
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV GENRE_BENCH GENRE_BENCH_PYTHON

"$python" -c 'import sys, venv; assert sys.version_info >= (3, 9)' ||
    { echo "SKIPPED: $python is no Python 3.9 or newer with venv; PYTHON names another"; exit 0; }
tools=${CARGO_TARGET_DIR:-$PWD/target}/wheel-tools
if [ ! -x "$tools/bin/maturin" ]; then
    "$python" -m venv "$tools"
    "$tools/bin/pip" install --quiet 'maturin>=1.7,<2' auditwheel
fi
if [ -z "$wheel" ]; then
    arguments=(--release --locked --out "$folder/wheel" ${FEATURES:+--features "$FEATURES"})
    if [ -n "${PLATFORM:-}" ]; then
        "$tools/bin/pip" install --quiet ziglang
        arguments+=(--zig --compatibility "$PLATFORM")
    fi
    PATH=$tools/bin:$PATH maturin build "${arguments[@]}"
    wheel=$(echo "$folder"/wheel/*.whl)
    [ -e "$wheel" ] || { echo "there is no wheel, or several: $wheel" >&2; exit 1; }
fi
echo "wheel: $(basename "$wheel"), $(du -h "$wheel" | cut -f 1)"
"$tools/bin/auditwheel" show "$wheel" | tr '\n' ' ' | sed 's/  */ /g'
echo

# A clean environment, and a folder that is not the checkout.
"$python" -m venv "$folder/clean"
installed=$folder/clean/bin
"$installed/pip" install --quiet "$wheel"
cd "$folder"
cat > my_model.py << 'MODEL'
import numpy

class Nearest:
    """The class whose mean is nearest."""

    def fit(self, x, y):
        self.means = numpy.array([x[y == label].mean(axis=0) for label in range(y.max() + 1)])

    def predict_proba(self, x):
        return numpy.exp(-((x[:, None] - self.means) ** 2).sum(axis=2))
MODEL
"$installed/python" > table.csv << 'TABLE'
print("filename,tempo,energy,label")
for label, genre in enumerate(["blues", "metal"]):
    for track in range(20):
        print(f"{genre}.{track:05}.wav,{60 + 40 * label + track % 7},{label + track % 3},{genre}")
TABLE

said=$("$installed/bench" --version)
expected="bench $("$installed/pip" show genre-bench | sed -n 's/^Version: //p')"
[ "$said" = "$expected" ] || { echo "\`bench --version\` says $said and pip $expected" >&2; exit 1; }
# Not activated: the program finds the Python that it is installed beside.
"$installed/bench" all --data table.csv --models logistic,majority,python:my_model.py --jobs 1
"$installed/python" - << 'READ'
import genre_bench
import importlib.metadata

assert genre_bench.__version__ == importlib.metadata.version("genre-bench"), genre_bench.__version__
run = genre_bench.load("last")
board = {row["model"]: row for row in run.leaderboard.to_pylist()}
assert set(board) == {"logistic", "majority", "python:my_model.py"}, board
print("genre_bench.load:", repr(run))
files = [str(file) for file in importlib.metadata.files("genre-bench")]
assert any("LICENSE-MIT" in file for file in files), files
if not any("THIRD-PARTY" in file for file in files):
    print("SKIPPED: licences of dependencies in the wheel; scripts/release.sh puts them there")
READ
"$installed/pip" uninstall --quiet --yes genre-bench
[ ! -e "$installed/bench" ] || { echo "\`pip uninstall\` leaves the program behind" >&2; exit 1; }
if [ -z "${WHEEL:-}" ]; then
    mkdir -p "$wheels"
    cp "$wheel" "$wheels/"
    wheel=$wheels/$(basename "$wheel")
fi
echo "checked: $wheel installs, runs, reads and goes again"
