//! `bench compare`, and the marks of models that cannot be told from the leader.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

mod common;

use common::{Place, row, small_table};
use serde_json::Value;

fn compared(place: &Place, words: &str) -> Value {
    serde_json::from_str(&place.run(&format!("compare --json {words}"))).unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn every_model_stands_beside_the_best_on_the_same_examples() {
    let place = Place::new();
    place.write("t.csv", small_table(12, 3));
    let run = place.json("--data t.csv --models svm,svm-linfa,knn-1,majority");
    let compared = compared(&place, "last");
    let leader = compared["leader"].as_str().unwrap();
    assert_eq!(run["leaderboard"][0]["model"], leader);
    assert_eq!(
        (&compared["unit"], &compared["units"], &compared["draws"]),
        (&"tracks".into(), &36.into(), &10_000.into())
    );
    let others = compared["others"].as_array().unwrap();
    assert_eq!(others.len(), 3);
    for other in others {
        let name = other["model"].as_str().unwrap();
        // The difference is that of the leaderboard's columns.
        for (field, metric) in [("difference", "macro_f1"), ("accuracy_difference", "accuracy")] {
            let wanted = number(&row(&run, name)[metric]) - number(&row(&run, leader)[metric]);
            assert!((number(&other[field]["mean"]) - wanted).abs() < 1e-9, "{name}");
            let [low, high] = [0, 1].map(|end| number(&other[field]["over_units"][end]));
            assert!(low <= wanted + 0.02 && wanted - 0.02 <= high, "{name}: {low} {wanted} {high}");
        }
        let posterior = &other["posterior"];
        let sum: f64 = ["worse", "equal", "better"].iter().map(|side| number(&posterior[side])).sum();
        assert!((sum - 1.0).abs() < 1e-9);
        let adjusted = number(&other["p_holm"]);
        assert!((0.0..=1.0).contains(&adjusted));
        // The marks of the leaderboard are these tests.
        assert_eq!(row(&run, name)["tied_with_leader"], adjusted >= 0.05, "{name}");
    }
    let majority = others.iter().find(|other| other["model"] == "majority").unwrap();
    assert!(number(&majority["posterior"]["worse"]) > 0.99 && number(&majority["p_holm"]) < 0.05);
    assert_eq!(row(&run, leader)["tied_with_leader"], Value::Null);
    // The same again, to the last digit.
    assert_eq!(compared, self::compared(&place, "last"));
    let text = place.run("show last");
    assert!(text.contains("cannot be told from"), "{text}");
    assert!(!text.contains("majority ="), "{text}");
    let table = place.run("export last");
    assert!(table.lines().next().unwrap().contains("tied_with_leader"), "{table}");
}

#[test]
fn artists_are_drawn_whole_where_they_are_known() {
    let place = Place::new();
    place.write("t.csv", small_table(12, 2));
    let mut artists = "filename,artist\n".to_owned();
    for genre in ["blues", "jazz", "rock"] {
        (0..12).for_each(|track| artists += &format!("{genre}.{track:05}.wav,{genre}{}\n", track / 2));
    }
    place.write("artists.csv", artists);
    let run =
        place.json("--data t.csv --artists artists.csv --protocol artist --folds 3 --models knn-1,majority");
    let compared = compared(&place, "last");
    // Three folds tell nothing, but the tested artists do.
    assert_eq!((&compared["test"], &run["tied_by"]), (&"unit_bootstrap".into(), &"unit_bootstrap".into()));
    assert_eq!(row(&run, "majority")["tied_with_leader"], false);
    assert!(number(&compared["others"][0]["p_holm"]) < 0.05);
    assert_eq!((&compared["unit"], &compared["units"]), (&"artists".into(), &18.into()));
}

#[test]
fn two_models_are_compared_track_by_track() {
    let place = Place::new();
    place.write("t.csv", small_table(12, 3));
    place.run("all --data t.csv --models svm,decision-tree,majority --repeats 2");
    let two = compared(&place, "last --models svm,majority");
    let tracks = &two["tracks"];
    let only = [0, 1].map(|side| tracks["only"][side].as_array().unwrap().len() as u64);
    let both = tracks["both_right"].as_u64().unwrap() + tracks["both_wrong"].as_u64().unwrap();
    let twice = compared(&place, "last --models svm,majority,svm");
    assert_eq!((twice["others"].as_array().map(Vec::len), &twice["tracks"]), (Some(1), tracks));
    // Each of 36 tracks once, though the folds were drawn twice.
    assert_eq!(both + only[0] + only[1], 36);
    assert!(number(&tracks["p_value"]) < 0.05, "{tracks}");
    let text = place.run("compare last --models svm,majority");
    for said in ["McNemar", "Only svm gets right", "taken for", "majority, all test parts pooled"] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[test]
fn one_test_part_is_compared_by_its_tracks() {
    let place = Place::new();
    place.write("t.csv", small_table(20, 2));
    let run = place.json("--data t.csv --holdout 50/50 --models svm,knn-1,majority");
    let compared = compared(&place, "last");
    let other = &compared["others"][1];
    assert_eq!((&other["model"], &other["posterior"]), (&"majority".into(), &Value::Null));
    assert_eq!(other["difference"]["over_folds"], Value::Null);
    assert!(number(&other["difference"]["over_units"][1]) < 0.0);
    assert_eq!(row(&run, "majority")["tied_with_leader"], false);
}

#[test]
fn several_runs_are_compared_by_ranks() {
    let place = Place::new();
    place.write("t.csv", small_table(12, 2));
    let mut runs = Vec::new();
    for seed in 0..6 {
        let run =
            place.json(&format!("--data t.csv --models svm,decision-tree,majority --folds 2 --seed {seed}"));
        runs.push(run["run"].as_str().unwrap().to_owned());
    }
    let five = compared(&place, &runs[..5].join(" "));
    assert!(five["refused"].as_str().unwrap().contains("p ≥ 0.0625"), "{five}");
    assert_eq!(five["pairs"].as_array().map(Vec::len), Some(0));
    let six = compared(&place, &runs.join(" "));
    assert_eq!(six["refused"], Value::Null);
    assert_eq!(six["pairs"].as_array().map(Vec::len), Some(3));
    let last = six["models"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["model"], &last["mean_rank"]), (&"majority".into(), &3.0.into()));
    assert!(number(&six["p_value"]) < 0.05);
    assert!(place.run(&format!("compare {}", runs.join(" "))).contains("Friedman"));
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let place = Place::new();
    place.write("t.csv", small_table(12, 2));
    place.run("all --data t.csv --models svm,majority --folds 2");
    for (words, said) in [
        ("last --models svm", "fewer than two"),
        ("last --models svm,majority,svm,nobody", "is not part of the run"),
        ("last last --models svm,majority,nobody", "is not part of the run"),
        ("last --models nobody", "is not part of the run"),
        ("last last", "ranks need three"),
        ("last --rope x", "expected points"),
        ("missing", "missing"),
    ] {
        let error = place.refused(&format!("compare {words}"));
        assert!(error.contains(said), "{words}: {error}");
    }
}
