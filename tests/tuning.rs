//! `bench tune`, `bench ablate` and `--calibrate`, through the program.
#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use common::{Place, row, scores, small_table};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

fn json_of(place: &Place, words: &str) -> Value {
    serde_json::from_str(&place.run(words)).unwrap()
}

/// A CSV that the program printed, as rows by column name.
fn table(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    lines.map(|line| header.iter().map(|name| name.to_string()).zip(cells(line)).collect()).collect()
}

#[test]
fn a_search_can_go_by_another_metric_and_says_so() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 2));
    let text = place.run("tune knn-5 --data t.csv --grid k=1,9 --inner 2 --by log-loss");
    assert!(text.contains("log loss on the test parts"), "{text}");
    assert!(text.contains("tuning changed log loss by"), "{text}");
    let error = place.refused("tune knn-5 --data t.csv --by fit_seconds");
    assert!(error.contains("`fit_seconds` is no metric of test predictions"), "{error}");
}

#[test]
fn a_search_chooses_for_every_fold_and_is_scored_on_the_outer_test_parts() {
    let place = Place::new();
    place.write("t.csv", small_table(20, 3));
    let run = json_of(&place, "tune knn-1 --data t.csv --grid k=1,9,25 --json");
    let (tuned, plain) = (row(&run, "knn-1 tuned"), row(&run, "knn-1"));
    let choices = tuned["choices"].as_array().unwrap();
    assert_eq!(choices.len(), 5, "one choice a fold");
    let candidates = run["candidates"].as_array().unwrap();
    assert_eq!(candidates.len(), 3, "k=1 is the baseline and stands once");
    for (fold, choice) in choices.iter().enumerate() {
        let of_fold = |c: &Value| c["inner_scores"][fold].as_f64().unwrap();
        let best = candidates.iter().map(of_fold).fold(0.0, f64::max);
        assert_eq!(choice["inner_score"].as_f64().unwrap(), best);
        let chosen = candidates.iter().find(|c| of_fold(c) == best).unwrap();
        assert_eq!(choice["params"], chosen["params"]);
    }
    // The plain row is what `bench all` says, so the outer folds are those of a plain run.
    let all = place.json("--data t.csv --models knn-1");
    assert_eq!(plain["macro_f1"], row(&all, "knn-1")["macro_f1"]);
    assert_eq!(all["split_hash"], run["split_hash"]);
    // And each fold's predictions are those of a model with the chosen parameters.
    let of_fold = |rows: &[BTreeMap<String, String>], model: &str, fold: usize| -> Vec<String> {
        let rows = rows.iter().filter(|row| row["model"] == model && row["fold"] == fold.to_string());
        rows.map(|row| row["predicted"].clone()).collect()
    };
    let tuned = table(&place.run(&format!("export {} --table predictions", run["run"].as_str().unwrap())));
    for k in [1, 9, 25] {
        place.json(&format!("--data t.csv --models knn-1 --set knn-1.k={k}"));
        let fixed = table(&place.run("export last --table predictions"));
        for (fold, choice) in choices.iter().enumerate().filter(|(_, c)| c["params"]["k"] == k) {
            assert_eq!(of_fold(&tuned, "knn-1 tuned", fold), of_fold(&fixed, "knn-1", fold), "{choice}");
        }
    }
    let ks: BTreeSet<i64> = choices.iter().map(|c| c["params"]["k"].as_i64().unwrap()).collect();
    assert!(ks.len() > 1 || !ks.contains(&1), "on noisy data one neighbour is not always best");

    let text = place.run("tune knn-1 --data t.csv --grid k=1,9,25 --quiet");
    for wanted in ["chosen", "k=", "tuning changed F1 by", "knn-1 tuned"] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let again = text.lines().last().unwrap().split_whitespace().last().unwrap().to_owned();
    assert_eq!(place.run(&format!("show {again}")), text, "all of it can be shown again");
}

