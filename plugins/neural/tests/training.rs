//! The loop with all that a recipe may ask for.
#![allow(clippy::unwrap_used)]

mod common;

use candle_core::{DType, Device};
use common::devices;
use genre_bench_api::{Params, Result, Run};
use genre_bench_neural::layers::{
    Activation, Builder, CrossEntropyLoss, Flatten, Linear, Sequential, Weights,
};
use genre_bench_neural::train::augment::{Blur, Brightness, Mixup, SpecAugment, Warp};
use genre_bench_neural::train::optimizer::OptimizerConfig;
use genre_bench_neural::train::{History, Keep, Labelled, Recipe, Samples, fit, logits};
use std::path::{Path, PathBuf};
use std::process::Command;

const SIDE: usize = 8;

/// Spectrograms of one bright row, and its third of the spectrogram as class.
fn spectrograms(count: usize, from: usize) -> (Samples, Vec<usize>) {
    let labels: Vec<usize> = (0..count).map(|spectrogram| spectrogram % 3).collect();
    let value = |spectrogram: usize, at: usize| {
        let noise = ((spectrogram + from) * 7919 + at * 104_729) % 1009;
        let row = spectrogram % 3 * 3 + (spectrogram + from) / 3 % 2;
        noise as f32 / 1009.0 + if at / SIDE == row { 1.0 } else { 0.0 }
    };
    let values = (0..count).flat_map(|spectrogram| (0..SIDE * SIDE).map(move |at| value(spectrogram, at)));
    (Samples::new(values.collect(), count, &[1, SIDE, SIDE]).unwrap(), labels)
}

fn network(device: &Device) -> (Sequential, Weights) {
    let builder = Builder::new(0, device, DType::F32);
    let linear = |name, inputs, outputs| Linear::new(&builder.at(name), inputs, outputs).unwrap();
    let (hidden, output) = (linear("hidden", SIDE * SIDE, 24), linear("output", 24, 3));
    (Sequential::new().then(Flatten).then(hidden).then(Activation::Relu).then(output), builder.finish())
}

/// The history of a fit, and the share of new spectrograms that the network predicts correctly then.
fn train(recipe: &Recipe) -> Result<(History, f64)> {
    train_on(&Device::Cpu, recipe)
}

fn train_on(device: &Device, recipe: &Recipe) -> Result<(History, f64)> {
    let ((samples, labels), (valid, valid_labels)) = (spectrograms(90, 0), spectrograms(30, 500));
    let (network, weights) = network(device);
    let run = Run::with(Params::default(), 0);
    let (train, valid) = (
        Labelled { samples: &samples, labels: &labels },
        Labelled { samples: &valid, labels: &valid_labels },
    );
    let history = fit(&network, &weights, train, valid, recipe, &run)?;
    let (test, test_labels) = spectrograms(60, 1000);
    let scores = logits(&network, &test, (device, DType::F32), || Ok(()))?;
    let is_correct =
        |(row, label): &(ndarray::ArrayView1<f32>, &usize)| row.iter().all(|&score| score <= row[**label]);
    let correct = scores.rows().into_iter().zip(&test_labels).filter(is_correct).count();
    Ok((history, correct as f64 / 60.0))
}

fn recipe(epochs: usize) -> Recipe {
    Recipe::new(epochs, 16, OptimizerConfig::adam(), 0.01)
}

#[test]
fn it_trains_with_everything_switched_on() {
    for device in devices() {
        let (history, accuracy) = train_on(&device, &recipe(30)).unwrap();
        assert!(accuracy > 0.9, "plain: {accuracy}");
        assert!(history.epochs[29].train_loss < history.epochs[0].train_loss / 2.0);
    }

    let everything = Recipe {
        clip: Some(1.0),
        loss: CrossEntropyLoss { smoothing: 0.1, weights: Some(vec![1.0, 2.0, 1.0]) },
        augment: vec![
            Box::new(Warp { shift: (0.05, 0.2), zoom: 0.05, stretch: 0.1, mirror: true, ..Warp::default() }),
            Box::new(Brightness { by: 0.1 }),
            Box::new(Blur { deviation: 0.3 }),
            Box::new(SpecAugment {
                frequency_masks: 1,
                frequency_share: 0.125,
                time_masks: 1,
                time_share: 0.25,
            }),
        ],
        mixup: Some(Mixup { alpha: 0.2 }),
        ..recipe(60)
    };
    let (history, accuracy) = train(&everything).unwrap();
    assert!(accuracy > 0.8, "everything: {accuracy}");
    let again = train(&everything).unwrap().0;
    let losses = |history: &History| history.epochs.iter().map(|epoch| epoch.train_loss).collect::<Vec<_>>();
    assert_eq!(losses(&history), losses(&again), "the same random numbers again");
}

