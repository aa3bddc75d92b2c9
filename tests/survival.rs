//! Runs that are killed, interrupted inside a fit, run twice at once, or hold models that misbehave.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

mod common;

use common::damage::files_below;
use common::in_process::{Listener, experiment, numbers, session};
use common::slow::{finish, fits, start, stored_cells, wait_for};
use common::{Place, ends, example, row, scores, small_table};
use genre_bench::experiment::{Registry, Session};
use genre_bench::report::Results;
use genre_bench::run::{CellOutcome, Record};
use genre_bench_api::{Card, Error, Examples, Family, Fitted, Inputs, Model, Run};
use ndarray::Array2;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

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

/// It would take two minutes to end by itself.
#[test]
#[cfg(unix)]
fn a_model_that_hears_no_stop_is_left_behind() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 2));
    let words = "all --data t.csv --models deaf --holdout 70/30 --jobs 1";
    let mut child = Command::new(example("faulty"))
        .args(words.split(' '))
        .current_dir(place.path("."))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let at_work = || {
        let cells = fs::read_dir(place.path("runs/cells")).into_iter().flatten().flatten();
        cells
            .filter_map(|cell| cell.file_name().into_string().ok())
            .any(|name| name.starts_with("deaf") && name.ends_with(".lock"))
    };
    wait_for(at_work);
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(stored_cells(&place), 0);
}

#[test]
fn a_damaged_cell_is_computed_again() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 2));
    let first = place.json("--data t.csv --models svm,knn-1");
    for (number, entry) in fs::read_dir(place.path("runs/cells")).unwrap().enumerate() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        match number % 3 {
            0 => fs::write(&path, &text[..text.len() / 2]).unwrap(),
            1 => fs::write(&path, "{}").unwrap(),
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

// ---- fits in pieces ----

/// A fit of ten steps that goes on from a file, with a step of work in each.
struct Steps;

impl Model for Steps {
    fn card(&self) -> Card {
        Card::new("steps", Family::Other, "goes on from where it was")
    }

    fn fit(
        &self,
        train: &Examples,
        _valid: &Examples,
        run: &Run,
    ) -> genre_bench_api::Result<Box<dyn Fitted>> {
        let path = run.scratch.as_ref().unwrap().join("steps");
        let mut done = match fs::read_to_string(&path) {
            Ok(text) => {
                match text.strip_prefix(&run.key).and_then(|text| text.trim().parse::<usize>().ok()) {
                    Some(done) => done,
                    None => return Err(Error::Checkpoint(format!("{text:?} is no number of steps"))),
                }
            }
            Err(_) => 0,
        };
        while done < 10 {
            run.check_cancelled()?;
            std::hint::black_box(vec![0_u8; 1 << (20 - done)]);
            std::thread::sleep(Duration::from_millis(2));
            done += 1;
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, format!("{} {done}", run.key)).unwrap();
            run.checkpointed();
            run.progress(done, 10, "");
        }
        Ok(Box::new(Constant(train.classes.len(), (run.seed % 1000) as f32)))
    }
}

struct Constant(usize, f32);

impl Fitted for Constant {
    fn scores(&self, inputs: &Inputs) -> genre_bench_api::Result<Array2<f32>> {
        Ok(Array2::from_elem((inputs.len(), self.0), self.1))
    }
}

/// Runs `steps` until so many steps are done; the results if it came to its end.
fn steps(place: &Place, out: &str, patience: Option<usize>) -> (Option<Results>, Vec<String>) {
    let registry = Registry::new(vec![Box::new(Steps)], None).unwrap();
    let listener = Listener::with_patience(patience);
    let out = place.path(out);
    let session = Session { jobs: Some(1), ..session(&registry, &out, &listener) };
    let prepared = session.prepare(&experiment(place, &["steps"], 0)).unwrap();
    let evaluated = session.run(&prepared).unwrap();
    (evaluated.map(|evaluated| evaluated.results), listener.warnings())
}

fn record(results: &Results, cell: usize) -> &Record {
    match &results.outcomes[cell] {
        CellOutcome::Done(record) => record,
        other => panic!("{other:?}"),
    }
}

/// What the store has of the pieces of the fit that was interrupted.
fn pieces(place: &Place, out: &str) -> (PathBuf, f64, u64) {
    let files = files_below(&place.path(out));
    let path = files.into_iter().find(|path| path.ends_with("costs.json")).unwrap();
    let json: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let content = &json["content"];
    (path, content["seconds"].as_f64().unwrap(), content["peak_bytes"].as_u64().unwrap())
}

