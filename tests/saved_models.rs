//! Models that outlive their run: kept, trained on everything, and asked about recordings.

#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use common::{Place, ends, low_and_high, small_table, tone};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// Small enough for seconds.
const SMALL: &str =
    "--folds 2 --set cnn-7x7.epochs=2 --set cnn-7x7.width=0.1 --set mlfi.epochs=2 --spectrogram-size 40x30";

const SMALL_CNN: &str = "--set cnn-7x7.epochs=2 --set cnn-7x7.width=0.1 --spectrogram-size 40x30";

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
    low_and_high(&place);
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
    low_and_high(&place);
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
    // The training part of one fold.
    place.run("train logistic --data music --segment 3 --folds 4 --fold 3 --save part --quiet");
    let about: Value =
        serde_json::from_slice(&std::fs::read(place.path("part/model.json")).unwrap()).unwrap();
    assert_eq!(about["fitted_to"]["part"], "the training part of fold 3");
    assert_eq!(about["fitted_to"]["examples"], 12);
    assert!(
        place
            .refused("train logistic --data music --segment 3 --folds 4 --fold 4 --save part")
            .contains("--fold 4")
    );
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
    assert_eq!(table.lines().next(), Some("file,segment,start,end,genre,unknown,p_high,p_low"));
    assert_eq!(table.lines().count(), 1 + 8 * 3);
    let lines = place.run("predict music --model own --ndjson --quiet");
    let files: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(Value::from(files), said["predictions"]);
}

#[test]
fn files_that_cannot_be_used_are_named_and_the_rest_goes_on() {
    let place = Place::new();
    low_and_high(&place);
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

/// A description with the hash that it should have.
fn rehashed(about: &str, arrays: &[u8]) -> String {
    let parsed: Value = serde_json::from_str(about).unwrap();
    let old = parsed["sha256"].as_str().unwrap();
    let hash = Sha256::new().chain_update(about.replacen(old, "", 1)).chain_update(arrays).finalize();
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    about.replacen(old, &hex, 1)
}

#[test]
fn a_folder_that_is_no_sound_model_is_refused() {
    let place = Place::new();
    low_and_high(&place);
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
        (refused(&about.replace("\"format\": 2", "\"format\": 1"), &arrays), "format 1"),
        (refused("{}", &arrays), "model.json"),
        // Whoever changes a name by hand is told; whoever makes the hash fit must still say something that makes sense.
        (refused(&about.replace("\"logistic\"", "\"lda\""), &arrays), "SHA-256"),
        (refused(&rehashed(&about.replace("\"logistic\"", "\"nothing\""), &arrays), &arrays), "nothing"),
        (refused(&rehashed(&about.replace("\"logistic\"", "\"lda\""), &arrays), &arrays), "lda"),
        (refused(&rehashed(&about.replacen("\"tempo\"", "\"tempi\"", 1), &arrays), &arrays), "tempi"),
        (refused(&rehashed(&about.replace("\"high\",", ""), &arrays), &arrays), "array"),
    ] {
        assert!(told.contains(reason) && told.contains("broken"), "{reason}: {told}");
    }
    assert!(place.refused("predict music --model nowhere").contains("nowhere"));
    // Bytes changed anywhere: a model that is asked and answers, or an error that names the folder; no panic.
    let mut random = common::random::Draws(3);
    for _ in 0..40 {
        let mut bytes = arrays.clone();
        for _ in 0..=random.below(3) {
            let at = random.below(bytes.len());
            bytes[at] = random.below(256) as u8;
        }
        place.write("broken/model.json", rehashed(&about, &bytes));
        place.write("broken/model.safetensors", &bytes);
        let output = place.bench().args(["predict", "music/low", "--model", "broken"]).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        let is_told = told.contains("error:") && !told.contains("panicked");
        assert!(output.status.code() == Some(0) || (output.status.code() == Some(2) && is_told), "{told}");
    }
    // Nothing of somebody else's is written over.
    place.write("mine/notes.txt", "mine");
    assert!(place.refused("train logistic --data music --segment 3 --save mine").contains("something else"));
}

/// As tests/fixtures/saved/make_saved.sh made it, by the first program with this format.
#[test]
fn a_model_that_was_saved_before_is_still_read() {
    let place = Place::new();
    place.write("low.wav", tone(215.0, 6.5));
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/saved/logistic");
    let said = predicted(&place, "low.wav", &fixture);
    assert_eq!(said["predictions"][0]["genre"], "low");
    assert_eq!(said["model"]["format"], 2);
}

/// Columns that recordings do not have, and more models than one.
#[test]
fn what_cannot_be_trained_or_asked_is_told() {
    let place = Place::new();
    low_and_high(&place);
    place.write("t.csv", small_table(10, 2).replace("tempo", "danceability"));
    place.run("train logistic --data t.csv --save m --quiet");
    let told = place.refused("predict music --model m");
    assert!(told.contains("danceability"), "{told}");
    let told = place.refused("train classical --data t.csv --save n");
    assert!(told.contains("name one model"), "{told}");
}