#[test]
fn the_history_says_what_the_last_weights_are_worth() {
    let recipe = Recipe { keep: Keep::Last, ..recipe(3) };
    let ((samples, labels), (valid, valid_labels)) = (spectrograms(40, 0), spectrograms(30, 500));
    let (network, weights) = network(&Device::Cpu);
    let run = Run::with(Params::default(), 0);
    let validation = Labelled { samples: &valid, labels: &valid_labels };
    let history =
        fit(&network, &weights, Labelled { samples: &samples, labels: &labels }, validation, &recipe, &run)
            .unwrap();
    let scores = logits(&network, &valid, (&Device::Cpu, DType::F32), || Ok(())).unwrap();
    let quality = genre_bench_neural::train::quality_of(&scores, &valid_labels);
    assert_eq!(history.epochs.len(), 3);
    assert_eq!(history.epochs[2].valid, Some(quality));
}

#[test]
fn what_cannot_be_trained_is_refused() {
    let (samples, labels) = spectrograms(12, 0);
    let nothing = Samples::new(Vec::new(), 0, &[1, SIDE, SIDE]).unwrap();
    let refused = |samples: &Samples, labels: &[usize], recipe: Recipe| {
        let (network, weights) = network(&Device::Cpu);
        let none = Labelled { samples: &nothing, labels: &[] };
        let run = Run::with(Params::default(), 0);
        fit(&network, &weights, Labelled { samples, labels }, none, &recipe, &run).unwrap_err().to_string()
    };
    assert_eq!(refused(&samples, &labels[1..], recipe(1)), "12 examples have 11 labels");
    assert!(refused(&nothing, &[], recipe(1)).contains("nothing to train on"));
    assert!(refused(&samples, &[7; 12], recipe(1)).contains("3 classes"));
    let mixup = Some(Mixup { alpha: 0.2 });
    assert!(refused(&samples, &[7; 12], Recipe { mixup, ..recipe(1) }).contains("3 classes"));
    let flat = Samples::new(vec![0.0; 12 * 64], 12, &[64]).unwrap();
    let augment: Vec<Box<dyn genre_bench_neural::train::augment::Augmentation>> =
        vec![Box::new(Brightness { by: 0.1 })];
    assert!(refused(&flat, &labels, Recipe { augment, ..recipe(1) }).contains("only spectrograms"));
    let other = Samples::new(vec![0.0; 12 * 63], 12, &[63]).unwrap();
    refused(&other, &labels, recipe(1));
}

/// A Python that has the tensorboard package: `$TENSORBOARD_PYTHON`, or the one in the path.
fn python_with_tensorboard() -> Option<PathBuf> {
    let python =
        std::env::var_os("TENSORBOARD_PYTHON").map_or_else(|| PathBuf::from("python3"), PathBuf::from);
    let found = Command::new(&python).args(["-c", "import tensorboard"]).output().ok()?;
    found.status.success().then_some(python)
}

#[test]
fn tensorboard_reads_the_event_file() {
    let Some(python) = python_with_tensorboard() else {
        eprintln!("skipped: no Python with tensorboard; say which in $TENSORBOARD_PYTHON");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let events = folder.path().join("new/folder");
    let (history, _) = train(&Recipe { tensorboard: Some(events.clone()), ..recipe(4) }).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/neural/read_events.py");
    let said = Command::new(python).arg(script).arg(&events).output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let scalars: std::collections::BTreeMap<String, Vec<(usize, f64)>> =
        serde_json::from_slice(&said.stdout).unwrap();
    assert_eq!(scalars.len(), 7, "{scalars:?}");
    for (number, epoch) in history.epochs.iter().enumerate() {
        let valid = epoch.valid.unwrap();
        for (tag, value) in [
            ("loss/train", epoch.train_loss),
            ("accuracy/train", epoch.train_accuracy),
            ("loss/validation", valid.loss),
            ("accuracy/validation", valid.accuracy),
            ("macro_f1/validation", valid.macro_f1),
            ("learning_rate", epoch.learning_rate),
            ("seconds", epoch.seconds),
        ] {
            let (step, read) = scalars[tag][number];
            assert_eq!((step, read as f32), (number + 1, value as f32), "{tag}");
        }
    }
}