#[test]
fn seconds_and_memory_of_a_fit_in_pieces_are_those_of_all_pieces() {
    let place = Place::new();
    place.write("t.csv", small_table(6, 2));
    assert!(steps(&place, "a", Some(4)).0.is_none());
    let (path, first, peak) = pieces(&place, "a");
    assert!(first > 0.0 && peak >= 1 << 20, "{first} s, {peak} bytes");
    assert!(steps(&place, "a", Some(3)).0.is_none());
    let (_, second, later_peak) = pieces(&place, "a");
    assert!(second > first, "{second} s after {first} s");
    assert_eq!(later_peak, peak, "the first piece held the most");
    let (results, warnings) = steps(&place, "a", None);
    let results = results.unwrap();
    assert_eq!(warnings, [""; 0]);
    assert!(record(&results, 0).fit_seconds > second);
    assert!(record(&results, 0).peak_bytes >= peak);
    assert!(!path.exists(), "what is over leaves nothing");

    // Without an earlier piece nothing is added, and a damaged one is named.
    assert!(steps(&place, "b", Some(4)).0.is_none());
    let (path, seconds, _) = pieces(&place, "b");
    let edited = fs::read_to_string(&path).unwrap().replace(&seconds.to_string(), "1e9");
    fs::write(&path, edited).unwrap();
    let (results, warnings) = steps(&place, "b", None);
    assert!(record(&results.unwrap(), 0).fit_seconds < 1e9);
    assert!(warnings.len() == 1 && warnings[0].contains("costs.json"), "{warnings:?}");
}

#[test]
fn a_checkpoint_that_is_no_good_is_set_aside_and_the_fit_starts_again() {
    let place = Place::new();
    place.write("t.csv", small_table(6, 2));
    let whole = steps(&place, "whole", None).0.unwrap();
    assert!(steps(&place, "a", Some(4)).0.is_none());
    let (path, seconds, _) = pieces(&place, "a");
    let scratch = path.parent().unwrap();
    fs::write(scratch.join("model/steps"), "another fit's 9").unwrap();
    // So that it would show if they were counted.
    let (results, warnings) = steps(&place, "a", None);
    assert_eq!(numbers(&results.unwrap().outcomes), numbers(&whole.outcomes));
    assert!(seconds > 0.0);
    assert!(
        warnings.len() == 1
            && warnings[0].contains(".partial: ")
            && warnings[0].contains(".partial.damaged-1"),
        "{warnings:?}"
    );
    let aside = PathBuf::from(format!("{}.damaged-1", scratch.display()));
    assert_eq!(
        fs::read_to_string(aside.join("model/steps")).unwrap(),
        "another fit's 9",
        "nothing is deleted"
    );
}

#[test]
fn checkpoints_of_networks_are_of_one_fit_alone() {
    let place = Place::new();
    place.write("t.csv", small_table(12, 2));
    let run = |out: &str, patience: Option<usize>| {
        let registry = Registry::new(genre_bench_neural::models(), None).unwrap();
        let listener = Listener::with_patience(patience);
        let out = place.path(out);
        let session = Session { jobs: Some(1), ..session(&registry, &out, &listener) };
        let mut experiment = experiment(&place, &["ann-table"], 0);
        experiment.parameters.set("ann-table", "epochs", "4");
        let prepared = session.prepare(&experiment).unwrap();
        let evaluated = session.run(&prepared).unwrap();
        (evaluated.map(|evaluated| numbers(&evaluated.results.outcomes)), listener.warnings())
    };
    let (whole, _) = run("whole", None);
    let checkpoint = |out: &str| {
        let files = files_below(&place.path(out));
        files.into_iter().find(|path| path.ends_with("checkpoint.safetensors")).unwrap()
    };
    // Interrupted in the first fold, and in the second.
    assert!(run("a", Some(2)).0.is_none() && run("b", Some(6)).0.is_none());
    let (of_first, of_second) = (checkpoint("a"), checkpoint("b"));
    fs::copy(&of_first, &of_second).unwrap();
    let (resumed, warnings) = run("b", None);
    assert_eq!(resumed, whole);
    assert!(warnings.len() == 1 && warnings[0].contains("another fit"), "{warnings:?}");
    let mut bytes = fs::read(&of_first).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&of_first, bytes).unwrap();
    let (resumed, warnings) = run("a", None);
    assert_eq!(resumed, whole);
    assert!(warnings.len() == 1 && warnings[0].contains("checksum"), "{warnings:?}");
}
