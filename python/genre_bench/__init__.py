"""Results of `bench` as data frames, and reports inline in notebooks.

>>> import genre_bench
>>> run = genre_bench.load("last")
>>> run.leaderboard      # a row a model
>>> run.predictions      # a row a model, fold and tested example
>>> run.splits           # who trained and who was tested
>>> run                  # in a notebook: the report
"""

from .results import BenchError, Results, load

__all__ = ["BenchError", "Results", "load"]
__version__ = "0.1.0"
