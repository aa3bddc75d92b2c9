//! A fit that goes on from a checkpoint, and what is no checkpoint of it.
#![allow(clippy::unwrap_used)]

use candle_core::{DType, Device, Tensor};
use genre_bench_api::{Error, Observer, Params, Run};
use genre_bench_neural::layers::{Activation, BatchNorm, Builder, Dropout, Linear, Sequential, Weights};
use genre_bench_neural::train::optimizer::OptimizerConfig;
use genre_bench_neural::train::{
    Checkpoints, EarlyStopping, History, Keep, Labelled, Plateau, Recipe, Samples, Schedule, fit,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A network with all that a checkpoint must hold: weights, random numbers in every forward pass, and buffers that change.
fn network(seed: u64, width: usize) -> (Sequential, Weights) {
    let builder = Builder::new(seed, &Device::Cpu, DType::F32);
    let linear = |name, inputs, outputs| Linear::new(&builder.at(name), inputs, outputs).unwrap();
    let network = Sequential::new()
        .then(linear("hidden", 5, width))
        .then(BatchNorm::new(&builder.at("norm"), width).unwrap())
        .then(Activation::Elu(1.0))
        .then(Dropout::new(0.2).unwrap())
        .then(linear("output", width, 3));
    (network, builder.finish())
}

fn part(count: usize, from: usize) -> (Samples, Vec<usize>) {
    let labels: Vec<usize> = (0..count).map(|row| row % 3).collect();
    let value =
        |i: usize| ((i + from) * 7919 % 1009) as f32 / 500.0 - 1.0 + (i / 5 % 3 * (i % 5)) as f32 / 4.0;
    (Samples::new((0..count * 5).map(value).collect(), count, &[5]).unwrap(), labels)
}

fn recipe(epochs: usize, checkpoint: Option<&Path>) -> Recipe {
    let schedule = Schedule::Plateau(Plateau { patience: 0, factor: 0.5, ..Plateau::TORCH });
    Recipe {
        schedule: Schedule::WarmUp { steps: 20, then: Box::new(schedule) },
        clip: Some(0.5),
        early_stopping: Some(EarlyStopping { patience: 5 }),
        checkpoint: checkpoint.map(|file| Checkpoints { file: file.to_owned(), share: 1.0 }),
        ..Recipe::new(epochs, 8, OptimizerConfig::adam(), 0.05)
    }
}

/// Every number of the network by name, and the history without its seconds.
type Outcome = (Vec<(String, Vec<f32>)>, History);

fn train(recipe: &Recipe, run: &Run) -> genre_bench_api::Result<Outcome> {
    train_wide(recipe, run, 16)
}

fn train_wide(recipe: &Recipe, run: &Run, width: usize) -> genre_bench_api::Result<Outcome> {
    let ((train, labels), (valid, valid_labels)) = (part(60, 0), part(21, 777));
    let (network, weights) = network(run.seed, width);
    let mut history = fit(
        &network,
        &weights,
        Labelled { samples: &train, labels: &labels },
        Labelled { samples: &valid, labels: &valid_labels },
        recipe,
        run,
    )?;
    history.epochs.iter_mut().for_each(|epoch| epoch.seconds = 0.0);
    let vars = weights.trainable.iter().chain(&weights.buffers);
    let numbers = vars.map(|(name, var)| (name.clone(), var.flatten_all().unwrap().to_vec1().unwrap()));
    Ok((numbers.collect(), history))
}

fn run(seed: u64) -> Run<'static> {
    Run::with(Params::default(), seed)
}

