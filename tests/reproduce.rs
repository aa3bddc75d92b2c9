//! Published figures measured again, through the program.

#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use common::{Place, ends, small_table, tone};
use serde_json::Value;

fn reproduce(place: &Place, words: &str) -> Value {
    serde_json::from_str(&place.run(&format!("reproduce --json {words}"))).unwrap()
}

fn measured(score: &Value) -> f64 {
    score["measured"]["mean"].as_f64().unwrap_or_else(|| panic!("no score: {score}"))
}

/// Whole tracks, in the layout of the public copy, with four artists a genre.
fn tables(place: &Place) {
    place.write("gtzan/features_30_sec.csv", small_table(12, 1));
    let mut artists = "filename,artist\n".to_owned();
    for genre in ["blues", "jazz", "rock"] {
        (0..12)
            .for_each(|track| artists += &format!("{genre}.{track:05}.wav,{genre} artist {}\n", track % 4));
    }
    place.write("gtzan/splits/artist_folds.csv", artists);
}

#[test]
fn every_figure_is_measured_as_published_and_without_leaks() {
    let place = Place::new();
    tables(&place);
    // There is no table of 3 s, which is told and keeps nothing else from being measured.
    let words = "reproduce --json svm-c10 forest --data gtzan --seed 1";
    let output = ends(place.bench().args(words.split(' ')), 1);
    assert!(String::from_utf8_lossy(&output.stderr).contains("features_3_sec.csv"));
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let all = printed["reproductions"].as_array().unwrap();
    assert_eq!(all.len(), 1);
    let rows = all[0]["rows"].as_array().unwrap();
    assert_eq!(all[0]["division"], "segment, hold-out 80/20");
    let figures: Vec<(&str, f64)> = rows
        .iter()
        .map(|row| (row["model"].as_str().unwrap(), row["figure"]["test"].as_f64().unwrap()))
        .collect();
    assert_eq!(figures, [("forest", 0.6804), ("svm-c10", 0.7803)]);
    for row in rows {
        for protocol in ["theirs", "track", "artist"] {
            let interval = &row[protocol]["measured"];
            let ends = ["low", "mean", "high"].map(|end| interval[end].as_f64().unwrap());
            assert!(ends.is_sorted() && ends[0] >= 0.0 && ends[2] <= 1.0, "{protocol} of {row}");
        }
    }
    // Where every track is one example, drawing segments and drawing tracks is the same: nothing can change.
    for row in rows {
        assert_eq!(row["theirs"], row["track"]);
        assert!(row["track_change"].is_null(), "{row}");
        let change = &row["artist_change"];
        assert_eq!(
            (change["method"].as_str(), change["unit"].as_str()),
            (Some("independent_bootstrap"), Some("artists"))
        );
        let difference = measured(&row["artist"]) - measured(&row["theirs"]);
        assert!((change["mean"].as_f64().unwrap() - difference).abs() < 1e-9, "{change}");
        let train = &row["parts"][0];
        assert_eq!((train["part"].as_str(), train["measured"].is_f64()), (Some("train"), true), "{row}");
    }
    assert_eq!(
        printed["details"].as_array().unwrap().len(),
        1,
        "system A has one entry, which is given once"
    );
    // Data of 3 s is missing: its figures are listed.
    let listed = printed["not_measured"].as_array().unwrap();
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|figure| figure["why"].as_str().unwrap().contains("features_3_sec.csv")));
    // The same as the leaderboard says of the same split.
    let leaderboard = place.json("--data gtzan --models svm-c10 --protocol artist --holdout 80/20 --seed 1");
    assert_eq!(leaderboard["leaderboard"][0]["macro_f1"].as_f64(), Some(measured(&rows[1]["artist"])));

    let output = ends(place.bench().args("reproduce svm-c10 --data gtzan".split(' ')), 1);
    let table = String::from_utf8(output.stdout).unwrap();
    for word in [
        "as published: segment, hold-out 80/20",
        "78.0",
        "track",
        "artist",
        "same",
        "Our reading",
        "reason 1",
    ] {
        assert!(table.contains(word), "{word} is missing:\n{table}");
    }
}

