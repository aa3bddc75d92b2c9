#!/usr/bin/env python3
"""Classical models beside the fastest a Python user could run instead: scikit-learn, scikit-learn-intelex (oneDAL) and LightGBM.

Needs: pip install scikit-learn scikit-learn-intelex lightgbm pandas, and
       cargo build --release -p genre-bench-classical --examples
Usage: classical_vs_peers.py DATA [--tables 10,full] [--models forest,…] [--peers intelex,…] [--rounds 5] [--threads N]
                             [--folds target/release/examples/folds]

DATA is a folder with features_10_sec.csv; the table `full` is made from it as `against_sklearn.py` says, 9990 rows. Five folds,
recordings kept together, the same for all. Each program is a process of its own, and they take turns: seconds are fit plus predict
of all folds, the least of all rounds; the second ratio is that of the seconds that processors worked, which says more on a machine that
does other things, too. Macro-F1 in %, the mean over folds, of seed 0.
"""
import argparse, os, subprocess, sys, tempfile, time, warnings
import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")


def peers(kind, threads):
    """What a user would write, by model; LightGBM is a program of its own here, with boosting alone."""
    from sklearn import discriminant_analysis as da, ensemble, linear_model, naive_bayes, neighbors, svm, tree
    if kind == "lightgbm":
        import lightgbm
        return {"boosting": lambda: lightgbm.LGBMClassifier(n_jobs=threads, verbose=-1, random_state=0)}
    both = {"svm": svm.SVC, "svm-c10": lambda: svm.SVC(C=10),
            "knn-1": lambda: neighbors.KNeighborsClassifier(1), "knn-5": neighbors.KNeighborsClassifier,
            "forest": lambda: ensemble.RandomForestClassifier(n_jobs=threads, random_state=0),
            "extra-trees": lambda: ensemble.ExtraTreesClassifier(n_jobs=threads, random_state=0),
            "logistic": lambda: linear_model.LogisticRegression(max_iter=2000), "ridge": linear_model.RidgeClassifier,
            "lda": da.LinearDiscriminantAnalysis, "naive-bayes": naive_bayes.GaussianNB,
            "decision-tree": lambda: tree.DecisionTreeClassifier(random_state=0)}
    if kind == "sklearn":
        both["boosting"] = lambda: ensemble.HistGradientBoostingClassifier(random_state=0)
    return both


def worker(kind, file, threads):
    """Answers every name of a model read with its seconds and macro-F1, or with a dash."""
    if kind == "intelex":
        import sklearnex
        sklearnex.patch_sklearn(verbose=False)
    from sklearn.metrics import f1_score
    from sklearn.preprocessing import StandardScaler
    rows = np.loadtxt(file, delimiter=",")
    fold, y, X = rows[:, 0].astype(int), rows[:, 1].astype(int), rows[:, 2:]
    parts = []
    for number in range(fold.max() + 1):
        scale = StandardScaler().fit(X[fold != number])
        parts.append((scale.transform(X[fold != number]), y[fold != number], scale.transform(X[fold == number]), y[fold == number]))
    make = peers(kind, threads)
    for name in map(str.strip, sys.stdin):
        if name not in make:
            print("-", flush=True)
            continue
        seconds, busy, f1 = 0.0, 0.0, []
        for train, truth, test, test_truth in parts:
            start, before = time.perf_counter(), time.process_time()
            guess = make[name]().fit(train, truth).predict(test)
            seconds += time.perf_counter() - start
            busy += time.process_time() - before
            f1.append(f1_score(test_truth, guess, average="macro"))
        print(seconds, busy, 100 * np.mean(f1), flush=True)


def folds_of(data, name, file):
    """Writes a table's rows as fold, class, features."""
    from sklearn.model_selection import StratifiedGroupKFold
    from against_sklearn import full_size
    source = os.path.join(data, "features_10_sec.csv")
    table = full_size(source) if name == "full" else pd.read_csv(source)
    X = table.drop(columns=[c for c in ("filename", "length", "label") if c in table]).to_numpy()
    y, group = np.unique(table.label, return_inverse=True)[1], table.filename.str.extract(r"^(\w+\.\d+)")[0].to_numpy()
    fold = np.empty(len(y))
    for number, (_, test) in enumerate(StratifiedGroupKFold(5, shuffle=True, random_state=0).split(X, y, group)):
        fold[test] = number
    np.savetxt(file, np.column_stack([fold, y, X]), delimiter=",", fmt="%.9g")
    return X.shape


def compare(args, name, file):
    rows, columns = folds_of(args.data, name, file)
    kinds = args.peers
    env = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
    run = {kind: subprocess.Popen([sys.executable, __file__, "--worker", kind, file, str(args.threads)], env=env, text=True,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE) for kind in kinds}

    def ask(kind, model):
        if kind == "ours":
            environment = {**env, "RAYON_NUM_THREADS": str(args.threads)}
            answer = subprocess.run([args.folds, file, model], env=environment, check=True, capture_output=True, text=True).stdout.split()[1:]
        else:
            run[kind].stdin.write(model + "\n")
            run[kind].stdin.flush()
            answer = run[kind].stdout.readline().split()
        return None if answer == ["-"] else tuple(map(float, answer))

    print(f"\n## {name}: {rows} × {columns}, {args.threads} threads, least of {args.rounds} rounds\n")
    print("| model | ours s | " + " | ".join(f"{kind} s" for kind in kinds) + " | ratio to the best | of work | ours F1 | their F1 |")
    print("|---|" + "---:|" * (len(kinds) + 5), flush=True)
    for model in args.models:
        answers = {kind: [] for kind in ["ours", *kinds]}
        for _ in range(args.rounds):
            for kind, all_of_kind in answers.items():
                all_of_kind.append(ask(kind, model))
        # By program: seconds, seconds of processors, macro-F1.
        least = {kind: [min(column) for column in zip(*of_kind)] for kind, of_kind in answers.items() if of_kind[0] is not None}
        best = min(least[kind] for kind in least if kind != "ours")
        busy = min(least[kind][1] for kind in least if kind != "ours")
        cells = [f"{least[kind][0]:.3f}" if kind in least else "" for kind in ["ours", *kinds]]
        cells += [f"{least['ours'][0] / best[0]:.2f}", f"{least['ours'][1] / busy:.2f}", f"{least['ours'][2]:.2f}", f"{best[2]:.2f}"]
        print(f"| {model} | " + " | ".join(cells) + " |", flush=True)
    for process in run.values():
        process.stdin.close()
        process.wait()


def main():
    if sys.argv[1:2] == ["--worker"]:
        return worker(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="folder with features_10_sec.csv")
    parser.add_argument("--tables", default="10,full", type=lambda text: text.split(","))
    parser.add_argument("--models", default="forest,extra-trees,decision-tree,boosting,knn-1,knn-5,naive-bayes,svm,svm-c10,logistic,ridge,lda",
                        type=lambda text: text.split(","))
    parser.add_argument("--peers", default="sklearn,intelex,lightgbm", type=lambda text: text.split(","))
    parser.add_argument("--rounds", default=5, type=int)
    parser.add_argument("--threads", default=len(os.sched_getaffinity(0)), type=int)
    parser.add_argument("--folds", default="target/release/examples/folds")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name in args.tables:
            compare(args, name, os.path.join(folder, f"{name}.csv"))


if __name__ == "__main__":
    main()
