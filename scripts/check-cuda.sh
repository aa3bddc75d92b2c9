#!/usr/bin/env bash
# Checks the CUDA side: builds with it, compiles the kernels, tests them on the CPU, and on a machine with a card tests
# the layers and times training steps there. Not part of the gate: the first build takes nvcc several minutes.
#
# Usage: scripts/check-cuda.sh [TOOLKIT-SCRIPT]
#
# The toolkit is what `nvcc` on PATH belongs to; without one, what TOOLKIT-SCRIPT (../shared/tools/cuda-toolkit.sh if it is
# there) installs into target/cuda-toolkit and prints the environment of. With BENCH=no, only the neural crate is built.
set -euo pipefail
script=${1:-$(dirname "$0")/../../shared/tools/cuda-toolkit.sh}
[ -e "$script" ] && script=$(realpath "$script")
cd "$(dirname "$0")/.."
checked=() skipped=()
finish() {
    printf 'checked: %s\n' "${checked[@]:-nothing}"
    printf 'SKIPPED: %s\n' "${skipped[@]:-nothing}"
}
trap finish EXIT

if ! command -v nvcc > /dev/null; then
    if [ ! -e "$script" ]; then
        skipped+=("everything: no nvcc on PATH, and no script that installs a toolkit")
        exit 0
    fi
    environment=$(bash "$script" "$PWD/target/cuda-toolkit")
    eval "$environment"
fi
version=$(nvcc --version | sed -n 's/.*release \([^,]*\).*/\1/p')

# The card's architecture, or else one that candle supports.
if nvidia-smi -L > /dev/null 2>&1; then
    card=$(nvidia-smi --query-gpu=name --format=csv,noheader | head -n 1)
    capability=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | head -n 1 | tr -d .)
else
    card='' capability=${CUDA_COMPUTE_CAP:-90}
fi
export CUDA_COMPUTE_CAP=$capability

kernels=plugins/neural/src/kernels
folder=$(mktemp -d)
trap 'rm -rf "$folder"; finish' EXIT
for part in $(sed -n 's/^ *include_str!("\(source\/.*\)"),/\1/p' "$kernels/mod.rs"); do cat "$kernels/$part"; done > "$folder/kernels.cu"
for number in float bf16; do
    nvcc -arch="sm_$capability" -cubin -DNUMBER=$number -Werror all-warnings -o "$folder/kernels.cubin" "$folder/kernels.cu"
done
checked+=("all kernels compile for sm_$capability, in f32 and bf16 (nvcc $version)")

# Fails if a program is linked with one of NVIDIA's libraries: it would not start where that is missing.
needs_no_library() {
    local needed
    needed=$(readelf -d "$1" | sed -n 's/.*NEEDED.*\[\(lib\(cu\|nvrtc\|nv\)[^]]*\)\]/\1/p' | tr '\n' ' ')
    [ -z "$needed" ] && return
    echo "$1 is linked with $needed: plugins/neural/src/cuda_libraries/mod.rs lacks a function of these that it calls:"
    readelf --dyn-syms -W "$1" | awk '$7 == "UND" { print $8 }' | grep -E '^_*(cu|nv)' | tr '\n' ' '
    exit 1
}

# Builds a library that stands for driver, cuBLAS and cuRAND into a folder, under their names.
build_stand_in() {
    sed -n 's/^KERNEL(\([a-z_]*\)).*/    CALL(\1)/p' "$folder/kernels.cu" > "$folder/calls"
    {
        cat "$kernels/emulation.cpp"
        # As emulation.rs puts it together.
        for number in float bf16; do
            printf '#undef NUMBER\n#define NUMBER %s\nnamespace of_%s {\n' $number $number
            cat "$folder/kernels.cu"
            sed -e "s/NAME/launch_$number/" -e "/^CALLS/r $folder/calls" -e /^CALLS/d "$kernels/emulation_launch.cpp"
            echo '}'
        done
        cat "$kernels/stand_in_driver.cpp"
    } > "$folder/driver.cpp"
    mkdir "$folder/stand-in"
    "$compiler" -std=c++17 -O2 -shared -fPIC -ffp-contract=off -Wno-unknown-pragmas \
        -o "$folder/stand-in/libcuda.so.1" "$folder/driver.cpp"
    for name in libcublas.so.13 libcurand.so.10; do ln -s libcuda.so.1 "$folder/stand-in/$name"; done
}

