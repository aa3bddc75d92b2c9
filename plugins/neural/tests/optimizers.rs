//! Optimizers and schedules against PyTorch's; see `tests/fixtures/neural/make_optimizers.py`.
#![allow(clippy::unwrap_used)]

mod common;

use candle_core::{DType, Device, Tensor};
use common::devices;
use genre_bench_api::Epoch;
use genre_bench_neural::layers::{Builder, Init, Weights};
use genre_bench_neural::train::optimizer::{Decay, Optimizer, OptimizerConfig, global_norm};
use genre_bench_neural::train::{History, Plateau, Schedule};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::Path;

fn fixture<T: DeserializeOwned>(name: &str) -> T {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/neural");
    serde_json::from_str(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap()
}

#[derive(Deserialize)]
struct Problem {
    x: Vec<f64>,
    y: Vec<f64>,
    weight: Vec<f64>,
    bias: Vec<f64>,
    optimizers: BTreeMap<String, Trajectory>,
}

/// After every step.
#[derive(Deserialize)]
struct Trajectory {
    weights: Vec<Vec<f64>>,
    biases: Vec<Vec<f64>>,
    norms: Vec<f64>,
}

fn tensor(values: &[f64], shape: impl Into<candle_core::Shape>, (device, dtype): (&Device, DType)) -> Tensor {
    Tensor::from_slice(values, shape, device).unwrap().to_dtype(dtype).unwrap()
}

/// Norm of the difference over the norm.
fn distance(ours: &Tensor, theirs: &[f64]) -> f64 {
    let ours = ours.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap();
    let square = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>();
    let difference = square(&mut ours.iter().zip(theirs).map(|(ours, theirs)| ours - theirs));
    (difference / square(&mut theirs.iter().copied())).sqrt()
}

/// Follows PyTorch step by step.
fn follow(
    name: &str,
    config: OptimizerConfig,
    learning_rate: f64,
    clip: Option<f64>,
    place: (&Device, DType),
) {
    let (device, dtype) = place;
    let problem: Problem = fixture("optimizers.json");
    let builder = Builder::new(0, device, dtype);
    builder.trainable("weight", (3, 4), Init::Constant(0.0)).unwrap();
    builder.trainable("bias", 3, Init::Constant(0.0)).unwrap();
    let weights: Weights = builder.finish();
    let (weight, bias) = (&weights.trainable["weight"], &weights.trainable["bias"]);
    weight.set(&tensor(&problem.weight, (3, 4), place)).unwrap();
    bias.set(&tensor(&problem.bias, 3, place)).unwrap();
    let (x, y) = (tensor(&problem.x, (8, 4), place), tensor(&problem.y, (8, 3), place));

    let theirs = &problem.optimizers[name];
    let mut optimizer = Optimizer::new(config, &weights).unwrap();
    for step in 0..theirs.norms.len() {
        let said = x.matmul(&weight.t().unwrap()).unwrap().broadcast_add(bias).unwrap();
        let loss = (said - &y).unwrap().sqr().unwrap().sum_all().unwrap();
        let gradients = loss.backward().unwrap();
        let norm = global_norm(&weights, &gradients).unwrap();
        assert!((norm / theirs.norms[step] - 1.0).abs() < 1e-5, "{name}, step {step}: norm {norm}");
        let scale = clip.map_or(1.0, |longest| (longest / (norm + 1e-6)).min(1.0));
        optimizer.step(&weights, &gradients, learning_rate, scale).unwrap();
        let off = distance(weight, &theirs.weights[step]).max(distance(bias, &theirs.biases[step]));
        assert!(off < 1e-5, "{name} in {dtype:?}, step {step}: off by {off}");
    }
}

#[test]
fn every_step_is_torchs() {
    // In single precision in place, in double precision as tensor operations.
    for (device, dtype) in devices().iter().flat_map(|device| [(device, DType::F32), (device, DType::F64)]) {
        let place = (device, dtype);
        follow("sgd", OptimizerConfig::sgd(0.0), 0.01, None, place);
        follow("momentum", OptimizerConfig::sgd(0.9), 0.01, None, place);
        let nesterov = OptimizerConfig::Sgd { momentum: 0.9, nesterov: true, weight_decay: 0.1 };
        follow("nesterov", nesterov, 0.01, None, place);
        follow("adam", OptimizerConfig::adam(), 0.05, None, place);
        let decaying = OptimizerConfig::Adam {
            betas: (0.8, 0.95),
            epsilon: 1e-8,
            weight_decay: 0.1,
            decay: Decay::Gradient,
        };
        follow("adam-decay", decaying, 0.05, None, place);
        follow("adamw", OptimizerConfig::adam_w(), 0.05, None, place);
        follow("clipped", OptimizerConfig::sgd(0.9), 0.05, Some(1.5), place);
    }
}

#[test]
fn large_weights_step_as_small_ones_do() {
    // More than one block, so that it is worked on in parallel: every value takes the step it would take
    // alone.
    let count = 100_000;
    let step = |count: usize, from: usize| {
        let builder = Builder::new(0, &Device::Cpu, DType::F32);
        builder.trainable("weight", count, Init::Constant(0.5)).unwrap();
        let weights = builder.finish();
        let weight = &weights.trainable["weight"];
        let factors: Vec<f64> = (from..from + count).map(|i| (i % 101) as f64 / 7.0 - 5.0).collect();
        let mut optimizer = Optimizer::new(OptimizerConfig::adam(), &weights).unwrap();
        for _ in 0..2 {
            let loss = (weight.sqr().unwrap() * tensor(&factors, count, (&Device::Cpu, DType::F32)))
                .unwrap()
                .sum_all()
                .unwrap();
            optimizer.step(&weights, &loss.backward().unwrap(), 0.01, 1.0).unwrap();
        }
        weight.to_vec1::<f32>().unwrap()
    };
    let large = step(count, 0);
    for from in [0, 16_000, 99_900] {
        assert_eq!(step(100, from), large[from..from + 100]);
    }
}

#[derive(Deserialize)]
struct Schedules {
    losses: Vec<f64>,
    step: Vec<f64>,
    cosine: Vec<f64>,
    inverse_time: Vec<f64>,
    plateau: Vec<f64>,
    plateau_impatient: Vec<f64>,
    warm_up: Vec<f64>,
}

#[test]
fn every_learning_rate_is_torchs() {
    let theirs: Schedules = fixture("schedules.json");
    let epoch = |&loss: &f64| Epoch {
        train_loss: loss,
        train_accuracy: 0.0,
        valid: None,
        learning_rate: 0.0,
        seconds: 0.0,
    };
    let follow = |schedule: Schedule, rates: &[f64]| {
        for (epochs, learning_rate) in rates.iter().enumerate() {
            let history = History { epochs: theirs.losses[..epochs].iter().map(epoch).collect() };
            // One step an epoch.
            let ours = schedule.learning_rate(0.1, epochs, &history);
            assert!(
                (ours / learning_rate - 1.0).abs() < 1e-9,
                "{schedule:?}, epoch {epochs}: {ours}, not {learning_rate}"
            );
        }
    };
    follow(Schedule::Step { epochs: 3, factor: 0.5 }, &theirs.step);
    follow(Schedule::Cosine { epochs: 19, lowest: 0.001 }, &theirs.cosine);
    follow(Schedule::InverseTime { decay: 0.3 }, &theirs.inverse_time);
    let plateau = Plateau { factor: 0.5, patience: 2, lowest: 0.01, ..Plateau::TORCH };
    follow(Schedule::Plateau(plateau), &theirs.plateau);
    follow(Schedule::Plateau(Plateau { patience: 0, ..Plateau::TORCH }), &theirs.plateau_impatient);
    let step = Box::new(Schedule::Step { epochs: 8, factor: 0.5 });
    follow(Schedule::WarmUp { steps: 5, then: step }, &theirs.warm_up);
}
