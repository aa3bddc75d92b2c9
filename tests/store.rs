//! A store and a cache whose files are damaged, swapped and lost, which may cost work and never gives a wrong number.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

mod common;

use common::damage::{ATTACKS, attack, files_below, snapshot};
use common::random::Draws;
use common::{Place, ends, row, scores, small_table, tone};
use genre_bench::Result;
use genre_bench::audio::Cut;
use genre_bench::experiment::{Data, Experiment, Prepared, Registry, Session, SessionObserver, SplitOptions};
use genre_bench::features::ExtractionOptions;
use genre_bench::features::cache::Cache;
use genre_bench::features::extract::{Extraction, ExtractionJob, FeatureRow, extract};
use genre_bench::report::Results;
use genre_bench::run::{Cell, CellOutcome, Plan, RunObserver, Store};
use genre_bench::util::Damage;
use genre_bench_api::{Card, Error, Examples, Family, Fitted, Inputs, Model, Run};
use ndarray::Array2;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

// ---- what runs inside this process ----

/// Keeps the warnings, and cancels when fits told so often how far they are.
#[derive(Default)]
struct Listener {
    warnings: RefCell<Vec<String>>,
    of_cells: Mutex<Vec<String>>,
    steps: AtomicUsize,
    patience: Option<usize>,
}

impl Listener {
    fn warnings(&self) -> Vec<String> {
        [&self.warnings.borrow()[..], &self.of_cells.lock().unwrap()].concat()
    }

    fn is_impatient(&self) -> bool {
        self.patience.is_some_and(|patience| self.steps.load(Ordering::Relaxed) >= patience)
    }
}

impl SessionObserver for Listener {
    fn reading(&self, _done: usize, _total: usize) {}
    fn tells(&self, _line: &str) {}
    fn warns(&self, line: &str) {
        self.warnings.borrow_mut().push(line.to_owned());
    }
    fn starts<'a>(&'a self, _plan: &'a Plan) -> Box<dyn RunObserver + 'a> {
        Box::new(OfCells(&self.of_cells, &self.steps, self.patience))
    }
    fn cancelled(&self) -> bool {
        self.is_impatient()
    }
}

struct OfCells<'a>(&'a Mutex<Vec<String>>, &'a AtomicUsize, Option<usize>);

impl RunObserver for OfCells<'_> {
    fn progress(&self, _cell: Cell, _done: usize, _total: usize, _note: &str) {
        self.1.fetch_add(1, Ordering::Relaxed);
    }
    fn damaged(&self, damage: &Damage) {
        self.0.lock().unwrap().push(damage.to_string());
    }
    fn cancelled(&self) -> bool {
        self.2.is_some_and(|patience| self.1.load(Ordering::Relaxed) >= patience)
    }
}

fn session<'a>(registry: &'a Registry, out: &Path, listener: &'a Listener) -> Session<'a> {
    Session {
        registry,
        out: out.to_owned(),
        jobs: Some(2),
        cache: None,
        tensorboard: None,
        observer: listener,
        loaded: RefCell::default(),
    }
}

fn experiment(place: &Place, models: &[&str], seed: u64) -> Experiment {
    Experiment {
        models: models.iter().map(|name| (*name).to_owned()).collect(),
        seed,
        data: Data { path: Some(place.path("t.csv")), ..Data::default() },
        split: SplitOptions { folds: Some(3), ..SplitOptions::default() },
        ..Experiment::default()
    }
}

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

// ---- a store that is damaged ----

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

/// What must not change when a cell is computed again.
fn numbers(outcomes: &[CellOutcome]) -> Vec<String> {
    let number = |outcome: &CellOutcome| match outcome {
        CellOutcome::Done(record) => format!("{:?} {:?}", record.train_labels, record.test_scores),
        other => format!("{other:?}"),
    };
    outcomes.iter().map(number).collect()
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

        listener.warnings.borrow_mut().clear();
        listener.of_cells.lock().unwrap().clear();
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

#[test]
fn what_is_another_cells_or_runs_is_not_believed() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 2));
    let words = "--data t.csv --models knn-1,lda --folds 3";
    let first = place.json(words);
    place.json(&format!("{words} --seed 1"));
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
        let output = ends(place.bench().args(["all", "--json"]).args(words_of(words_all())), 0);
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
    assert_eq!(scores(&place.json(words)), before);
    assert_eq!(fs::read_dir(place.path("runs/cells")).unwrap().count(), cells.len() + 2, "two are set aside");
    assert_eq!(scores(&serde_json::from_slice(&shown(0).0).unwrap()), before);
}

fn words_all() -> &'static str {
    "--data t.csv --models knn-1,lda --folds 3"
}

fn words_of(words: &str) -> std::str::SplitWhitespace<'_> {
    words.split_whitespace()
}

#[test]
fn a_store_without_its_header_is_refused_by_readers_and_mended_by_a_run() {
    let place = Place::new();
    place.write("t.csv", small_table(6, 2));
    let first = place.json(words_all());
    let header = place.path("runs/store.json");
    let good = fs::read_to_string(&header).unwrap();
    for damaged in [None, Some(good.replace("\"format\":4", "\"format\":5")), Some(good[1..].to_owned())] {
        match &damaged {
            None => fs::remove_file(&header).unwrap(),
            Some(text) => fs::write(&header, text).unwrap(),
        }
        assert!(place.refused("show last").contains("store.json"));
        let output = ends(place.bench().args(["all", "--json"]).args(words_of(words_all())), 0);
        assert!(String::from_utf8_lossy(&output.stderr).contains("store.json"));
        assert_eq!(scores(&serde_json::from_slice(&output.stdout).unwrap()), scores(&first));
        assert_eq!(fs::read_to_string(&header).unwrap(), good);
    }
}

