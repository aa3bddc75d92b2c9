//! Exports that are no plain table: model cards, MLflow's store, ties in bold; and all of them in the hands of others.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

mod common;

use common::{Place, ends, row, skipped, small_table};
use std::path::Path;
use std::process::Command;

/// A run with a tied model, a far worse one and a network.
fn place() -> (Place, serde_json::Value) {
    let place = Place::new();
    place.write("t.csv", small_table(12, 2));
    let run = place.json("--data t.csv --models knn-1,knn-5,majority,ann-table --set ann-table.epochs=3");
    (place, run)
}

#[test]
fn a_card_says_what_a_model_is_worth_and_what_not() {
    let (place, run) = place();
    let card = place.run("export last --card knn-5");
    let f1 = format!("| macro\\_f1 | {:.1} |", 100.0 * row(&run, "knn-5")["macro_f1"].as_f64().unwrap());
    let f1 = f1.replace("\\_", "_");
    for wanted in [
        "# knn-5\n",
        "## Model\n",
        "| k | 5 |",
        "## Scores\n",
        &f1,
        "## Scores by class\n",
        "| jazz |",
        "## Again\n",
    ] {
        assert!(card.contains(wanted), "{wanted}: {card}");
    }
    assert!(card.contains(run["split_hash"].as_str().unwrap()));
    place.run("export last --card majority -o card.md");
    let card = std::fs::read_to_string(place.path("card.md")).unwrap();
    assert!(card.contains("# majority\n") && card.contains("Most often mistaken: "), "{card}");
    assert!(place.refused("export last --card nobody").contains("is not part of the run"));
    assert!(place.refused("export last --card svm --format csv").contains("--format"));
}

#[test]
fn the_best_and_what_cannot_be_told_from_it_is_bold() {
    let (place, run) = place();
    let latex = place.run("export last --format latex");
    let line =
        |model: &str| latex.lines().find(|line| line.starts_with(&format!("{model} "))).unwrap().to_owned();
    for row in run["leaderboard"].as_array().unwrap() {
        let (model, is_leader) = (row["model"].as_str().unwrap(), row["tied_with_leader"].is_null());
        let is_bold = line(model).contains("\\textbf{");
        assert_eq!(is_bold, is_leader || row["tied_with_leader"] == true, "{model}: {latex}");
    }
    assert!(!line("majority").contains("textbf"));
    assert!(place.run("export last --format markdown").contains("| **"));
}

#[test]
fn mlflow_is_given_a_store() {
    let (place, run) = place();
    place.run("export last --mlflow store");
    let experiments: Vec<_> =
        std::fs::read_dir(place.path("store")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(experiments.len(), 1);
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    let meta: serde_json::Value = serde_json::from_str(&read(&experiments[0].join("meta.yaml"))).unwrap();
    assert_eq!(meta["name"], run["run"]);
    let runs: Vec<_> = std::fs::read_dir(&experiments[0])
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    assert_eq!(runs.len(), 4);
    let network = runs.iter().find(|path| read(&path.join("tags/mlflow.runName")) == "ann-table").unwrap();
    assert_eq!(read(&network.join("params/epochs")), "3");
    let losses = read(&network.join("metrics/repeat_0_fold_0_train_loss"));
    let steps: Vec<&str> = losses.lines().map(|line| line.rsplit(' ').next().unwrap()).collect();
    assert_eq!(steps, ["0", "1", "2"]);
    assert!(read(&network.join("artifacts/card.md")).starts_with("# ann-table\n"));
    assert!(read(&network.join("artifacts/experiment.toml")).contains("ann-table"));
    // A file stands where the folder should be.
    place.write("file", "");
    assert!(place.refused("export last --mlflow file/store").contains("file"));
}

/// Needs a Python with pandas, pyarrow, polars, duckdb and mlflow.
#[test]
fn others_read_what_is_exported() {
    let Some(python) = std::env::var_os("GENRE_BENCH_PYTHON") else {
        return skipped(
            "GENRE_BENCH_PYTHON does not name a Python with pandas, pyarrow, polars, duckdb and mlflow",
        );
    };
    let (place, _) = place();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/open_exports.py");
    let mut command = Command::new(python);
    command.arg(script).arg(env!("CARGO_BIN_EXE_bench")).arg(place.path("runs")).arg("last");
    let output = ends(&mut command, 0);
    print!("{}", String::from_utf8_lossy(&output.stdout));
}