#[test]
fn a_search_goes_on_where_it_was() {
    let place = Place::new();
    place.write("t.csv", small_table(12, 2));
    let search = "tune forest --data t.csv --grid trees=5,10 --grid max-depth=0,2 --folds 3 --json";
    let first = json_of(&place, search);
    assert_eq!(json_of(&place, search), first, "nothing is fitted again, or its seconds would differ");
    let cells: Vec<_> = std::fs::read_dir(place.path("runs/cells")).unwrap().flatten().collect();
    // Inner folds, outer folds, candidates; and outside the plain model, which a fold may choose as well.
    assert!((3 * 3 * 5 + 3..=3 * 3 * 5 + 3 * 2).contains(&cells.len()), "{}", cells.len());
    for cell in cells.iter().step_by(2) {
        std::fs::remove_file(cell.path()).unwrap();
    }
    let second = json_of(&place, search);
    assert_eq!(scores(&second), scores(&first));
    assert_eq!(second["candidates"], first["candidates"]);
    assert_eq!(
        json_of(&place, &format!("{search} --jobs 1 --out elsewhere"))["candidates"],
        first["candidates"]
    );
}

#[test]
fn a_random_search_draws_from_ranges() {
    let place = Place::new();
    place.write("t.csv", small_table(12, 1));
    let search = "tune svm --data t.csv --folds 2 --inner 2 --grid c=0.1..100 --random 6 --json";
    let run = json_of(&place, search);
    let of = |run: &Value| -> Vec<f64> {
        run["candidates"].as_array().unwrap().iter().map(|c| c["params"]["c"].as_f64().unwrap()).collect()
    };
    assert_eq!(of(&run).len(), 7);
    assert!(of(&run).iter().all(|c| (0.1..=100.0).contains(c)));
    assert_ne!(of(&run), of(&json_of(&place, &format!("{search} --seed 1"))));
}

#[test]
fn a_model_suggests_its_own_grid() {
    let place = Place::new();
    place.write("t.csv", small_table(12, 1));
    let run = json_of(&place, "tune logistic --data t.csv --folds 2 --json");
    assert!(run["candidates"].as_array().unwrap().len() > 2);
}

#[test]
fn a_search_that_makes_no_sense_is_refused() {
    let place = Place::new();
    place.write("t.csv", small_table(4, 1));
    for (words, telling) in [
        ("tune svn --data t.csv", "did you mean svm"),
        ("tune majority --data t.csv", "has no parameters"),
        ("tune svm --data t.csv --grid d=1", "svm` has only c, gamma"),
        ("tune svm --data t.csv --grid c=-1", "`-1` is not a number > 0"),
        ("tune svm --data t.csv --grid c=1..2", "--random"),
        ("tune svm --data t.csv --grid c=2..1", "expected PARAMETER="),
        ("tune svm --data t.csv --grid c=1 --set forest.trees=3", "is not a model of this run"),
        ("tune svm --data t.csv --grid c=1 --folds 2 --inner 30", "too small for 30 folds"),
    ] {
        let told = place.refused(words);
        assert!(told.contains(telling), "{words}: {told}");
    }
}

#[test]
fn features_are_weighed_by_leaving_them_out() {
    let place = Place::new();
    place.write("t.csv", small_table(20, 2));
    let run = json_of(&place, "ablate --data t.csv --models svm,knn-5 --json");
    let rows = run["ablation"].as_array().unwrap();
    assert_eq!(rows.len(), 4, "two models, the groups rhythm and mfcc");
    for row in rows {
        let change = &row["change"];
        let of = |name: &str| row[name].as_f64().unwrap();
        assert!((of("macro_f1") - of("macro_f1_full") - change["mean"].as_f64().unwrap()).abs() < 1e-12);
        assert!(change["low"].as_f64() <= change["mean"].as_f64());
    }
    // With all columns it is the model that `bench all` scores.
    let all = place.json("--data t.csv --models svm,knn-5");
    for model in ["svm", "knn-5"] {
        assert_eq!(row(&run, model)["macro_f1"], row(&all, model)["macro_f1"]);
    }
    // Without a column it is the model on a table without that column.
    let mut less = String::new();
    for line in small_table(20, 2).lines() {
        let mut cells: Vec<&str> = line.split(',').collect();
        cells.remove(2);
        less += &(cells.join(",") + "\n");
    }
    place.write("less.csv", less);
    let less = place.json("--data less.csv --models svm");
    let without = |group: &str| {
        rows.iter().find(|row| row["model"] == "svm" && row["without"] == group).unwrap()["macro_f1"].clone()
    };
    assert_eq!(without("rhythm"), row(&less, "svm")["macro_f1"]);

    let own = "ablate --data t.csv --models svm --leave-out first=tempo,mfcc1_m* --leave-out last=mfcc1_var";
    let text = place.run(own);
    for wanted in ["left out", "first", "last", "nothing", "change"] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let exported = table(&place.run("export last --table ablation"));
    assert_eq!(
        exported.iter().map(|row| row["columns"].as_str()).collect::<BTreeSet<_>>(),
        ["1", "2"].into()
    );
    assert!(place.refused("ablate --data t.csv --leave-out x=pitch*").contains("no column matches `pitch*`"));
    assert!(place.refused("ablate --data t.csv --leave-out x=*").contains("no column left"));
}

