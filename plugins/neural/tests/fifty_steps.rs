//! Fifty training steps against PyTorch, with the same weights and examples: tests/fixtures/neural/make_fifty_steps.py.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod common;
#[path = "common/numbers.rs"]
mod numbers;

use candle_core::{DType, Device, Tensor};
use common::devices;
use genre_bench_api::random_stream;
use genre_bench_neural::layers::{
    Activation, BatchNorm, Builder, Context, Conv2d, Conv2dOptions, CrossEntropyLoss, Flatten, LastState,
    Layer, Linear, NormPool, Recurrence, Recurrent, Sequential, Window,
};
use genre_bench_neural::train::optimizer::{Optimizer, OptimizerConfig};
use numbers::numbers;
use serde::Deserialize;
use std::collections::BTreeMap;

const STEPS: usize = 50;
const BATCH: usize = 16;
const TRAIN: usize = 160;
const TEST: usize = 100;
const CLASSES: usize = 10;

/// A run in double precision, and how far one in single precision was from it.
#[derive(Deserialize)]
struct Trained {
    losses: Vec<f64>,
    scores: Vec<Vec<f64>>,
    rounding: Rounding,
}

#[derive(Deserialize)]
struct Rounding {
    losses: f64,
    scores: f64,
}

fn fixture(network: &str) -> Trained {
    let text = include_str!("../../../tests/fixtures/neural/fifty_steps.json");
    serde_json::from_str::<BTreeMap<String, Trained>>(text).unwrap().remove(network).unwrap()
}

fn weight(name: &str, shape: &[usize]) -> Vec<f32> {
    let count: usize = shape.iter().product();
    match shape {
        [_] => vec![f32::from(u8::from(name.starts_with("norm") && name.ends_with("weight"))); count],
        [_, inputs @ ..] => {
            let factor = (3.0 / inputs.iter().product::<usize>() as f64).sqrt() as f32;
            numbers(name, count).into_iter().map(|number| number * factor).collect()
        }
        [] => unreachable!("no weight is a number alone"),
    }
}

/// Noise, and in it the pattern of a class.
fn examples(part: &str, count: usize, size: usize, loudness: f32) -> Vec<f32> {
    let mut examples = numbers(part, count * size);
    let patterns = numbers("patterns", CLASSES * size);
    for (example, values) in examples.chunks_exact_mut(size).enumerate() {
        let pattern = &patterns[example % CLASSES * size..][..size];
        values.iter_mut().zip(pattern).for_each(|(value, pattern)| *value += loudness * pattern);
    }
    examples
}

fn labels(rows: impl Iterator<Item = usize>) -> Vec<u32> {
    rows.map(|row| (row % CLASSES) as u32).collect()
}

/// Losses of all steps, and scores of examples that were not trained on.
fn trained(
    network: &Sequential,
    builder: Builder,
    (shape, rate, loudness): (&[usize], f64, f32),
    device: &Device,
) -> (Vec<f64>, Vec<Vec<f64>>) {
    let weights = builder.finish();
    for (name, var) in &weights.trainable {
        var.set(&Tensor::from_vec(weight(name, var.dims()), var.dims(), device).unwrap()).unwrap();
    }
    let size: usize = shape.iter().product();
    let batch = |values: &[f32]| {
        let dims: Vec<usize> = std::iter::once(values.len() / size).chain(shape.iter().copied()).collect();
        Tensor::from_slice(values, dims, device).unwrap()
    };
    let train = examples("train", TRAIN, size, loudness);
    let mut optimizer = Optimizer::new(OptimizerConfig::adam(), &weights).unwrap();
    let losses = (0..STEPS).map(|step| {
        let first = step * BATCH % TRAIN;
        let context = Context::training(random_stream(step as u64, "dropout"));
        let inputs = batch(&train[first * size..(first + BATCH) * size]);
        let scores = network.forward(&inputs, &context).unwrap();
        let labels = labels(first..first + BATCH);
        let loss = CrossEntropyLoss::default().of_labels(&scores, &labels).unwrap();
        let gradients = context.backward(&loss).unwrap();
        optimizer.step(&weights, &gradients, rate, 1.0).unwrap();
        f64::from(loss.to_scalar::<f32>().unwrap())
    });
    let losses = losses.collect();
    let test = batch(&examples("test", TEST, size, loudness));
    let scores = network.forward(&test, &Context::evaluation()).unwrap().to_dtype(DType::F64).unwrap();
    (losses, scores.to_vec2().unwrap())
}