#[test]
fn a_finished_run_is_printed_without_writing_anything() {
    let place = Place::new();
    place.write("t.csv", small_table(6, 2));
    let first = place.json(words_all());
    let before = snapshot(&place.path("runs"));
    assert_eq!(place.json(words_all()), first);
    place.run("show last");
    assert_eq!(snapshot(&place.path("runs")), before, "something was written");

    // A run of stored cells whose own folder cannot be made.
    let folder = place.path("runs/runs");
    fs::remove_dir_all(&folder).unwrap();
    fs::create_dir(&folder).unwrap();
    place.write("runs/runs/placeholder", "");
    fs::write(folder.join(first["run"].as_str().unwrap()), "a file in the way").unwrap();
    let output = ends(place.bench().args(["all", "--json"]).args(words_of(words_all())), 1);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(scores(&serde_json::from_slice(&output.stdout).unwrap()), scores(&first));
    assert!(said.contains("not all of them are stored"), "{said}");
}

#[test]
fn the_latest_run_is_the_one_that_was_given_last() {
    let place = Place::new();
    place.write("t.csv", small_table(6, 2));
    let first = place.json(words_all());
    let second = place.json(&format!("{} --seed 1", words_all()));
    let last = || serde_json::from_str::<Value>(&place.run("show last --json")).unwrap()["run"].clone();
    assert_eq!(last(), second["run"]);
    place.json(words_all());
    assert_eq!(last(), first["run"]);
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
            std::thread::sleep(std::time::Duration::from_millis(2));
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
    let listener = Listener { patience, ..Listener::default() };
    let out = place.path(out);
    let session = Session { jobs: Some(1), ..session(&registry, &out, &listener) };
    let prepared = session.prepare(&experiment(place, &["steps"], 0)).unwrap();
    let evaluated = session.run(&prepared).unwrap();
    (evaluated.map(|evaluated| evaluated.results), listener.warnings())
}

fn record(results: &Results, cell: usize) -> &genre_bench::run::Record {
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
        let listener = Listener { patience, ..Listener::default() };
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

// ---- a cache that is damaged ----

fn extracted(files: &[PathBuf], cache: &Cache, hop: Option<f64>) -> Vec<Vec<FeatureRow>> {
    let options = ExtractionOptions::new(Cut::new(1.0, hop).unwrap());
    let job = ExtractionJob { cache: Some(cache), ..ExtractionJob::table(options) };
    let mut all = Vec::new();
    extract(files, &job, |_, outcome| {
        match outcome {
            Extraction::Rows { rows, .. } => all.push(rows),
            Extraction::Fault(error) => panic!("{error}"),
        }
        Ok(())
    })
    .unwrap();
    all
}

#[test]
fn a_thousand_attacks_on_a_cache_give_no_wrong_number() {
    const ROUNDS: usize = 1000;
    let place = Place::new();
    let files: Vec<PathBuf> = (0..3_u8)
        .map(|clip| place.write(&format!("music/{clip}.wav"), tone(200.0 + 90.0 * f32::from(clip), 1.1)))
        .collect();
    let cache = Cache::within(&place.path("kept"));
    let hops = [None, Some(0.1)];
    let right = hops.map(|hop| extracted(&files, &cache, hop));
    let mut random = Draws(11);
    let mut counts = [0; 3];
    let kinds = ATTACKS.iter().filter(|kind| **kind != "copy a folder over").collect::<Vec<_>>();
    for round in 0..ROUNDS {
        let kind = kinds[round % kinds.len()];
        let Some(told) = attack(kind, &files_below(&place.path("kept")), &mut random) else {
            counts[2] += 1;
            continue;
        };
        // Also of the same recordings with other settings.
        for (hop, right) in hops.iter().zip(&right) {
            assert_eq!(extracted(&files, &cache, *hop), *right, "round {round}, {told}");
        }
        let damaged = cache.take_damaged();
        counts[usize::from(damaged.is_empty())] += 1;
        if *kind != "delete" {
            assert!(damaged.iter().all(|damage| damage.aside.is_some()) && !damaged.is_empty(), "{told}");
        }
    }
    println!(
        "attacks on a cache: {} named, {} not there any more, {} no change",
        counts[0], counts[1], counts[2]
    );
    assert_eq!(cache.usage().unwrap().entries, cache.clear().unwrap().entries);
}

#[test]
fn swapped_entries_of_a_cache_are_named_and_computed_again() {
    let place = Place::new();
    for clip in 0..2_u8 {
        place.write(&format!("music/blues/{clip}.wav"), tone(200.0 + 90.0 * f32::from(clip), 1.2));
    }
    let words = "features music --seconds 1 -o - --cache kept";
    let first = place.run(words);
    let entries = files_below(&place.path("kept"));
    let contents: Vec<Vec<u8>> = entries.iter().map(|path| fs::read(path).unwrap()).collect();
    fs::write(&entries[0], &contents[1]).unwrap();
    fs::write(&entries[1], &contents[0]).unwrap();
    let output = ends(place.bench().args(words_of(words)), 0);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), first);
    assert_eq!(said.matches("another recording").count(), 2, "{said}");
    assert_eq!(place.run(words), first);
}
