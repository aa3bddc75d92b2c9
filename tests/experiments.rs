//! Experiments as files: what flags make, what a run keeps, and lists that multiply out.

#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use common::{Place, ends, gtzan, row, scores, small_table, tone};
use serde_json::Value;

fn place() -> Place {
    let place = Place::new();
    place.write("t.csv", small_table(10, 3));
    place
}

fn json(place: &Place, words: &str) -> Value {
    serde_json::from_str(&place.run(words)).unwrap()
}

#[test]
fn a_leaderboard_is_run_again_from_itself_to_the_last_digit() {
    let place = place();
    let flags = "--data t.csv --models svm,forest,ann-table --set forest.trees=20 --seed 3 --folds 4 --calibrate platt \
                 --epochs 4";
    let first = json(&place, &format!("all {flags} --save-experiment made.toml --json"));
    // The file that the flags made, and the one that the run keeps, in stores that have nothing yet.
    place.write("kept.toml", place.run("show last --experiment"));
    for file in ["made.toml", "kept.toml"] {
        let again = json(&place, &format!("run {file} --out elsewhere-{file} --json"));
        assert_eq!(scores(&again), scores(&first), "{file}");
        assert_eq!(again["split_hash"], first["split_hash"]);
        assert_eq!(again["run"], first["run"], "the same cells make the same run");
    }
    // What the machine chose is in the file that the run keeps.
    let kept = std::fs::read_to_string(place.path("kept.toml")).unwrap();
    for line in ["device = \"cpu\"", "trees = 20", "calibrate = \"platt\""] {
        assert!(kept.contains(line), "{line}\n{kept}");
    }
}

#[test]
fn a_run_keeps_how_its_networks_were_reduced() {
    let place = Place::new();
    for (genre, hz) in [("low", 200.0), ("high", 900.0)] {
        for track in 0..4_u8 {
            place.write(&format!("music/{genre}/{genre}.{track:05}.wav"), tone(hz + f32::from(track), 2.2));
        }
    }
    let words = "all --data music --segment 1 --models rnn-64x2 --folds 2 --epochs 1 --json";
    let first = json(&place, words);
    let kept = place.run("show last --experiment");
    for line in ["configuration = \"reduced\"", "spectrogram-size = \"50x50\"", "epochs = 1"] {
        assert!(kept.contains(line), "{line}\n{kept}");
    }
    place.write("kept.toml", kept);
    assert_eq!(scores(&json(&place, "run kept.toml --out elsewhere --json")), scores(&first));
}

#[test]
fn real_leaderboards_are_run_again_from_themselves() {
    let Some(gtzan) = gtzan() else { return };
    let place = Place::new();
    let words = "--segment 10 --protocol artist --models svm-c10,knn-1,ridge";
    let command = format!("all --data {} {words} --json", gtzan.display());
    let first = json(&place, &command);
    place.write("kept.toml", place.run("show last --experiment"));
    let again = json(&place, "run kept.toml --out elsewhere --json");
    assert_eq!(scores(&again), scores(&first));
}

#[test]
fn lists_multiply_out_and_a_table_compares_the_runs() {
    let place = place();
    place.write(
        "e.toml",
        "models = [\"svm\", \"knn-1\"]\nseed = [0, 1]\n[data]\npath = \"t.csv\"\n[split]\nprotocol = [\"segment\", \"track\"]\n\
         folds = 3\n[parameters.svm]\nc = [1, 100]\n",
    );
    let text = place.run("run e.toml");
    assert_eq!(text.matches("protocol segment (3 folds)").count(), 2, "{text}");
    assert_eq!(text.matches("protocol track (3 folds)").count(), 2, "{text}");
    let closing = text.lines().skip_while(|line| !line.starts_with("run 1: ")).collect::<Vec<_>>().join("\n");
    for line in ["run 4: seed 1, protocol track", "svm c=100", "svm c=1 ", "knn-1"] {
        assert!(closing.contains(line), "{line}\n{text}");
    }
    let all = json(&place, "run e.toml --json");
    let runs = all["runs"].as_array().unwrap();
    let labels: Vec<&str> = runs.iter().map(|run| run["label"].as_str().unwrap()).collect();
    let expected = [
        "seed 0, protocol segment",
        "seed 0, protocol track",
        "seed 1, protocol segment",
        "seed 1, protocol track",
    ];
    assert_eq!(labels, expected);
    // Each is what the flags give, and the table holds the same figures.
    let by_flags =
        place.json("--data t.csv --protocol track --folds 3 --seed 1 --models svm,knn-1 --set svm.c=100");
    assert_eq!(row(&runs[3], "svm c=100")["macro_f1"], row(&by_flags, "svm")["macro_f1"]);
    assert_eq!(all["comparison"]["runs"][3], labels[3]);
    let models = all["comparison"]["models"].as_array().unwrap();
    let compared = models.iter().find(|model| model["model"] == "knn-1").unwrap();
    assert_eq!(compared["values"][3]["value"], row(&runs[3], "knn-1")["macro_f1"]);
}

