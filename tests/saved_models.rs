//! Models that outlive their run: kept, trained on everything, and asked about recordings.

#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use common::{Place, ends, small_table, tone};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Small enough for seconds.
const SMALL: &str =
    "--folds 2 --set cnn-7x7.epochs=2 --set cnn-7x7.width=0.1 --set mlfi.epochs=2 --spectrogram-size 40x30";

/// Two genres of four recordings: low and high notes.
fn music(place: &Place) {
    for (genre, hz) in [("low", 200.0), ("high", 2000.0)] {
        for number in 0..4_u8 {
            let hz = hz * (1.0 + 0.05 * f32::from(number));
            place.write(&format!("music/{genre}/{genre}.0000{number}.wav"), tone(hz, 6.5));
        }
    }
}

fn predicted(place: &Place, words: &str, model: &Path) -> Value {
    serde_json::from_str(&place.run(&format!("predict {words} --json --model {}", model.display()))).unwrap()
}

fn exported(place: &Place, table: &str) -> Vec<Value> {
    serde_json::from_str(&place.run(&format!("export last --table {table} --format json"))).unwrap()
}

/// Of `low` and `high`, as single precision has them.
fn pair(object: &Value, prefix: &str) -> [f32; 2] {
    ["low", "high"].map(|genre| object[format!("{prefix}{genre}").as_str()].as_f64().unwrap() as f32)
}

/// The folders of the kept models of a name.
fn kept(place: &Place, model: &str) -> Vec<PathBuf> {
    let run = std::fs::read_dir(place.path("runs/models")).unwrap().next().unwrap().unwrap().path();
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(run).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders
        .retain(|folder| folder.file_name().unwrap().to_str().unwrap().starts_with(&format!("{model}-r0-f")));
    folders.sort();
    folders
}

