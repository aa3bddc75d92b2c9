//! Gradients of networks whose layers' outputs are read in several places, against differences of the loss.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use candle_core::{DType, Device, Result, Tensor};
use genre_bench_api::random_stream;
use genre_bench_neural::layers::{
    Activation, Builder, Context, CrossEntropyLoss, LastState, Layer, Linear, Recurrence, Recurrent,
    Residual, Sequential, Weights,
};

const FEATURES: usize = 6;

fn linear(builder: &Builder, name: &str, features: usize) -> Linear {
    Linear::new(&builder.at(name), features, FEATURES).unwrap()
}

/// As MLFI does: what one layer says goes to the next one, as steps into a recurrent layer, and to the end.
struct ReadThrice {
    first: Linear,
    second: Linear,
    recurrent: LastState,
    output: Linear,
}

impl ReadThrice {
    fn new(builder: &Builder) -> Self {
        let recurrent = Recurrent::of(Recurrence::Gru, 4).build(&builder.at("recurrent"), 2).unwrap();
        Self {
            first: linear(builder, "first", FEATURES),
            second: linear(builder, "second", FEATURES),
            recurrent: LastState(recurrent),
            output: linear(builder, "output", FEATURES + 4 + FEATURES),
        }
    }
}

impl Layer for ReadThrice {
    fn forward(&self, batch: &Tensor, context: &Context) -> Result<Tensor> {
        let elu = Activation::Elu(1.0);
        let first = elu.forward(&self.first.forward(batch, context)?, context)?;
        let second = elu.forward(&self.second.forward(&first, context)?, context)?;
        let steps = [&second, &first].map(|numbers| numbers.reshape((batch.dim(0)?, (), 2)));
        let [second_steps, first_steps] = steps;
        let last = self.recurrent.forward(&Tensor::cat(&[second_steps?, first_steps?], 1)?, context)?;
        self.output.forward(&Tensor::cat(&[&second, &last, &first], 1)?, context)
    }
}

fn loss(network: &dyn Layer, context: &Context) -> Tensor {
    let numbers: Vec<f32> = (0..3 * FEATURES).map(|at| (at as f32 * 1.7).sin()).collect();
    let batch = Tensor::from_vec(numbers, (3, FEATURES), &Device::Cpu).unwrap();
    let scores = network.forward(&batch, context).unwrap();
    CrossEntropyLoss::default().of_labels(&scores, &[0, 3, 5]).unwrap()
}

/// Every number of every weight is moved up and down a little.
fn are_differences_of_the_loss(network: &dyn Layer, weights: &Weights) {
    const STEP: f32 = 1e-2;
    let context = Context::training(random_stream(0, "gradients"));
    let gradients = context.backward(&loss(network, &context)).unwrap();
    for (name, weight) in &weights.trainable {
        let gradient: Vec<f32> = gradients.get(weight).unwrap().flatten_all().unwrap().to_vec1().unwrap();
        let numbers: Vec<f32> = weight.flatten_all().unwrap().to_vec1().unwrap();
        let with = |at: usize, change: f32| {
            let mut numbers = numbers.clone();
            numbers[at] += change;
            weight.set(&Tensor::from_vec(numbers, weight.shape(), &Device::Cpu).unwrap()).unwrap();
            loss(network, &Context::evaluation()).to_scalar::<f32>().unwrap()
        };
        for (at, gradient) in gradient.iter().enumerate() {
            let difference = (with(at, STEP) - with(at, -STEP)) / (2.0 * STEP);
            assert!((difference - gradient).abs() < 1e-3, "{name}[{at}]: {difference}, {gradient}");
        }
        // Back to what it was.
        with(0, 0.0);
    }
}

#[test]
fn through_residual_connections() {
    let builder = Builder::new(0, &Device::Cpu, DType::F32);
    let body = |name: &str| {
        let at = builder.at(name);
        let first = Sequential::new().then(linear(&at, "first", FEATURES)).then(Activation::Elu(1.0));
        first.then(linear(&at, "second", FEATURES))
    };
    let shortcut = Sequential::new().then(linear(&builder, "shortcut", FEATURES));
    let network = Sequential::new()
        .then(linear(&builder, "start", FEATURES))
        .then(Residual::new(body("identity"), Sequential::new()))
        .then(Activation::Elu(1.0))
        .then(Residual::new(body("projection"), shortcut));
    are_differences_of_the_loss(&network, &builder.finish());
}

#[test]
fn of_what_is_read_in_several_places() {
    let builder = Builder::new(0, &Device::Cpu, DType::F32);
    let network = ReadThrice::new(&builder);
    are_differences_of_the_loss(&network, &builder.finish());
}
