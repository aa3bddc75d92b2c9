//! Networks that read spectrograms, through the program: from audio, from images, from the built-in music, and not at all
//! from a table.

#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use common::{Place, ends, row, small_table, tone};
use serde_json::Value;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Small and reduced on everything.
const SMALL: &str =
    "--epochs 2 --spectrogram-size 50x50 --set cnn-7x7.width=0.1 --set choi-fcn5.width=0.1 --folds 2";

fn rows(leaderboard: &Value) -> &Vec<Value> {
    leaderboard["leaderboard"].as_array().unwrap()
}

/// Two genres of four recordings: low and high notes.
fn recordings(place: &Place) {
    for (genre, hz) in [("low", 200.0), ("high", 2000.0)] {
        for number in 0..4_u8 {
            let hz = hz * (1.0 + 0.05 * f32::from(number));
            place.write(&format!("music/{genre}/{genre}.0000{number}.wav"), tone(hz, 6.5));
        }
    }
}

#[test]
fn networks_and_classical_models_stand_on_one_leaderboard_of_audio() {
    let place = Place::new();
    recordings(&place);
    let leaderboard =
        place.json(&format!("--data music --segment 3 --models svm,ann-table,ann,cnn-7x7,choi-fcn5 {SMALL}"));
    assert_eq!(rows(&leaderboard).len(), 5, "{leaderboard}");
    for row in rows(&leaderboard) {
        assert!(row["macro_f1"].as_f64().is_some(), "{row}");
    }
    // The input is a parameter like any other.
    let mfcc =
        place.json("--data music --segment 3 --models ann --set ann.input=mfcc-13 --epochs 2 --folds 2");
    assert_eq!(row(&mfcc, "ann")["params"]["input"], "mfcc-13");
    // A flag for all networks goes to those that have such a parameter.
    let exact = place.json(
        &format!("--data music --segment 3 --models svm,choi-fcn5 --exact {SMALL}")
            .replace("--set cnn-7x7.width=0.1 ", ""),
    );
    assert_eq!(row(&exact, "choi-fcn5")["params"]["exact"], true);
}

#[test]
fn a_table_has_no_spectrograms_and_the_board_says_who_was_left_out() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 2));
    let leaderboard = place.json("--data t.csv --models majority,neural --epochs 2 --folds 2");
    let names: Vec<&str> = rows(&leaderboard).iter().map(|row| row["model"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names.contains(&"ann-table"), "{names:?}");
    let notes = leaderboard["notes"].to_string();
    assert!(notes.contains("left out") && notes.contains("cnn-7x7") && notes.contains("table"), "{notes}");
    let refused = place.refused("all --data t.csv --models cnn-7x7");
    assert!(
        refused.contains("cnn-7x7") && refused.contains("spectrograms") && refused.contains("--data"),
        "{refused}"
    );
}

#[test]
fn flags_for_all_networks_are_checked_like_others() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 2));
    let told = |words: &str| place.refused(&format!("all --data t.csv {words}"));
    assert!(told("--models svm --epochs 3").contains("--epochs"));
    assert!(told("--models svm,ann-table --exact").contains("no model of this run has such a parameter"));
    assert!(told("--models ann-table --epochs 0").contains("epochs"));
    assert!(told("--models ann-table --precision f64").contains("bf16"));
    assert!(told("--models ann-table --device gpu").contains("cuda"));
    assert!(told("--models ann-table --spectrogram-size 0x3").contains("64x48"));
    if cfg!(not(feature = "cuda")) {
        assert!(told("--models ann-table --device cuda").contains("--features cuda"));
    }
    // It fails as a cell, because a network alone knows what its device can do.
    let failed = ends(
        place.bench().args("all --data t.csv --models ann-table --precision bf16 --folds 2".split(' ')),
        1,
    );
    assert!(String::from_utf8_lossy(&failed.stderr).contains("CUDA"), "{failed:?}");
}

#[test]
fn the_history_of_a_fit_is_stored_shown_and_exported() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 2));
    place.run("all --data t.csv --models ann-table,svm --epochs 3 --folds 2 --valid 20 --tensorboard events");
    let shown = place.run("show last --history ann-table");
    assert_eq!(shown.matches("ann-table, fold").count(), 2, "{shown}");
    assert_eq!(shown.lines().filter(|line| line.trim_start().starts_with('3')).count(), 2, "{shown}");
    assert!(place.run("show last --history svm").contains("is not trained in epochs"));
    let exported = place.run("export last --table history --format ndjson");
    let epochs: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(epochs.len(), 6);
    for epoch in &epochs {
        for field in
            ["train_loss", "train_accuracy", "valid_loss", "valid_macro_f1", "learning_rate", "seconds"]
        {
            assert!(epoch[field].as_f64().is_some_and(f64::is_finite), "{field} of {epoch}");
        }
    }
    // One folder a fit, which is how TensorBoard tells fits apart.
    let runs: Vec<_> = std::fs::read_dir(place.path("events")).unwrap().collect();
    assert_eq!(runs.len(), 1);
    let fits = std::fs::read_dir(runs[0].as_ref().unwrap().path()).unwrap().count();
    assert_eq!(fits, 2);
}

