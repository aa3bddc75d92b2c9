"""Stored runs, as the program `bench` exports them."""

import html
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cached_property

FRAMES = ("polars", "pandas", "pyarrow")


class BenchError(RuntimeError):
    """What `bench` said where it refused."""


def load(run="last", out="runs", frames=None, bench=None):
    """A stored run.

    run     its name, the start of it, or `last`
    out     the folder of stored runs
    frames  what tables come as: `polars`, `pandas` or `pyarrow`; the first that is installed without it
    bench   the program; without it the variable GENRE_BENCH names it, or it is beside this Python, or on PATH

    Raises BenchError where there is no such run.
    """
    results = Results(run, out, frames or first_installed(), bench or program())
    # Now, rather than when somebody looks at it.
    results.leaderboard  # noqa: B018
    return results


class Results:
    """A stored run: each table is read when it is first asked for."""

    def __init__(self, run, out, frames, bench):
        if frames not in FRAMES:
            raise ValueError(f"frames: expected one of {', '.join(FRAMES)}, not {frames!r}")
        self.run, self.out, self.frames, self.bench = run, os.fspath(out), frames, os.fspath(bench)

    @cached_property
    def leaderboard(self):
        """A row a model: scores with intervals, seconds, memory."""
        return self.table("leaderboard")

    @cached_property
    def predictions(self):
        """A row a model, fold and tested example: truth, prediction, a score a class."""
        return self.table("predictions")

    @cached_property
    def splits(self):
        """A row an example and fold: who trained and who was tested."""
        return self.table("split")

    def table(self, name):
        """Any table of `bench export --table NAME`."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "table.arrow")
            self._bench("export", self.run, "--table", name, "--out", self.out, "--output", path)
            return frame(path, self.frames)

    def report(self):
        """The page of `bench report`, as text."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "report.html")
            self._bench("report", self.run, "--out", self.out, "--output", path)
            with open(path, encoding="utf-8") as file:
                return file.read()

    def _bench(self, *arguments):
        try:
            ended = subprocess.run([self.bench, *arguments], capture_output=True, text=True)
        except OSError as error:
            raise BenchError(f"{self.bench} cannot be started: {error}; GENRE_BENCH names another") from error
        # 1: something of the run is missing, and the rest is there.
        if ended.returncode not in (0, 1):
            raise BenchError(ended.stderr.strip())

    def __repr__(self):
        return f"<run {self.run} in {self.out}: {len(self.leaderboard)} models>"

    def _repr_html_(self):
        # A page of its own: its styles are not for the notebook, and nothing of the notebook is for it.
        page = html.escape(self.report(), quote=True)
        return f'<iframe srcdoc="{page}" sandbox="allow-scripts" style="width:100%;height:40em;border:0"></iframe>'


def frame(path, kind):
    import pyarrow

    with pyarrow.OSFile(path) as file:
        table = pyarrow.ipc.open_file(file).read_all()
    if kind == "polars":
        import polars

        return polars.from_arrow(table)
    return table.to_pandas() if kind == "pandas" else table


def first_installed():
    import importlib.util

    return next(name for name in FRAMES if name == "pyarrow" or importlib.util.find_spec(name))


def program():
    """The program `bench`."""
    if named := os.environ.get("GENRE_BENCH"):
        return named
    beside = os.path.join(os.path.dirname(sys.executable), "bench")
    return beside if os.access(beside, os.X_OK) else shutil.which("bench") or "bench"
