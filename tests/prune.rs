//! Stores and caches from which something is removed, also beside programs that are at work.

#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use common::damage::{files_below, snapshot};
use common::slow::{finish, fits, start, stored_cells, wait_for};
use common::{Place, ends, scores, small_table, tone};
use serde_json::Value;
use std::fs::{self, File, FileTimes};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::time::{Duration, SystemTime};

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
/// A run of six cells.
const WORDS: &str = "--data t.csv --models knn-1,lda --folds 3";

/// Makes a file as if it had been written and read last so many seconds ago.
fn age(path: &Path, seconds: u64) {
    let at = SystemTime::now() - Duration::from_secs(seconds);
    let file = File::options().append(true).open(path).unwrap();
    file.set_times(FileTimes::new().set_modified(at).set_accessed(at)).unwrap();
}

fn write_old(place: &Place, name: &str, seconds: u64) -> PathBuf {
    let path = place.write(name, "0123456789");
    age(&path, seconds);
    path
}

/// What `bench runs prune --json` with more words says; it must end with this status.
#[track_caller]
fn prune(place: &Place, words: &str, status: i32) -> Value {
    let output = output(place, &format!("runs prune --json {words}"), status);
    serde_json::from_slice::<Value>(&output.stdout).unwrap()["pruned"].clone()
}

#[track_caller]
fn output(place: &Place, words: &str, status: i32) -> Output {
    ends(place.bench().args(words.split_whitespace()), status)
}

fn runs(place: &Place) -> Vec<Value> {
    let listed: Value = serde_json::from_str(&place.run("runs list --json")).unwrap();
    listed["runs"].as_array().unwrap().clone()
}

fn name_of(run: &Value) -> &str {
    run["run"].as_str().unwrap()
}

#[test]
fn what_no_run_refers_to_goes_and_nothing_else() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 2));
    let first = place.json(WORDS);
    let second = place.json(&format!("{WORDS} --seed 1"));
    let shown = place.run("show last");
    let names: Vec<String> = runs(&place).iter().map(|run| name_of(run).to_owned()).collect();
    assert_eq!(names, [name_of(&second), name_of(&first)], "the latest first");
    let before = snapshot(&place.path("runs"));
    let key = "svm-c10-r0-f0-0123456789abcdef";
    let of_store: Vec<PathBuf> = files_below(&place.path("runs"));
    let needed = of_store.iter().find(|path| path.parent().unwrap().ends_with("cells")).unwrap();
    let done = needed.file_name().unwrap().to_str().unwrap().strip_suffix(".json").unwrap();

    let goes: Vec<PathBuf> = [
        (format!("cells/{key}.json"), 8 * DAY),
        ("cells/knn-1-r1-f2-s3-0123456789abcdef.failed.json".to_owned(), 8 * DAY),
        ("cells/lda-r0-f0-00000000deadbeef.partial/model/epoch".to_owned(), 8 * DAY),
        (format!("cells/{done}.lock"), 0),
        (format!("cells/{done}.partial/costs.json"), 0),
        ("cells/.writing-abcdef".to_owned(), 2 * HOUR),
        (".writing-abcdef".to_owned(), 2 * HOUR),
        ("runs/begun-track-01234567/split.csv".to_owned(), 8 * DAY),
    ]
    .map(|(name, seconds)| write_old(&place, &format!("runs/{name}"), seconds))
    .into();
    #[cfg(unix)]
    {
        // A folder's own time counts.
        let partial = File::open(place.path("runs/cells/lda-r0-f0-00000000deadbeef.partial")).unwrap();
        partial.set_modified(SystemTime::now() - Duration::from_secs(8 * DAY)).unwrap();
    }
    let stays: Vec<PathBuf> = [
        ("cells/svm-r0-f1-0123456789abcdef.json", HOUR),
        ("cells/.writing-ghijkl", 60),
        ("cells/notes.json", 400 * DAY),
        ("cells/notes.json.damaged-1", 400 * DAY),
        ("cells/diary.txt", 400 * DAY),
        ("runs/mine/plan.txt", 400 * DAY),
        ("runs/just-track-01234567/split.csv", 60),
        ("models/readme", 400 * DAY),
    ]
    .map(|(name, seconds)| write_old(&place, &format!("runs/{name}"), seconds))
    .into();

    let with = snapshot(&place.path("runs"));
    let said = prune(&place, "--dry-run", 0);
    assert_eq!(snapshot(&place.path("runs")), with, "nothing is removed that was only to be said");
    assert_eq!(said["cells"]["count"], 3);
    assert_eq!(said["cells"]["bytes"], 30);
    assert_eq!(said["leftovers"]["count"], 5);
    assert_eq!(said["young"]["count"], 1);
    assert_eq!(said["runs"], Value::Array(Vec::new()));
    let text = place.run("runs prune --dry-run");
    assert!(text.contains("would go: 3 cells (30 B), 5 leftovers (50 B); 80 B in all"), "{text}");
    assert!(text.contains("no run was asked for"), "{text}");

    assert_eq!(prune(&place, "", 0), said, "what was said goes");
    assert!(goes.iter().all(|path| !path.exists()), "{goes:#?}");
    assert!(stays.iter().all(|path| path.exists()), "{stays:#?}");
    stays.iter().for_each(|path| fs::remove_file(path).unwrap());
    // Also the time of the store is what it was.
    let after = snapshot(&place.path("runs"));
    assert_eq!(after, before);
    assert_eq!(place.run("show last"), shown);
    assert_eq!(place.run("runs prune --grace 0").lines().next(), Some("nothing to remove"));
}

