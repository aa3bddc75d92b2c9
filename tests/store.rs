//! A store whose files are damaged, swapped and lost, which may cost work and never gives a wrong number.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

mod common;

use common::damage::{ATTACKS, attack, files_below, snapshot};
use common::in_process::{Listener, experiment, numbers, session};
use common::random::Draws;
use common::{Place, ends, row, scores, small_table};
use genre_bench::Result;
use genre_bench::experiment::{Prepared, Registry};
use genre_bench::report::Results;
use genre_bench::run::{CellOutcome, Store};
use genre_bench_api::{Card, Error, Examples, Family, Fitted, Model, Run};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Fails, so that there are failures in the store.
struct Fails;

impl Model for Fails {
    fn card(&self) -> Card {
        Card::new("fails", Family::Other, "fails")
    }
    fn fit(
        &self,
        _train: &Examples,
        _valid: &Examples,
        _run: &Run,
    ) -> genre_bench_api::Result<Box<dyn Fitted>> {
        Err(Error::failed("this model fails on purpose"))
    }
}

/// A run of the store as it must be read.
struct Expected {
    results: Results,
    experiment: String,
}

/// Reads a run, as `bench show` does. What is read must be right; says what was refused or missing.
fn read(store: Result<&Store>, expected: &Expected, told: &str) -> Option<String> {
    let Expected { results, experiment } = expected;
    let store = match store {
        Ok(store) => store,
        Err(refused) => return Some(refused.to_string()),
    };
    let mut noticed = match store.experiment(&results.plan.id) {
        Ok(text) => {
            assert_eq!(text, *experiment, "{told}");
            None
        }
        Err(refused) => Some(refused.to_string()),
    };
    match Results::load(store, &results.plan.id) {
        Err(refused) => noticed = Some(refused.to_string()),
        Ok(found) => {
            assert_eq!(found.plan, results.plan, "{told}");
            assert_eq!((&found.catalogue, &found.folds), (&results.catalogue, &results.folds), "{told}");
            for (there, right) in found.outcomes.iter().zip(&results.outcomes) {
                match there {
                    CellOutcome::Missing => noticed = Some("a cell is missing".to_owned()),
                    // To the last digit, the seconds among them.
                    there => assert_eq!(there, right, "{told}"),
                }
            }
            if let Some(damage) = found.damaged.first() {
                noticed = Some(damage.to_string());
            }
        }
    }
    noticed
}

