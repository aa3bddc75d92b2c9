#!/usr/bin/env python3
"""Kills `bench` at random moments, starts it again, and compares what comes out with an undisturbed run.

    scripts/kills.py --kills 1000 --seed 0 --bench target/release/bench

Each job is one command on small made-up data. It is started again after every kill (SIGKILL mostly, some SIGINT and
SIGTERM) until it has had a few, and then left alone: its scores and files must be those of the undisturbed run, nothing may
be called damaged, and no file may ever stand under its name half-written. Only Python's standard library is used.
"""

import argparse
import collections
import concurrent.futures
import functools
import http.server
import json
import math
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import wave
import zipfile

GENRES = "blues classical country disco hiphop jazz metal pop reggae rock".split()
MEASURED = {"fit_seconds", "predict_seconds", "peak_bytes", "seconds", "bytes_per_second"}
SIGNALS = [signal.SIGKILL] * 7 + [signal.SIGINT, signal.SIGTERM]


def table(genres, tracks, segments, seed):
    """A feature table that a classifier can learn from."""
    rng = random.Random(seed)
    lines = ["filename,length,tempo,rms_mean,mfcc1_mean,mfcc1_var,label"]
    for number, genre in enumerate(genres):
        for track in range(tracks):
            x = number + 2 * rng.random()
            for segment in range(segments):
                name = f"{genre}.{track:05}" + (f".{segment}" if segments > 1 else "") + ".wav"
                values = [x + rng.random(), -x + rng.random(), rng.random(), x * rng.random()]
                lines.append(",".join([name, str(661500 // segments), *map(repr, values), genre]))
    return "\n".join(lines) + "\n"


def tone(path, hz, seconds):
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = (
        int(12000 * (1 - (2 * i / 22050) % 1) * math.sin(2 * math.pi * hz * i / 22050))
        for i in range(int(22050 * seconds))
    )
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(22050)
        out.writeframes(b"".join(struct.pack("<h", s) for s in samples))


def make_data(folder):
    (folder / "t.csv").write_text(table(GENRES[:3], 16, 2, 1))
    (folder / "figures").mkdir()
    (folder / "figures/features_30_sec.csv").write_text(table(GENRES, 10, 1, 2))
    (folder / "figures/features_3_sec.csv").write_text(table(GENRES, 10, 10, 2))
    for number, genre in enumerate(GENRES[:3]):
        for track in range(4):
            tone(folder / f"music/{genre}/{genre}.{track:05}.wav", 150 * (number + 1) + 10 * track, 10)
    rng = random.Random(3)
    with zipfile.ZipFile(folder / "gtzan.zip", "w") as archive:
        archive.writestr("Data/features_30_sec.csv", "filename,tempo,label\n")
        for genre in GENRES:
            for track in range(20):
                archive.writestr(f"Data/genres_original/{genre}/{genre}.{track:05}.wav", rng.randbytes(100000))
    (folder / "e.toml").write_text(
        'models = ["svm", "lda", "knn-1", "logistic"]\n[data]\npath = "t.csv"\n[split]\nprotocol = ["segment", "track"]\nfolds = 3\n'
    )


def without_measured(value):
    if isinstance(value, dict):
        return {k: without_measured(v) for k, v in value.items() if k not in MEASURED}
    return [without_measured(v) for v in value] if isinstance(value, list) else value


class Job:
    """A command, and what it leaves: JSON on standard output, files, and a store."""

    def __init__(self, name, words, files=(), store=False, before=(), after=()):
        self.name, self.words, self.files, self.store = name, words, files, store
        self.before, self.after = before, after


JOBS = [
    Job("features", "features music --seconds 1 -o out.csv --cache kept --jobs 2", ["out.csv"]),
    Job("features --mel", "features music --seconds 1 --mel out.npz --no-cache --jobs 2", ["out.npz"]),
    Job("all", "all --data t.csv --models svm,forest,lda,knn-1,logistic --set forest.trees=20 --folds 5 --json", store=True),
    Job(
        "all, networks",
        "all --data music --segment 5 --models ann-table,cnn-5block,lstm-64x2,mlfi --folds 2 --cache kept --json --jobs 2"
        " --set ann-table.epochs=5 --set cnn-5block.epochs=5 --set lstm-64x2.epochs=5 --set mlfi.epochs=5",
        store=True,
    ),
    Job("all --calibrate", "all --data t.csv --models svm,lda --holdout 60/20/20 --repeats 4 --calibrate platt --json", store=True),
    Job("tune", "tune svm --data t.csv --folds 3 --grid c=0.1,1,10 --grid gamma=0.01,0.1,1 --json", store=True),
    Job("ablate", "ablate --data t.csv --models svm-c10,lda --folds 4 --leave-out mfcc=mfcc* --leave-out tempo=tempo --json", store=True),
    Job("run FILE", "run e.toml --json", store=True),
    Job("reproduce", "reproduce svm knn-1 --data figures --json", store=True),
    Job("data fetch FILE", "data fetch gtzan --from gtzan.zip --to fetched --json", ["fetched"]),
    Job("data fetch URL", "data fetch gtzan --from {address} --to fetched --json", ["fetched"]),
    Job("data audit", "data audit music -o out.json --quiet", ["out.json"]),
    Job(
        "export",
        "export last -o out.parquet --table predictions",
        ["out.parquet"],
        before=["all --data t.csv --models svm,lda --folds 3 --quiet"],
    ),
    Job(
        "cache clear",
        "cache clear --cache kept",
        before=["features music --seconds 1 -o out.csv --cache kept --quiet"],
        after=["cache info --cache kept --json", "features music --seconds 1 -o out.csv --cache kept --quiet"],
    ),
]


def digest(path):
    """Content of a file, or of all files of a folder."""
    if path.is_dir():
        return {str(p.relative_to(path)): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()}
    return path.read_bytes() if path.exists() else None


class Trial:
    """One job in a folder of its own."""

    def __init__(self, job, bench, data, address):
        self.job, self.bench, self.address = job, bench, address
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kills-"))
        for path in data.iterdir():
            (self.folder / path.name).symlink_to(path)
        self.check = []
        for words in job.before:
            self.command(words)

    def start(self, words, **pipes):
        words = words.format(address=self.address).split()
        return subprocess.Popen([self.bench, *words], cwd=self.folder, stdin=subprocess.DEVNULL, **pipes)

    def command(self, words):
        """Runs it to its end; what it printed without what is measured."""
        child = self.start(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = child.communicate()
        if child.returncode != 0:
            self.check.append(f"`{words}` ended with {child.returncode}: {err.decode()[-500:]}")
        if b"warning" in err or b"damaged" in err:
            self.check.append(f"`{words}` said {err.decode()[-500:]}")
        try:
            return without_measured(json.loads(out))
        except ValueError:
            return out

    def kill(self, rng, usual):
        """Kills it at a random moment; false if it had ended before."""
        child = self.start(self.job.words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            child.wait(rng.random() * usual)
            return False
        except subprocess.TimeoutExpired:
            child.send_signal(rng.choice(SIGNALS))
            status = child.wait()
        # Stopped by Ctrl-C it says so by 130; it may also have been over by then.
        if status not in (0, 130, -signal.SIGKILL, -signal.SIGINT, -signal.SIGTERM):
            self.check.append(f"killed, it ended with {status}")
        return True

    def result(self):
        """Everything that must not depend on kills."""
        # A fetch that was killed after its folder was there, whole, refuses to make it again.
        is_over = "fetch" in self.job.name and (self.folder / "fetched").exists()
        result = {"printed": None if is_over else self.command(self.job.words)}
        # How much was downloaded or deleted depends on what was there.
        if "fetch" in self.job.name or "clear" in self.job.name:
            result["printed"] = None
        for words in self.job.after:
            result[words] = self.command(words)
        if self.job.store:
            result["show"] = self.command("show last --json")
            result["export"] = self.command("export last --table predictions")
            result["experiment"] = self.command("show last --experiment")
            result["list"] = self.command("list runs --json")
            result["cells"] = sorted(p.name for p in self.folder.glob("runs/cells/*.json"))
        for name in self.job.files:
            result[name] = digest(self.folder / name)
        aside = [str(p) for p in self.folder.rglob("*.damaged-*")]
        if aside:
            self.check.append(f"set aside: {aside}")
        return result

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def undisturbed(job, bench, data, address):
    """What comes out, and how long it takes."""
    trial = Trial(job, bench, data, address)
    start = time.monotonic()
    trial.command(job.words)
    seconds = time.monotonic() - start
    trial.remove()
    trial = Trial(job, bench, data, address)
    expected = trial.result()
    if trial.check:
        sys.exit(f"{job.name} fails undisturbed: {trial.check}")
    trial.remove()
    return expected, seconds


def disturbed(job, bench, data, address, expected, usual, rng):
    """Kills of one job, and what was wrong."""
    trial, kills = Trial(job, bench, data, address), 0
    for _ in range(rng.randint(2, 8)):
        if not trial.kill(rng, usual):
            break
        kills += 1
        for name in job.files:
            there = digest(trial.folder / name)
            if there not in (None, {}, expected[name]):
                trial.check.append(f"{name} stands there, but it is not whole")
    found = trial.result()
    wrong = trial.check + [f"{key} differs" for key in expected if found[key] != expected[key]]
    if wrong:
        print(f"MISMATCH {job.name}, in {trial.folder}: {wrong}", flush=True)
    else:
        trial.remove()
    return kills, wrong


def serve(folder):
    quiet = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(quiet, directory=str(folder)))
    server.handle_error = lambda *_: None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/gtzan.zip"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--bench", default="target/release/bench", type=lambda p: str(pathlib.Path(p).resolve()))
    parser.add_argument("--minutes", type=float, default=math.inf, help="end after so long, however many kills there were")
    parser.add_argument("--at-once", type=int, default=1, help="jobs at a time")
    parser.add_argument("--only", help="jobs whose names contain this")
    args = parser.parse_args()
    data = pathlib.Path(tempfile.mkdtemp(prefix="kills-data-"))
    make_data(data)
    address, rng = serve(data), random.Random(args.seed)
    jobs = [job for job in JOBS if not args.only or args.only in job.name]
    known = {}
    for job in jobs:
        known[job.name] = undisturbed(job, args.bench, data, address)
        print(f"{job.name}: {known[job.name][1]:.2f} s undisturbed", flush=True)
    start, told = time.monotonic(), 0
    kills, trials, mismatches = collections.Counter(), collections.Counter(), collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(args.at_once) as pool:
        while sum(kills.values()) < args.kills and time.monotonic() - start < 60 * args.minutes:
            if sum(kills.values()) >= told + 50:
                told = sum(kills.values())
                print(f"{told} kills in {time.monotonic() - start:.0f} s", flush=True)
            # The job with the fewest kills, so that all have about as many.
            batch = sorted(jobs, key=lambda job: kills[job.name])[: max(args.at_once, 1)]
            seeds = [random.Random(rng.random()) for _ in batch]
            done = pool.map(lambda j, r: disturbed(j, args.bench, data, address, *known[j.name], r), batch, seeds)
            for job, (killed, wrong) in zip(batch, done):
                kills[job.name] += killed
                trials[job.name] += 1
                mismatches[job.name] += bool(wrong)
    print(f"{'command':<18} {'kills':>6} {'trials':>7} {'mismatches':>11}")
    for job in jobs:
        print(f"{job.name:<18} {kills[job.name]:>6} {trials[job.name]:>7} {mismatches[job.name]:>11}")
    print(f"{'all':<18} {sum(kills.values()):>6} {sum(trials.values()):>7} {sum(mismatches.values()):>11}")
    shutil.rmtree(data)
    return 1 if sum(mismatches.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
