//! Layers against PyTorch: outputs, gradients and running statistics (tests/fixtures/neural/make_layers.py).
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod common;

use candle_core::{DType, Device, Tensor, Var};
use common::devices;

use genre_bench_api::random_stream;
use genre_bench_neural::layers::{
    Activation, AdaptiveAvgPool2d, AvgPool2d, BatchNorm, Builder, ColumnsAsSteps, Context, Conv2d,
    Conv2dOptions, CrossEntropyLoss, Dropout, Flatten, Init, LastState, Layer, Linear, MaxPool2d, NormPool,
    Recurrence, Recurrent, Resize, Sequential, Softmax, Weights, Window,
};
use genre_bench_neural::train::optimizer::{Optimizer, OptimizerConfig, global_norm};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Array {
    shape: Vec<usize>,
    values: Vec<f32>,
}

impl Array {
    fn tensor(&self, device: &Device) -> Tensor {
        Tensor::from_slice(&self.values, self.shape.as_slice(), device).unwrap()
    }
}

#[derive(Deserialize)]
struct Case {
    layer: String,
    options: Value,
    training: bool,
    batch: Array,
    weights: BTreeMap<String, Array>,
    buffers: BTreeMap<String, Array>,
    output: Array,
    probe: Array,
    batch_gradient: Array,
    weight_gradients: BTreeMap<String, Array>,
    buffers_after: BTreeMap<String, Array>,
}

#[derive(Deserialize)]
struct Loss {
    scores: Array,
    labels: Vec<u32>,
    shares: Option<Array>,
    smoothing: f32,
    weights: Option<Vec<f32>>,
    loss: f32,
    gradient: Array,
}

#[derive(Deserialize)]
struct Fixtures {
    cases: Vec<Case>,
    losses: Vec<Loss>,
}

fn fixtures() -> Fixtures {
    serde_json::from_str(include_str!("../../../tests/fixtures/neural/layers.json")).unwrap()
}

impl Case {
    fn number(&self, name: &str) -> usize {
        self.options[name].as_u64().unwrap() as usize
    }

    fn real(&self, name: &str) -> f32 {
        self.options[name].as_f64().unwrap() as f32
    }

    fn pair(&self, name: &str) -> (usize, usize) {
        let pair = &self.options[name];
        (pair[0].as_u64().unwrap() as usize, pair[1].as_u64().unwrap() as usize)
    }

    fn window(&self) -> Window {
        Window {
            kernel: self.pair("kernel"),
            stride: self.pair("stride"),
            padding: self.pair("padding"),
            dilation: self.pair("dilation"),
            same: false,
        }
    }

    fn build(&self, device: &Device, dtype: DType) -> (Box<dyn Layer>, Weights) {
        let builder = Builder::new(0, device, dtype);
        let layer: Box<dyn Layer> = match self.layer.as_str() {
            "conv2d" => {
                let (channels, filters) = (self.number("channels"), self.number("filters"));
                let bias = self.options["bias"].as_bool().unwrap();
                let options = Conv2dOptions { groups: self.number("groups"), bias };
                Box::new(Conv2d::new(&builder, channels, filters, self.window(), options).unwrap())
            }
            "batch_norm" => Box::new(BatchNorm::new(&builder, self.number("channels")).unwrap()),
            "max_pool2d" => Box::new(MaxPool2d::new(self.window())),
            "avg_pool2d" => {
                let count_padding = self.options["count_padding"].as_bool().unwrap();
                Box::new(AvgPool2d::new(self.window(), count_padding))
            }
            "adaptive_avg_pool2d" => Box::new(AdaptiveAvgPool2d::new(self.pair("size"))),
            "resize" => Box::new(Resize::new(self.pair("size"))),
            "linear" => {
                let (features, outputs) = (self.number("features"), self.number("outputs"));
                Box::new(Linear::new(&builder, features, outputs).unwrap())
            }
            "relu" => Box::new(Activation::Relu),
            "elu" => Box::new(Activation::Elu(self.real("alpha"))),
            "leaky_relu" => Box::new(Activation::LeakyRelu(self.real("slope"))),
            "relu6" => Box::new(Activation::Relu6),
            "sigmoid" => Box::new(Activation::Sigmoid),
            "hard_sigmoid" => Box::new(Activation::HardSigmoid),
            "silu" => Box::new(Activation::Silu),
            "hard_swish" => Box::new(Activation::HardSwish),
            "flatten" => Box::new(Flatten),
            other => panic!("no such layer: {other}"),
        };
        let weights = builder.finish();
        set(&weights.trainable, &self.weights);
        set(&weights.buffers, &self.buffers);
        (layer, weights)
    }
}