/// Removes what attacks left where nothing of the store is, or they would bring it back later.
fn tidy(out: &Path) {
    for path in files_below(out) {
        let of_run = path.parent().unwrap().parent().unwrap().ends_with("runs/runs");
        let is_of_run = ["plan.json", "split.csv", "examples.csv", "experiment.toml"]
            .iter()
            .any(|name| path.ends_with(name));
        let is_header = path.ends_with("store.json");
        if is_header != (path.parent() == Some(out)) || (!is_header && of_run != is_of_run) {
            fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn a_thousand_attacks_on_a_store_give_no_wrong_number() {
    const ROUNDS: usize = 1000;
    let place = Place::new();
    place.write("t.csv", small_table(6, 2));
    let out = place.path("runs");
    let cheap = genre_bench_classical::models().into_iter();
    let cheap = cheap.filter(|m| ["knn-1", "lda", "majority"].contains(&m.card().name.as_str()));
    let models: Vec<Box<dyn Model>> = cheap.chain([Box::new(Fails) as Box<dyn Model>]).collect();
    let registry = Registry::new(models, None).unwrap();
    let listener = Listener::default();
    let session = session(&registry, &out, &listener);
    let prepared: Vec<Prepared> = [0, 1]
        .map(|seed| {
            session.prepare(&experiment(&place, &["knn-1", "lda", "majority", "fails"], seed)).unwrap()
        })
        .into();
    let run_all = || -> Vec<Expected> {
        let of = |prepared: &Prepared| {
            let evaluated = session.run(prepared).unwrap().unwrap();
            assert!(evaluated.store_error.is_none(), "{:?}", evaluated.store_error);
            Expected { results: evaluated.results, experiment: prepared.experiment.to_toml().unwrap() }
        };
        prepared.iter().map(of).collect()
    };
    let mut expected = run_all();
    let right: Vec<Vec<String>> = expected.iter().map(|run| numbers(&run.results.outcomes)).collect();

    let mut random = Draws(7);
    let mut counts: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for round in 0..ROUNDS {
        let files = files_below(&out);
        let files: Vec<PathBuf> =
            files.into_iter().filter(|path| fs::metadata(path).unwrap().len() > 0).collect();
        let kind = ATTACKS[round % ATTACKS.len()];
        let count = counts.entry(kind).or_default();
        let Some(told) = attack(kind, &files, &mut random) else {
            count[2] += 1;
            continue;
        };
        let told = format!("round {round}, {told}");
        let store = Store::open(&out);
        let noticed: Vec<String> = expected
            .iter()
            .filter_map(|run| read(store.as_ref().map_err(Clone::clone), run, &told))
            .collect();
        count[usize::from(noticed.is_empty())] += 1;

        listener.forget();
        let again = run_all();
        for (run, right) in again.iter().zip(&right) {
            assert_eq!(numbers(&run.results.outcomes), *right, "{told}");
        }
        // What is gone is made again without a word; what is wrong is named.
        if kind != "delete" && !noticed.is_empty() {
            let names = listener.warnings();
            assert!(
                names.iter().any(|name| name.contains(out.to_str().unwrap())),
                "{told}: {noticed:?} {names:?}"
            );
        }
        let store = Store::open(&out).unwrap();
        for run in &again {
            assert_eq!(read(Ok(&store), run, &told), None, "{told}: it is not mended");
        }
        expected = again;
        tidy(&out);
    }
    let mut all = [0; 3];
    println!("attacks on a store                noticed  harmless  no change");
    for (kind, count) in counts {
        println!("{kind:<32} {:>8} {:>9} {:>10}", count[0], count[1], count[2]);
        (0..3).for_each(|at| all[at] += count[at]);
    }
    println!("{:<32} {:>8} {:>9} {:>10}", "all", all[0], all[1], all[2]);
    assert!(all[0] > ROUNDS * 2 / 3, "most attacks hit something that is read");
}

/// What is run through the program.
const WORDS: &str = "--data t.csv --models knn-1,lda --folds 3";

#[test]
fn what_is_another_cells_or_runs_is_not_believed() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 2));
    let first = place.json(WORDS);
    place.json(&format!("{WORDS} --seed 1"));
    let id = first["run"].as_str().unwrap();
    let runs = files_below(&place.path("runs/runs"));
    let of = |name: &str, own: bool| {
        runs.iter().find(|path| path.ends_with(name) && path.to_string_lossy().contains(id) == own).unwrap()
    };
    let shown = |status| {
        let output = ends(place.bench().args(["show", id, "--json"]), status);
        (output.stdout, String::from_utf8(output.stderr).unwrap())
    };
    let good = shown(0).0;
    for name in ["plan.json", "split.csv", "experiment.toml"] {
        fs::copy(of(name, false), of(name, true)).unwrap();
        let words =
            if name == "experiment.toml" { vec!["show", id, "--experiment"] } else { vec!["show", id] };
        let refused = ends(place.bench().args(&words), 2);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains(name) && said.contains("give the command of the run again"), "{said}");
        let output = ends(place.bench().args(["all", "--json"]).args(WORDS.split(' ')), 0);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            said.contains("warning:") && said.contains(&format!("set aside as {name}.damaged-1")),
            "{said}"
        );
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(json["warnings"].to_string().contains(name), "{json}");
        assert_eq!(shown(0).0, good);
    }
    // A folder under another run's name.
    let other = of("plan.json", false).parent().unwrap().to_owned();
    for file in files_below(&other) {
        fs::copy(of(file.file_name().unwrap().to_str().unwrap(), true), &file).unwrap();
    }
    let said = String::from_utf8(ends(place.bench().args(["list", "runs"]), 1).stderr).unwrap();
    assert!(said.contains("plan.json: it is of the run"), "{said}");

    // A neighbouring fold's cell, an edited digit, and a folder in the place of a file.
    let cells: Vec<PathBuf> = files_below(&place.path("runs/cells"));
    let own: Vec<&PathBuf> = cells.iter().filter(|p| p.to_string_lossy().contains("knn-1-r0-f")).collect();
    let before = scores(&serde_json::from_slice(&good).unwrap());
    // Of both seeds: folds 1 and 2 become fold 0.
    for path in &own[2..6] {
        fs::copy(own[0], path).unwrap();
    }
    let (stdout, said) = shown(1);
    let json: Value = serde_json::from_slice(&stdout).unwrap();
    assert_eq!(row(&json, "knn-1")["folds_done"], 1, "{json}");
    assert!(row(&json, "knn-1")["macro_f1"].is_null() && !row(&json, "lda")["macro_f1"].is_null(), "{json}");
    assert!(
        said.contains("it is of the cell knn-1-r0-f") && json["warnings"].to_string().contains("knn-1-r0-f")
    );
    let exported = ends(place.bench().args(["export", id]), 1);
    assert!(String::from_utf8_lossy(&exported.stderr).contains("it is of the cell knn-1-r0-f"));
    assert_eq!(scores(&place.json(WORDS)), before);
    assert_eq!(fs::read_dir(place.path("runs/cells")).unwrap().count(), cells.len() + 2, "two are set aside");
    assert_eq!(scores(&serde_json::from_slice(&shown(0).0).unwrap()), before);
}