# Runs tests of the program as it is built for CUDA with the stand-in.
test_with_stand_in() {
    runner=CARGO_TARGET_$(rustc -vV | sed -n 's/^host: //p' | tr 'a-z-' 'A-Z_')_RUNNER
    env "$runner=env LD_LIBRARY_PATH=$folder/stand-in:${LD_LIBRARY_PATH:-}" \
        cargo test --release -p genre-bench-neural --features cuda \
        --test layers --test recurrent --test optimizers --test training
}

# Uses `bench` as it is built for CUDA: where no library of NVIDIA's is found, and then with the stand-in.
use_bench() {
    local bench=${CARGO_TARGET_DIR:-$PWD/target}/release/bench
    needs_no_library "$bench"
    awk 'BEGIN { print "filename,tempo,energy,label"
        for (i = 0; i < 40; i++) printf "%s.%05d.wav,%d,%d,%s\n", i % 2 ? "blues" : "metal", i, i * 3, i % 7, i % 2 ? "blues" : "metal" }' \
        > "$folder/table.csv"
    local words=(all --data "$folder/table.csv" --models majority,ann-table --folds 2 --epochs 2 --jobs 1)
    if ldconfig -p | grep -q libcuda.so.1; then
        skipped+=("bench where there is no driver: there is one")
        return
    fi
    alone() { env -u LD_LIBRARY_PATH "$bench" "$@"; }
    alone list models > /dev/null
    alone "${words[@]}" --out "$folder/on-cpu" | grep '^ann-table '
    if alone "${words[@]}" --out "$folder/on-cpu" --device cuda 2> "$folder/refused"; then
        echo "--device cuda is accepted where there is no driver"
        exit 1
    fi
    cat "$folder/refused"
    grep -q 'libcuda.so.1: cannot open' "$folder/refused" && grep -q -- '--device cpu' "$folder/refused"
    checked+=("built for CUDA, bench computes on the CPU where there is no driver, and says why not on CUDA")
    [ -d "$folder/stand-in" ] || return
    env LD_LIBRARY_PATH="$folder/stand-in:${LD_LIBRARY_PATH:-}" "$bench" "${words[@]}" \
        --out "$folder/on-stand-in" --device cuda | grep '^ann-table '
    checked+=("the same bench finds the stand-in for the driver and computes with it")
}

cargo build --release -p genre-bench-neural --features cuda --all-targets
cargo clippy --release -p genre-bench-neural --features cuda --all-targets -- -D warnings
checked+=("the neural crate builds and links with --features cuda, without warnings")
if [ "${BENCH:-yes}" = no ]; then
    skipped+=("bench with --features cuda (BENCH=no)")
else
    cargo build --release --bin bench --features cuda
    checked+=("bench builds and links with --features cuda")
fi

if compiler=$(command -v "${CXX:-c++}"); then
    cargo test --release -p genre-bench-neural --lib kernels
    checked+=("operations made of kernels give PyTorch's numbers on the CPU, in f32 and bf16")
    # The same under AddressSanitizer: a kernel that reads or writes beside its tensors ends the test.
    if sanitizer=$("$compiler" -print-file-name=libasan.so) && [ -e "$sanitizer" ]; then
        tests=$(cargo test --release -p genre-bench-neural --lib --no-run --message-format json 2> /dev/null |
            sed -n 's/.*"executable":"\([^"]*genre_bench_neural-[^"]*\)".*/\1/p' | tail -n 1)
        LD_PRELOAD=$sanitizer ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=0 \
            CXXFLAGS=-fsanitize=address "$tests" kernels --skip training --test-threads 1
        checked+=("kernels stay inside their tensors (AddressSanitizer)")
    else
        skipped+=("kernels under AddressSanitizer: the compiler has none")
    fi
else
    skipped+=("kernels on the CPU: no C++ compiler (CXX, or c++)")
fi

if [ -n "$card" ]; then
    cargo test --release -p genre-bench-neural --features cuda
    checked+=("layers, optimizers and training on $card")
    for precision in '' bf16; do
        cargo run --release -p genre-bench-neural --features cuda --example steps -- cuda $precision
    done
    checked+=("training steps on $card")
else
    cargo test --release -p genre-bench-neural --features cuda --lib kernels_compile
    checked+=("the program compiles its kernels (nvrtc)")
    if [ -n "$compiler" ]; then
        build_stand_in
        test_with_stand_in
        checked+=("built for CUDA, layers, optimizers and training give PyTorch's numbers with a stand-in for the driver")
    fi
    skipped+=("layers, optimizers, training and training steps on a card: there is none (nvidia-smi -L)")
fi
[ "${BENCH:-yes}" = no ] || use_bench
