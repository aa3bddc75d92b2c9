//! Models on songs from outside the data that they were fitted to.

#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use common::{Place, ends, low_and_high, small_table, tone};
use serde_json::Value;

/// Songs of these genres from elsewhere, one of another, and one that is in the music, too.
fn elsewhere(place: &Place) {
    place.write("other/Low/a.wav", tone(223.0, 6.5));
    place.write("other/Low/b.wav", tone(247.0, 6.5));
    place.write("other/HIGH/c.wav", tone(2230.0, 6.5));
    place.write("other/world/d.wav", tone(700.0, 6.5));
    std::fs::copy(place.path("music/high/high.00002.wav"), place.path("other/HIGH/copy.wav")).unwrap();
}

#[test]
fn the_models_of_all_folds_are_asked_about_songs_from_elsewhere() {
    let place = Place::new();
    low_and_high(&place);
    elsewhere(&place);
    let words = "--data music --segment 3 --models majority,logistic,cnn-7x7 --folds 2 --external other \
                 --set cnn-7x7.epochs=1 --set cnn-7x7.width=0.1 --spectrogram-size 40x30";
    let all = place.json(words);
    let external = &all["external"];
    let scored = &external["scored"];
    assert_eq!(scored["tracks"], 3);
    assert_eq!(scored["classes"].as_array().unwrap().len(), 2);
    assert_eq!(scored["other_classes"]["world"], 2);
    let both = scored["on_both_sides"].as_array().unwrap();
    assert_eq!(both.len(), 1);
    assert!(both[0]["outside"].as_str().unwrap().ends_with("copy.wav"));
    assert!(both[0]["inside"].as_str().unwrap().ends_with("high.00002.wav"));
    let model = |name: &str| {
        external["models"].as_array().unwrap().iter().find(|model| model["model"] == name).unwrap()
    };
    assert_eq!(model("logistic")["score"]["value"], 1.0);
    // Who says one class has of four examples of one and two of the other: F1 of 0.8 or 0.5, and 0 of the other.
    let majority = model("majority")["score"]["value"].as_f64().unwrap();
    assert!(
        (majority - 0.4).abs() < 1e-9 || (majority - 0.25).abs() < 1e-9 || (0.25..0.4).contains(&majority),
        "{majority}"
    );
    assert!(model("cnn-7x7")["score"]["value"].as_f64().is_some());
    let text = place.run(&format!("all {words} --quiet"));
    assert!(text.contains("inside") && text.contains("world (2)"), "{text}");
    // The leaderboard stands where the other data cannot be read.
    let missing = words.replace("--external other", "--external nowhere");
    let output = ends(place.bench().arg("all").args(missing.split_whitespace()), 1);
    let (text, told) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(text.contains("logistic") && told.contains("nowhere"), "{text}{told}");
    assert!(place.refused(&format!("all {words} --shots 1,2")).contains("--external"));
}

#[test]
fn saved_models_are_scored_across_datasets() {
    let place = Place::new();
    low_and_high(&place);
    elsewhere(&place);
    place.run("all --data music --segment 3 --models logistic --folds 2 --quiet");
    place.run("train --best last --save m --quiet");
    let score = |words: &str| -> Value {
        serde_json::from_str(&place.run(&format!("score {words} --json"))).unwrap()
    };
    let said = score("m --data other --data music");
    let [outside, own] = &said["models"][0]["scores"].as_array().unwrap()[..] else { panic!("{said}") };
    // The copy is found by its features, though nobody says what the model was fitted to; with the recordings it is left out.
    assert_eq!(outside["tracks_fitted_to"], 1, "{outside}");
    assert_eq!((&own["fitted_to_it"], &own["score_when_saved"]), (&true.into(), &1.0.into()));
    let said = score("m --data other --trained-on music");
    let outside = &said["models"][0]["scores"][0];
    assert_eq!((&outside["tracks_fitted_to"], &outside["scored"]["tracks"]), (&0.into(), &3.into()));
    assert_eq!(outside["score"]["value"], 1.0);
    assert_eq!(
        (&outside["unknown"]["common_classes"]["tracks"], &outside["unknown"]["other_classes"]["tracks"]),
        (&3.into(), &1.into())
    );
    // Classes by a list: what is called world there is low here.
    place.write("map.csv", "outside,class\nworld,low\n");
    let said = score("m --data other --trained-on music --class-map map.csv");
    assert_eq!(said["models"][0]["scores"][0]["scored"]["tracks"], 4);
    place.write("map.csv", "outside,class\nworld,folk\n");
    assert!(place.refused("score m --data other --class-map map.csv").contains("folk"));
    // A table has no recordings, and other classes: told, and the other data is scored all the same.
    place.write("t.csv", small_table(10, 2));
    let output = ends(place.bench().args(["score", "m", "--data", "t.csv", "--data", "other"]), 1);
    let (text, told) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(told.contains("t.csv") && text.contains("100.0"), "{text}{told}");
    assert!(place.refused("score m --data nowhere").contains("nowhere"));
}
