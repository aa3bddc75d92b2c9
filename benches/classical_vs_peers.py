#!/usr/bin/env python3
"""Classical models beside the fastest a Python user could run instead: scikit-learn, scikit-learn-intelex (oneDAL) and LightGBM.

Needs: pip install scikit-learn scikit-learn-intelex lightgbm pandas, and
       cargo build --release -p genre-bench-classical --examples
Usage: classical_vs_peers.py DATA [--tables 10,full,large,wide] [--models forest,…] [--peers intelex,…] [--rounds 5]
                             [--seeds 1] [--limit 120] [--threads N] [--folds target/release/examples/folds]

DATA is a folder with features_10_sec.csv; the table `full` is made from it as `against_sklearn.py` says, 9990 rows. `large` is the same
with a hundred copies, 100,000 rows; `wide` is `full` as 1024 columns, as of an encoder: random mixtures of its columns, bent by tanh,
with noise. Five folds, recordings kept together, the same for all; of `large` and `wide` the first fold alone is tested.

Each program is a process of its own, and they take turns: seconds are fit plus predict of all folds, the least of all rounds; the
second ratio is that of the seconds that processors worked, which says more on a machine that does other things, too. MiB is the most
memory that fit and predict took on top of what was held before them (Linux). Macro-F1 in %, the mean over folds, the mean over seeds
of rounds: round r has seed r modulo SEEDS. What takes longer than LIMIT seconds is ended and reported so.
"""
import argparse, os, select, subprocess, sys, tempfile, time, warnings
import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")


def peers(kind, threads, seed):
    """What a user would write, by model; LightGBM is a program of its own here, with boosting alone."""
    from sklearn import discriminant_analysis as da, ensemble, linear_model, naive_bayes, neighbors, svm, tree
    if kind == "lightgbm":
        import lightgbm
        return {"boosting": lambda: lightgbm.LGBMClassifier(n_jobs=threads, verbose=-1, random_state=seed)}
    both = {"svm": svm.SVC, "svm-c10": lambda: svm.SVC(C=10),
            "knn-1": lambda: neighbors.KNeighborsClassifier(1), "knn-5": neighbors.KNeighborsClassifier,
            "forest": lambda: ensemble.RandomForestClassifier(n_jobs=threads, random_state=seed),
            "extra-trees": lambda: ensemble.ExtraTreesClassifier(n_jobs=threads, random_state=seed),
            "logistic": lambda: linear_model.LogisticRegression(max_iter=2000), "ridge": linear_model.RidgeClassifier,
            "lda": da.LinearDiscriminantAnalysis, "naive-bayes": naive_bayes.GaussianNB,
            "decision-tree": lambda: tree.DecisionTreeClassifier(random_state=seed)}
    if kind == "sklearn":
        both["boosting"] = lambda: ensemble.HistGradientBoostingClassifier(random_state=seed)
    return both


def memory(what):
    """MiB that this process holds (VmRSS) or held at most (VmHWM); 0 where there is no such file."""
    if not os.path.exists("/proc/self/status"):
        return 0.0
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(what))


def worker(kind, file, threads, name):
    """Says that it is ready, and then answers every seed read with seconds, those of processors, MiB and macro-F1."""
    if kind == "intelex":
        import sklearnex
        sklearnex.patch_sklearn(verbose=False)
    from sklearn.metrics import f1_score
    from sklearn.preprocessing import StandardScaler
    rows = np.load(file + ".npy")
    fold, y, X = rows[:, 0].astype(int), rows[:, 1].astype(int), rows[:, 2:]
    parts = []
    for number in range(fold.max() + 1):
        scale = StandardScaler().fit(X[fold != number])
        parts.append((scale.transform(X[fold != number]), y[fold != number], scale.transform(X[fold == number]), y[fold == number]))
    del rows, X
    known = name in peers(kind, threads, 0)
    print("ready" if known else "-", flush=True)
    for seed in sys.stdin if known else []:
        seconds, busy, f1 = 0.0, 0.0, []
        if os.path.exists("/proc/self/clear_refs"):
            with open("/proc/self/clear_refs", "w") as peak:
                peak.write("5")  # from here on the most memory counts anew
        held = memory("VmRSS")
        for train, truth, test, test_truth in parts:
            start, before = time.perf_counter(), time.process_time()
            guess = peers(kind, threads, int(seed))[name]().fit(train, truth).predict(test)
            seconds += time.perf_counter() - start
            busy += time.process_time() - before
            f1.append(f1_score(test_truth, guess, average="macro"))
        print(seconds, busy, max(memory("VmHWM") - held, 0), 100 * np.mean(f1), flush=True)


def table_of(data, name):
    """Features, labels and recordings of a table."""
    from against_sklearn import full_size
    source = os.path.join(data, "features_10_sec.csv")
    table = {"10": lambda: pd.read_csv(source), "large": lambda: full_size(source, 100, 100_000)}.get(name, lambda: full_size(source))()
    X = table.drop(columns=[c for c in ("filename", "length", "label") if c in table]).to_numpy()
    if name == "wide":
        random = np.random.default_rng(0)
        X = np.tanh((X - X.mean(0)) / X.std(0) @ random.normal(size=(X.shape[1], 1024)) / np.sqrt(X.shape[1]))
        X += 0.3 * random.normal(size=X.shape)
    return X, table.label, table.filename.str.extract(r"^(\w+\.\d+)")[0].to_numpy()