#[test]
fn a_resumed_fit_ends_in_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    for keep in [Keep::Best, Keep::Last] {
        let path = folder.path().join(format!("{keep:?}/fit.safetensors"));
        let recipe = |epochs, path| Recipe { keep, ..recipe(epochs, path) };
        let (numbers, history) = train(&recipe(6, None), &run(1)).unwrap();
        assert_eq!(history.epochs.len(), 6);
        assert_ne!(history.epochs[0].learning_rate, history.epochs[5].learning_rate);

        let half = train(&recipe(3, Some(&path)), &run(1)).unwrap();
        assert_eq!(half.1.epochs[..], history.epochs[..3]);
        assert_eq!(train(&recipe(6, Some(&path)), &run(1)).unwrap(), (numbers.clone(), history.clone()));
        // Nothing is left to do: the checkpoint itself gives the network.
        assert_eq!(train(&recipe(6, Some(&path)), &run(1)).unwrap(), (numbers, history));
    }
}

/// Cancels when it has been asked so many times.
struct Impatient(AtomicUsize, usize);

impl Observer for Impatient {
    fn progress(&self, _done: usize, _total: usize, _note: &str) {}
    fn cancelled(&self) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed) >= self.1
    }
}

#[test]
fn a_cancelled_fit_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fit.safetensors");
    let patient = Impatient(AtomicUsize::new(0), usize::MAX);
    let whole = train(&recipe(5, None), &Run { observer: &patient, ..run(2) }).unwrap();
    let questions_an_epoch = patient.0.into_inner() / 5;
    // In the midst of the third epoch.
    let observer = Impatient(AtomicUsize::new(0), 5 * questions_an_epoch / 2);
    let cancelled = train(&recipe(5, Some(&path)), &Run { observer: &observer, ..run(2) });
    assert!(matches!(cancelled, Err(Error::Cancelled)));
    let observer = Impatient(AtomicUsize::new(0), 3 * questions_an_epoch);
    let resumed = train(&recipe(5, Some(&path)), &Run { observer: &observer, ..run(2) });
    assert_eq!(resumed.unwrap(), whole, "three epochs are left");
}

#[test]
fn short_epochs_are_not_all_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fit.safetensors");
    let kept = |share: f64| Recipe {
        early_stopping: None,
        checkpoint: Some(Checkpoints { file: file.clone(), share }),
        ..recipe(4, None)
    };
    // Nothing may be spent on what follows the first.
    let whole = train(&kept(0.0), &run(5)).unwrap();
    let first = std::fs::read(&file).unwrap();
    assert_eq!(train(&kept(0.0), &run(5)).unwrap(), whole, "three epochs are trained again");
    std::fs::write(&file, &first).unwrap();
    assert_eq!(train(&kept(1.0), &run(5)).unwrap(), whole);
    assert_ne!(std::fs::read(&file).unwrap(), first, "the last epoch was written");
}

#[test]
fn early_stopping_keeps_the_best_epoch() {
    let recipe = |epochs, keep| Recipe { keep, ..recipe(epochs, None) };
    let (numbers, history) = train(&recipe(200, Keep::Best), &run(3)).unwrap();
    let best = history.best(Keep::Best).unwrap();
    assert_eq!(history.epochs.len(), best + 1 + 5, "patience 5");
    assert_eq!(train(&recipe(best + 1, Keep::Last), &run(3)).unwrap().0, numbers);
}

/// The checksum of tensors, as the documentation of the checkpoint says.
fn checksum(tensors: &HashMap<String, Tensor>) -> Tensor {
    let mut names: Vec<&String> = tensors.keys().collect();
    names.sort();
    let mut hash = Sha256::new();
    for name in names {
        let tensor = &tensors[name];
        hash.update(format!("{} {name} {:?} {:?}", name.len(), tensor.dtype(), tensor.dims()));
        tensor.write_bytes(&mut hash).unwrap();
    }
    Tensor::new(&hash.finalize()[..], &Device::Cpu).unwrap()
}

