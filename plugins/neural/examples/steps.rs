//! Seconds of one training step (forward, backward, Adam) of the networks that are compared with PyTorch.
//!
//! Usage: `cargo run --release -p genre-bench-neural --example steps -- [cpu|cuda] [bf16] [exact] [NAME ...]`
//!
//! `exact` convolves with every product of the definition, without Winograd's fewer ones. Prints the median of 7 steps after 3
//! warm-ups. Threads are as many as `RAYON_NUM_THREADS` says.
#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use candle_core::{DType, Device, Result, Tensor, bail};
use genre_bench_api::{Recycling, random_stream};
use genre_bench_neural::layers::Layer;
use genre_bench_neural::layers::{
    Activation, BatchNorm, Builder, ColumnsAsSteps, Context, Conv2d, Conv2dOptions, CrossEntropyLoss,
    Dropout, Flatten, LastState, Linear, MaxPool2d, NormPool, Recurrence, Recurrent, Sequential, Window,
};
use genre_bench_neural::network::NetworkShape;
use genre_bench_neural::train::Awake;
use genre_bench_neural::train::optimizer::{Optimizer, OptimizerConfig};
use genre_bench_neural::{architectures, cuda_device};
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: Recycling = Recycling::new();

/// A network and the shape of a batch for it.
struct TimedNetwork {
    name: &'static str,
    batch: &'static [usize],
    build: fn(&Builder) -> Result<Sequential>,
}

/// Those of torch_steps.py, which this is compared with, and of torch_networks.py.
const NETWORKS: [TimedNetwork; 13] = [
    TimedNetwork { name: "ann", batch: &[32, 16384], build: ann },
    TimedNetwork { name: "cnn-7x7", batch: &[32, 1, 128, 130], build: cnn_7x7 },
    TimedNetwork { name: "choi-fcn5", batch: &[32, 1, 128, 387], build: choi_fcn5 },
    TimedNetwork { name: "crnn-base", batch: &[16, 1, 128, 130], build: crnn_base },
    TimedNetwork { name: "crnn-large", batch: &[16, 1, 128, 130], build: crnn_large },
    TimedNetwork { name: "lstm-64x2", batch: &[32, 1293, 13], build: lstm_64x2 },
    TimedNetwork {
        name: "resnet18",
        batch: &[16, 3, 224, 224],
        build: |builder| photographs("resnet18", builder),
    },
    TimedNetwork {
        name: "resnet18-128x130",
        batch: &[16, 1, 128, 130],
        build: |builder| of_suite("resnet18", builder, SPECTROGRAM, &[("weights", "none"), ("size", "0")]),
    },
    TimedNetwork {
        name: "mobilenetv2",
        batch: &[16, 3, 224, 224],
        build: |builder| photographs("mobilenetv2", builder),
    },
    TimedNetwork {
        name: "vgg19",
        batch: &[8, 1, 128, 130],
        build: |builder| of_suite("vgg19", builder, SPECTROGRAM, &[("weights", "none"), ("size", "0")]),
    },
    TimedNetwork {
        name: "cnn-5block",
        batch: &[32, 1, 128, 130],
        build: |builder| of_suite("cnn-5block", builder, SPECTROGRAM, &[]),
    },
    TimedNetwork {
        name: "cnn-5block-reduced",
        batch: &[32, 1, 50, 50],
        build: |builder| {
            let shape = NetworkShape { spectrogram: (50, 50), ..SPECTROGRAM };
            of_suite("cnn-5block", builder, shape, &[("size", "48"), ("width", "0.5")])
        },
    },
    TimedNetwork {
        name: "mlfi",
        batch: &[32, 128 * 130 + 55],
        build: |builder| of_suite("mlfi", builder, NetworkShape { columns: 55, ..SPECTROGRAM }, &[]),
    },
];

/// Mel spectrograms of 3 s.
const SPECTROGRAM: NetworkShape =
    NetworkShape { spectrogram: (128, 130), channels: 1, columns: 0, classes: 10 };