#[test]
fn a_system_is_named_by_its_letter_and_networks_read_the_audio_beside() {
    let place = Place::new();
    for (genre, hz) in [("low", 200.0), ("high", 2000.0)] {
        for number in 0..10_u8 {
            let hz = hz * (1.0 + 0.03 * f32::from(number));
            place.write(&format!("gtzan/genres_original/{genre}/{genre}.0000{number}.wav"), tone(hz, 6.5));
        }
    }
    let printed = reproduce(&place, "c --data gtzan --reduced --epochs 1");
    let all = printed["reproductions"].as_array().unwrap();
    let every: Vec<&Value> = all.iter().flat_map(|group| group["rows"].as_array().unwrap()).collect();
    let is_stft = |row: &&&Value| row["figure"]["input"].as_str().unwrap().starts_with("stft-");
    assert!(every.iter().filter(is_stft).all(|row| measured(&row["theirs"]) <= 1.0));
    assert_eq!(every.iter().filter(is_stft).count(), 2);
    let rows: Vec<&Value> = every.iter().filter(|row| !is_stft(row)).copied().collect();
    // Each figure under its own conditions: of mel spectrograms, by segment, by track, and with settings of its own.
    let told = |row: &&Value| format!("{} {}", row["model"].as_str().unwrap(), row["figure"]["settings"]);
    let figures: Vec<String> = rows.iter().map(told).collect();
    let settings = [r#"[["augment","true"]]"#, r#"[["augment","true"],["epochs","400"]]"#];
    let wanted = ["cnn-7x7 []", "ann []", "cnn-7x7 []"].map(str::to_owned);
    assert_eq!(figures[..3], wanted);
    assert_eq!(figures[3..], settings.map(|settings| format!("cnn-7x7 {settings}")));
    // What the user asks for wins, and is told.
    for (row, wanted) in [(rows[3], "epochs 1 instead of 100"), (rows[4], "epochs 1 instead of 400")] {
        let changed = row["changed"].as_str().unwrap();
        assert!(changed.contains(wanted) && !changed.contains("augment"), "{changed}");
    }
    assert_eq!(printed["not_measured"].as_array().map(Vec::len), Some(0));
    let all = &all[1..3];
    let rows = &rows[1..3];
    assert!(all[0]["data"].as_str().unwrap().contains("genres_original"), "{all:?}");
    assert_eq!(rows[0]["figure"]["metric"], "accuracy");
    assert_eq!(rows[1]["figure"]["metric"], "vote accuracy");
    // Two test tracks: none, one or both are right.
    assert!([0.0, 0.5, 1.0].contains(&measured(&rows[1]["theirs"])), "{}", rows[1]);
    assert_eq!(rows[1]["theirs"], rows[1]["track"], "the authors kept recordings together");
    for row in rows {
        let why = row["artist"]["missing"].as_str().unwrap();
        assert!(why.contains("artist"), "{why}");
    }
}

/// Ten recordings of two genres, with an artist each pair.
fn recordings(place: &Place) {
    let mut artists = "filename,artist\n".to_owned();
    for (genre, hz) in [("low", 200.0), ("high", 2000.0)] {
        for number in 0..10_u8 {
            let hz = hz * (1.0 + 0.03 * f32::from(number));
            place.write(&format!("gtzan/genres_original/{genre}/{genre}.0000{number}.wav"), tone(hz, 30.0));
            artists += &format!("{genre}.0000{number}.wav,{genre} {}\n", number / 2);
        }
    }
    place.write("artists.csv", artists);
}

#[test]
fn an_optimistic_protocol_is_run_as_published_and_said_to_be_one() {
    let place = Place::new();
    recordings(&place);
    let words = "lstm-64 --data gtzan --artists artists.csv --reduced --epochs 2 --set lstm-64.input=mfcc-13";
    let printed = reproduce(&place, words);
    let group = &printed["reproductions"][0];
    assert_eq!(group["division"], "track, 5 folds, 50 tracks a class, validated on the test part");
    assert_eq!(group["optimistic"], true);
    let notes = group["notes"].to_string();
    assert!(notes.contains("high 10, low 10"), "{notes}");
    assert!(notes.contains("their order says nothing"), "{notes}");
    let row = &group["rows"][0];
    // The same tracks are tested under all three, in other company.
    for (protocol, unit, units) in [("track", "tracks", 20), ("artist", "artists", 10)] {
        let change = &row[format!("{protocol}_change")];
        assert_eq!(change["method"], "paired_bootstrap", "{row}");
        assert_eq!((change["unit"].as_str(), &change["units"][0]), (Some(unit), &Value::from(units)));
        let difference = measured(&row[protocol]) - measured(&row["theirs"]);
        assert!((change["mean"].as_f64().unwrap() - difference).abs() < 1e-9, "equal folds: {change}");
    }
    let text = place.run(&format!("reproduce {words}"));
    assert!(
        text.contains("OPTIMISTIC") && text.contains("not as published: lstm-64: epochs 2 instead of 100")
    );
    // The honest columns are those of a leaderboard that validates on a part of its own.
    let honest =
        "--data gtzan/genres_original --segment 30 --per-class 50 --models lstm-64 --reduced --epochs 2";
    let honest = place.json(honest);
    assert_eq!(honest["leaderboard"][0]["accuracy"].as_f64(), Some(measured(&row["track"])));
}

#[test]
fn figures_without_a_number_are_listed() {
    let place = Place::new();
    let printed = reproduce(&place, "resnet152v2 G");
    assert!(printed["reproductions"].as_array().unwrap().is_empty());
    let listed = printed["not_measured"].as_array().unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (&listed[0]["model"], &listed[0]["figure"]["printed"]),
        (&"resnet152v2".into(), &"too slow for them".into())
    );
    assert_eq!(printed["on_partition"].as_array().unwrap().len(), 13);
    let text = place.run("reproduce resnet152v2 G");
    for word in ["too slow for them", "M2D", "4 to 5 points"] {
        assert!(text.contains(word), "{word} is missing:\n{text}");
    }
}

