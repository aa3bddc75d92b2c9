//! Runs that take their time, to do something beside them.

use super::{Place, example};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Slow models, a fold each 0.2 s: `slow` marks every fit.
const SLOW: [&str; 10] =
    ["all", "--data", "t.csv", "--models", "slow", "--folds", "8", "--jobs", "2", "--json"];

pub fn start(place: &Place, marks: &str) -> Child {
    fs::create_dir_all(place.path(marks)).unwrap();
    Command::new(example("faulty"))
        .args(SLOW)
        .current_dir(place.path("."))
        .env("GENRE_BENCH_MARKS", place.path(marks))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

pub fn finish(child: Child) -> Value {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// How often each cell of `slow` was fitted, by its seed.
pub fn fits(marks: &Path) -> BTreeMap<String, usize> {
    let mut fits = BTreeMap::new();
    for mark in fs::read_dir(marks).unwrap() {
        let name = mark.unwrap().file_name().into_string().unwrap();
        *fits.entry(name.split('-').next().unwrap().to_owned()).or_default() += 1;
    }
    fits
}

pub fn stored_cells(place: &Place) -> usize {
    let Ok(entries) = fs::read_dir(place.path("runs/cells")) else { return 0 };
    entries.filter(|e| e.as_ref().is_ok_and(|e| e.path().extension().is_some_and(|e| e == "json"))).count()
}

/// Waits until `condition` holds; a run that never gets there must not hang the suite.
pub fn wait_for(condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(120), "it never came to pass");
        std::thread::sleep(Duration::from_millis(10));
    }
}