fn set(vars: &BTreeMap<String, Var>, arrays: &BTreeMap<String, Array>) {
    assert!(vars.keys().eq(arrays.keys()));
    for (name, array) in arrays {
        let var = &vars[name];
        var.set(&array.tensor(var.device())).unwrap();
    }
}

/// Relative error: the norm of the difference over the norm.
fn close(ours: &Tensor, theirs: &Array, what: &str) {
    within(1e-4, ours, theirs, what);
}

fn within(limit: f64, ours: &Tensor, theirs: &Array, what: &str) {
    assert_eq!(ours.dims(), theirs.shape, "{what}");
    let ours = ours.to_dtype(DType::F32).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let norm =
        |values: &mut dyn Iterator<Item = f32>| values.map(|v| f64::from(v).powi(2)).sum::<f64>().sqrt();
    let difference = norm(&mut ours.iter().zip(&theirs.values).map(|(a, b)| a - b));
    // Some gradients are zero but for rounding: those of a bias before its sum is taken away, for example.
    let size = norm(&mut theirs.values.iter().copied()).max(1e-3);
    assert!(difference <= limit * size, "{what}: relative error {}", difference / size);
}

fn context(training: bool) -> Context<'static> {
    if training { Context::training(random_stream(0, "pass")) } else { Context::evaluation() }
}

/// Output, gradients and running statistics of every case.
fn compare(device: &Device, dtype: DType, limit: f64) {
    for (number, case) in fixtures().cases.iter().enumerate() {
        let what = |part: &str| format!("case {number}, {}, {}: {part}", case.layer, case.options);
        let close = |ours: &Tensor, theirs: &Array, part: &str| within(limit, ours, theirs, &what(part));
        let (layer, weights) = case.build(device, dtype);
        let given = |array: &Array| array.tensor(device).to_dtype(dtype).unwrap();
        let batch = Var::from_tensor(&given(&case.batch)).unwrap();
        let context = context(case.training);
        let output = layer.forward(&batch, &context).unwrap();
        close(&output, &case.output, "output");
        for (name, buffer) in &case.buffers_after {
            close(&weights.buffers[name], buffer, name);
        }
        if !case.training {
            continue;
        }
        let loss = (output * given(&case.probe)).unwrap().sum_all().unwrap();
        let gradients = context.backward(&loss).unwrap();
        close(gradients.get(&batch).unwrap(), &case.batch_gradient, "gradient of the batch");
        for (name, gradient) in &case.weight_gradients {
            close(gradients.get(&weights.trainable[name]).unwrap(), gradient, name);
        }
    }
}

#[test]
fn layers_are_pytorchs() {
    for device in devices() {
        compare(&device, DType::F32, 1e-4);
    }
}

/// bf16 has 8 bits: every number is off by up to 0.4 %.
#[test]
fn layers_are_nearly_pytorchs_in_bf16() {
    for device in devices() {
        let builder = Builder::new(0, &device, DType::BF16);
        match Linear::new(&builder, 2, 2) {
            Ok(_) => compare(&device, DType::BF16, 2e-2),
            Err(error) => assert!(error.to_string().contains("bf16 is for CUDA devices") && device.is_cpu()),
        }
    }
}

