//! Recurrent layers against PyTorch: see tests/fixtures/neural/make_recurrent.py.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a panic is how a test fails")]

mod common;

use candle_core::{DType, Device, Tensor, Var};
use common::devices;

use genre_bench_api::random_stream;
use genre_bench_neural::layers::{
    Builder, ColumnsAsSteps, Context, Init, Layer, Recurrence, Recurrent, Weights,
};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Case {
    kind: String,
    hidden: usize,
    layers: usize,
    bidirectional: bool,
    input: Numbers,
    weights: BTreeMap<String, Numbers>,
    steps: Numbers,
    last: Numbers,
    steps_factor: Numbers,
    last_factor: Numbers,
    input_gradient: Numbers,
    weight_gradients: BTreeMap<String, Numbers>,
}

#[derive(Deserialize)]
struct Numbers {
    shape: Vec<usize>,
    values: Vec<f32>,
}

impl Numbers {
    fn tensor(&self, device: &Device) -> Tensor {
        Tensor::from_slice(&self.values, self.shape.as_slice(), device).unwrap()
    }

    /// Norm of the difference over the norm.
    fn relative_error(&self, ours: &Tensor) -> f32 {
        assert_eq!(ours.dims(), self.shape);
        let norm =
            |tensor: Tensor| tensor.sqr().unwrap().sum_all().unwrap().to_scalar::<f32>().unwrap().sqrt();
        let (ours, theirs) = (ours.to_dtype(DType::F32).unwrap(), self.tensor(ours.device()));
        norm((ours - &theirs).unwrap()) / norm(theirs).max(1e-12)
    }
}

fn cases() -> Vec<Case> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/neural/recurrent.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn build(
    recurrence: Recurrence,
    hidden: usize,
    layers: usize,
    both: bool,
    features: usize,
) -> (Recurrent, Weights) {
    build_on((&Device::Cpu, DType::F32), recurrence, hidden, layers, both, features)
}

fn build_on(
    (device, dtype): (&Device, DType),
    recurrence: Recurrence,
    hidden: usize,
    layers: usize,
    both: bool,
    features: usize,
) -> (Recurrent, Weights) {
    let builder = Builder::new(0, device, dtype);
    let plan = Recurrent::of(recurrence, hidden).layers(layers);
    let plan = if both { plan.bidirectional() } else { plan };
    (plan.build(&builder, features).unwrap(), builder.finish())
}

fn random(shape: &[usize], name: &str) -> Tensor {
    let count = shape.iter().product();
    let values = Init::Uniform(1.0).draw(count, &mut random_stream(0, name));
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

fn training() -> Context<'static> {
    Context::training(random_stream(0, "pass"))
}

#[test]
fn outputs_and_gradients_are_pytorchs() {
    for device in devices() {
        compare(&device, DType::F32, 1e-4);
        // bf16 has 8 bits; on the CPU it is an error.
        if Builder::new(0, &device, DType::BF16).trainable("w", 1, Init::Constant(0.0)).is_ok() {
            compare(&device, DType::BF16, 2e-2);
        }
    }
}

fn compare(device: &Device, dtype: DType, limit: f32) {
    let given = |numbers: &Numbers| numbers.tensor(device).to_dtype(dtype).unwrap();
    for case in cases() {
        let recurrence = match case.kind.as_str() {
            "RNN" => Recurrence::Tanh,
            "LSTM" => Recurrence::Lstm,
            "GRU" => Recurrence::Gru,
            other => panic!("{other} is no recurrence"),
        };
        let features = case.input.shape[2];
        let (net, weights) =
            build_on((device, dtype), recurrence, case.hidden, case.layers, case.bidirectional, features);
        assert!(weights.trainable.keys().eq(case.weights.keys()), "the names are PyTorch's");
        for (name, var) in &weights.trainable {
            var.set(&case.weights[name].tensor(device)).unwrap();
        }
        let input = Var::from_tensor(&given(&case.input)).unwrap();
        let context = training();
        let states = net.states(&input, &context).unwrap();
        let by_steps = (&states.steps * given(&case.steps_factor)).unwrap().sum_all().unwrap();
        let by_last = (&states.last * given(&case.last_factor)).unwrap().sum_all().unwrap();
        let gradients = context.backward(&(by_steps + by_last).unwrap()).unwrap();
        let check = |what: &str, theirs: &Numbers, ours: &Tensor| {
            let error = theirs.relative_error(ours);
            assert!(error <= limit, "{} ({} layers): {what} off by {error}", case.kind, case.layers);
        };
        check("states", &case.steps, &states.steps);
        check("last states", &case.last, &states.last);
        check("gradient of input", &case.input_gradient, gradients.get(&input).unwrap());
        for (name, var) in &weights.trainable {
            check(name, &case.weight_gradients[name], gradients.get(var).unwrap());
        }
        check("states in evaluation", &case.steps, &net.forward(&input, &Context::evaluation()).unwrap());
    }
}