/// A table, a spectrogram, both: what the harness scored in a fold is said of the same files.
#[test]
fn what_is_said_of_a_recording_is_what_the_harness_scored() {
    let place = Place::new();
    music(&place);
    place.run(&format!(
        "all --data music --segment 3 --models logistic,svm-c10,cnn-7x7,mlfi --keep-models --quiet {SMALL}"
    ));
    let scored = exported(&place, "predictions");
    let mut compared = 0;
    for model in ["logistic", "svm-c10", "cnn-7x7", "mlfi"] {
        let folders = kept(&place, model);
        assert_eq!(folders.len(), 2, "{model}");
        for (fold, folder) in folders.iter().enumerate() {
            let said = predicted(&place, "music", folder);
            assert_eq!(said["predictions"].as_array().unwrap().len(), 8);
            let of_fold = |row: &&Value| row["model"] == model && row["fold"] == fold;
            for row in scored.iter().filter(of_fold) {
                let (track, example) = (row["clip"].as_str().unwrap(), row["example"].as_str().unwrap());
                let is_file =
                    |said: &&Value| said["file"].as_str().unwrap().ends_with(&format!("/{track}.wav"));
                let file = said["predictions"].as_array().unwrap().iter().find(is_file).unwrap();
                let number: usize = example.rsplit('.').nth(1).unwrap().parse().unwrap();
                let segment = &file["segments"][number];
                assert_eq!(segment["genre"], row["predicted"], "{model}: {example}");
                assert_eq!(segment["start"].as_f64(), Some(3.0 * number as f64));
                if model != "svm-c10" {
                    assert_eq!(
                        pair(&segment["probabilities"], ""),
                        pair(row, "score_"),
                        "{model}: {example}"
                    );
                }
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 4 * 8 * 2);
    // A stored cell whose model is wanted and gone is fitted again, and its result stays what it was.
    let folder = &kept(&place, "mlfi")[0];
    let before = std::fs::read(folder.join("model.safetensors")).unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    place.run(&format!(
        "all --data music --segment 3 --models logistic,svm-c10,cnn-7x7,mlfi --keep-models --quiet {SMALL}"
    ));
    assert_eq!(std::fs::read(folder.join("model.safetensors")).unwrap(), before);
    assert_eq!(exported(&place, "predictions"), scored);
}

#[test]
fn the_best_of_a_leaderboard_is_trained_on_everything_and_keeps_its_score() {
    let place = Place::new();
    music(&place);
    let all = place.json("--data music --segment 3 --models majority,logistic --set logistic.c=3 --folds 2");
    place.run("train --best last --save best");
    let about: Value =
        serde_json::from_slice(&std::fs::read(place.path("best/model.json")).unwrap()).unwrap();
    assert_eq!(about["model"], "logistic");
    assert!(about["params"].to_string().contains(r#"["c",3.0]"#), "{}", about["params"]);
    assert_eq!(about["fitted_to"]["part"], "everything");
    assert_eq!(about["fitted_to"]["examples"], 16);
    assert_eq!(about["evaluation"]["score"], all["leaderboard"][0]["macro_f1"]);
    assert_eq!(about["evaluation"]["protocol"], "track");

    place.run("train logistic --data music --segment 3 --calibrate temperature --save own --quiet");
    let said = predicted(&place, "music", &place.path("own"));
    assert_eq!(said["predictions"][0]["calibrated"], true);
    assert!(said["model"].get("evaluation").is_none());
    // The folder holds what was trained last, also where its fit is stored already.
    for model in ["majority", "logistic", "majority"] {
        place.run(&format!("train {model} --data music --segment 3 --save again --quiet"));
        let about: Value =
            serde_json::from_slice(&std::fs::read(place.path("again/model.json")).unwrap()).unwrap();
        assert_eq!(about["model"], model);
    }
    // A table, a row a file and part.
    place.run("predict music --model own -o said.csv --quiet");
    let table = std::fs::read_to_string(place.path("said.csv")).unwrap();
    assert_eq!(table.lines().next(), Some("file,segment,start,end,genre,p_high,p_low"));
    assert_eq!(table.lines().count(), 1 + 8 * 3);
    let lines = place.run("predict music --model own --ndjson --quiet");
    let files: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(Value::from(files), said["predictions"]);
}

#[test]
fn files_that_cannot_be_used_are_named_and_the_rest_goes_on() {
    let place = Place::new();
    music(&place);
    place.run("train svm --data music --segment 3 --save m --quiet");
    place.write("asked/noise.wav", b"no audio at all");
    place.write("asked/short.wav", tone(200.0, 0.5));
    place.write("asked/good.wav", tone(210.0, 4.0));
    let output = ends(place.bench().args(["predict", "asked", "--model", "m"]), 1);
    let (said, told) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(said.contains("good.wav") && said.contains("low"), "{said}");
    assert!(told.contains("noise.wav") && told.contains("short.wav"), "{told}");
    assert!(told.contains("2 of 3 files could not be used"), "{told}");
    // The same from standard input, as a file and as samples.
    let samples = std::fs::read(place.path("asked/good.wav")).unwrap();
    let heard = |words: &[&str], bytes: &[u8]| -> Value {
        use std::io::Write;
        use std::process::Stdio;
        let mut command = place.bench();
        command.args(["predict", "-", "--model", "m", "--json"]).args(words);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(bytes).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(said["predictions"][0]["file"], "-");
        said["predictions"][0]["segments"].clone()
    };
    let of_file = predicted(&place, "asked/good.wav", &place.path("m"));
    assert_eq!(heard(&[], &samples), of_file["predictions"][0]["segments"]);
    assert_eq!(heard(&["--raw", "22050"], &samples[44..]), of_file["predictions"][0]["segments"]);
    let output = ends(place.bench().args(["predict", "asked/noise.wav", "--model", "m", "--json"]), 2);
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(object["predictions"].as_array().unwrap().len(), 0);
    assert!(object["failed"][0]["reason"].as_str().unwrap().contains("noise.wav"));
}

#[test]
fn a_folder_that_is_no_sound_model_is_refused() {
    let place = Place::new();
    music(&place);
    place.run("train logistic --data music --segment 3 --save m --quiet");
    let about = std::fs::read_to_string(place.path("m/model.json")).unwrap();
    let arrays = std::fs::read(place.path("m/model.safetensors")).unwrap();
    let refused = |about: &str, arrays: &[u8]| {
        place.write("broken/model.json", about);
        place.write("broken/model.safetensors", arrays);
        place.refused("predict music --model broken")
    };
    let mut flipped = arrays.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for (told, reason) in [
        (refused(&about, &flipped), "SHA-256"),
        (refused(&about, &arrays[..arrays.len() / 2]), "SHA-256"),
        (refused(&about.replace("\"format\": 1", "\"format\": 2"), &arrays), "format 2"),
        (refused("{}", &arrays), "model.json"),
        (refused(&about.replace("\"logistic\"", "\"nothing\""), &arrays), "nothing"),
        (refused(&about.replace("\"logistic\"", "\"lda\""), &arrays), "lda"),
        (refused(&about.replacen("\"tempo\"", "\"tempi\"", 1), &arrays), "tempi"),
        (refused(&about.replace("\"high\",", ""), &arrays), "array"),
    ] {
        assert!(told.contains(reason) && told.contains("broken"), "{reason}: {told}");
    }
    assert!(place.refused("predict music --model nowhere").contains("nowhere"));
    // Nothing of somebody else's is written over.
    place.write("mine/notes.txt", "mine");
    assert!(place.refused("train logistic --data music --segment 3 --save mine").contains("something else"));
}

/// Columns that recordings do not have, and more models than one.
#[test]
fn what_cannot_be_trained_or_asked_is_told() {
    let place = Place::new();
    music(&place);
    place.write("t.csv", small_table(10, 2).replace("tempo", "danceability"));
    place.run("train logistic --data t.csv --save m --quiet");
    let told = place.refused("predict music --model m");
    assert!(told.contains("danceability"), "{told}");
    let told = place.refused("train classical --data t.csv --save n");
    assert!(told.contains("name one model"), "{told}");
}
