//! Networks for photographs against torchvision, timm and Keras, with the same weights: logits, gradients of a step, numbers
//! of parameters (tests/fixtures/neural/make_networks.py).
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

#[path = "common/numbers.rs"]
mod numbers;

use candle_core::{DType, Device, Tensor};
use genre_bench_api::random_stream;
use genre_bench_neural::architectures;
use genre_bench_neural::layers::{
    Builder, Context, CrossEntropyLoss, ImageNetInput, Layer, Preprocessing, Sequential, Weights,
};
use genre_bench_neural::network::{Architecture, NetworkShape};
use genre_bench_neural::weights::files::Format;
use genre_bench_neural::weights::{Layout, Transfer, WeightsFile, names};
use ndarray::{ArrayD, IxDyn};
use numbers::numbers;
use serde::Deserialize;
use std::collections::BTreeMap;

/// One logit in so many is kept, and so many numbers of a gradient.
const EVERY: usize = 37;
const LABELS: [u32; 4] = [3, 7, 11, 0];
const CLASSES: usize = 1000;

#[derive(Clone, Deserialize)]
struct Case {
    network: String,
    program: String,
    size: usize,
    gain: f64,
    parameters: usize,
    largest: f32,
    logits: Vec<Vec<f32>>,
    gradients: BTreeMap<String, Gradient>,
}

#[derive(Clone, Deserialize)]
struct Gradient {
    norm: f64,
    first: Vec<f32>,
}

fn weight(name: &str, shape: &[usize], gain: f64) -> ArrayD<f32> {
    let of_keras = name.contains('/');
    let per_output: usize = match (of_keras, shape) {
        (_, [] | [_]) => 0,
        (true, [rows, columns, _, 1]) => rows * columns,
        (true, [taps @ .., _]) => taps.iter().product(),
        (false, [_, taps @ ..]) => taps.iter().product(),
    };
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    let (start, factor) = match per_output {
        0 if ends(&["var", "variance"]) => (1.0, 0.25),
        0 if ends(&["weight", "gamma", "bias", "beta"]) => (1.0, 0.125),
        0 => (0.0, 0.125),
        taps => (0.0, (gain * (6.0 / taps as f64).sqrt()) as f32),
    };
    let values = numbers(name, shape.iter().product()).into_iter().map(|number| start + factor * number);
    ArrayD::from_shape_vec(IxDyn(shape), values.collect()).unwrap()
}

fn pictures(count: usize, size: usize) -> Tensor {
    Tensor::from_vec(numbers("pictures", count * 3 * size * size), (count, 3, size, size), &Device::Cpu)
        .unwrap()
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("../../../tests/fixtures/neural/networks.json")).unwrap()
}

fn file(Case { network, program, gain, .. }: &Case) -> WeightsFile {
    let names = include_str!("../../../tests/fixtures/neural/weight_names.json");
    let names: BTreeMap<String, BTreeMap<String, BTreeMap<String, Vec<usize>>>> =
        serde_json::from_str(names).unwrap();
    let arrays =
        names[&**network][&**program].iter().map(|(name, shape)| (name.clone(), weight(name, shape, *gain)));
    WeightsFile {
        path: "made.safetensors".into(),
        format: Format::Safetensors,
        bytes: 0,
        sha256: String::new(),
        arrays: arrays.collect(),
        passed_over: Vec::new(),
    }
}

fn architecture(name: &str) -> Box<dyn Architecture> {
    architectures().into_iter().find(|architecture| architecture.card().name == name).unwrap()
}

/// The network with the case's weights, perhaps with every product of its convolutions.
fn network(case: &Case, exact: bool) -> (Sequential, Weights) {
    let (architecture, file) = (architecture(&case.network), file(case));
    let namings = names::of(&case.network);
    let naming = names::likely(namings, file.arrays.keys()).unwrap();
    let changes = [("weights", "none"), ("size", "0"), ("dropout", "0"), ("drop-path", "0")];
    let card = architecture.card();
    let known = changes.into_iter().filter(|(name, _)| card.params.iter().any(|param| param.name == *name));
    let params = card.resolve(known).unwrap();
    let shape =
        NetworkShape { spectrogram: (case.size, case.size), channels: 3, columns: 0, classes: CLASSES };
    let builder = Builder::new(0, &Device::Cpu, DType::F32).following(naming.framework);
    let builder = if exact { builder.exact() } else { builder };
    let network = architecture.layers(&builder, &shape, &params).unwrap();
    let weights = builder.finish();
    let done = Transfer { namings, head: &[], may_lack: &[] }.apply(file, &weights).unwrap();
    assert!(done.fresh.is_empty() && done.unused.iter().all(|name| name.contains("Aux")), "{done}");
    (network, weights)
}

