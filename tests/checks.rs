//! `bench check`: every check finds what it is there for, and nothing where there is nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

mod common;

use common::{Place, ends, row, small_table};
use serde_json::Value;
use std::fmt::Write as _;

/// What the checks found in the latest run: codes and the models each is true of.
fn found(place: &Place) -> Vec<(String, Vec<String>, String)> {
    let object: Value = serde_json::from_str(&place.run("check --json")).unwrap();
    let findings = object["runs"][0]["findings"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let models = |finding: &Value| finding["models"].as_array().unwrap().iter().map(text).collect();
    findings.iter().map(|finding| (text(&finding["code"]), models(finding), text(&finding["text"]))).collect()
}

fn of_code<'a>(found: &'a [(String, Vec<String>, String)], code: &str) -> Option<(&'a [String], &'a str)> {
    found.iter().find(|(of, ..)| of == code).map(|(_, models, text)| (models.as_slice(), text.as_str()))
}

/// A table of three genres whose columns are noise, but for one if `separating`.
fn noise(tracks: usize, separating: bool) -> String {
    let mut state = 7_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1_u64 << 24) as f64
    };
    let mut text = "filename,a,b,label\n".to_owned();
    for (number, genre) in ["blues", "jazz", "rock"].iter().enumerate() {
        for track in 0..tracks {
            let shift = if separating { 10.0 * number as f64 } else { 0.0 };
            writeln!(text, "{genre}.{track:05}.wav,{},{},{genre}", shift + next(), next()).unwrap();
        }
    }
    text
}

#[test]
fn a_sound_run_has_no_findings() {
    let place = Place::new();
    // Genres far apart, but not by one column alone.
    let mut text = "filename,a,b,label\n".to_owned();
    for track in 0..30 {
        for (genre, a, b) in [("blues", 0, 0), ("jazz", 0, 5), ("rock", 5, 0), ("pop", 5, 5)] {
            let (x, y) = (f64::from(track * 7 % 30) / 30.0, f64::from(track * 11 % 30) / 30.0);
            writeln!(text, "{genre}.{track:05}.wav,{},{},{genre}", f64::from(a) + x, f64::from(b) + y)
                .unwrap();
        }
    }
    place.write("t.csv", text);
    let run = place.json("--data t.csv --models lda,logistic");
    assert_eq!(found(&place), []);
    assert_eq!(run["checks"], serde_json::json!([]));
    assert!(place.run("check").ends_with(": nothing found\n"));
    assert!(!place.run("show last").contains("Checks:"));
    ends(place.bench().args(["check", "--strict"]), 0);
}

#[test]
fn noise_is_over_fitted_and_no_better_than_the_majority() {
    let place = Place::new();
    place.write("t.csv", noise(20, false));
    let run = place.json("--data t.csv --models knn-1,majority");
    let found = found(&place);
    let (models, text) = of_code(&found, "M101").unwrap();
    assert_eq!(models, ["knn-1"]);
    assert!(text.contains("knn-1 (100.0 → "), "{text}");
    assert_eq!(of_code(&found, "M102").unwrap().0, ["knn-1"], "the majority itself is no finding");
    // Always sure, and mostly wrong.
    let (models, text) = of_code(&found, "M104").unwrap();
    let error = 100.0 * (1.0 - row(&run, "knn-1")["accuracy"].as_f64().unwrap());
    assert!(models.contains(&"knn-1".to_owned()) && text.contains(&format!("knn-1 ({error:.1})")), "{text}");
    // The leaderboard says how many, for people and for programs.
    assert_eq!(run["checks"].as_array().unwrap().len(), found.len());
    let shown = place.run("show last");
    assert!(shown.contains(&format!("Checks: {} findings (", found.len())), "{shown}");
    let told = place.run("check");
    for (code, _, text) in &found {
        assert!(told.contains(code.as_str()), "{code} {text}: {told}");
    }
    ends(place.bench().args(["check", "--strict"]), 1);
}

#[test]
fn leaks_are_found() {
    let place = Place::new();
    let mut table = small_table(6, 4);
    // A track under another name.
    let again: Vec<String> =
        table.lines().skip(1).take(4).map(|line| line.replacen("blues.00000", "blues.00099", 1)).collect();
    again.iter().for_each(|line| table += &format!("{line}\n"));
    place.write("t.csv", table);
    place.json("--data t.csv --protocol segment --models knn-1");
    let leaky = found(&place);
    assert!(of_code(&leaky, "S101").unwrap().1.contains("have a segment of the same track"));
    assert!(of_code(&leaky, "S102").is_some(), "{leaky:?}");
    assert!(of_code(&leaky, "S103").is_none(), "no artists are known");
    place.json("--data t.csv --protocol track --models knn-1");
    assert!(of_code(&found(&place), "S101").is_none());
}

#[test]
fn artists_who_stand_on_both_sides_or_for_a_class_are_found() {
    let place = Place::new();
    place.write("t.csv", small_table(12, 1));
    let mut artists = "filename,artist\n".to_owned();
    for (genre, tracks_each) in [("blues", 2), ("jazz", 2), ("rock", 4)] {
        (0..12)
            .for_each(|track| artists += &format!("{genre}.{track:05}.wav,{genre}{}\n", track / tracks_each));
    }
    place.write("artists.csv", artists);
    place.json("--data t.csv --artists artists.csv --protocol track --models knn-1");
    let by_track = found(&place);
    assert!(of_code(&by_track, "S103").is_some());
    let few = of_code(&by_track, "S104").unwrap().1;
    assert!(few.ends_with("rock (3 artists, 4 of 12 tracks by one)"), "{few}");
    place.json("--data t.csv --artists artists.csv --protocol artist --folds 3 --models knn-1");
    assert!(of_code(&found(&place), "S103").is_none());
}

#[test]
fn unfair_comparisons_are_found() {
    let place = Place::new();
    place.write("t.csv", small_table(10, 1));
    place.run("tune svm --data t.csv --grid c=0.001,1 --json");
    let tuned = found(&place);
    let (_, text) = of_code(&tuned, "C103").unwrap();
    assert!(text.contains("c=1 was chosen in"), "{text}");
    assert!(
        of_code(&tuned, "C101").is_none(),
        "the same model with its defaults is there to be compared with"
    );
    place.json("--data t.csv --protocol track --models ann-table --holdout 80/20 --validate-on-test --set ann-table.epochs=2");
    let optimistic = found(&place);
    assert!(of_code(&optimistic, "S105").is_some(), "{optimistic:?}");
    assert_eq!(of_code(&optimistic, "C102").unwrap().0, ["ann-table"]);
}

#[test]
fn a_column_that_tells_all_classes_apart_is_doubted() {
    let place = Place::new();
    place.write("t.csv", noise(10, true));
    place.json("--data t.csv --models knn-1");
    let found = found(&place);
    assert!(
        of_code(&found, "D101").unwrap().1.contains("`a` (its values alone tell the classes apart)"),
        "{found:?}"
    );
}

#[test]
fn checks_are_listed_and_explained() {
    let place = Place::new();
    let list = place.run("check --list");
    assert!(list.contains("S103") && list.contains("same-artist"), "{list}");
    assert!(place.run("check --explain same-artist").starts_with("S103 same-artist\n\n**What it finds.**"));
    assert!(place.refused("check --explain S13").contains("did you mean S1"), "the closest is named");
    assert!(place.refused("check nothing").starts_with("error: "));
}
