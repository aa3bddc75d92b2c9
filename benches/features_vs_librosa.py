#!/usr/bin/env python3
"""Times `bench features` against a reference extractor that uses librosa, and compares their numbers.

Usage: features_vs_librosa.py BENCH REFERENCE.py DIR [SECONDS ...]      SECONDS are 30 and 3

BENCH is the built program. REFERENCE.py is called as `REFERENCE.py OUT.csv SECONDS FILES...` by this Python, which
needs librosa 0.11.0, pandas and soundfile (with numpy 2.2.6, scipy 1.15.3 and numba 0.61.2 when last run).
Both run as whole processes, the files in the page cache; ours without its cache of features, three times, of which the
best counts, and the reference once after a first run on one file that compiles its functions. Files that ours cannot
read are left out for both.
"""
import json, os, pathlib, resource, subprocess, sys, tempfile, time
import pandas as pd


def timed(command):
    """Wall seconds, CPU seconds of all its processes, and peak bytes of the largest process so far."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, 1024 * after.ru_maxrss, done.stdout


def compare(ours, theirs):
    """Largest distance of each column, in units of the column's standard deviation."""
    ours, theirs = (pd.read_csv(path).set_index("filename") for path in (ours, theirs))
    assert set(ours.index) == set(theirs.index), "not the same rows"
    columns = [name for name in ours if name not in ("length", "label")]
    distance = (ours.loc[theirs.index, columns] - theirs[columns]).abs() / theirs[columns].std(ddof=0)
    return len(ours), distance.max().sort_values(ascending=False)


def main():
    bench, reference, folder, *lengths = sys.argv[1:]
    work = pathlib.Path(tempfile.mkdtemp())
    report = subprocess.run(
        [bench, "features", folder, "-o", work / "first.csv", "--json", "--no-cache"], stdout=subprocess.PIPE
    )
    faulty = {fault["file"] for fault in json.loads(report.stdout)["faults"]}
    files = [str(path) for path in sorted(pathlib.Path(folder).rglob("*.wav")) if str(path) not in faulty]
    print(f"{len(files)} files, {os.cpu_count()} processors")
    theirs = work / "theirs.csv"
    peer = [sys.executable, reference, str(theirs)]
    lengths = lengths or ["30", "3"]
    # Ours first: the peak of memory is that of the largest process so far.
    best = {
        seconds: min(
            timed([bench, "features", *files, "--seconds", seconds, "-o", work / f"ours{seconds}.csv", "-q", "--no-cache"])
            for _ in range(3)
        )
        for seconds in lengths
    }
    for seconds in lengths:
        timed([*peer, seconds, files[0]])
        wall, cpu, memory, _ = best[seconds]
        peer_wall, peer_cpu, _, _ = timed([*peer, seconds, *files])
        rows, distance = compare(work / f"ours{seconds}.csv", theirs)
        print(f"\n{seconds} s: {rows} rows")
        print(f"  ours      {wall:8.2f} s, {cpu:8.1f} CPU s, {memory / 2**20:.0f} MiB at most")
        print(f"  reference {peer_wall:8.2f} s, {peer_cpu:8.1f} CPU s")
        print(f"  ratio     {peer_wall / wall:8.1f}     {peer_cpu / cpu:8.1f}")
        print("  largest distance of each column, in standard deviations:")
        for name, value in distance.items():
            print(f"    {name:26} {value:.1e}")


if __name__ == "__main__":
    main()