#[test]
fn what_is_unlike_the_training_data_is_flagged() {
    let place = Place::new();
    low_and_high(&place);
    place.run("train logistic --data music --segment 3 --save m --quiet");
    place.write("noise.wav", common::noise(6.5));
    place.write("near.wav", tone(212.0, 6.5));
    let said = predicted(&place, "noise.wav near.wav", &place.path("m"));
    let [noise, near] = &said["predictions"].as_array().unwrap()[..] else { panic!("{said}") };
    assert_eq!((&noise["unknown"], &near["unknown"]), (&true.into(), &false.into()), "{noise} {near}");
    assert!(noise["distance"].as_f64() > said["model"]["novelty"]["distance"].as_f64());
    let told = place.run("predict noise.wav near.wav --model m --quiet");
    assert_eq!(told.matches("unlike what the model was fitted to").count(), 1, "{told}");
    // With a validation part, unsure answers are flagged, too.
    place.run("train logistic --data music --segment 3 --calibrate temperature --save c --quiet");
    let said = predicted(&place, "near.wav", &place.path("c"));
    assert!(said["model"]["novelty"]["entropy"].as_f64().is_some_and(|bits| (0.0..=1.0).contains(&bits)));
}

#[test]
fn an_answer_is_explained_in_numbers_and_in_a_picture() {
    let place = Place::new();
    low_and_high(&place);
    place.run(
        "train mlfi --data music --segment 3 --set mlfi.epochs=2 --spectrogram-size 40x30 --save m --quiet",
    );
    let said = predicted(&place, "music/low/low.00001.wav --explain --picture why.svg", &place.path("m"));
    let why = &said["predictions"][0]["explanation"];
    // MLFI leaves two of the 57 out.
    assert_eq!(why["columns"].as_object().unwrap().len(), 55);
    assert!(why["groups"].as_object().unwrap().contains_key("mfcc"), "{why}");
    // Two segments of eight times eight regions.
    let regions = why["regions"].as_array().unwrap();
    assert_eq!(regions.len(), 2 * 64);
    // A segment of 3 s is a sample shorter.
    assert!((regions.last().unwrap()["seconds"][1].as_f64().unwrap() - 6.0).abs() < 1e-3);
    assert!(std::fs::read_to_string(place.path("why.svg")).unwrap().contains("<image"));
    // Of a model that reads nothing else, some region speaks for the answer or against it.
    place.run(&format!("train cnn-7x7 --data music --segment 3 {SMALL_CNN} --save c --quiet"));
    let said = predicted(&place, "music/low/low.00001.wav --explain", &place.path("c"));
    let why = &said["predictions"][0]["explanation"];
    assert_eq!(why["columns"], serde_json::json!({}));
    assert!(why["regions"].as_array().unwrap().iter().any(|region| region["fall"] != 0.0), "{why}");
    // Of a model whose answer is by one column, that column is what speaks for it.
    let mut table = String::from("filename,spectral_centroid_mean,rms_mean,label\n");
    for number in 0..40 {
        let (label, centroid) = if number % 2 == 0 { ("low", 205) } else { ("high", 2000) };
        table += &format!("{label}.{number:05}.wav,{},{},{label}\n", centroid + number % 7, number % 5);
    }
    place.write("t.csv", table);
    place.run("train logistic --data t.csv --segment 3 --save t --quiet");
    let said = predicted(&place, "music/low/low.00001.wav --explain", &place.path("t"));
    let columns = &said["predictions"][0]["explanation"]["columns"];
    let fall = |name: &str| columns[name].as_f64().unwrap();
    assert!(fall("spectral_centroid_mean") > 0.3 && fall("rms_mean").abs() < 0.1, "{columns}");
    assert!(place.refused("predict music --model m --picture why.svg").contains("one file"));
}

#[test]
fn a_stream_is_listened_to_second_by_second() {
    use std::io::Write;
    use std::process::Stdio;
    let place = Place::new();
    low_and_high(&place);
    place.run("train logistic --data music --segment 3 --save m --quiet");
    let live = |bytes: Vec<u8>| {
        let mut command = place.bench();
        command.args(["predict", "-", "--raw", "22050", "--live", "--ndjson", "--quiet", "--model", "m"]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(&bytes).unwrap();
        child.wait_with_output().unwrap()
    };
    let samples = |hz: f32, seconds: f32| tone(hz, seconds)[44..].to_vec();
    let output = live([samples(2000.0, 3.0), samples(205.0, 5.0)].concat());
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let said: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!said.is_empty());
    assert!(said.iter().all(|object| object["second"].as_u64() >= Some(3)));
    assert_eq!(said.last().unwrap()["genre"], "low", "{text}");
    // The same as of a file with those three seconds.
    place.write("last.wav", tone(205.0, 3.0));
    assert_eq!(live(samples(2000.0, 1.0)).status.code(), Some(2));
}