#[test]
fn a_run_goes_with_the_cells_that_are_its_alone() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 2));
    let both = place.json(WORDS);
    let one = place.json("--data t.csv --models knn-1 --folds 3");
    assert_eq!(stored_cells(&place), 6);
    let folder = place.path("runs/runs").join(name_of(&both));
    fs::write(folder.join("my notes.txt"), "mine").unwrap();
    place.write(&format!("runs/models/{}/lda/model.json", name_of(&both)), "{}");

    let words = format!("runs prune {}", name_of(&both));
    let output = output(&place, &words, 1);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("removed: 1 run") && said.contains("3 cells"), "{said}");
    assert!(said.contains("stays: 1 folder of kept models"), "{said}");
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("not of the run"),
        "a user's file is left alone"
    );
    assert!(folder.join("my notes.txt").exists() && !folder.join("split.csv").exists());
    assert_eq!(runs(&place).iter().map(name_of).collect::<Vec<_>>(), [name_of(&one)]);
    let shown: Value = serde_json::from_str(&place.run("show last --json")).unwrap();
    assert_eq!(scores(&shown), scores(&one), "the cells that it shared are there");
    assert_eq!(stored_cells(&place), 3);

    let again = place.json(WORDS);
    assert_eq!((name_of(&again), scores(&again)), (name_of(&both), scores(&both)));
    prune(&place, &format!("{} --models", name_of(&both)), 1);
    assert!(!place.path("runs/models").join(name_of(&both)).exists());
    assert!(place.refused("runs prune no-such-run").contains("no such run"));
    for words in ["runs prune last --keep-last 1", "runs prune --older-than 30", "runs prune --out nowhere"] {
        place.refused(words);
    }
}