#[test]
fn calibrated_scores_are_probabilities_from_a_validation_part_of_other_recordings() {
    let place = Place::new();
    place.write("t.csv", small_table(40, 3));
    let run = place.json("--data t.csv --models svm,naive-bayes --calibrate temperature");
    for name in ["svm", "naive-bayes"] {
        let error = |which: &str| row(&run, name)[which].as_f64().unwrap();
        assert!(
            error("calibration_error") < error("calibration_error_before"),
            "{name}: {}",
            row(&run, name)
        );
    }
    let probabilities = table(&place.run("export last --table predictions"));
    for row in &probabilities {
        let of = |class: &str| -> f64 { row[&format!("score_{class}")].parse().unwrap() };
        let all = [of("blues"), of("jazz"), of("rock")];
        assert!(all.iter().all(|p| (0.0..=1.0).contains(p)) && (all.iter().sum::<f64>() - 1.0).abs() < 1e-5);
    }

    let split = table(&place.run("export last --table split"));
    let tracks = |fold: &str, part: &str| -> BTreeSet<&str> {
        let rows = split.iter().filter(|row| row["fold"] == fold && row["part"] == part);
        rows.map(|row| row["clip"].as_str()).collect()
    };
    for fold in ["0", "1", "2", "3", "4"] {
        assert!(!tracks(fold, "valid").is_empty());
        for part in ["train", "test"] {
            assert!(tracks(fold, "valid").is_disjoint(&tracks(fold, part)), "{part}");
        }
    }

    // A temperature changes no label.
    place.json("--data t.csv --models svm,naive-bayes --valid 15");
    let plain = table(&place.run("export last --table predictions"));
    let labels = |rows: &[BTreeMap<String, String>]| -> Vec<String> {
        rows.iter().map(|row| row["predicted"].clone()).collect()
    };
    assert_eq!(labels(&plain), labels(&probabilities));

    let platt = place.run("all --data t.csv --models svm --calibrate platt");
    assert!(platt.contains("ECE"), "{platt}");
    let curve = place.run("show last --reliability svm");
    assert!(curve.contains("expected calibration error"), "{curve}");
    let exported = table(&place.run("export last --table reliability"));
    assert_eq!(exported.len(), 30, "15 steps, before and after");
    let examples: u64 = exported.iter().map(|row| row["examples"].parse::<u64>().unwrap()).sum();
    assert_eq!(examples, 2 * 360);
}

#[test]
fn a_forest_tells_what_it_found() {
    let place = Place::new();
    place.write("t.csv", small_table(12, 1));
    place.run("all --data t.csv --models forest,majority");
    let told = place.run("show last --insights forest,majority");
    for wanted in ["out-of-bag accuracy", "tempo", "mfcc1_mean", "majority tells nothing but scores"] {
        assert!(told.contains(wanted), "{wanted}: {told}");
    }
    let importances = table(&place.run("export last --table importances"));
    let sum: f64 = importances.iter().map(|row| row["importance"].parse::<f64>().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-9, "{sum}");
    let least = importances.last().unwrap();
    assert_eq!(least["column"], "mfcc1_var", "which is noise");
    assert_eq!(table(&place.run("export last --table insights")).len(), 5, "one a fold");
}