#[test]
fn searches_and_ablations_are_experiments_too() {
    let place = place();
    let tuned =
        json(&place, "tune knn-5 --data t.csv --grid k=1,9 --inner 2 --save-experiment tune.toml --json");
    let again = json(&place, "run tune.toml --out elsewhere --json");
    assert_eq!(scores(&again), scores(&tuned));
    assert_eq!(again["candidates"], tuned["candidates"]);
    let ablated = json(
        &place,
        "ablate --data t.csv --models ridge --leave-out rhythm=tempo --save-experiment ablate.toml --json",
    );
    place.write("kept.toml", place.run("show last --experiment"));
    for file in ["ablate.toml", "kept.toml"] {
        assert_eq!(json(&place, &format!("run {file} --json"))["ablation"], ablated["ablation"]);
    }
}

#[test]
fn a_run_that_cannot_be_does_not_keep_the_others_from_it() {
    let place = place();
    place.write(
        "e.toml",
        "models = [\"majority\"]\n[data]\npath = \"t.csv\"\n[split]\nprotocol = [\"artist\", \"track\"]\n",
    );
    let output = ends(place.bench().args(["run", "e.toml", "--json"]), 1);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("the artists of t.csv are not known"), "{told}");
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(all["runs"].as_array().unwrap().len(), 1);
}

#[test]
fn a_dry_run_says_what_would_run_and_fits_nothing() {
    let place = place();
    let words = "--data t.csv --models svm,knn-1 --folds 3";
    let before = json(&place, &format!("all {words} --dry-run --json"));
    let cells = |of: &Value, key: &str| {
        let models = of["models"].as_array().unwrap();
        models.iter().map(|model| model[key].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!((cells(&before, "cells"), cells(&before, "stored")), (6, 0));
    assert!(!place.path("runs").exists(), "nothing may be stored");
    // What every default model takes is known before any was fitted.
    let all = json(&place, "all --data t.csv --dry-run --json");
    assert!(all["seconds"].as_f64().unwrap() > 0.0 && all["stops_early"] == false, "{all}");
    let networks = "--models cnn-5block --holdout 80/20 --jobs 4 --full --dry-run --json";
    let network = json(&place, &format!("all {networks}"));
    assert_eq!((&network["jobs"], &network["stops_early"]), (&1.into(), &true.into()), "{network}");
    assert!(network["peak_bytes"].as_u64().unwrap() > 100 << 20, "{network}");
    place.run(&format!("all {words}"));
    let after = json(&place, &format!("all {words} --dry-run --json"));
    assert_eq!((cells(&after, "cells"), cells(&after, "stored")), (6, 6));
    // Known from the stored cells.
    let other = json(&place, &format!("all {words} --seed 1 --dry-run --json"));
    assert_eq!(cells(&other, "stored"), 0);
    assert!(other["seconds"].as_f64().unwrap() > 0.0, "{other}");
    // The baseline is stored, but what a search will choose is not.
    let tune = json(&place, "tune knn-1 --data t.csv --folds 3 --grid k=1,3 --dry-run --json");
    assert_eq!((&tune["models"][1]["model"], &tune["models"][1]["stored"]), (&"knn-1".into(), &3.into()));
    assert_eq!(
        (&tune["models"][2]["model"], &tune["models"][2]["stored"]),
        (&"knn-1 tuned".into(), &0.into())
    );
    assert!(tune["models"][2]["seconds"].as_f64().unwrap() > 0.0, "{tune}");
    place.write("old/store.json", "{\"format\":2,\"written_by\":\"genre-bench 0.1.0\"}");
    assert!(place.refused("all --data t.csv --dry-run --out old").contains("the store has format 2"));
    for command in ["tune knn-5 --data t.csv", "ablate --data t.csv", "reproduce svm", "all --data t.csv"] {
        let text = place.run(&format!("{command} --dry-run"));
        assert!(text.contains("Nothing was fitted"), "{command}\n{text}");
    }
}

#[test]
fn what_is_wrong_in_a_file_is_told_with_its_line() {
    let place = place();
    for (text, told) in [
        (
            "models = [\"svm\"]\n[splt]\nfolds = 3",
            "e.toml, line 2: there is no key `splt`\n  try: did you mean `split`?",
        ),
        (
            "[split]\nfolds = \"three\"",
            "e.toml, line 2: invalid type: string \"three\", expected a whole number",
        ),
        (
            "[split]\nfolds = 3\nholdout = \"80/20\"",
            "e.toml, line 3: `split.holdout`: a hold-out has no folds",
        ),
        (
            "models = [\"svm\"]\n[parameters.svm]\nc = -1",
            "e.toml, line 3: `parameters.svm.c`: `-1` is not a number > 0",
        ),
        ("models = [", "e.toml, line 1"),
    ] {
        place.write("e.toml", text);
        let error = place.refused("run e.toml");
        assert!(error.contains(told), "{text}\n{error}");
    }
    assert!(place.refused("run missing.toml").contains("missing.toml: cannot be read"));
    assert!(place.refused("run .").contains("is a folder, not a regular file"));
}

#[test]
fn the_schema_of_experiments_is_listed() {
    let place = Place::new();
    let schema = json(&place, "list experiment --json");
    assert_eq!(schema["title"], "Experiment");
    assert!(schema["properties"]["split"].is_object(), "{schema}");
    assert!(place.run("list experiment").contains("split.protocol"));
}