def folds_of(data, name, file):
    """Writes a table's rows as fold, class, features, for us as text. Rows of fold -1 are in every training part."""
    from sklearn.model_selection import StratifiedGroupKFold
    X, label, group = table_of(data, name)
    y = np.unique(label, return_inverse=True)[1]
    fold = np.full(len(y), -1)
    for number, (_, test) in enumerate(StratifiedGroupKFold(5, shuffle=True, random_state=0).split(X, y, group)):
        if number == 0 or name not in ("large", "wide"):
            fold[test] = number
    rows = np.column_stack([fold, y, X])
    np.save(file + ".npy", rows)
    np.savetxt(file, rows, delimiter=",", fmt="%.9g")
    return X.shape


class Program:
    """A program with one model: asked for seeds, it answers with four numbers, or with nothing where it has no such model or took too long."""

    def __init__(self, args, kind, file, model):
        self.args, self.kind, self.file, self.model = args, kind, file, model
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
        self.late, self.process = False, None
        if kind != "ours":
            command = [sys.executable, __file__, "--worker", kind, file, str(args.threads), model]
            self.process = subprocess.Popen(command, env=self.env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self.knows = self.process.stdout.readline().strip() == "ready"
        else:
            self.knows = True

    def ask(self, seed):
        if not self.knows or self.late:
            return None
        if self.kind == "ours":
            env = {**self.env, "RAYON_NUM_THREADS": str(self.args.threads)}
            command = [self.args.folds, self.file, f"{self.model}:{seed}"]
            try:
                answer = subprocess.run(command, env=env, check=True, capture_output=True, text=True, timeout=self.args.limit + 30).stdout
                return tuple(map(float, answer.split()[1:]))
            except subprocess.TimeoutExpired:
                self.late = True
                return None
        print(seed, file=self.process.stdin, flush=True)
        if not select.select([self.process.stdout], [], [], self.args.limit)[0]:
            self.late = True
            self.process.kill()
            return None
        return tuple(map(float, self.process.stdout.readline().split()))

    def end(self):
        if self.process:
            self.process.stdin.close()
            self.process.wait()


def compare(args, name, file):
    rows, columns = folds_of(args.data, name, file)
    kinds = ["ours", *args.peers]
    print(f"\n## {name}: {rows} × {columns}, {args.threads} threads, least of {args.rounds} rounds\n")
    print("| model | " + " | ".join(f"{kind} s" for kind in kinds) + " | ratio to the best | of work | "
          + " | ".join(f"{kind} MiB" for kind in kinds) + " | ours F1 | their F1 |")
    print("|---|" + "---:|" * (2 * len(kinds) + 4), flush=True)
    for model in args.models:
        programs = {kind: Program(args, kind, file, model) for kind in kinds}
        answers = {kind: [] for kind in kinds}
        for number in range(args.rounds):
            for kind, program in programs.items():
                answers[kind].append(program.ask(number % args.seeds))
        # By program: seconds, seconds of processors, MiB, macro-F1.
        told = {kind: list(zip(*of_kind)) for kind, of_kind in answers.items() if None not in of_kind}
        least = {kind: [min(a), min(b), max(c), np.mean(d[: args.seeds])] for kind, (a, b, c, d) in told.items()}

        def cell(kind, at, form):
            return format(least[kind][at], form) if kind in least else f"> {args.limit}" if programs[kind].late and at == 0 else ""

        theirs = [least[kind] for kind in args.peers if kind in least]
        best, ours = min(theirs, default=None), least.get("ours")
        cells = [cell(kind, 0, ".3f") for kind in kinds]
        ratios = [ours[at] / min(row[at] for row in theirs) for at in (0, 1)] if theirs and "ours" in least else []
        cells += [f"{ratio:.2f}" for ratio in ratios] or ["", ""]
        cells += [cell(kind, 2, ".0f") for kind in kinds]
        cells += [cell("ours", 3, ".2f"), f"{best[3]:.2f}" if best else ""]
        print(f"| {model} | " + " | ".join(cells) + " |", flush=True)
        for program in programs.values():
            program.end()


def main():
    if sys.argv[1:2] == ["--worker"]:
        return worker(sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="folder with features_10_sec.csv")
    parser.add_argument("--tables", default="10,full", type=lambda text: text.split(","))
    parser.add_argument("--models", default="forest,extra-trees,decision-tree,boosting,knn-1,knn-5,naive-bayes,svm,svm-c10,logistic,ridge,lda",
                        type=lambda text: text.split(","))
    parser.add_argument("--peers", default="sklearn,intelex,lightgbm", type=lambda text: text.split(",") if text else [])
    parser.add_argument("--rounds", default=5, type=int)
    parser.add_argument("--seeds", default=1, type=int)
    parser.add_argument("--limit", default=120, type=int)
    parser.add_argument("--threads", default=len(os.sched_getaffinity(0)), type=int)
    parser.add_argument("--folds", default="target/release/examples/folds")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name in args.tables:
            compare(args, name, os.path.join(folder, f"{name}.csv"))


if __name__ == "__main__":
    main()
