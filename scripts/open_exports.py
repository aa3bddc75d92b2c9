"""Opens what `bench export` writes with the programs that people read it with, and checks types and values.

    python3 scripts/open_exports.py BENCH STORE RUN

needs pandas, pyarrow, polars, duckdb and mlflow from PyPI; what is missing is named and skipped. R reads CSV where it is
installed, and Parquet with its package `arrow` or `nanoparquet`. Exits with 1 if anything is not as it should be.
"""

import csv
import importlib.util
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BENCH, STORE, RUN = sys.argv[1:4]
TABLES = ["leaderboard", "per-class", "confusion", "predictions", "split", "history"]


def bench(*words):
    return subprocess.run([BENCH, *words, "--out", STORE], check=True, capture_output=True, text=True).stdout


def has(module):
    there = importlib.util.find_spec(module) is not None
    if not there:
        print(f"SKIPPED: {module} is not installed")
    return there


def kind(name):
    """Whether a column of a table is text, a number, or a flag."""
    if name.startswith("score_") or name.endswith(("_loss", "_accuracy", "_f1", "_low", "_high", "_seconds", "seconds")):
        return "number"
    if name in ("repeat", "fold", "artist", "epoch", "examples", "support"):
        return "number"
    if name in ("model", "example", "clip", "truth", "predicted", "family", "class", "part"):
        return "text"
    return None


def check_pandas(folder):
    import pandas

    for table in TABLES:
        frames = {
            "parquet": pandas.read_parquet(folder / f"{table}.parquet"),
            "arrow": pandas.read_feather(folder / f"{table}.arrow"),
        }
        for format, frame in frames.items():
            for name in frame.columns:
                is_number = pandas.api.types.is_numeric_dtype(frame[name])
                wanted = kind(name)
                # A column without any value has no type of its own in pandas.
                if wanted and frame[name].notna().any():
                    assert is_number == (wanted == "number"), (table, format, name, frame[name].dtype)
        assert frames["parquet"].equals(frames["arrow"]), table
    board = pandas.read_parquet(folder / "leaderboard.parquet").set_index("model")
    for row in json.loads(bench("show", RUN, "--json"))["leaderboard"]:
        if row.get("macro_f1") is not None:
            assert math.isclose(board.loc[row["model"], "macro_f1"], row["macro_f1"], rel_tol=1e-12), row["model"]
    predictions = pandas.read_parquet(folder / "predictions.parquet")
    scores = predictions[[name for name in predictions.columns if name.startswith("score_")]]
    best = scores.idxmax(axis=1).str.removeprefix("score_")
    assert (best == predictions["predicted"]).all()
    print(f"pandas {pandas.__version__}: {len(TABLES)} tables, {len(predictions)} predictions")


def check_pyarrow(folder):
    """Arrow's own library: that of R's package `arrow` too, which has no vectors for views of strings."""
    import pyarrow
    import pyarrow.compute
    import pyarrow.feather
    import pyarrow.parquet

    for table in TABLES:
        parquet = pyarrow.parquet.read_table(folder / f"{table}.parquet")
        assert parquet.equals(pyarrow.feather.read_table(folder / f"{table}.arrow")), table
        for column in parquet.schema:
            assert not pyarrow.types.is_string_view(column.type), (table, column)
    model = pyarrow.parquet.read_table(folder / "leaderboard.parquet")["model"][0].as_py()
    of_model = pyarrow.parquet.read_table(folder / "predictions.parquet", filters=[("model", "=", model)])
    assert pyarrow.compute.unique(of_model["model"]).to_pylist() == [model]
    print(f"pyarrow {pyarrow.__version__}: {len(TABLES)} tables, {of_model.num_rows} predictions of {model}")


def check_polars(folder):
    import polars

    for table in TABLES:
        parquet, arrow = polars.read_parquet(folder / f"{table}.parquet"), polars.read_ipc(folder / f"{table}.arrow")
        assert parquet.equals(arrow), table
        for name, dtype in parquet.schema.items():
            wanted = kind(name)
            if wanted:
                assert dtype.is_numeric() == (wanted == "number"), (table, name, dtype)
    print(f"polars {polars.__version__}: {len(TABLES)} tables")


def check_duckdb(folder):
    import duckdb

    accuracy = duckdb.sql(
        f"select model, fold, avg((truth = predicted)::int) as accuracy from '{folder}/predictions.parquet' group by all"
    )
    of_model = dict(duckdb.sql("select model, avg(accuracy) from accuracy group by model").fetchall())
    board = duckdb.sql(f"select model, accuracy from '{folder}/leaderboard.parquet' where accuracy is not null").fetchall()
    assert board and all(math.isclose(of_model[model], value, rel_tol=1e-9) for model, value in board)
    types = dict(duckdb.sql(f"describe '{folder}/predictions.parquet'").project("column_name, column_type").fetchall())
    assert types["example"] == "VARCHAR" and types["fold"] == "UBIGINT", types
    print(f"duckdb {duckdb.__version__}: accuracy of {len(board)} models counted from predictions")