#[test]
fn what_is_no_checkpoint_of_this_fit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fit.safetensors");
    train(&recipe(2, Some(&path)), &run(4)).unwrap();
    let good = std::fs::read(&path).unwrap();
    let tensors = candle_core::safetensors::load(&path, &Device::Cpu).unwrap();
    let refused = |what: &str, why: &str| {
        let error = train(&recipe(3, Some(&path)), &run(4)).unwrap_err();
        assert!(matches!(error, Error::Checkpoint(_)), "{what}: {error}");
        let error = error.to_string();
        assert!(error.contains("cannot be resumed"), "{what}: {error}");
        assert!(error.contains(why), "{what}: {error}");
    };
    let with = |changes: Vec<(&str, Option<Tensor>)>| {
        let mut tensors: HashMap<String, Tensor> = tensors.clone();
        for (name, tensor) in changes {
            match tensor {
                Some(tensor) => tensors.insert(name.to_owned(), tensor),
                None => tensors.remove(name),
            };
        }
        tensors.remove("sha256");
        tensors.insert("sha256".to_owned(), checksum(&tensors));
        candle_core::safetensors::save(&tensors, &path).unwrap();
    };
    let zeros = |shape: &[usize], dtype| Some(Tensor::zeros(shape, dtype, &Device::Cpu).unwrap());

    with(vec![("format", None)]);
    refused("no format", "an older version of the program wrote it");
    with(vec![("format", Some(Tensor::new(&[4u32], &Device::Cpu).unwrap()))]);
    refused("a later format", "of format 4");
    with(vec![("weight/hidden.bias", None)]);
    refused("a weight missing", "no `weight/hidden.bias`");
    with(vec![("mean/hidden.bias", None)]);
    refused("a moment missing", "no `mean/hidden.bias`");
    with(vec![("best-buffer/norm.running_var", None)]);
    refused("half a best epoch", "no `best-buffer/norm.running_var`");
    with(vec![("weight/other", zeros(&[1], DType::F32))]);
    refused("a weight too many", r#""weight/other""#);
    with(vec![("weight/hidden.bias", zeros(&[17], DType::F32))]);
    refused("another shape", "shape [17], not [16]");
    with(vec![("weight/hidden.bias", zeros(&[16], DType::F64))]);
    refused("another type", "F64");
    with(vec![("history", zeros(&[2, 9], DType::F64))]);
    refused("another history", "9 numbers");
    with(vec![("history", zeros(&[14], DType::F64))]);
    refused("no table", "rank");
    with(vec![("identity", zeros(&[3], DType::U8))]);
    refused("another fit", "another fit");
    with(vec![("other", zeros(&[1 << 22], DType::F32))]);
    refused("a very large file", "more than this network's can have");
    std::fs::write(&path, "PK\x03\x04 no safetensors").unwrap();
    refused("no safetensors", "");
    for length in [0, 1, 8, 9, 100, good.len() / 2, good.len() - 1] {
        std::fs::write(&path, &good[..length]).unwrap();
        refused(&format!("cut off at {length}"), "");
    }
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let without = HashMap::from_iter(tensors.clone().into_iter().filter(|(name, _)| name != "sha256"));
    candle_core::safetensors::save::<String, _>(&without, &path).unwrap();
    refused("no checksum", "no `sha256`");
    for round in 0..400 {
        // Any bit may be wrong, those of the header and those of the numbers.
        let mut bytes = good.clone();
        let at = rng.gen_range(0..if round % 2 == 0 { 1200 } else { bytes.len() });
        bytes[at] ^= 1 << rng.gen_range(0..8);
        std::fs::write(&path, &bytes).unwrap();
        refused(&format!("byte {at}"), "");
    }

    std::fs::write(&path, &good).unwrap();
    let other_width = train_wide(&recipe(3, Some(&path)), &run(4), 15).unwrap_err().to_string();
    assert!(other_width.contains("shape"), "{other_width}");
    assert!(train(&recipe(3, Some(&path)), &run(5)).is_err(), "another seed");
    assert!(train(&recipe(3, Some(&path)), &Run { key: "other".into(), ..run(4) }).is_err(), "another fit");
    assert!(
        train(&Recipe { learning_rate: 0.1, ..recipe(3, Some(&path)) }, &run(4)).is_err(),
        "another learning_rate"
    );
    train(&recipe(3, Some(&path)), &run(4)).unwrap();
}