fn ann(builder: &Builder) -> Result<Sequential> {
    let sizes = [16384, 512, 256, 128, 64, 10];
    let mut net = Sequential::new();
    for (number, pair) in sizes.windows(2).enumerate() {
        net = if number > 0 { net.then(Activation::Relu) } else { net };
        net = net.then(linear(builder, &format!("dense{number}"), pair[0], pair[1])?);
    }
    Ok(net)
}

fn cnn_7x7(builder: &Builder) -> Result<Sequential> {
    let mut net = Sequential::new().then(BatchNorm::new(&builder.at("norm"), 1)?);
    let mut channels = 1;
    for filters in [64, 128, 256] {
        let at = builder.at(&format!("block{filters}"));
        net = net
            .then(convolution(&at, channels, filters, Window::new((7, 7)))?)
            .then(MaxPool2d::side_by_side((2, 2)))
            .then(Activation::Relu)
            .then(BatchNorm::new(&at.at("norm"), filters)?);
        channels = filters;
    }
    Ok(net
        .then(Flatten)
        .then(linear(builder, "dense", channels * 10 * 11, 32)?)
        .then(Activation::Relu)
        .then(BatchNorm::new(&builder.at("dense norm"), 32)?)
        .then(Dropout::new(0.5)?)
        .then(linear(builder, "head", 32, 10)?))
}

fn choi_fcn5(builder: &Builder) -> Result<Sequential> {
    let mut net = Sequential::new().then(BatchNorm::new(&builder.at("norm"), 1)?);
    let mut channels = 1;
    let blocks = [(32, (2, 4)), (128, (2, 4)), (128, (2, 3)), (192, (4, 2)), (256, (4, 4))];
    for (number, (filters, pool)) in blocks.into_iter().enumerate() {
        let at = builder.at(&format!("block{number}"));
        net = net
            .then(convolution(&at, channels, filters, Window::new((3, 3)).padding((1, 1)))?)
            .then(NormPool::new(&at.at("norm"), filters, Some(Activation::Relu), pool)?);
        channels = filters;
    }
    Ok(net.then(Flatten).then(linear(builder, "head", channels, 10)?))
}

fn crnn_base(builder: &Builder) -> Result<Sequential> {
    crnn(builder, [(64, (2, 2)), (128, (4, 2)), (128, (4, 2)), (128, (4, 2))], 1)
}

fn crnn_large(builder: &Builder) -> Result<Sequential> {
    crnn(builder, [(64, (2, 2)), (128, (2, 2)), (256, (2, 2)), (512, (4, 1)), (512, (4, 1))], 1)
}

/// Blocks of a convolution and a pool, of whose maps so many rows are left, then two layers of GRU.
fn crnn<const N: usize>(
    builder: &Builder,
    blocks: [(usize, (usize, usize)); N],
    rows: usize,
) -> Result<Sequential> {
    let mut net = Sequential::new();
    let mut channels = 1;
    for (number, (filters, pool)) in blocks.into_iter().enumerate() {
        let at = builder.at(&format!("block{number}"));
        net = net
            .then(convolution(&at, channels, filters, Window::new((3, 3)).padding((1, 1)))?)
            .then(Activation::Elu(1.0))
            .then(NormPool::new(&at.at("norm"), filters, None, pool)?)
            .then(Dropout::new(0.1)?);
        channels = filters;
    }
    let gru = Recurrent::of(Recurrence::Gru, 32).layers(2).build(&builder.at("gru"), channels * rows)?;
    Ok(net
        .then(ColumnsAsSteps)
        .then(LastState(gru))
        .then(Dropout::new(0.3)?)
        .then(linear(builder, "head", 32, 10)?))
}

fn lstm_64x2(builder: &Builder) -> Result<Sequential> {
    let lstm = Recurrent::of(Recurrence::Lstm, 64).layers(2).build(&builder.at("lstm"), 13)?;
    Ok(Sequential::new().then(LastState(lstm)).then(linear(builder, "head", 64, 10)?))
}