def header(file):
    return next(csv.reader(file.open()))


def check_r(folder):
    if not shutil.which("Rscript"):
        print("SKIPPED: R is not installed")
        return
    board = json.loads(bench("show", RUN, "--json"))["leaderboard"]
    scores = [(row["model"], row["macro_f1"]) for row in board if row.get("macro_f1") is not None]
    wanted = {table: {name: kind(name) for name in header(folder / f"{table}.csv") if kind(name)} for table in TABLES}
    of_kind = lambda table, of: ", ".join(json.dumps(name) for name, own in wanted[table].items() if own == of)
    check = "\n".join(
        f'check("{table}", c({of_kind(table, "text")}), c({of_kind(table, "number")}))' for table in TABLES
    )
    script = f"""
        check <- function(table, texts, numbers) {{
            d <- read.csv(file.path("{folder}", paste0(table, ".csv")), check.names = FALSE)
            # A column without any value has no type of its own.
            empty <- function(name) all(is.na(d[[name]]))
            for (name in texts) if (!empty(name)) stopifnot(is.character(d[[name]]))
            for (name in numbers) if (!empty(name)) stopifnot(is.numeric(d[[name]]))
        }}
        {check}
        b <- read.csv("{folder}/leaderboard.csv")
        f1 <- setNames(b$macro_f1, b$model)
        stopifnot(abs(f1[c({", ".join(json.dumps(model) for model, _ in scores)})] - c({", ".join(repr(f1) for _, f1 in scores)})) < 1e-12)
        cat("R", paste(R.version$major, R.version$minor, sep = "."), ":", {len(TABLES)}, "tables as CSV,", nrow(b), "models\\n")
        package <- Find(function(p) requireNamespace(p, quietly = TRUE), c("arrow", "nanoparquet"))
        if (is.null(package)) {{ cat("SKIPPED: R has neither arrow nor nanoparquet\\n"); quit() }}
        read <- getExportedValue(package, "read_parquet")
        p <- as.data.frame(read("{folder}/predictions.parquet"))
        b <- as.data.frame(read("{folder}/leaderboard.parquet"))
        stopifnot(is.character(p$example), is.numeric(p$fold), is.numeric(b$macro_f1), is.character(b$model))
        cat("R with", package, ":", nrow(p), "predictions\\n")
    """
    subprocess.run(["Rscript", "-e", script], check=True)


def check_mlflow(folder):
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    import mlflow

    store = folder / "ml runs"
    for _ in range(2):  # The second time replaces the first.
        bench("export", RUN, "--mlflow", str(store))
    client = mlflow.MlflowClient(tracking_uri=store.as_uri())
    experiments = [e for e in client.search_experiments() if e.name != "Default"]
    assert len(experiments) == 1, experiments
    runs = client.search_runs([experiments[0].experiment_id])
    board = {row["model"]: row for row in json.loads(bench("show", RUN, "--json"))["leaderboard"]}
    assert {run.info.run_name for run in runs} == set(board)
    epochs = 0
    for run in runs:
        row = board[run.info.run_name]
        assert set(run.data.params) == set(row["params"]), run.info.run_name
        if row.get("macro_f1") is not None:
            assert math.isclose(run.data.metrics["macro_f1"], row["macro_f1"], rel_tol=1e-12)
            assert run.info.status == "FINISHED"
        for name in run.data.metrics:
            if name.endswith("_train_loss"):
                history = client.get_metric_history(run.info.run_id, name)
                assert sorted(metric.step for metric in history) == list(range(len(history)))
                epochs += len(history)
        artifacts = {artifact.path for artifact in client.list_artifacts(run.info.run_id)}
        assert artifacts == {"card.md", "experiment.toml", "leaderboard.csv"}, artifacts
        card = Path(mlflow.artifacts.download_artifacts(f"{run.info.artifact_uri}/card.md")).read_text()
        assert card.startswith("# "), card[:80]
    print(f"mlflow {mlflow.__version__}: {len(runs)} runs with parameters, metrics ({epochs} epochs) and files")


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for table in TABLES:
            for extension in ("parquet", "arrow", "csv"):
                bench("export", RUN, "--table", table, "-o", str(folder / f"{table}.{extension}"))
        if has("pandas") and has("pyarrow"):
            check_pandas(folder)
        if has("pyarrow"):
            check_pyarrow(folder)
        if has("polars"):
            check_polars(folder)
        if has("duckdb"):
            check_duckdb(folder)
        check_r(folder)
        if has("mlflow"):
            check_mlflow(folder)


main()