/// Names of the same arrays in both programs: gradients are asked for by theirs.
fn ours(case: &Case, weights: &Weights, theirs: &str) -> (String, Layout) {
    let file = file(case);
    let naming = names::likely(names::of(&case.network), file.arrays.keys()).unwrap();
    let (ours, layout) = naming.ours(theirs).unwrap();
    assert!(weights.trainable.contains_key(&ours), "{ours}");
    (ours, layout)
}

fn logits(network: &dyn Layer, size: usize, context: &Context) -> Vec<Vec<f32>> {
    network.forward(&pictures(2, size), context).unwrap().to_vec2().unwrap()
}

#[test]
fn logits_and_parameters_are_those_of_other_programs() {
    let cases = cases();
    assert_eq!(cases.len(), 17);
    for case in &cases {
        let (network, weights) = network(case, false);
        let name = format!("{} of {}", case.network, case.program);
        assert_eq!(weights.parameters(), case.parameters, "{name}");
        for (ours, theirs) in logits(&network, case.size, &Context::evaluation()).iter().zip(&case.logits) {
            for (ours, theirs) in ours.iter().step_by(EVERY).zip(theirs) {
                assert!((ours - theirs).abs() <= 1e-4 * case.largest, "{name}: {ours}, not {theirs}");
            }
        }
    }
}

/// Norms, and the first numbers as shares of the norm, to a thousandth with every product of the convolutions. With fewer, they are
/// further apart: in a deep network what is rounded otherwise makes some numbers pass an activation or a pool that did not.
#[test]
fn gradients_of_a_step_are_those_of_other_programs() {
    let mut wrong = Vec::new();
    let both = |case: Case| [(case.clone(), true), (case, false)];
    let is_meant = |(case, exact): &(Case, bool)| *exact || case.program == "torchvision";
    for (case, exact) in cases().into_iter().flat_map(both).filter(is_meant) {
        let limit = match (exact, case.network.as_str()) {
            // Its last maps are single pixels here: statistics are of four numbers, and a number that passes a rectifier is told.
            (true, "inceptionv3") => 3e-3,
            (true, _) => 1e-3,
            (false, _) => 5e-3,
        };
        let (network, weights) = network(&case, exact);
        let context = Context::training(random_stream(0, "dropout"));
        let scores = network.forward(&pictures(LABELS.len(), case.size), &context).unwrap();
        let loss = CrossEntropyLoss::default().of_labels(&scores, &LABELS).unwrap();
        let gradients = context.backward(&loss).unwrap();
        let (mut worst_norm, mut worst_number) = (0.0_f64, 0.0_f64);
        // What is rounded away elsewhere is nothing to compare: a bias in front of normalization has no gradient.
        let largest = case.gradients.values().map(|gradient| gradient.norm).fold(0.0, f64::max);
        for (theirs, expected) in case.gradients.iter().filter(|(_, gradient)| gradient.norm > 1e-5 * largest)
        {
            let (ours, layout) = ours(&case, &weights, theirs);
            let gradient = gradients.get(&weights.trainable[&ours]).unwrap();
            let flat: Vec<f32> = gradient.flatten_all().unwrap().to_vec1().unwrap();
            let norm = flat.iter().map(|&g| f64::from(g) * f64::from(g)).sum::<f64>().sqrt();
            worst_norm = worst_norm.max((norm / expected.norm - 1.0).abs());
            // Where the axes are theirs, also number by number.
            if layout == Layout::Same {
                for (ours, theirs) in flat.iter().zip(&expected.first) {
                    worst_number = worst_number.max(f64::from((ours - theirs).abs()) / expected.norm);
                }
            }
        }
        if worst_norm > limit || worst_number > limit {
            wrong.push(format!(
                "{} of {}, exact {exact}, {worst_norm:.1e}, {worst_number:.1e}",
                case.network, case.program
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Beside another picture, and behind the normalization of pictures.
#[test]
fn what_is_scored_does_not_depend_on_its_neighbours() {
    let is_meant = |case: &Case| case.network == "efficientnet-b0" && case.program == "timm";
    let case = cases().into_iter().find(is_meant).unwrap();
    let (network, _) = network(&case, false);
    let both = logits(&network, case.size, &Context::evaluation());
    let picture = pictures(2, case.size).narrow(0, 1, 1).unwrap();
    let alone = network.forward(&picture, &Context::evaluation()).unwrap().to_vec2::<f32>().unwrap();
    let close = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5 * case.largest);
    assert!(close(&alone[0], &both[1]) && !close(&both[0], &both[1]));
    let behind = network.behind(ImageNetInput(Preprocessing::TensorFlow));
    let halved = (pictures(2, case.size) * 0.5).unwrap();
    let same =
        behind.forward(&(halved + 0.5).unwrap(), &Context::evaluation()).unwrap().to_vec2::<f32>().unwrap();
    assert!(close(&same[1], &both[1]));
}