#[test]
fn cross_entropy_is_pytorchs() {
    for (device, loss) in
        devices().iter().flat_map(|device| fixtures().losses.into_iter().map(move |l| (device, l)))
    {
        let Loss { scores, labels, shares, smoothing, weights, loss, gradient } = loss;
        let scores = Var::from_tensor(&scores.tensor(device)).unwrap();
        let entropy = CrossEntropyLoss { smoothing, weights };
        let ours = match shares {
            Some(shares) => entropy.of_soft_labels(&scores, shares.values),
            None => entropy.of_labels(&scores, &labels),
        };
        let ours = ours.unwrap();
        assert!((ours.to_scalar::<f32>().unwrap() - loss).abs() < 1e-5 * loss);
        close(ours.backward().unwrap().get(&scores).unwrap(), &gradient, "gradient of the scores");
        // A loss may be weighed against others.
        let twice = (ours * 2.0).unwrap().backward().unwrap();
        let values = gradient.values.iter().map(|value| 2.0 * value).collect();
        close(twice.get(&scores).unwrap(), &Array { values, ..gradient }, "gradient of twice the loss");
    }
}

#[test]
fn dropout_drops_its_share_and_keeps_the_mean() {
    let drop = |device: &Device| {
        let ones = Tensor::ones((100, 1000), DType::F32, device).unwrap();
        Dropout::new(0.3).unwrap().forward(&ones, &context(true)).unwrap().to_vec2::<f32>().unwrap()
    };
    // Which numbers are dropped follows from the seed, wherever it is done.
    assert!(devices().iter().all(|device| drop(device) == drop(&Device::Cpu)));
    let batch = Var::from_tensor(&Tensor::ones((100, 1000), DType::F32, &Device::Cpu).unwrap()).unwrap();
    let dropout = Dropout::new(0.3).unwrap();
    let training = context(true);
    let output = dropout.forward(&batch, &training).unwrap();
    let values = output.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let dropped = values.iter().filter(|value| **value == 0.0).count();
    // 100,000 draws: a standard deviation is 145.
    assert!((29_400..30_600).contains(&dropped), "{dropped}");
    assert!(values.iter().all(|value| *value == 0.0 || (*value - 1.0 / 0.7).abs() < 1e-6));
    // The gradient goes where the numbers went.
    let gradient = training.backward(&output.sum_all().unwrap()).unwrap().remove(&batch).unwrap();
    assert_eq!(gradient.flatten_all().unwrap().to_vec1::<f32>().unwrap(), values);
    // Another layer of the same pass draws anew; evaluation drops nothing.
    let next = dropout.forward(&batch, &training).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
    assert_ne!(next, values);
    let kept =
        dropout.forward(&batch, &context(false)).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
    assert!(kept.iter().all(|value| *value == 1.0));
}

/// Gradients find their way through candle's own operations between layers, and add up where a batch is used
/// twice.
#[test]
fn layers_mix_with_candles_operations() {
    devices().iter().for_each(mix_on);
}