#[test]
fn old_runs_go_and_the_latest_stay() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 2));
    let names: Vec<String> = (0..4_u8)
        .map(|seed| {
            let run = place.json(&format!("{WORDS} --seed {seed}"));
            let plan = place.path("runs/runs").join(name_of(&run)).join("plan.json");
            age(&plan, (40 - 10 * u64::from(seed)) * DAY);
            name_of(&run).to_owned()
        })
        .collect();
    let would_go = |words: &str| -> Vec<String> {
        let said = prune(&place, &format!("--dry-run {words}"), 0);
        let mut gone: Vec<String> = serde_json::from_value(said["runs"].clone()).unwrap();
        gone.reverse();
        gone
    };
    assert_eq!(would_go("--older-than 15d"), names[..3]);
    assert_eq!(would_go("--older-than 15d --keep-last 2"), names[..2]);
    assert_eq!(would_go("--older-than 35d --keep-last 2"), names[..1]);
    assert_eq!(would_go("--keep-last 1"), names[..3]);
    assert_eq!(would_go("last"), names[3..]);
    let said = prune(&place, "--older-than 15d", 0);
    assert_eq!(said["cells"]["count"], 18, "cells of removed runs go at once");
    assert_eq!((stored_cells(&place), runs(&place).len()), (6, 1));
    assert_eq!(prune(&place, "--keep-last 0", 0)["runs"][0], names[3].as_str());
    assert_eq!((stored_cells(&place), runs(&place).len()), (0, 0));
}

#[test]
fn cells_stay_while_a_run_cannot_be_read() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 2));
    let run = place.json(WORDS);
    let plan = place.path("runs/runs").join(name_of(&run)).join("plan.json");
    let whole = fs::read(&plan).unwrap();
    fs::write(&plan, &whole[..whole.len() / 2]).unwrap();
    write_old(&place, "runs/cells/svm-r0-f0-0123456789abcdef.json", 90 * DAY);
    let said = prune(&place, "--grace 0", 1);
    assert_eq!((said["doubtful"]["count"].as_u64(), stored_cells(&place)), (Some(7), 7));
    assert!(said["unreadable"][0].as_str().unwrap().contains("plan.json"), "{said}");

    // The same command makes it anew, and what was damaged stays until it is asked for.
    assert_eq!(scores(&place.json(WORDS)), scores(&run));
    let said = prune(&place, "--grace 0", 0);
    assert_eq!((said["cells"]["count"].as_u64(), said["set_aside"]["count"].as_u64()), (Some(1), Some(1)));
    assert_eq!(prune(&place, "--damaged", 0)["damaged"]["count"], 1);
    assert!(!plan.with_file_name("plan.json.damaged-1").exists());

    // One that cannot be mended goes by its name.
    fs::write(&plan, "{}").unwrap();
    prune(&place, name_of(&run), 0);
    assert!(!plan.exists());
    let cell = files_below(&place.path("runs/cells")).remove(0);
    place.json(WORDS);
    fs::write(&cell, "").unwrap();
    let said = prune(&place, "", 1);
    assert!(
        said["unreadable"][0].as_str().unwrap().contains("is no file of a cell"),
        "a damaged cell is named"
    );
}