/// Ctrl-C in the middle of a fit leaves a checkpoint; the next run ends in the same numbers as one that was never
/// stopped, and leaves no checkpoint behind.
#[cfg(unix)]
#[test]
fn a_fit_that_was_stopped_goes_on_to_the_same_numbers() {
    let place = Place::new();
    place.write("t.csv", small_table(60, 2));
    // Long enough to be stopped; how long it takes does not matter to the test.
    let words = "all --data t.csv --models ann-table --epochs 60 --holdout 80/20 --jobs 1 --json";
    let arguments =
        |out: &str| format!("{words} --out {out}").split(' ').map(str::to_owned).collect::<Vec<_>>();
    let whole = ends(place.bench().args(arguments("whole")), 0).stdout;

    let checkpoints = || {
        let cells = std::fs::read_dir(place.path("parts/cells")).into_iter().flatten().flatten();
        let partial =
            cells.map(|cell| cell.path()).filter(|path| path.extension().is_some_and(|e| e == "partial"));
        partial.filter(|folder| folder.join("model/checkpoint.safetensors").exists()).count()
    };
    let mut child =
        place.bench().args(arguments("parts")).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let started = Instant::now();
    while checkpoints() == 0 && child.try_wait().unwrap().is_none() {
        assert!(started.elapsed() < Duration::from_secs(300), "no checkpoint");
        std::thread::sleep(Duration::from_millis(2));
    }
    let interrupt =
        std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    assert_eq!(child.wait().unwrap().code(), Some(130), "stopped in the middle");
    assert_eq!(checkpoints(), 1, "the checkpoint stays");

    let resumed = ends(place.bench().args(arguments("parts")), 0).stdout;
    assert_eq!(checkpoints(), 0, "nothing is left when the cell is finished");
    let predictions = |out: &str| place.run(&format!("export last --table predictions --out {out}"));
    assert_eq!(predictions("parts"), predictions("whole"));
    let epochs = |out: &str| {
        let history = place.run(&format!("export last --table history --out {out}"));
        // All but the seconds, which come last.
        history.lines().map(|line| line.rsplit_once(',').unwrap().0.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(epochs("parts"), epochs("whole"));
    assert_eq!(epochs("whole").len(), 61, "a header and every epoch");
    drop((whole, resumed));
}

#[test]
fn what_a_run_changed_of_the_published_recipes_is_told_everywhere() {
    let place = Place::new();
    recordings(&place);
    let leaderboard =
        place.json("--data music --segment 3 --models svm,lstm-64,crnn-base --reduced --epochs 1 --folds 2");
    let lstm = row(&leaderboard, "lstm-64");
    assert_eq!(lstm["changes"], serde_json::json!([{ "name": "epochs", "value": 1, "published": 100 }]));
    // 3 s have 130 columns of 512 samples.
    assert_eq!(lstm["resized"], serde_json::json!({ "to": [13, 50], "from": [13, 130] }));
    let caution = "recurrent networks read 50 of 130 time steps";
    assert!(lstm["caution"].as_str().unwrap().contains(caution), "{lstm}");
    let svm = row(&leaderboard, "svm");
    assert!(svm["changes"].as_array().unwrap().is_empty() && svm["caution"].is_null(), "{svm}");
    let input = serde_json::json!({ "name": "input", "value": "mel-64", "published": "colour-mel-192-hop-256-to-8000" });
    assert!(row(&leaderboard, "crnn-base")["changes"].as_array().unwrap().contains(&input), "{leaderboard}");
    let shown = place.run("show last");
    for word in ["epochs 1 instead of 100", "13x50 of 13x130", "order says nothing"] {
        assert!(shown.replace('\n', " ").contains(word), "{word} is missing:\n{shown}");
        for format in ["csv", "json", "ndjson", "markdown", "latex"] {
            let exported = place.run(&format!("export last --format {format}"));
            assert!(exported.contains(word), "{format}: {word} is missing:\n{exported}");
        }
    }
    // As large as they are, there is nothing to say.
    let whole = place
        .json("--data music --segment 3 --models lstm-64 --epochs 1 --folds 2 --spectrogram-size 200x200");
    assert!(
        row(&whole, "lstm-64")["resized"].is_null() && row(&whole, "lstm-64")["caution"].is_null(),
        "{whole}"
    );
}
