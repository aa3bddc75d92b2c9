//! What `bench doctor` says of installations that are as they should be, and of others.

#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use common::damage::snapshot;
use common::{Place, ends, skipped, small_table};
use serde_json::Value;
use std::process::Command;

/// The program with nothing of this machine's that somebody may have or not.
fn doctor(place: &Place, words: &str) -> Command {
    let mut command = place.bench();
    command.args(["doctor"]).args(words.split_whitespace());
    for name in
        ["GENRE_BENCH_WEIGHTS", "GENRE_BENCH_GTZAN", "GENRE_BENCH_PYTHON", "VIRTUAL_ENV", "RAYON_NUM_THREADS"]
    {
        command.env_remove(name);
    }
    command
}

#[track_caller]
fn findings(command: &mut Command, status: i32) -> Value {
    let output = ends(command.arg("--json"), status);
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["usable"], status == 0);
    said
}

fn of<'a>(said: &'a Value, about: &str) -> &'a Value {
    let all = said["findings"].as_array().unwrap();
    all.iter()
        .find(|finding| finding["about"] == about)
        .unwrap_or_else(|| panic!("nothing of {about}: {said}"))
}

#[test]
fn an_installation_without_anything_is_usable() {
    let place = Place::new();
    let said = findings(&mut doctor(&place, ""), 0);
    for about in ["program", "models", "cpu", "threads", "store"] {
        assert_eq!(of(&said, about)["state"], "ok", "{said}");
    }
    assert_eq!(of(&said, "program")["facts"]["version"], env!("CARGO_PKG_VERSION"));
    assert!(of(&said, "models")["facts"]["models"].as_u64().unwrap() > 20);
    assert!(of(&said, "store")["says"].as_str().unwrap().contains("not there yet"));
    assert_eq!(of(&said, "weights")["state"], "note");
    assert!(of(&said, "weights")["says"].as_str().unwrap().contains("GENRE_BENCH_WEIGHTS is not set"));
    #[cfg(not(feature = "cuda"))]
    assert!(of(&said, "cuda")["says"].as_str().unwrap().contains("not built with it"));
    #[cfg(target_arch = "x86_64")]
    assert_eq!(
        of(&said, "cpu")["facts"]["used"].as_array().unwrap().contains(&"AVX2".into()),
        is_x86_feature_detected!("avx2")
    );
    #[cfg(target_os = "linux")]
    assert!(of(&said, "memory")["facts"]["free"].as_u64().unwrap() > 0);
    assert!(!place.path("runs").exists() && !place.path("cache").exists(), "nothing was made");

    // Every finding is a line for people, and every note says what to do; no colours where nobody sees them.
    let text = String::from_utf8(ends(&mut doctor(&place, ""), 0).stdout).unwrap();
    for finding in said["findings"].as_array().unwrap() {
        let state = finding["state"].as_str().unwrap();
        let line = format!("{state:<7} {} ", finding["about"].as_str().unwrap());
        assert!(text.lines().any(|said| said.starts_with(&line)), "{line}: {text}");
        assert_eq!(state == "ok", finding["hint"] == "", "{finding}");
    }
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn what_is_there_is_found() {
    let place = Place::new();
    place.write("t.csv", small_table(8, 2));
    place.run("all --data t.csv --models knn-1 --folds 3");
    place.write("gtzan/features_30_sec.csv", "");
    place.write("gtzan/images_original/x", "");
    std::fs::create_dir_all(place.path("gtzan/genres_original")).unwrap();
    place.write("cache/features/entry", "12345");
    let before = snapshot(&place.path(""));
    let said = findings(doctor(&place, "").env("RAYON_NUM_THREADS", "1"), 0);
    let store = &of(&said, "store")["facts"];
    assert_eq!((&store["runs"], &store["cells"], &store["writable"]), (&1.into(), &3.into(), &true.into()));
    let cache = &of(&said, "cache")["facts"];
    assert_eq!((&cache["entries"], &cache["bytes"]), (&1.into(), &5.into()));
    assert_eq!(of(&said, "data")["facts"]["found"][0]["folder"], "gtzan", "{said}");
    assert_eq!(of(&said, "threads")["facts"]["rayon_num_threads"], "1");
    assert_eq!(snapshot(&place.path("")), before, "nothing is changed");

    let weights: Value = serde_json::from_str(&place.run("list weights --json")).unwrap();
    let file = weights["weights"][0]["file"].as_str().unwrap().to_owned();
    place.write(&format!("weights/{file}"), "not read");
    let said = findings(doctor(&place, "").env("GENRE_BENCH_WEIGHTS", place.path("weights")), 0);
    assert_eq!(of(&said, "weights")["facts"]["there"][0], file.as_str());
    assert_eq!(of(&said, "weights")["state"], "ok");
}

#[test]
#[cfg(unix)]
fn programs_of_others_are_asked_and_not_waited_for() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let script = |name: &str, text: &str| {
        let path = place.write(name, format!("#!/bin/sh\n{text}\n"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    };
    for (name, text, state, says) in [
        ("good", "echo 3.13.1 numpy pyarrow", "ok", "3.13.1 with numpy, pyarrow"),
        ("bare", "echo 3.9.2 numpy", "note", "without pyarrow"),
        ("slow", "exec sleep 60", "note", "did not answer"),
        ("wrong", "exit 3", "note", "does not run"),
    ] {
        let python = script(name, text);
        let said = findings(doctor(&place, "").env("GENRE_BENCH_PYTHON", &python), 0);
        let finding = of(&said, "python");
        assert_eq!(finding["state"], state, "{name}: {finding}");
        assert!(finding["says"].as_str().unwrap().contains(says), "{name}: {finding}");
    }
    let said = findings(doctor(&place, "").env("GENRE_BENCH_PYTHON", "no-such-python"), 0);
    assert!(of(&said, "python")["says"].as_str().unwrap().contains("not there"));

    assert_eq!(of(&findings(doctor(&place, "").env("PATH", ""), 0), "slurm")["state"], "note");
    script("bin/sbatch", "exit 0");
    assert_eq!(of(&findings(doctor(&place, "").env("PATH", place.path("bin")), 0), "slurm")["state"], "ok");
}

#[test]
fn a_store_that_no_run_can_use_is_a_problem() {
    let place = Place::new();
    place.write("file", "no folder");
    let said = findings(&mut doctor(&place, "--out file"), 1);
    assert_eq!(of(&said, "store")["state"], "problem");
    place.write("other/store.json", r#"{"format":99,"written_by":"genre-bench 9.0.0"}"#);
    let said = findings(&mut doctor(&place, "--out other"), 1);
    assert!(of(&said, "store")["says"].as_str().unwrap().contains("format 99"), "{said}");

    // A cache is kept for speed alone.
    let said = findings(doctor(&place, "").args(["--cache", "file"]), 0);
    assert_eq!(of(&said, "cache")["state"], "note");
    let output = ends(&mut doctor(&place, "--out file"), 1);
    assert!(String::from_utf8(output.stdout).unwrap().contains("--out DIR"), "it says what to do");
}

/// A read-only folder stops everybody but the superuser.
#[test]
#[cfg(unix)]
fn a_read_only_store_is_a_problem() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let folder = place.path("locked");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o555)).unwrap();
    if std::fs::write(folder.join("probe"), "").is_ok() {
        skipped("this user may write to read-only folders");
        return;
    }
    let said = findings(&mut doctor(&place, "--out locked/runs"), 1);
    assert!(of(&said, "store")["says"].as_str().unwrap().contains("cannot be written to"), "{said}");
}
