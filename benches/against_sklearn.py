#!/usr/bin/env python3
"""Every classical model of `bench` beside scikit-learn's, on the very same splits: seconds, scores, labels.

Needs: pip install scikit-learn pandas, and a release build of `bench`
Usage: against_sklearn.py DATA [--tables 30,10,full] [--protocol track] [--repeats 3] [--seeds 10] [--models svm,…]
                               [--bench target/release/bench]       (results/against_sklearn.md is its output)

`bench all --jobs 1`, so that one fit has all processors, writes out its split; scikit-learn is fitted to the same rows,
with n_jobs for all processors where it has that. Seconds are fit plus predict of all folds, the least of several
repeats, the two programs taking turns; scikit-learn has each repeat twice, with as many BLAS threads as it likes and with one, which is
often faster. Scores are macro-F1, mean over folds, in points of 100; `labels` is the share of
tested examples that both label the same. Models with chance in them are compared by means over seeds, on the same split;
boosting, where rounding alone decides between equally good splits of a tree, besides by means over draws of the folds.

The table `full` has the size of the published 3 s table, 9990 rows of ten genres: ten noisy copies (0.3 standard deviations) of rows of
each recording of the 10 s table.
"""
import argparse, json, os, pathlib, platform, resource, subprocess, sys, tempfile, time, warnings
import numpy as np
import pandas as pd
import sklearn
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import f1_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

warnings.filterwarnings("ignore")
CORES = len(os.sched_getaffinity(0))
# What a user would write for the same model. The seed is used by those that heed one.
PEERS = {
    "svm": lambda seed: SVC(),
    "svm-c10": lambda seed: SVC(C=10),
    "svm-linear": lambda seed: LinearSVC(),
    "ridge": lambda seed: RidgeClassifier(),
    "logistic": lambda seed: LogisticRegression(max_iter=2000),
    "lda": lambda seed: LinearDiscriminantAnalysis(),
    "naive-bayes": lambda seed: GaussianNB(),
    "knn-1": lambda seed: KNeighborsClassifier(1),
    "knn-5": lambda seed: KNeighborsClassifier(5),
    "decision-tree": lambda seed: DecisionTreeClassifier(random_state=seed),
    "forest": lambda seed: RandomForestClassifier(n_jobs=CORES, random_state=seed),
    "extra-trees": lambda seed: ExtraTreesClassifier(n_jobs=CORES, random_state=seed),
    "boosting": lambda seed: HistGradientBoostingClassifier(random_state=seed),
}
RANDOM = ["decision-tree", "forest", "extra-trees"]


def full_size(ten_seconds, copies=10, size=9990):
    """A table of the size of the published 3 s table, whose rows resemble each other as pieces of a recording do."""
    random = np.random.default_rng(0)
    rows = pd.read_csv(ten_seconds)
    features = [c for c in rows.columns if c not in ("filename", "length", "label")]
    clip = rows.filename.str.extract(r"^(\w+\.\d+)")[0]
    pick = np.concatenate([random.choice(at, copies) for _, at in rows.groupby(clip, sort=True).indices.items()])[:size]
    table = rows.iloc[pick].reset_index(drop=True)
    spread = rows[features].std().to_numpy()
    table[features] += 0.3 * spread * random.normal(size=(len(table), len(features)))
    piece = table.groupby(clip.iloc[pick].to_numpy()).cumcount()
    table["filename"] = [f"{c}.{p}.wav" for c, p in zip(clip.iloc[pick], piece)]
    return table.drop(columns="length")


class Ours:
    """Runs of `bench` on one table and split."""

    def __init__(self, args, table, folder):
        self.args, self.table, self.folder = args, table, pathlib.Path(folder)

    def run(self, models, protocol, seed=0):
        out = self.folder / f"run{len(list(self.folder.iterdir()))}"
        command = [self.args.bench, "all", "--data", self.table, "--protocol", protocol, "--seed", str(seed)]
        command += ["--models", ",".join(models), "--jobs", "1", "--json", "--quiet", "--out", out]
        if self.args.protocol == "artist":
            command += ["--artists", pathlib.Path(self.args.data, "splits/artist_folds.csv")]
        board = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        return board, out

    def export(self, out, name):
        file = out / f"{name}.csv"
        subprocess.run([self.args.bench, "export", "last", "--out", out, "--table", name, "-o", file], check=True)
        return file


def parts_of(table, split):
    """Standardised training and test part of every fold, with the names of the tested rows."""
    rows = pd.read_csv(table)
    rows.index = rows.filename
    features = [c for c in rows.columns if c not in ("filename", "length", "label")]
    for _, parts in split.groupby(["repeat", "fold"], sort=True):
        train, test = (rows.loc[parts.example[parts.part == part]] for part in ("train", "test"))
        scale = StandardScaler().fit(train[features].to_numpy())
        yield (scale.transform(train[features].to_numpy()), train.label.to_numpy(),
               scale.transform(test[features].to_numpy()), test.label.to_numpy(), test.index)


def theirs(make, folds, seed):
    """Seconds, macro-F1 and the label of every tested row."""
    seconds, f1, labels = 0.0, [], []
    for train, truth, test, test_truth, names in folds:
        start = time.perf_counter()
        guess = make(seed).fit(train, truth).predict(test)
        seconds += time.perf_counter() - start
        f1.append(f1_score(test_truth, guess, average="macro"))
        labels.append(pd.Series(guess, index=names))
    return seconds, 100 * np.mean(f1), labels