fn mix_on(device: &Device) {
    let builder = Builder::new(1, device, DType::F32);
    let first = Linear::new(&builder.at("first"), 6, 4).unwrap();
    let second = Linear::new(&builder.at("second"), 8, 3).unwrap();
    let weights = builder.finish().trainable;
    let batch = Tensor::randn(0f32, 1.0, (5, 6), device).unwrap();
    let sums = |batch: &Tensor, name: &str| {
        let weight = weights[&format!("{name}.weight")].t().unwrap();
        batch.matmul(&weight).unwrap().broadcast_add(&weights[&format!("{name}.bias")]).unwrap()
    };
    let between = |a: &Tensor, b: &Tensor| {
        let both = Tensor::cat(&[&(a + b).unwrap(), &a.sqr().unwrap()], 1).unwrap();
        both.reshape((8, 5)).unwrap().t().unwrap()
    };

    let training = context(true);
    let a = first.forward(&batch, &training).unwrap();
    let b = Activation::Relu.forward(&a, &training).unwrap();
    let c = second.forward(&between(&a, &b), &training).unwrap();
    let loss = (c.sqr().unwrap().sum_all().unwrap() + a.sum_all().unwrap()).unwrap();
    let ours = training.backward(&loss).unwrap();

    let a = sums(&batch, "first");
    let c = sums(&between(&a, &a.relu().unwrap()), "second");
    let loss = (c.sqr().unwrap().sum_all().unwrap() + a.sum_all().unwrap()).unwrap();
    let candles = loss.backward().unwrap();
    for (name, weight) in &weights {
        let theirs = candles.get(weight).unwrap();
        let values = theirs.flatten_all().unwrap().to_vec1().unwrap();
        close(ours.get(weight).unwrap(), &Array { shape: theirs.dims().to_vec(), values }, name);
    }
}

/// Layers of all kinds in one network, whose gradients find their way in either type of numbers.
#[test]
fn a_network_trains_in_f32_and_in_bf16() {
    for (device, dtype) in devices().iter().flat_map(|device| [(device, DType::F32), (device, DType::BF16)]) {
        let builder = Builder::new(3, device, dtype);
        if dtype == DType::BF16 && builder.trainable("none", 1, Init::Constant(0.0)).is_err() {
            continue;
        }
        let builder = Builder::new(3, device, dtype);
        let window = Window::new((3, 3)).padding((1, 1));
        let gru = Recurrent::of(Recurrence::Gru, 8).layers(2).bidirectional().dropout(0.1);
        let net = Sequential::new()
            .then(Conv2d::new(&builder.at("a"), 1, 6, window, Conv2dOptions::default()).unwrap())
            .then(BatchNorm::new(&builder.at("b"), 6).unwrap())
            .then(Activation::Elu(1.0))
            .then(MaxPool2d::side_by_side((2, 2)))
            .then(Resize::new((4, 6)))
            .then(Dropout::new(0.1).unwrap())
            .then(ColumnsAsSteps)
            .then(LastState(gru.build(&builder.at("c"), 24).unwrap()))
            .then(Linear::new(&builder.at("d"), 16, 3).unwrap());
        let weights = builder.finish();
        let labels: Vec<u32> = (0..12).map(|example| example % 3).collect();
        // A bright row, which tells the class.
        let bright =
            |at: usize| f32::from(u8::from(at % 80 / 10 == at / 80 % 3 * 2)) + (at * 7 % 13) as f32 / 26.0;
        let batch = Tensor::from_iter((0..12 * 80).map(bright), device).unwrap();
        let batch = batch.reshape((12, 1, 8, 10)).unwrap().to_dtype(dtype).unwrap();
        let mut optimizer = Optimizer::new(OptimizerConfig::adam(), &weights).unwrap();
        let mut losses = Vec::new();
        for step in 0..40 {
            let training = Context::training(random_stream(step, "pass"));
            let scores = net.forward(&batch, &training).unwrap();
            let loss = CrossEntropyLoss::default().of_labels(&scores, &labels).unwrap();
            let gradients = training.backward(&loss).unwrap();
            assert!(global_norm(&weights, &gradients).unwrap() > 0.0);
            optimizer.step(&weights, &gradients, 0.01, 1.0).unwrap();
            losses.push(loss.to_scalar::<f32>().unwrap());
        }
        assert!(losses[39] < losses[0] / 2.0, "in {dtype:?}: from {} to {}", losses[0], losses[39]);
    }
}

