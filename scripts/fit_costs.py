#!/usr/bin/env python3
"""Measures what `bench … --dry-run` estimates by: seconds and memory of a fit of every default model.

Usage: scripts/fit_costs.py BENCH > data/fit_costs.csv     (about five minutes; on a quiet machine)

Runs the default models on the built-in music, in the reduced configuration, one at a time. Seconds are those of fitting
and scoring, for 1000 training examples, of networks for each epoch; megabytes are the most that a fit held.
"""

import csv
import json
import subprocess
import sys
import tempfile


def main(bench: str) -> None:
    with tempfile.TemporaryDirectory() as out:
        run = [bench, "all", "--reduced", "--jobs", "1", "--quiet", "--json", "--out", out]
        leaderboard = json.loads(subprocess.run(run, check=True, capture_output=True).stdout)["leaderboard"]

        def table(name: str) -> list[dict[str, str]]:
            export = [bench, "export", "last", "--table", name, "--out", out]
            text = subprocess.run(export, check=True, capture_output=True, text=True).stdout
            return list(csv.DictReader(text.splitlines()))

        trained = sum(row["part"] == "train" for row in table("split"))
        epochs: dict[tuple[str, str], int] = {}
        for row in table("history"):
            fold = (row["model"], row["fold"])
            epochs[fold] = max(epochs.get(fold, 0), int(row["epoch"]))
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(["model", "seconds", "megabytes"])
    for row in sorted(leaderboard, key=lambda row: row["model"]):
        of_model = [count for (model, _), count in epochs.items() if model == row["model"]]
        passes = trained * (sum(of_model) / len(of_model) if of_model else 1)
        seconds = 1000 * (row["fit_seconds"] + row["predict_seconds"]) / passes
        rows.writerow([row["model"], f"{seconds:.3g}", f"{row['peak_bytes'] / 1e6:.3g}"])


if __name__ == "__main__":
    main(sys.argv[1])
