//! Encoders as a user gives them: files, and what is told of wrong ones.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

use genre_bench_api::{Encoder, EncoderInput, Error, Observer, Params, Pooling, Silent};
use genre_bench_onnx::{TEMPLATE, open};
use ndarray::{ArrayD, IxDyn, Slice};
use serde_json::Value;
use std::path::{Path, PathBuf};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn numbers(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap() as f32).collect()
}

/// The error of opening the tiny graph with changed settings.
fn told(from: &str, to: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(fixture("tiny.onnx"), folder.path().join("t.onnx")).unwrap();
    let settings = std::fs::read_to_string(fixture("tiny.toml")).unwrap();
    assert!(settings.contains(from), "{from}");
    std::fs::write(folder.path().join("t.toml"), settings.replace(from, to)).unwrap();
    let wrong = open("t", &folder.path().join("t.onnx")).and_then(|encoder| {
        let shape = match encoder.card().input {
            EncoderInput::Mel { mel, windows } => [1, mel.bands, windows.length.unwrap_or(24)],
            _ => panic!("the tiny graph reads spectrograms"),
        };
        encoder.load(&Params::default())?.embed(&ArrayD::zeros(IxDyn(&shape)), &Silent)
    });
    wrong.expect_err(to).to_string()
}

#[test]
fn embeddings_are_those_of_onnx_runtime() {
    let expected: Value = serde_json::from_slice(&std::fs::read(fixture("tiny.json")).unwrap()).unwrap();
    let windows = ArrayD::from_shape_vec(IxDyn(&[3, 8, 24]), numbers(&expected["windows"])).unwrap();
    let encoder = open("tiny", &fixture("tiny.onnx")).unwrap();
    let loaded = encoder.load(&Params::default()).unwrap();
    let ours = loaded.embed(&windows, &Silent).unwrap();
    let theirs = numbers(&expected["embeddings"]);
    assert_eq!(ours.dim(), (3, theirs.len() / 3));
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert!((ours - theirs).abs() < 1e-5, "{ours}, {theirs}");
    }
    // A window alone has the same numbers.
    let last = windows.slice_axis(ndarray::Axis(0), Slice::from(2..));
    assert_eq!(loaded.embed(&last.to_owned(), &Silent).unwrap().row(0), ours.row(2));
}

#[test]
fn the_card_says_what_the_settings_say() {
    let card = open("tiny", &fixture("tiny.onnx")).unwrap().card();
    assert_eq!((card.name.as_str(), card.pooling, card.params.len()), ("tiny", Pooling::Mean, 0));
    assert_eq!(card.trained_on, "nothing");
    assert!(card.summary.contains("a small graph for tests"), "{}", card.summary);
    // Whatever it is called.
    assert_eq!(open("other", &fixture("tiny.onnx")).unwrap().card().content, card.content);
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(fixture("tiny.onnx"), folder.path().join("t.onnx")).unwrap();
    let settings = std::fs::read_to_string(fixture("tiny.toml")).unwrap();
    std::fs::write(folder.path().join("t.toml"), settings.replace("[1]", "[2]")).unwrap();
    let changed = open("tiny", &folder.path().join("t.onnx")).unwrap().card();
    assert_ne!(changed.content, card.content);
}

#[test]
fn without_settings_they_can_be_copied_from_the_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("net.onnx");
    std::fs::copy(fixture("tiny.onnx"), &file).unwrap();
    let error = open("net", &file).err().unwrap().to_string();
    assert!(error.contains("net.toml") && error.contains(TEMPLATE), "{error}");
    assert!(error.contains("the graph reads `frames` (?×24×8) and makes `unused` ()"), "{error}");
    assert!(
        open("net", &folder.path().join("gone.onnx"))
            .err()
            .unwrap()
            .to_string()
            .starts_with("cannot be read")
    );
}

#[test]
fn settings_that_do_not_fit_the_graph_say_what_to_change() {
    for (from, to, why) in [
        ("bands = 8", "bands = 9", "graph.layout makes 1 batch × 24 frames × 9 bands"),
        ("\"frames\", \"bands\"", "\"bands\", \"frames\"", "is of shape ?×24×8, but graph.layout makes"),
        ("length = 24", "length = 25", "change graph.layout, or the lengths"),
        (
            "output = \"embedding\"",
            "output = \"features\"",
            "computes no value `features`, which graph.output names",
        ),
        (
            "output = \"embedding\"",
            "input = \"x\"",
            "has no input `x`, which graph.input names; it has `frames`",
        ),
        ("average = [1]", "average = [7]", "graph.average names axis 7, but the output has 3"),
        ("rate = 8000", "rate = 0", "t.toml: mel.rate is 0"),
        ("bands = 8", "band = 8", "t.toml: line 9: unknown field `band`"),
    ] {
        let told = told(from, to);
        assert!(told.contains(why), "{to}: {told}");
    }
}

#[test]
fn a_stop_is_heard() {
    struct Stopped;
    impl Observer for Stopped {
        fn progress(&self, _: usize, _: usize, _: &str) {}
        fn cancelled(&self) -> bool {
            true
        }
    }
    let loaded = open("tiny", &fixture("tiny.onnx")).unwrap().load(&Params::default()).unwrap();
    let stopped = loaded.embed(&ArrayD::zeros(IxDyn(&[2, 8, 24])), &Stopped);
    assert!(matches!(stopped, Err(Error::Cancelled)));
}

#[test]
fn a_file_that_changed_is_not_what_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("net.onnx");
    std::fs::copy(fixture("tiny.onnx"), &file).unwrap();
    std::fs::copy(fixture("tiny.toml"), folder.path().join("net.toml")).unwrap();
    let encoder: Box<dyn Encoder> = open("net", &file).unwrap();
    std::fs::write(&file, "another").unwrap();
    let error = encoder.load(&Params::default()).err().unwrap().to_string();
    assert!(error.contains("has changed"), "{error}");
}