#[test]
fn numbers_do_not_depend_on_the_threads() {
    let builder = Builder::new(2, &Device::Cpu, DType::F32);
    let window = Window::new((3, 3)).padding((1, 1));
    let net = Sequential::new()
        .then(Conv2d::new(&builder.at("a"), 3, 20, window, Conv2dOptions::default()).unwrap())
        .then(BatchNorm::new(&builder.at("b"), 20).unwrap())
        .then(Activation::Elu(1.0))
        .then(MaxPool2d::side_by_side((2, 2)))
        .then(Dropout::new(0.2).unwrap())
        .then(Conv2d::new(&builder.at("c"), 20, 30, window, Conv2dOptions::default()).unwrap())
        .then(AdaptiveAvgPool2d::new((2, 2)))
        .then(Flatten)
        .then(Linear::new(&builder.at("d"), 120, 70).unwrap());
    let weights = builder.finish().trainable;
    let batch = Tensor::randn(0f32, 1.0, (5, 3, 40, 50), &Device::Cpu).unwrap();
    let numbers = |threads| {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(|| {
            let training = context(true);
            let scores = net.forward(&batch, &training).unwrap();
            let loss = CrossEntropyLoss::default().of_labels(&scores, &[0, 1, 2, 3, 4]).unwrap();
            let gradients = training.backward(&loss).unwrap();
            let bits =
                |var: &Var| gradients.get(var).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
            weights.values().map(bits).collect::<Vec<_>>()
        })
    };
    let alone = numbers(1);
    assert!(alone.iter().flatten().all(|value| value.is_finite()));
    assert_eq!(alone, numbers(2));
    assert_eq!(alone, numbers(5));
}

#[test]
fn normalization_and_pool_at_once_are_the_three_layers() {
    let batch = Var::randn(0f32, 2.0, (4, 5, 11, 14), &Device::Cpu).unwrap();
    let activations = [
        None,
        Some(Activation::Relu),
        Some(Activation::Elu(1.0)),
        Some(Activation::LeakyRelu(0.3)),
        Some(Activation::Silu),
    ];
    for activation in activations {
        for window in [(2, 2), (3, 4), (1, 1), (11, 14)] {
            let builder = Builder::new(0, &Device::Cpu, DType::F32);
            let at_once = NormPool::new(&builder.at("once"), 5, activation, window).unwrap();
            let mut three = Sequential::new().then(BatchNorm::new(&builder.at("three"), 5).unwrap());
            three = activation.into_iter().fold(three, Sequential::then);
            three = three.then(MaxPool2d::side_by_side(window));
            let weights = builder.finish();
            // The smallest number of a channel whose weight is negative is the largest behind it; of one without a weight, none is.
            for name in ["once", "three"] {
                let numbers = [1.5f32, -0.7, 0.0, 0.2, -2.0];
                weights.trainable[&format!("{name}.weight")]
                    .set(&Tensor::new(&numbers, &Device::Cpu).unwrap())
                    .unwrap();
                weights.trainable[&format!("{name}.bias")]
                    .set(&Tensor::new(&[0.1f32, 0.2, 0.3, 0.0, -0.5], &Device::Cpu).unwrap())
                    .unwrap();
            }
            let pass = |layer: &dyn Layer, name: &str| {
                let training = context(true);
                let output = layer.forward(&batch, &training).unwrap();
                let loss = (output.sin().unwrap().sqr().unwrap() * 3.0).unwrap().sum_all().unwrap();
                let gradients = training.backward(&loss).unwrap();
                let of = |part: &str| {
                    gradients.get(&weights.trainable[&format!("{name}.{part}")]).unwrap().clone()
                };
                let found = [gradients.get(&batch).unwrap().clone(), of("weight"), of("bias")];
                let after = layer.forward(&batch, &context(false)).unwrap();
                (bits(&output), found.map(|gradient| bits(&gradient)), bits(&after))
            };
            let (ours, theirs) = (pass(&at_once, "once"), pass(&three, "three"));
            assert_eq!(ours.0, theirs.0, "{activation:?}, {window:?}");
            assert_eq!(ours.2, theirs.2, "{activation:?}, {window:?}, in evaluation");
            for (ours, theirs) in ours.1.iter().zip(&theirs.1) {
                let largest = theirs.iter().fold(0f32, |most, number| most.max(number.abs()));
                for (a, b) in ours.iter().zip(theirs) {
                    assert!(
                        (a - b).abs() <= 2e-5 * largest,
                        "{activation:?}, {window:?}: {a} and {b} of {largest}"
                    );
                }
            }
        }
    }
}

