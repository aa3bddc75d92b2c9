//! Features that were computed before, through the program.

#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use common::damage::{ATTACKS, attack, files_below};
use common::random::Draws;
use common::{Place, ends, tone};
use genre_bench::audio::Cut;
use genre_bench::features::ExtractionOptions;
use genre_bench::features::cache::Cache;
use genre_bench::features::extract::{Extraction, ExtractionJob, FeatureRow, extract};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

fn music(place: &Place) {
    for clip in 0..6_u8 {
        place.write(&format!("music/blues/{clip}.wav"), tone(200.0 + 50.0 * f32::from(clip), 1.2));
    }
}

/// The table of `music`; `words` are more flags.
fn table(place: &Place, words: &str) -> String {
    place.run(&format!("features music --seconds 1 -o - {words}"))
}

fn info(place: &Place, what: &str) -> Value {
    serde_json::from_str(&place.run(&format!("cache {what} --cache kept --json"))).unwrap()
}

fn entries(place: &Place) -> Vec<PathBuf> {
    let listing = fs::read_dir(place.path("kept/features")).unwrap();
    let mut paths: Vec<PathBuf> = listing.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn what_changed_is_computed_again_and_the_rest_is_not() {
    let place = Place::new();
    music(&place);
    let first = table(&place, "--cache kept");
    assert_eq!(info(&place, "info")["kept"]["recordings"], 6);
    let written = |path: &PathBuf| fs::metadata(path).unwrap().modified().unwrap();
    let before: Vec<_> = entries(&place).iter().map(written).collect();
    assert_eq!(table(&place, "--cache kept"), first);
    assert_eq!(entries(&place).iter().map(written).collect::<Vec<_>>(), before, "entries were written again");

    // Another name is the same recording; another content under the old name, size and time is not.
    let path = place.path("music/blues/0.wav");
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    fs::rename(&path, place.path("music/blues/9.wav")).unwrap();
    fs::write(&path, tone(5_000.0, 1.2)).unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
    let second = table(&place, "--cache kept");
    assert_eq!(info(&place, "info")["kept"]["recordings"], 7);
    assert_eq!(second, table(&place, "--no-cache"));
    assert_ne!(second.lines().nth(1), first.lines().nth(1));

    // Every parameter has entries of its own.
    for (number, words) in ["--hop 0.1", "--convention zero-padded", "--hop 0.2"].into_iter().enumerate() {
        let cached = table(&place, &format!("{words} --cache kept"));
        assert_eq!(cached, table(&place, &format!("{words} --no-cache")), "{words}");
        assert_eq!(info(&place, "info")["kept"]["recordings"], 7 * (number + 2), "{words}");
    }
}

#[test]
fn a_broken_entry_is_computed_again() {
    let place = Place::new();
    music(&place);
    let first = table(&place, "--cache kept");
    let paths = entries(&place);
    for (number, path) in paths.iter().enumerate() {
        let mut bytes = fs::read(path).unwrap();
        match number {
            0 => bytes.clear(),
            1 => bytes.truncate(100),
            _ => bytes[40 * number] ^= 4,
        }
        fs::write(path, bytes).unwrap();
    }
    let broken: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    assert_eq!(table(&place, "--cache kept"), first);
    for (path, broken) in paths.iter().zip(broken) {
        assert_ne!(fs::read(path).unwrap(), broken, "{} was not mended", path.display());
    }
}

#[test]
fn clear_deletes_entries_and_nothing_else() {
    let place = Place::new();
    music(&place);
    table(&place, "--cache kept");
    place.write("kept/features/diary.txt", "mine");
    place.write("kept/features/.writing-killed", "half an entry");
    assert_eq!(info(&place, "clear")["deleted"]["recordings"], 7);
    assert_eq!(entries(&place), [place.path("kept/features/diary.txt")]);
    assert_eq!(info(&place, "info")["kept"]["recordings"], 0);
}

#[test]
fn a_cache_that_cannot_be_written_is_a_warning() {
    let place = Place::new();
    music(&place);
    place.write("kept", "a file where the folder should be");
    let words = "features music --seconds 1 -o - --cache kept";
    let done = ends(place.bench().args(words.split(' ')), 0);
    assert!(String::from_utf8_lossy(&done.stderr).contains("could not be cached"));
    assert_eq!(String::from_utf8_lossy(&done.stdout), table(&place, "--no-cache"));
}

#[test]
fn programs_share_a_cache_and_may_be_killed() {
    let place = Place::new();
    music(&place);
    let alone = table(&place, "--no-cache");
    let start = || {
        Command::new(env!("CARGO_BIN_EXE_bench"))
            .args(["features", "music", "--seconds", "1", "-o", "-", "--cache", "kept", "-q"])
            .current_dir(place.path("."))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let (mut killed, others) = (start(), [start(), start(), start()]);
    killed.kill().unwrap();
    killed.wait().unwrap();
    for other in others {
        let output = other.wait_with_output().unwrap();
        assert!(output.status.success());
        assert_eq!(String::from_utf8_lossy(&output.stdout), alone);
    }
    assert_eq!(table(&place, "--cache kept"), alone);
}

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
    let output = ends(place.bench().args(words.split(' ')), 0);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), first);
    assert_eq!(said.matches("another recording").count(), 2, "{said}");
    assert_eq!(place.run(words), first);
}
