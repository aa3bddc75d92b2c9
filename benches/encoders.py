#!/usr/bin/env python3
"""Embedding by encoders as files beside ONNX Runtime, on the same files and as many windows, in turn.

Usage: encoders.py FOLDER [--threads N]      (FOLDER: .onnx files with their .toml, as scripts/encoders make them)

Needs: pip install onnxruntime numpy. ONNX Runtime gets one window at a time, as ours does, on all
threads.
"""
import argparse
import os
import pathlib
import subprocess
import time

import numpy as np
import onnxruntime

ROOT = pathlib.Path(__file__).parent.parent
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder", type=pathlib.Path)
parser.add_argument("--threads", type=int, default=os.cpu_count())
given = parser.parse_args()

environment = os.environ | {
    "GENRE_BENCH_ENCODERS": str(given.folder.resolve()),
    "RAYON_NUM_THREADS": str(given.threads),
}
command = ["cargo", "bench", "--profile", "release", "-q", "-p", "genre-bench-onnx", "--bench", "encoders"]
ours = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
print("| encoder | windows | ours, s | ONNX Runtime, s | ratio |\n|---|---|---|---|---|")
for line in ours.splitlines():
    name, windows, _, seconds, *_ = line.split()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = given.threads
    session = onnxruntime.InferenceSession(str(given.folder / f"{name}.onnx"), options)
    (given_input,) = session.get_inputs()
    window = np.random.default_rng(1).random([n if isinstance(n, int) else 1 for n in given_input.shape], np.float32)
    session.run(None, {given_input.name: window})

    def run():
        start = time.perf_counter()
        for _ in range(int(windows)):
            session.run(None, {given_input.name: window})
        return time.perf_counter() - start

    theirs = min(run() for _ in range(3))
    print(f"| {name} | {windows} | {seconds} | {theirs:.3f} | {float(seconds) / theirs:.2f} |")