#[test]
fn a_song_of_1300_steps_trains() {
    devices().iter().for_each(train_on_song);
}

fn train_on_song(device: &Device) {
    let (net, weights) = build_on((device, DType::F32), Recurrence::Lstm, 8, 2, false, 13);
    let song = random(&[2, 1300, 13], "song").to_device(device).unwrap();
    let loss = |context: &Context| net.states(&song, context).unwrap().last.sqr().unwrap().sum_all().unwrap();
    let context = training();
    let before = loss(&context);
    let gradients = context.backward(&before).unwrap();
    for var in weights.trainable.values() {
        let step = (gradients.get(var).unwrap() * 0.1).unwrap();
        var.set(&(var.as_tensor() - step).unwrap()).unwrap();
    }
    let (before, after) = (before.to_scalar::<f32>().unwrap(), loss(&context).to_scalar::<f32>().unwrap());
    assert!(after < before, "a step down the gradient led from {before} to {after}");
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let outcome = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let (net, weights) = build(Recurrence::Gru, 33, 2, true, 20);
            let context = training();
            let states = net.states(&random(&[21, 40, 20], "batch"), &context).unwrap();
            let gradients = context.backward(&states.steps.sqr().unwrap().sum_all().unwrap()).unwrap();
            let flat = |tensor: &Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            let mut all = flat(&states.steps);
            weights.trainable.values().for_each(|var| all.extend(flat(gradients.get(var).unwrap())));
            all
        })
    };
    assert_eq!(outcome(1), outcome(3));
}

#[test]
fn dropout_is_between_layers_and_only_in_training() {
    let builder = Builder::new(0, &Device::Cpu, DType::F32);
    let net = Recurrent::of(Recurrence::Tanh, 6).layers(2).dropout(0.5).build(&builder, 4).unwrap();
    let batch = random(&[3, 5, 4], "batch");
    let states = |net: &Recurrent, context: Context| {
        net.forward(&batch, &context).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap()
    };
    let seeded = |seed| Context::training(random_stream(seed, "dropout"));
    assert_eq!(states(&net, seeded(1)), states(&net, seeded(1)));
    assert_ne!(states(&net, seeded(1)), states(&net, seeded(2)));
    let (without, _) = build(Recurrence::Tanh, 6, 2, false, 4);
    assert_eq!(states(&net, Context::evaluation()), states(&without, training()));
    // One layer has nothing between layers.
    let single = Recurrent::of(Recurrence::Tanh, 6).dropout(0.5).build(&builder, 4).unwrap();
    assert_eq!(states(&single, seeded(1)), states(&single, Context::evaluation()));
}

#[test]
fn columns_become_steps_of_all_channels_and_rows() {
    let maps = Tensor::from_vec((0..12u32).collect::<Vec<_>>(), (1, 2, 3, 2), &Device::Cpu).unwrap();
    let steps = ColumnsAsSteps.forward(&maps, &Context::evaluation()).unwrap();
    assert_eq!(steps.to_vec3::<u32>().unwrap(), [[[0, 2, 4, 6, 8, 10], [1, 3, 5, 7, 9, 11]]]);
}

#[test]
fn shapes_that_do_not_fit_are_errors() {
    let (net, _) = build(Recurrence::Lstm, 4, 1, false, 3);
    for shape in [&[2, 3][..], &[2, 5, 4], &[2, 0, 3], &[0, 5, 3]] {
        let batch = Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
        assert!(net.forward(&batch, &Context::evaluation()).is_err(), "a batch of {shape:?}");
    }
    let builder = Builder::new(0, &Device::Cpu, DType::F32);
    assert!(Recurrent::of(Recurrence::Gru, 4).layers(0).build(&builder, 3).is_err());
    assert!(Recurrent::of(Recurrence::Gru, 4).dropout(1.5).build(&builder, 3).is_err());
}