/// Norm of the difference over the norm.
fn distance(ours: &[f64], theirs: &[f64]) -> f64 {
    let squares = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>();
    let difference = squares(&mut ours.iter().zip(theirs).map(|(ours, theirs)| ours - theirs));
    (difference / squares(&mut theirs.iter().copied())).sqrt()
}

fn share_right(scores: &[Vec<f64>]) -> f64 {
    let is_right =
        |(row, scores): &(usize, &Vec<f64>)| scores.iter().all(|score| *score <= scores[row % CLASSES]);
    scores.iter().enumerate().filter(is_right).count() as f64 / scores.len() as f64
}

/// How far a run may be from the one in double precision: the losses of the first steps, of all of them, and the scores.
struct Bounds {
    first: f64,
    losses: f64,
    scores: f64,
}

impl Bounds {
    /// What rounding comes to in another order of sums.
    fn of_rounding(rounding: &Rounding) -> Self {
        Self { first: 1e-6, losses: 10.0 * rounding.losses, scores: 10.0 * rounding.scores }
    }

    /// What it comes to with the fewer products of Winograd's, which round a tenfold more: Adam's first steps are signs, also of gradients
    /// that are nothing but rounding.
    const OF_FEWER_PRODUCTS: Self = Self { first: 1e-4, losses: 0.01, scores: 0.2 };
}

fn assert_close(
    what: &str,
    (losses, scores): (Vec<f64>, Vec<Vec<f64>>),
    expected: &Trained,
    bounds: &Bounds,
) {
    let first = distance(&losses[..5], &expected.losses[..5]);
    let all = distance(&losses, &expected.losses);
    let of_scores = distance(&scores.concat(), &expected.scores.concat());
    let told = format!("{what}: {first:.1e}, {all:.1e}, {of_scores:.1e} off");
    assert!(first < bounds.first && all < bounds.losses && of_scores < bounds.scores, "{told}");
    assert!((share_right(&scores) - share_right(&expected.scores)).abs() < 0.02, "{told}");
}

/// Every way that a convolution may be computed in: directly, by Winograd's for 3×3 and 7×7, indirectly.
fn convolutions(builder: &Builder) -> Sequential {
    let convolution = |number: usize, channels, filters, window| {
        let at = builder.at(&format!("conv{number}"));
        Conv2d::new(&at, channels, filters, window, Conv2dOptions::default()).unwrap()
    };
    let pooled = |number: usize, filters| {
        let at = builder.at(&format!("norm{number}"));
        NormPool::new(&at, filters, Some(Activation::Relu), (2, 2)).unwrap()
    };
    let norm =
        |number: usize, filters| BatchNorm::new(&builder.at(&format!("norm{number}")), filters).unwrap();
    let three = Window::new((3, 3)).padding((1, 1));
    Sequential::new()
        .then(convolution(1, 1, 16, three))
        .then(pooled(1, 16))
        .then(convolution(2, 16, 32, three))
        .then(pooled(2, 32))
        .then(convolution(3, 32, 64, Window::new((7, 7)).padding((3, 3))))
        .then(norm(3, 64))
        .then(Activation::Relu)
        .then(convolution(4, 64, 64, three.stride((2, 2))))
        .then(norm(4, 64))
        .then(Activation::Relu)
        .then(convolution(5, 64, 128, three))
        .then(pooled(5, 128))
        .then(Flatten)
        .then(Linear::new(&builder.at("head"), 128 * 9, CLASSES).unwrap())
}

#[test]
fn a_convolutional_network_learns_what_it_learns_in_pytorch() {
    let expected = fixture("convolutions");
    for device in devices() {
        let builder = || Builder::new(0, &device, DType::F32);
        let exact = (builder().exact(), Bounds::of_rounding(&expected.rounding));
        for (builder, bounds) in [exact, (builder(), Bounds::OF_FEWER_PRODUCTS)] {
            let network = convolutions(&builder);
            let trained = trained(&network, builder, (&[1, 48, 48], 1e-3, 0.8), &device);
            assert_close("convolutions", trained, &expected, &bounds);
        }
    }
}

#[test]
fn a_recurrent_network_learns_what_it_learns_in_pytorch() {
    let expected = fixture("recurrent");
    for device in devices() {
        let builder = Builder::new(0, &device, DType::F32);
        let lstm = Recurrent::of(Recurrence::Lstm, 32).layers(2).build(&builder.at("lstm"), 13).unwrap();
        let head = Linear::new(&builder.at("head"), 32, CLASSES).unwrap();
        let network = Sequential::new().then(LastState(lstm)).then(head);
        let trained = trained(&network, builder, (&[40, 13], 1e-2, 1.0), &device);
        assert_close("recurrent", trained, &expected, &Bounds::of_rounding(&expected.rounding));
    }
}