#[test]
#[cfg(unix)]
fn nothing_is_lost_beside_a_run_that_is_computed() {
    let undisturbed = Place::new();
    undisturbed.write("t.csv", small_table(10, 2));
    let expected = finish(start(&undisturbed, "marks"));

    let place = Place::new();
    place.write("t.csv", small_table(10, 2));
    let mut child = start(&place, "marks");
    wait_for(|| stored_cells(&place) >= 1);
    signal(&child, "-STOP");
    assert_eq!(runs(&place)[0]["state"], "being computed");
    let said = prune(&place, "--keep-last 0 --grace 0", 1);
    assert_eq!((&said["held"][0], &said["runs"]), (&expected["run"], &Value::Array(Vec::new())));
    signal(&child, "-CONT");
    // At every moment, and when it is killed.
    for cells in [3, 5] {
        while stored_cells(&place) < cells {
            prune(&place, "--grace 0 --damaged", 0);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        prune(&place, "--grace 0 --damaged", 0);
        assert!(stored_cells(&place) >= cells, "cells of an unfinished run stay");
        assert_eq!(runs(&place)[0]["state"], "unfinished");
        child = start(&place, &format!("after-{cells}"));
    }
    let resumed = finish(child);
    assert_eq!(resumed["run"], expected["run"]);
    assert_eq!(scores(&resumed), scores(&expected));
    let again = fits(&place.path("after-5")).len();
    assert!(again <= 3, "{again} fits: what was finished was not there any more");
    assert_eq!(runs(&place)[0]["state"], "done");
    assert_eq!(prune(&place, "--keep-last 0", 0)["cells"]["count"], 8);
}

#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

fn music(place: &Place) {
    for clip in 0..6_u8 {
        place.write(&format!("music/blues/{clip}.wav"), tone(200.0 + 50.0 * f32::from(clip), 1.2));
    }
}

const FEATURES: &str = "features music --seconds 1 -o - --cache kept";

#[test]
fn entries_of_a_cache_go_by_their_last_use() {
    let place = Place::new();
    music(&place);
    let table = place.run(FEATURES);
    let folder = place.path("kept/features");
    let entries = files_below(&folder);
    for (number, entry) in entries.iter().enumerate() {
        age(entry, 10 * (number as u64 + 1) * DAY);
    }
    let size = fs::metadata(&entries[0]).unwrap().len();
    let mine = ["diary.features", "diary.txt", "0123.embeddings"];
    mine.iter().for_each(|name| drop(write_old(&place, &format!("kept/features/{name}"), 900 * DAY)));
    write_old(&place, "kept/features/.writing-live", 60);
    write_old(&place, "kept/features/.writing-dead", 90 * DAY);
    let cache = |words: &str| -> Value {
        serde_json::from_str(&place.run(&format!("cache prune --cache kept --json {words}"))).unwrap()
    };
    let said = cache("--older-than 35d --dry-run");
    assert_eq!((&said["deleted"]["recordings"], &said["kept"]["recordings"]), (&4.into(), &4.into()));
    assert!(entries.iter().all(|path| path.exists()));
    cache("--older-than 35d");
    assert_eq!(
        entries.iter().map(|path| path.exists()).collect::<Vec<_>>(),
        [true, true, true, false, false, false]
    );
    assert!(folder.join(".writing-live").exists() && !folder.join(".writing-dead").exists());

    // Using an entry makes it young; the others are computed again.
    assert_eq!(place.run(FEATURES), table);
    assert_eq!(cache("--older-than 1d")["deleted"]["recordings"], 0);
    age(&entries[1], 3 * DAY);
    age(&entries[4], 2 * DAY);
    cache(&format!("--keep {}B", 4 * size + 100));
    assert_eq!(
        entries.iter().map(|path| path.exists()).collect::<Vec<_>>(),
        [true, false, true, true, false, true]
    );
    let text = place.run("cache prune --cache kept --all");
    assert!(text.contains("features of 4 recordings deleted"), "{text}");
    assert_eq!(cache("--all")["kept"]["recordings"], 1, "what is being written stays");
    mine.iter().for_each(|name| assert!(folder.join(name).exists(), "{name}"));
    assert_eq!(place.run(FEATURES), table);

    for words in ["", "--all --keep 1GB", "--keep 20", "--older-than 30"] {
        place.refused(&format!("cache prune --cache kept {words}"));
    }
    assert!(place.refused("cache prune").contains("--older-than"));
}

#[test]
fn a_cache_may_be_emptied_beside_those_who_use_it() {
    let place = Place::new();
    music(&place);
    let table = place.run(FEATURES);
    std::thread::scope(|scope| {
        let users = [0, 1].map(|_| {
            scope.spawn(|| {
                for _ in 0..8 {
                    let output = output(&place, FEATURES, 0);
                    assert_eq!(String::from_utf8(output.stdout).unwrap(), table);
                    let said = String::from_utf8(output.stderr).unwrap();
                    assert!(!said.contains("could not be cached") && !said.contains("checksum"), "{said}");
                }
            })
        });
        while users.iter().any(|user| !user.is_finished()) {
            place.run("cache prune --cache kept --all");
        }
    });
}