fn bits(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

#[test]
fn what_does_not_fit_is_an_error() {
    let builder = Builder::new(0, &Device::Cpu, DType::F32);
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
    let fails =
        |layer: &dyn Layer, shape: &[usize]| assert!(layer.forward(&zeros(shape), &context(true)).is_err());
    let conv = Conv2d::new(&builder.at("a"), 3, 4, Window::new((3, 3)), Conv2dOptions::default()).unwrap();
    fails(&conv, &[2, 5, 8, 8]);
    fails(&conv, &[2, 3, 2, 8]);
    fails(&conv, &[2, 3, 8]);
    assert!(
        Conv2d::new(&builder, 3, 4, Window::new((3, 3)), Conv2dOptions { groups: 2, ..Default::default() })
            .is_err()
    );
    let norm = BatchNorm::new(&builder.at("b"), 3).unwrap();
    fails(&norm, &[2, 4, 8, 8]);
    fails(&norm, &[1, 3]);
    fails(&norm, &[3]);
    fails(&MaxPool2d::side_by_side((4, 4)), &[2, 3, 3, 8]);
    fails(&MaxPool2d::new(Window::new((2, 2)).padding((2, 0))), &[2, 3, 8, 8]);
    fails(&AdaptiveAvgPool2d::new((0, 2)), &[2, 3, 8, 8]);
    fails(&Resize::new((2, 2)), &[2, 3, 0, 8]);
    fails(&Linear::new(&builder.at("c"), 3, 4).unwrap(), &[2, 4]);
    assert!(Dropout::new(1.0).is_err());
    assert!(CrossEntropyLoss::default().of_labels(&zeros(&[2, 3]), &[0]).is_err());
    assert!(CrossEntropyLoss::default().of_labels(&zeros(&[2, 3]), &[0, 3]).is_err());
    let entropy = CrossEntropyLoss { smoothing: 0.0, weights: Some(vec![1.0; 2]) };
    assert!(entropy.of_labels(&zeros(&[2, 3]), &[0, 1]).is_err());
}

#[test]
fn channels_are_dropped_as_a_whole() {
    for device in devices() {
        let ones = Tensor::ones((20, 30, 3, 4), DType::F32, &device).unwrap();
        let training = Context::training(random_stream(0, "pass"));
        let kept = Dropout::of_channels(0.25).unwrap().forward(&ones, &training).unwrap();
        let maps: Vec<Vec<f32>> = kept.reshape((600, 12)).unwrap().to_vec2().unwrap();
        assert!(maps.iter().all(|map| map.iter().all(|&number| number == map[0])));
        let dropped = maps.iter().filter(|map| map[0] == 0.0).count();
        assert!((120..=180).contains(&dropped), "{dropped} of 600 maps, a quarter of which should be");
        assert!(maps.iter().all(|map| map[0] == 0.0 || (map[0] - 4.0 / 3.0).abs() < 1e-6));
    }
}

#[test]
fn a_softmax_is_that_of_the_loss() {
    let scores = Tensor::new(&[[1.0_f32, 2.0, 4.0], [1000.0, 1000.0, -1000.0]], &Device::Cpu).unwrap();
    let shares = Softmax.forward(&scores, &Context::evaluation()).unwrap();
    let shares: Vec<Vec<f32>> = shares.to_vec2().unwrap();
    let expected = [[0.042_010_1, 0.114_195_2, 0.843_794_7], [0.5, 0.5, 0.0]];
    for (share, expected) in shares.concat().iter().zip(expected.concat()) {
        assert!((share - expected).abs() < 1e-6, "{share} for {expected}");
    }
}
