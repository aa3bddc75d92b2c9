//! `bench data audit` and `bench all --drop-faults` through the program.

#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use common::{Place, ends, gtzan, small_table};
use serde_json::Value;

/// Notes that a seed chooses, each dying away, as a WAV file of 16 bits at 22,050 Hz.
fn music(seed: u64, seconds: f64, from: f64, gain: f64) -> Vec<u8> {
    let mut state = seed;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1_u64 << 24) as f64
    };
    let total = ((from + seconds) * 22_050.0) as usize;
    let mut sound = vec![0.0; total];
    for start in (0..total).step_by(5_000) {
        for _ in 0..3 {
            let hz = 110.0 * 2f64.powf((random() * 36.0).floor() / 12.0);
            for (i, sample) in sound[start..].iter_mut().take(20_000).enumerate() {
                let t = i as f64 / 22_050.0;
                let wave = (1..=4)
                    .map(|h| (std::f64::consts::TAU * f64::from(h) * hz * t).sin() / f64::from(h))
                    .sum::<f64>();
                *sample += 0.08 * wave * (-6.0 * t).exp();
            }
        }
    }
    let sound = &sound[(from * 22_050.0) as usize..];
    let bytes = 2 * sound.len() as u32;
    let mut file = b"RIFF".to_vec();
    file.extend((36 + bytes).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x22\x56\0\0\x44\xac\0\0\x02\0\x10\0data");
    file.extend(bytes.to_le_bytes());
    file.extend(sound.iter().flat_map(|x| ((gain * x * 32_767.0).round() as i16).to_le_bytes()));
    file
}

/// Two genres with a broken file, a cut of a recording in the same genre and a softer copy in another.
fn folder(place: &Place) {
    place.write("music/blues/blues.00000.wav", music(1, 8.0, 0.0, 1.0));
    place.write("music/blues/blues.00001.wav", music(1, 5.0, 3.0, 1.0));
    place.write("music/blues/blues.00002.wav", b"not music");
    place.write("music/jazz/jazz.00000.wav", music(2, 8.0, 0.0, 1.0));
    place.write("music/jazz/jazz.00001.wav", music(3, 8.0, 0.0, 1.0));
    place.write("music/rock/rock.00000.wav", music(3, 8.0, 0.0, 0.5));
}

fn report(place: &Place) -> Value {
    serde_json::from_slice(&std::fs::read(place.path("report.json")).unwrap()).unwrap()
}

