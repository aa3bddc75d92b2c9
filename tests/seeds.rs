//! Several seeds for every fold: what is fitted, what counts as evidence, and where the variance comes from.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

mod common;

use common::in_process::{Listener, experiment, numbers, session};
use common::{Place, ends, row, scores, small_table};
use genre_bench::experiment::Registry;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const WORDS: &str = "--data t.csv --models forest,knn-1,majority --folds 3 --repeats 2";

fn place() -> Place {
    let place = Place::new();
    place.write("t.csv", small_table(12, 3));
    place
}

fn compared(place: &Place, words: &str) -> Value {
    serde_json::from_str(&place.run(&format!("compare --json {words}"))).unwrap()
}

/// Names of the finished cells of a model, without their hashes.
fn cells(place: &Place, model: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(place.path("runs/cells")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let short = |name: String| Some(name.strip_suffix(".json")?.rsplit_once('-')?.0.to_owned());
    names.filter(|name| name.starts_with(&format!("{model}-r"))).filter_map(short).collect()
}

#[test]
fn the_variance_is_told_apart_and_a_model_without_chance_has_none_by_seed() {
    let place = place();
    let run = place.json(&format!("{WORDS} --seeds 2"));
    assert_eq!((&run["seeds"], &row(&run, "forest")["folds"]), (&2.into(), &6.into()));
    // A model that draws nothing is fitted once a fold.
    assert_eq!((cells(&place, "forest").len(), cells(&place, "knn-1").len()), (12, 6));
    assert!(cells(&place, "forest").contains("forest-r1-f2-s1"));

    let compared = compared(&place, "last");
    let variance = &compared["variance"];
    assert_eq!([&variance["draws"], &variance["folds"], &variance["seeds"]], [2, 3, 2]);
    for model in variance["models"].as_array().unwrap() {
        let name = model["model"].as_str().unwrap();
        let deviation = |level: &str| model[level]["standard_deviation"].as_f64().unwrap();
        if name == "forest" {
            assert!(deviation("by_seed") > 0.0, "{model}");
        } else {
            assert_eq!(deviation("by_seed"), 0.0, "{model}");
        }
        let shares = ["by_draw", "by_fold", "by_seed"].map(|level| model[level]["share"].as_f64());
        let sum: Option<f64> = shares.into_iter().sum();
        assert!(sum.is_none_or(|sum| (sum - 1.0).abs() < 1e-12), "{model}");
    }
    let stays = &compared["leader_stays"];
    assert_eq!(stays["draws"]["of"], 2);
    for share in ["test_parts", "seeds"] {
        assert!((0.0..=1.0).contains(&stays[share].as_f64().unwrap()), "{stays}");
    }
    let text = place.run("compare last");
    for said in ["Where the variance comes from", "by seed", "2 draws of the folds", "one seed a fold"] {
        assert!(text.replace('\n', " ").contains(said), "{said}: {text}");
    }
    place.run("report last -o report.html");
    let page = std::fs::read_to_string(place.path("report.html")).unwrap();
    assert!(page.contains("Where the variance comes from") && page.contains("one seed a fold"));
}

#[test]
fn scores_are_means_over_the_seeds_of_a_fold_and_exports_name_the_seed() {
    let place = place();
    let run = place.json(&format!("{WORDS} --seeds 3"));
    let table = place.run("export last --table predictions --format csv");
    let mut lines = table.lines();
    assert!(lines.next().unwrap().starts_with("model,repeat,fold,seed,example,"), "{table}");
    let mut right: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for line in lines.filter(|line| line.starts_with("forest,")) {
        let cells: Vec<&str> = line.split(',').collect();
        let (sum, count) = right.entry(cells[1..4].join(",")).or_default();
        *sum += f64::from(u8::from(cells[7] == cells[8]));
        *count += 1.0;
    }
    assert_eq!(right.len(), 18, "{right:?}");
    let mean = right.values().map(|(sum, count)| sum / count).sum::<f64>() / 18.0;
    assert!((row(&run, "forest")["accuracy"].as_f64().unwrap() - mean).abs() < 1e-12);
    let insights = place.run("export last --table insights --format csv");
    assert!(insights.starts_with("model,repeat,fold,seed,name,value"), "{insights}");
}

/// Fits on the same test part are no folds more: what they agree on is known no better.
#[test]
fn more_seeds_are_no_more_evidence_about_test_parts() {
    let place = place();
    let words = "--data t.csv --models knn-1,majority --folds 3 --repeats 2";
    let once = (place.json(words), compared(&place, "last"));
    let thrice = (place.json(&format!("{words} --seeds 3")), compared(&place, "last"));
    let others = [&once, &thrice].map(|(_, compared)| &compared["others"][0]);
    for path in [
        "/difference/mean",
        "/difference/over_folds/0",
        "/difference/over_folds/1",
        "/difference/over_units/0",
        "/difference/over_units/1",
        "/accuracy_difference/over_folds/0",
        "/p_holm",
        "/posterior/worse",
        "/posterior/equal",
    ] {
        let [once, thrice] = others.map(|other| other.pointer(path).and_then(Value::as_f64).expect(path));
        assert!((once - thrice).abs() < 1e-12, "{path}: {once} {thrice}");
    }
    for key in ["macro_f1", "macro_f1_low", "macro_f1_high", "tied_with_leader"] {
        let of = |run: &Value| row(run, "knn-1")[key].clone();
        assert_eq!(of(&once.0), of(&thrice.0), "{key}");
    }
    // The mean of three equal numbers is one of them, but for rounding.
    let [once, thrice] = [&once.0, &thrice.0].map(|run| row(run, "knn-1")["fit_seconds"].as_f64().unwrap());
    assert!((once - thrice).abs() < 1e-9 * once, "{once} {thrice}");
}

#[test]
fn seeds_are_added_to_what_is_stored_and_one_seed_changes_no_name() {
    let place = place();
    let one = place.json(&format!("{WORDS} --seeds 1"));
    let names = cells(&place, "forest");
    assert!(names.iter().all(|name| !name.contains("-s")), "{names:?}");
    let run = |run: &Value| run["run"].as_str().unwrap().to_owned();
    for file in ["plan.json", "experiment.toml"] {
        let text = std::fs::read_to_string(place.path(&format!("runs/runs/{}/{file}", run(&one)))).unwrap();
        assert!(!text.contains("seeds"), "{file}: {text}");
    }
    assert!(
        place.run("export last --table predictions --format csv").starts_with("model,repeat,fold,example,")
    );
    let compared = compared(&place, "last");
    assert_eq!(compared["variance"]["models"][0]["by_seed"], Value::Null);
    assert!(place.run("compare last").contains("by seed, one seed a fold"));
    assert_eq!(run(&place.json(WORDS)), run(&one));

    let dry: Value =
        serde_json::from_str(&place.run(&format!("all --json --dry-run {WORDS} --seeds 2"))).unwrap();
    for (model, cells) in [("forest", 12), ("knn-1", 6), ("majority", 6)] {
        let planned = dry["models"].as_array().unwrap().iter().find(|planned| planned["model"] == model);
        let planned = planned.map(|planned| [&planned["cells"], &planned["stored"]]);
        assert_eq!(planned, Some([&cells.into(), &6.into()]), "{dry}");
    }
    let two = place.json(&format!("{WORDS} --seeds 2"));
    assert!(cells(&place, "forest").is_superset(&names));
    assert_ne!(run(&two), run(&one));
    assert_eq!(scores(&place.json(WORDS)), scores(&one));
    // The experiment beside the run makes it again.
    place.write("again.toml", place.run(&format!("show {} --experiment", run(&two))));
    let again: Value = serde_json::from_str(&place.run("run again.toml --json")).unwrap();
    assert_eq!((run(&again), scores(&again)), (run(&two), scores(&two)));
    place.refused(&format!("all {WORDS} --seeds 0"));
}

#[test]
fn an_interrupted_run_goes_on_seed_by_seed() {
    let place = place();
    let registry = Registry::new(genre_bench_classical::models(), None).unwrap();
    let mut experiment = experiment(&place, &["forest", "knn-1"], 4);
    (experiment.split.repeats, experiment.split.seeds) = (2, 2);
    let run = |out: &str, patience: Option<usize>| {
        let listener = Listener::with_patience(patience);
        let session = session(&registry, &place.path(out), &listener);
        let prepared = session.prepare(&experiment).unwrap();
        session.run(&prepared).unwrap().map(|evaluated| numbers(&evaluated.results.outcomes))
    };
    let whole = run("whole", None).unwrap();
    assert_eq!(whole.len(), 2 * 3 * 2 * 2);
    assert_eq!(run("pieces", Some(250)), None);
    assert_eq!(run("pieces", Some(450)), None);
    assert_eq!(run("pieces", None).unwrap(), whole);
}

/// `slow` leaves a mark with its seed for every fit.
#[test]
fn every_repeat_fold_and_seed_has_a_seed_of_its_own() {
    let place = place();
    std::fs::create_dir(place.path("marks")).unwrap();
    let words = "all --data t.csv --models slow --folds 2 --repeats 2 --seeds 2 --quiet";
    let mut command = place.faulty();
    ends(command.args(words.split(' ')).env("GENRE_BENCH_MARKS", place.path("marks")), 0);
    let marks = std::fs::read_dir(place.path("marks")).unwrap();
    let seeds: BTreeSet<String> = marks
        .map(|mark| mark.unwrap().file_name().into_string().unwrap().split('-').next().unwrap().to_owned())
        .collect();
    assert_eq!(seeds.len(), 8);
}

#[test]
fn one_test_part_takes_its_seeds_along() {
    let place = place();
    let run = place.json("--data t.csv --models forest,majority --holdout 50/50 --seeds 4");
    let forest = row(&run, "forest");
    let [low, value, high] =
        ["macro_f1_low", "macro_f1", "macro_f1_high"].map(|key| forest[key].as_f64().unwrap());
    assert!(low < value && value < high, "{forest}");
    let compared = compared(&place, "last");
    let forest = &compared["variance"]["models"][0];
    assert_eq!((&forest["by_draw"], &forest["by_fold"]), (&Value::Null, &Value::Null), "{forest}");
    assert!(forest["by_seed"]["standard_deviation"].as_f64().unwrap() > 0.0, "{forest}");
    let text = place.run("compare last");
    assert!(text.replace('\n', " ").contains("by fold, one test part a draw"), "{text}");
}