#[test]
fn what_cannot_be_reproduced_is_refused() {
    let place = Place::new();
    tables(&place);
    assert!(place.refused("reproduce svn-c10 --data gtzan").contains("did you mean svm-c10"));
    assert!(place.refused("reproduce majority --data gtzan").contains("nothing was published"));
    assert!(
        place.refused("reproduce svm --data gtzan --set forest.trees=3").contains("not a model of this run")
    );
    assert!(place.refused("reproduce svm --data nowhere").contains("nowhere"));
    // A table has no spectrograms: one system fails, the other is measured.
    let output = ends(place.bench().args("reproduce svm lstm-64 --data gtzan --reduced".split(' ')), 1);
    assert!(String::from_utf8_lossy(&output.stderr).contains("spectrograms"));
    assert!(String::from_utf8_lossy(&output.stdout).contains("svm"));
}

#[test]
fn a_length_chooses_among_the_figures() {
    let place = Place::new();
    tables(&place);
    // The table of 3 s, which the other figures of these models want, is not missed.
    let printed = reproduce(&place, "svm-c10 forest --data gtzan --segment 30");
    assert_eq!(printed["reproductions"].as_array().unwrap().len(), 1);
    assert_eq!(printed["not_measured"].as_array().unwrap().len(), 0);
    let words = "reproduce A --data gtzan --segment 10";
    let told = ends(place.bench().args(words.split(' ')), 2).stderr;
    let told = String::from_utf8_lossy(&told);
    assert!(told.contains("--segment 10") && told.contains("try: 3, 30"), "{told}");
}
