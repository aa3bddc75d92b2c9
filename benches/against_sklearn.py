#!/usr/bin/env python3
"""`bench` beside scikit-learn on one table: seconds, and scores on the very same splits.

Needs: pip install scikit-learn pandas, and a release build of `bench`
Usage: against_sklearn.py DATA [--segment 10] [--protocol track] [--bench target/release/bench]
                               [--peer ../shared/tools/sklearn_leaderboard.py]

Part 1 runs the peer's own script and `bench all --jobs 1` (so that one fit has all cores, as there) and prints the
ratio of seconds, fit and predict, all folds together. Its splits are drawn by each, so scores differ a little.
Part 2 fits scikit-learn on the splits that `bench` wrote out and compares macro-F1, in points of 100, and labels.
"""
import argparse, json, pathlib, subprocess, sys, tempfile
import pandas as pd
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

MODELS = {
    "svm": lambda: SVC(),
    "svm-c10": lambda: SVC(C=10),
    "knn-1": lambda: KNeighborsClassifier(1, algorithm="brute"),
    "knn-5": lambda: KNeighborsClassifier(5, algorithm="brute"),
    "forest": lambda: RandomForestClassifier(n_jobs=-1, random_state=0),
    "logistic": lambda: LogisticRegression(max_iter=10000, tol=1e-6),
    "naive-bayes": lambda: GaussianNB(),
    "lda": lambda: LinearDiscriminantAnalysis(),
    "decision-tree": lambda: DecisionTreeClassifier(random_state=0),
}
PEER_NAMES = {"svm C=10": "svm-c10", "knn k=1": "knn-1", "knn k=5": "knn-5"}


def table_of(data, segment):
    folder = pathlib.Path(data)
    return folder / f"features_{segment or 30}_sec.csv" if folder.is_dir() else folder


def peer_seconds(script, table, protocol):
    """Seconds of each of the peer's models."""
    artists = [table.parent / "splits/artist_folds.csv"] if protocol == "artist" else []
    out = subprocess.run([sys.executable, script, table, protocol, *artists], check=True, text=True, capture_output=True)
    seconds = {}
    for line in out.stdout.splitlines()[1:]:
        name, numbers = line[:10].strip(), line[10:].split()
        seconds[PEER_NAMES.get(name, name)] = float(numbers[2]) + float(numbers[3])
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--segment", type=int)
    parser.add_argument("--protocol", default="track")
    parser.add_argument("--bench", default="target/release/bench")
    parser.add_argument("--peer", default="../shared/tools/sklearn_leaderboard.py")
    args = parser.parse_args()
    table = table_of(args.data, args.segment)

    with tempfile.TemporaryDirectory() as out:
        command = [args.bench, "all", "--data", args.data, "--protocol", args.protocol, "--jobs", "1", "--json", "--quiet"]
        command += ["--segment", str(args.segment)] if args.segment else []
        run = json.loads(subprocess.run([*command, "--out", out], check=True, capture_output=True).stdout)
        ours = {row["model"]: row for row in run["leaderboard"]}

        def export(name):
            file = pathlib.Path(out, f"{name}.csv")
            subprocess.run([args.bench, "export", "last", "--out", out, "--table", name, "-o", file], check=True)
            return pd.read_csv(file)

        split, predictions = export("split"), export("predictions")

    print(f"{table.name}, {run['protocol']} ({run['scheme']}), split {run['split_hash'][:12]}")
    if args.protocol in ("segment", "track", "artist"):
        print(f"\n{'model':14s} {'ours s':>8s} {'sklearn s':>10s} {'ratio':>6s}")
        for model, theirs in peer_seconds(args.peer, table, args.protocol).items():
            seconds = ours[model]["fit_seconds"] + ours[model]["predict_seconds"]
            print(f"{model:14s} {seconds:8.3f} {theirs:10.3f} {seconds / theirs:6.2f}")

    rows = pd.read_csv(table)
    rows.index = rows.filename
    features = [c for c in rows.columns if c not in ("filename", "length", "label") and not c.startswith("Unnamed")]
    print(f"\non the same splits:\n{'model':14s} {'ours F1':>8s} {'sklearn F1':>11s} {'difference':>11s} {'same labels':>12s}")
    for model, make in MODELS.items():
        f1, labels = [], {}
        for (repeat, fold), parts in split.groupby(["repeat", "fold"]):
            train, test = (rows.loc[parts.example[parts.part == part]] for part in ("train", "test"))
            scale = StandardScaler().fit(train[features].to_numpy())
            fitted = make().fit(scale.transform(train[features].to_numpy()), train.label)
            guess = fitted.predict(scale.transform(test[features].to_numpy()))
            f1.append(f1_score(test.label, guess, average="macro"))
            labels.update({(repeat, fold, name): label for name, label in zip(test.index, guess)})
        of_model = predictions[predictions.model == model]
        keys = zip(of_model.repeat, of_model.fold, of_model.example)
        same = [labels[key] == ours_said for key, ours_said in zip(keys, of_model.predicted)]
        theirs, mine = 100 * sum(f1) / len(f1), 100 * ours[model]["macro_f1"]
        print(f"{model:14s} {mine:8.2f} {theirs:11.2f} {mine - theirs:+11.2f} {100 * sum(same) / len(same):10.2f} %")


main()
