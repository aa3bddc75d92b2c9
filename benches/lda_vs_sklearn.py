#!/usr/bin/env python3
"""Fits linear discriminant analysis to noise of many columns, ours beside scikit-learn's, on one thread each.

Needs: pip install scikit-learn; cargo build --release -p genre-bench-classical --example stops
Usage: lda_vs_sklearn.py path/to/target/release/examples/stops

CPU time, so that what else runs on the machine matters little.
"""
import os

os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"}
import resource
import subprocess
import sys
import time

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

CLASSES = 10
print(f"{'rows':>6} {'columns':>8} {'ours s':>8} {'sklearn s':>10} {'ratio':>6}")
for rows, columns in [(800, 57), (800, 1024), (800, 4096), (2000, 1024)]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run([sys.argv[1], str(rows), str(columns), str(CLASSES), "lda"], check=True, capture_output=True)
    ours = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    table = np.random.default_rng(0).uniform(-1, 1, (rows, columns))
    labels = np.arange(rows) % CLASSES
    table[np.arange(columns) % CLASSES == labels[:, None]] += 1
    before = time.process_time()
    LinearDiscriminantAnalysis().fit(table, labels)
    theirs = time.process_time() - before
    print(f"{rows:6} {columns:8} {ours:8.2f} {theirs:10.2f} {ours / theirs:6.2f}")
