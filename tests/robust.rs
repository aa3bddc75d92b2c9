//! `bench robust`: kept models on their own test tracks, deformed.

#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use common::{Place, low_and_high, small_table, tone};
use serde_json::Value;

fn model<'a>(said: &'a Value, name: &str) -> &'a Value {
    said["models"].as_array().unwrap().iter().find(|model| model["model"] == name).unwrap()
}

#[test]
fn models_are_asked_about_their_own_test_tracks_deformed() {
    let place = Place::new();
    low_and_high(&place);
    let all = place.json(
        "--data music --segment 3 --models majority,logistic,cnn-7x7 --folds 2 --keep-models \
         --set cnn-7x7.epochs=2 --set cnn-7x7.width=0.1 --spectrogram-size 40x30",
    );
    let deformations = "gain:0,inverted,low-pass:300,white-noise:0";
    let said: Value =
        serde_json::from_str(&place.run(&format!("robust last --json --deform {deformations}"))).unwrap();
    assert_eq!(said["models"].as_array().unwrap().len(), 3);
    for row in all["leaderboard"].as_array().unwrap() {
        let fall = model(&said, row["model"].as_str().unwrap());
        assert_eq!(fall["clean"], row["macro_f1"]);
        // What changes nothing changes no score. The means of the harmonic and percussive parts do hear which way is up.
        let [same, inverted, ..] = &fall["deformed"].as_array().unwrap()[..] else { panic!("{fall}") };
        assert_eq!(same["value"], fall["clean"], "{fall}");
        assert_eq!(same["difference"]["mean"], 0.0);
        if row["model"] != "majority" {
            assert_eq!(inverted["deformation"], "inverted");
        }
    }
    let logistic = model(&said, "logistic");
    let value = |number: usize| logistic["deformed"][number]["value"].as_f64().unwrap();
    assert_eq!(logistic["clean"], 1.0);
    assert!(value(1) > 0.9 && value(2) < 0.9, "high notes are gone below 300 Hz: {logistic}");
    // As a table, of one model.
    let table = place.run("robust last --models logistic --deform inverted,rate:8000 --quiet");
    assert!(table.contains("inverted") && table.contains("rate:8000") && table.contains("mean"), "{table}");
    assert!(!table.contains("majority"));
}

/// Of several seeds all are asked; a model in a folder is asked about data from outside.
#[test]
fn seeds_folders_and_pictures() {
    let place = Place::new();
    low_and_high(&place);
    let words = "--data music --segment 3 --models logistic,forest --folds 2 --seeds 2 --set forest.trees=5";
    let all = place.json(&format!("{words} --keep-models"));
    let said: Value =
        serde_json::from_str(&place.run("robust last --json --deform gain:0,telephone -o falls.svg"))
            .unwrap();
    for row in all["leaderboard"].as_array().unwrap() {
        let fall = model(&said, row["model"].as_str().unwrap());
        assert_eq!(fall["clean"], row["macro_f1"]);
        assert_eq!(fall["deformed"][0]["value"], fall["clean"], "{fall}");
    }
    assert!(std::fs::read_to_string(place.path("falls.svg")).unwrap().contains(">telephone<"));
    // What was kept of one of them is there for the next run, too.
    assert!(!place.json(&format!("{words} --keep-models")).to_string().contains("not saved"));

    place.run("train logistic --data music --segment 3 --save m --quiet");
    place.write("other/low/a.wav", tone(230.0, 6.5));
    place.write("other/High/b.wav", tone(2300.0, 6.5));
    let said: Value =
        serde_json::from_str(&place.run("robust m --data other --json --deform gain:0,low-pass:300"))
            .unwrap();
    let fall = model(&said, "logistic");
    assert_eq!((&fall["clean"], &fall["deformed"][0]["value"]), (&1.0.into(), &1.0.into()));
    assert!(fall["deformed"][1]["value"].as_f64() < Some(1.0));
    assert!(place.refused("robust m").contains("--data"));
    assert!(place.refused("robust m --data music").contains("fitted to this very data"));
    assert!(place.refused("robust last --data other").contains("own test tracks"));
}

#[test]
fn what_cannot_be_deformed_is_told() {
    let place = Place::new();
    low_and_high(&place);
    place.run("all --data music --segment 3 --models logistic --folds 2 --quiet");
    assert!(place.refused("robust last").contains("--keep-models"));
    place.write("t.csv", small_table(10, 2));
    place.run("all --data t.csv --models logistic --folds 2 --keep-models --quiet");
    assert!(place.refused("robust last").contains("no recordings"));
    assert!(place.refused("robust last --deform noise").contains("white-noise"));
    assert!(place.refused("robust last --models forest").contains("forest"));
}