#[test]
fn a_store_without_its_header_is_refused_by_readers_and_mended_by_a_run() {
    let place = Place::new();
    place.write("t.csv", small_table(6, 2));
    let first = place.json(WORDS);
    let header = place.path("runs/store.json");
    let good = fs::read_to_string(&header).unwrap();
    for damaged in [None, Some(good.replace("\"format\":4", "\"format\":5")), Some(good[1..].to_owned())] {
        match &damaged {
            None => fs::remove_file(&header).unwrap(),
            Some(text) => fs::write(&header, text).unwrap(),
        }
        assert!(place.refused("show last").contains("store.json"));
        let output = ends(place.bench().args(["all", "--json"]).args(WORDS.split(' ')), 0);
        assert!(String::from_utf8_lossy(&output.stderr).contains("store.json"));
        assert_eq!(scores(&serde_json::from_slice(&output.stdout).unwrap()), scores(&first));
        assert_eq!(fs::read_to_string(&header).unwrap(), good);
    }
}

#[test]
fn a_finished_run_is_printed_without_writing_anything() {
    let place = Place::new();
    place.write("t.csv", small_table(6, 2));
    let first = place.json(WORDS);
    let before = snapshot(&place.path("runs"));
    assert_eq!(place.json(WORDS), first);
    place.run("show last");
    assert_eq!(snapshot(&place.path("runs")), before, "something was written");

    // A run of stored cells whose own folder cannot be made.
    let folder = place.path("runs/runs");
    fs::remove_dir_all(&folder).unwrap();
    fs::create_dir(&folder).unwrap();
    place.write("runs/runs/placeholder", "");
    fs::write(folder.join(first["run"].as_str().unwrap()), "a file in the way").unwrap();
    let output = ends(place.bench().args(["all", "--json"]).args(WORDS.split(' ')), 1);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(scores(&serde_json::from_slice(&output.stdout).unwrap()), scores(&first));
    assert!(said.contains("not all of them are stored"), "{said}");
}

#[test]
fn the_latest_run_is_the_one_that_was_given_last() {
    let place = Place::new();
    place.write("t.csv", small_table(6, 2));
    let first = place.json(WORDS);
    let second = place.json(&format!("{WORDS} --seed 1"));
    let last = || serde_json::from_str::<Value>(&place.run("show last --json")).unwrap()["run"].clone();
    assert_eq!(last(), second["run"]);
    place.json(WORDS);
    assert_eq!(last(), first["run"]);
}