/// As torchvision has it, for ten classes.
fn photographs(name: &str, builder: &Builder) -> Result<Sequential> {
    let shape = NetworkShape { spectrogram: (224, 224), channels: 3, columns: 0, classes: 10 };
    of_suite(name, builder, shape, &[("weights", "none"), ("size", "0")])
}

/// A network of the suite, as published but for some hyper-parameters.
fn of_suite(
    name: &str,
    builder: &Builder,
    shape: NetworkShape,
    changes: &[(&str, &str)],
) -> Result<Sequential> {
    let architecture = architectures().into_iter().find(|architecture| architecture.card().name == name);
    let Some(architecture) = architecture else { bail!("no network {name}") };
    let params = architecture.card().resolve(changes.iter().copied()).map_err(candle_core::Error::wrap)?;
    architecture.layers(builder, &shape, &params)
}

fn linear(builder: &Builder, name: &str, from: usize, to: usize) -> Result<Linear> {
    Linear::new(&builder.at(name), from, to)
}

fn convolution(builder: &Builder, channels: usize, filters: usize, window: Window) -> Result<Conv2d> {
    Conv2d::new(&builder.at("convolution"), channels, filters, window, Conv2dOptions::default())
}

/// The median of the seconds of a step, and the number of parameters.
fn measure(network: &TimedNetwork, builder: Builder, device: &Device) -> Result<(f64, usize)> {
    let net = (network.build)(&builder)?;
    let weights = builder.finish();
    let x = Tensor::randn(0f32, 1.0, network.batch, device)?.to_dtype(weights.dtype)?;
    let labels: Vec<u32> = (0..network.batch[0] as u32).map(|example| example % 10).collect();
    let mut optimizer = Optimizer::new(OptimizerConfig::adam(), &weights)?;
    let mut seconds = Vec::new();
    for step in 0..10 {
        let start = Instant::now();
        let _awake = device.is_cpu().then(Awake::new);
        let context = Context::training(random_stream(step, "dropout"));
        let scores = net.forward(&x, &context)?;
        let gradients = context.backward(&CrossEntropyLoss::default().of_labels(&scores, &labels)?)?;
        optimizer.step(&weights, &gradients, 1e-3, 1.0)?;
        device.synchronize()?;
        if step >= 3 {
            seconds.push(start.elapsed().as_secs_f64());
        }
    }
    seconds.sort_by(f64::total_cmp);
    Ok((seconds[seconds.len() / 2], weights.parameters()))
}

/// On a thread of the pool, as the program trains: elsewhere every operation would wake one.
fn main() -> Result<()> {
    let mut result = Ok(());
    rayon::scope(|_| result = run());
    result
}

fn run() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let named = |name: &str| arguments.iter().any(|argument| argument == name);
    if let Some(wrong) = arguments.iter().find(|argument| {
        !["cpu", "cuda", "bf16", "exact"].contains(&argument.as_str())
            && NETWORKS.iter().all(|n| n.name != *argument)
    }) {
        bail!(
            "{wrong} is no device (cpu, cuda), type (bf16), way (exact) or network ({:?})",
            NETWORKS.map(|n| n.name)
        );
    }
    let (place, device) = match named("cuda") {
        true => ("cuda", cuda_device(0).map_err(candle_core::Error::wrap)?),
        false => ("cpu", Device::Cpu),
    };
    let (precision, dtype) = if named("bf16") { (" bf16", DType::BF16) } else { ("", DType::F32) };
    let all = NETWORKS.iter().all(|network| !named(network.name));
    for network in NETWORKS.iter().filter(|network| all || named(network.name)) {
        let builder = Builder::new(0, &device, dtype);
        let builder = if named("exact") { builder.exact() } else { builder };
        let (seconds, parameters) = measure(network, builder, &device)?;
        println!("{:11} {place}{precision} step {seconds:8.4} s  parameters {parameters}", network.name);
    }
    Ok(())
}