#[test]
fn the_report_is_printed_and_written() {
    let place = Place::new();
    folder(&place);
    let text = place.run("data audit music -o report.json");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert!(!text.contains('\x1b'), "no colour in a file");
    for expected in [
        "blues      3       1           2",
        "blues/blues.00002.wav: is no audio",
        "blues/blues.00001.wav = blues/blues.00000.wav: offset, +3.00 s, 5.0 s in common, similarity 1.00",
        "rock/rock.00000.wav = jazz/jazz.00001.wav: level, -6.0 dB",
        "MISLABELLED: it is jazz and rock",
        "--drop-faults leaves out 3 of 6 recordings",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    let report = report(&place);
    assert_eq!((&report["schema"], &report["version"]), (&"genre-bench-audit".into(), &1.into()));
    assert_eq!(report["faults"][0]["clip"], "blues.00002");
    assert_eq!(report["duplicates"].as_array().unwrap().len(), 2);
    assert_eq!(report["duplicates"][1]["mislabelled"], true);
    let printed: Value = serde_json::from_str(&place.run("data audit music --json --quiet")).unwrap();
    assert_eq!(printed, report);
}

#[test]
fn a_folder_without_recordings_is_refused() {
    let place = Place::new();
    std::fs::create_dir(place.path("empty")).unwrap();
    assert!(place.refused("data audit empty").contains("no recordings"));
    assert!(place.refused("data audit missing").contains("cannot be read"));
    folder(&place);
    let error = place.refused("data audit music -o no/such/report.json");
    assert!(error.contains("no/such/report.json") && error.contains("cannot be written"), "{error}");
}

#[test]
fn names_cannot_command_the_terminal() {
    let place = Place::new();
    place.write("music/blues/\x1b[31mred.wav", b"not music");
    assert!(!place.run("data audit music").contains('\x1b'));
}

/// A table of 10 clips of each of three genres in two segments, and an audit of some of its recordings.
fn table_and_report(place: &Place) {
    place.write("table.csv", small_table(10, 2));
    folder(place);
    place.run("data audit music -o report.json --quiet");
}

#[test]
fn faults_and_copies_are_dropped_from_a_run() {
    let place = Place::new();
    table_and_report(&place);
    let words = "--data table.csv --models knn-5 --holdout 70/30 --quiet";
    let whole = place.json(words);
    let rest = place.json(&format!("{words} --drop-faults report.json"));
    assert_eq!((&whole["dataset"]["clips"], &whole["dataset"]["examples"]), (&30.into(), &60.into()));
    assert_eq!((&rest["dataset"]["clips"], &rest["dataset"]["examples"]), (&27.into(), &54.into()));
    assert_ne!(whole["dataset"]["fingerprint"], rest["dataset"]["fingerprint"]);
    assert_ne!(whole["run"], rest["run"]);
    let notes = rest["notes"].to_string();
    assert!(
        notes.contains("6 examples of 3 recordings were left out by report.json: 1 unusable, 2 dup"),
        "{notes}"
    );

    let csv = place.run("export last --table split");
    for gone in ["blues.00001.", "blues.00002.", "rock.00000."] {
        assert!(!csv.contains(gone), "{gone}");
    }
    for kept in ["blues.00000.", "jazz.00001.", "rock.00001."] {
        assert!(csv.contains(kept), "{kept}");
    }
}

#[test]
fn the_rest_is_the_dataset_that_never_had_them() {
    let place = Place::new();
    table_and_report(&place);
    let gone = ["blues.00001.", "blues.00002.", "rock.00000."];
    let table = small_table(10, 2);
    let rest: String = table
        .lines()
        .filter(|line| !gone.iter().any(|gone| line.starts_with(gone)))
        .map(|line| format!("{line}\n"))
        .collect();
    place.write("rest.csv", rest);
    let words = "--models knn-5 --holdout 70/30 --quiet";
    let dropped = place.json(&format!("{words} --data table.csv --drop-faults report.json"));
    let without = place.json(&format!("{words} --data rest.csv"));
    assert_eq!(dropped["dataset"]["fingerprint"], without["dataset"]["fingerprint"]);
    assert_eq!(dropped["split_hash"], without["split_hash"]);
    assert_eq!(common::scores(&dropped), common::scores(&without));
}

#[test]
fn a_clean_report_drops_nothing() {
    let place = Place::new();
    place.write("table.csv", small_table(10, 1));
    place.write("music/jazz/jazz.00003.wav", music(2, 4.0, 0.0, 1.0));
    assert!(place.run("data audit music -o report.json").contains("no faults and no duplicates"));
    let words = "--data table.csv --models knn-5 --holdout 70/30 --quiet";
    let (whole, rest) = (place.json(words), place.json(&format!("{words} --drop-faults report.json")));
    assert_eq!(whole["dataset"], rest["dataset"]);
    assert!(rest["notes"].to_string().contains("0 examples of 0 recordings were left out"));
}

#[test]
fn a_report_that_does_not_fit_is_refused() {
    let place = Place::new();
    table_and_report(&place);
    let refused = |data: &str| place.refused(&format!("all {data} --drop-faults report.json"));

    assert!(refused("--quiet").contains("the built-in data has no faults"));
    place.write("other.csv", small_table(3, 1).replace(".0000", ".9999"));
    assert!(refused("--data other.csv").contains("other recordings"));
    let mut report = report(&place);
    report["version"] = 2.into();
    place.write("report.json", report.to_string());
    assert!(refused("--data table.csv").contains("of version 2, and this program reads version 1"));
    report["version"] = 1.into();
    report["duplicates"] = "many".into();
    place.write("report.json", report.to_string());
    assert!(refused("--data table.csv").contains("is no report of an audit"));
    place.write("report.json", "{\"schema\": \"other\", \"version\": 1}");
    assert!(refused("--data table.csv").contains("`other`"));
    place.write("report.json", "{\"schema\": ");
    assert!(refused("--data table.csv").contains("EOF"));
    std::fs::remove_file(place.path("report.json")).unwrap();
    assert!(refused("--data table.csv").contains("cannot be read"));
}

#[test]
fn a_report_that_leaves_one_genre_is_refused() {
    let place = Place::new();
    let table: String = small_table(3, 1)
        .lines()
        .filter(|line| !line.starts_with("rock"))
        .map(|l| format!("{l}\n"))
        .collect();
    place.write("table.csv", table);
    for clip in 0..3 {
        place.write(&format!("music/jazz/jazz.{clip:05}.wav"), b"broken");
    }
    place.run("data audit music -o report.json --quiet");
    let error = place.refused("all --data table.csv --drop-faults report.json");
    assert!(error.contains("fewer than two genres"), "{error}");
}

#[test]
fn the_real_clips_have_one_fault_and_no_duplicate() {
    let Some(data) = gtzan() else { return };
    let place = Place::new();
    let audio = data.join("genres_original");
    let output = ends(place.bench().args(["data", "audit", "--json"]).arg(audio), 0);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let faults: Vec<&Value> =
        report["faults"].as_array().unwrap().iter().map(|fault| &fault["clip"]).collect();
    assert_eq!(faults, ["jazz.00054"]);
    assert_eq!(report["duplicates"].as_array().unwrap().len(), 0, "{}", report["duplicates"]);
}