def compare(args, name, table, folder):
    ours = Ours(args, table, folder)
    models = [m for m in PEERS if not args.models or m in args.models]
    board, out = ours.run(models, args.protocol)
    split_file = ours.export(out, "split")
    folds = list(parts_of(table, pd.read_csv(split_file)))
    predictions = pd.read_csv(ours.export(out, "predictions"))
    seconds = {model: ([], []) for model in models}
    for _ in range(args.repeats):
        timed, _ = ours.run(models, args.protocol)
        for row in timed["leaderboard"]:
            seconds[row["model"]][0].append(row["fit_seconds"] + row["predict_seconds"])
        for blas_threads in (None, 1):
            with threadpool_limits(blas_threads, "blas"):
                answers = {model: theirs(PEERS[model], folds, 0) for model in models}
            for model in models:
                seconds[model][1].append(answers[model][0])

    f1 = {row["model"]: 100 * row["macro_f1"] for row in board["leaderboard"]}
    chance = [model for model in RANDOM if model in models and name != "full"]  # where it takes minutes a seed
    means = {model: ([], []) for model in chance}
    for seed in range(args.seeds if chance else 0):
        for row in ours.run(chance, f"file:{split_file}", seed)[0]["leaderboard"]:
            means[row["model"]][0].append(100 * row["macro_f1"])
        for model in chance:
            means[model][1].append(theirs(PEERS[model], folds, seed)[1])

    described = board["dataset"]
    print(f"\n## {table.stem}: {described['examples']} × {described['features']}, {board['protocol']} ({board['scheme']}), "
          f"split {board['split_hash'][:12]}\n")
    print("| model | ours s | scikit-learn s | ratio | ours F1 | scikit-learn F1 | ΔF1 | labels |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for model in models:
        mine, peer = min(seconds[model][0]), min(seconds[model][1])
        if model in chance and args.seeds > 1:
            mine_f1, peer_f1 = np.mean(means[model][0]), np.mean(means[model][1])
            same = f"{args.seeds} seeds"
        else:
            mine_f1, peer_f1 = f1[model], answers[model][1]
            said = predictions[predictions.model == model].groupby(["repeat", "fold"], sort=True)
            hits = [(labels.loc[part.example].to_numpy() == part.predicted.to_numpy())
                    for labels, (_, part) in zip(answers[model][2], said)]
            same = f"{100 * np.mean(np.concatenate(hits)):.2f} %"
        print(f"| {model} | {mine:.3f} | {peer:.3f} | {mine / peer:.2f} | {mine_f1:.2f} | {peer_f1:.2f} "
              f"| {mine_f1 - peer_f1:+.2f} | {same} |", flush=True)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"\nMost memory of a `bench` process so far: {peak:.0f} MiB resident.")


def over_draws(args, name, table, folder):
    """Boosting on folds drawn anew, as often as there are seeds."""
    ours = Ours(args, table, folder)
    differences = []
    for seed in range(args.seeds):
        board, out = ours.run(["boosting"], args.protocol, seed)
        folds = list(parts_of(table, pd.read_csv(ours.export(out, "split"))))
        peer = theirs(PEERS["boosting"], folds, 0)[1]
        differences.append((100 * board["leaderboard"][0]["macro_f1"], peer))
    mine, peer = np.mean(differences, axis=0)
    spread = np.std([a - b for a, b in differences], ddof=1)
    print(f"| {name} | {mine:.2f} | {peer:.2f} | {mine - peer:+.2f} | {spread:.2f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="folder with features_30_sec.csv and features_10_sec.csv")
    parser.add_argument("--tables", default="30,10,full", type=lambda text: text.split(","))
    parser.add_argument("--protocol", default="track", choices=["segment", "track", "artist"])
    parser.add_argument("--repeats", default=3, type=int)
    parser.add_argument("--seeds", default=10, type=int)
    parser.add_argument("--models", default=[], type=lambda text: text.split(","))
    parser.add_argument("--bench", default="target/release/bench")
    args = parser.parse_args()

    here = pathlib.Path(__file__).parent
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=here, capture_output=True, text=True).stdout.strip()
    processor = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    print("# Classical models beside scikit-learn\n")
    print(f"`benches/against_sklearn.py GTZAN --tables {','.join(args.tables)} --protocol {args.protocol} "
          f"--repeats {args.repeats} --seeds {args.seeds}` at commit {commit}.\n")
    print(f"{processor}, {CORES} cores, {memory:.0f} GiB, {platform.system()}; Python {platform.python_version()}, "
          f"scikit-learn {sklearn.__version__}, numpy {np.__version__}.")
    print("Seconds: fit and predict, all folds, least of "
          f"{args.repeats} repeats. `labels`: tested examples labelled the same; ΔF1 in points of 100.")
    with tempfile.TemporaryDirectory() as folder:
        for name in args.tables:
            if name == "full":
                table = pathlib.Path(folder, "full.csv")
                full_size(pathlib.Path(args.data, "features_10_sec.csv")).to_csv(table, index=False)
            else:
                table = pathlib.Path(args.data, f"features_{name}_sec.csv")
            runs = pathlib.Path(folder, f"runs_{name}")
            runs.mkdir()
            compare(args, name, table, runs)
        if "boosting" in (args.models or PEERS) and args.protocol != "artist":
            print(f"\n## boosting, mean over {args.seeds} draws of the folds\n")
            print("| table | ours F1 | scikit-learn F1 | ΔF1 | standard deviation of ΔF1 |\n|---|---:|---:|---:|---:|")
            for name in args.tables:
                if name != "full":  # half an hour of scikit-learn
                    table = pathlib.Path(args.data, f"features_{name}_sec.csv")
                    over_draws(args, name, table, pathlib.Path(folder, f"runs_{name}"))


if __name__ == "__main__":
    main()
