//! Runs that are killed, run twice at once, or hold models that misbehave.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

mod common;

use common::{Place, ends, example, row, scores, small_table};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Slow models, a fold each 0.2 s: `slow` marks every fit.
const SLOW: [&str; 10] =
    ["all", "--data", "t.csv", "--models", "slow", "--folds", "8", "--jobs", "2", "--json"];

fn start(place: &Place, marks: &str) -> Child {
    std::fs::create_dir_all(place.path(marks)).unwrap();
    Command::new(example("faulty"))
        .args(SLOW)
        .current_dir(place.path("."))
        .env("GENRE_BENCH_MARKS", place.path(marks))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn finish(child: Child) -> Value {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// How often each cell of `slow` was fitted, by its seed.
fn fits(marks: &Path) -> BTreeMap<String, usize> {
    let mut fits = BTreeMap::new();
    for mark in std::fs::read_dir(marks).unwrap() {
        let name = mark.unwrap().file_name().into_string().unwrap();
        *fits.entry(name.split('-').next().unwrap().to_owned()).or_default() += 1;
    }
    fits
}

fn stored_cells(place: &Place) -> usize {
    let Ok(entries) = std::fs::read_dir(place.path("runs/cells")) else { return 0 };
    entries.filter(|e| e.as_ref().is_ok_and(|e| e.path().extension().is_some_and(|e| e == "json"))).count()
}

/// Waits until `condition` holds; a run that never gets there must not hang the suite.
fn wait_for(condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(120), "it never came to pass");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_killed_run_goes_on_and_ends_with_the_undisturbed_table() {
    let undisturbed = Place::new();
    undisturbed.write("t.csv", small_table(10, 2));
    let expected = finish(start(&undisturbed, "marks"));

    let place = Place::new();
    place.write("t.csv", small_table(10, 2));
    for cells in [1, 3, 5] {
        let mut child = start(&place, "marks");
        wait_for(|| stored_cells(&place) >= cells);
        child.kill().unwrap(); // SIGKILL: no handler runs
        child.wait().unwrap();
    }
    let before = stored_cells(&place);
    assert!((5..8).contains(&before), "{before} cells: the kills came too late to test anything");
    let resumed = finish(start(&place, "after"));
    assert_eq!(resumed["run"], expected["run"]);
    assert_eq!(scores(&resumed), scores(&expected));
    assert_eq!(fits(&place.path("after")).len(), 8 - before, "what was finished is not fitted again");
}

#[test]
fn two_runs_at_once_share_the_work() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 2));
    let (one, two) = (start(&place, "marks"), start(&place, "marks"));
    let (one, two) = (finish(one), finish(two));
    assert_eq!(scores(&one), scores(&two));
    let fits = fits(&place.path("marks"));
    assert_eq!(fits.len(), 8);
    assert!(fits.values().all(|&n| n == 1), "a cell was computed twice: {fits:?}");
}

#[test]
#[cfg(unix)]
fn ctrl_c_stops_with_status_130_and_the_run_goes_on_later() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 2));
    let child = start(&place, "marks");
    wait_for(|| stored_cells(&place) >= 2);
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(output.stdout.is_empty(), "half a leaderboard is none");
    let resumed = finish(start(&place, "marks"));
    assert_eq!(row(&resumed, "slow")["folds_done"], 8);
}

#[test]
fn a_damaged_cell_is_computed_again() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 2));
    let first = place.json("--data t.csv --models svm,knn-1");
    for (number, entry) in std::fs::read_dir(place.path("runs/cells")).unwrap().enumerate() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        match number % 3 {
            0 => std::fs::write(&path, &text[..text.len() / 2]).unwrap(),
            1 => std::fs::write(&path, "{}").unwrap(),
            _ => {}
        }
    }
    assert_eq!(scores(&place.json("--data t.csv --models svm,knn-1")), scores(&first));
}

#[test]
fn models_that_misbehave_are_reported_and_the_rest_is_finished() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 1));
    let words = ["all", "--data", "t.csv", "--models", "fails,panics,nan,wrong-shape,svm"];
    let output = ends(place.faulty().args(words).arg("--json"), 1);
    let run: Value = serde_json::from_slice(&output.stdout).unwrap();
    for (model, reason) in [
        ("fails", "this model fails on purpose"),
        ("panics", "this model panics on purpose"),
        ("nan", "NaN"),
        ("wrong-shape", "shape"),
    ] {
        let row = row(&run, model);
        assert!(row["errors"].to_string().contains(reason), "{row}");
        assert!(row["macro_f1"].is_null(), "a model that failed has no score: {row}");
    }
    assert_eq!(row(&run, "svm")["folds_done"], 5);
    let talk = String::from_utf8(output.stderr).unwrap();
    assert!(talk.contains("panics") && talk.contains("on purpose"), "{talk}");

    let board = ends(place.faulty().args(words), 1);
    let board = String::from_utf8(board.stdout).unwrap();
    assert!(board.lines().any(|line| line.starts_with("panics") && line.contains("FAILED")), "{board}");

    // A cause that is mended is tried again; what was finished is not.
    let mended =
        ["--set", "fails.mended=true", "--set", "panics.mended=true", "--models", "fails,panics,svm"];
    ends(place.faulty().args(["all", "--data", "t.csv"]).args(mended), 0);
}
