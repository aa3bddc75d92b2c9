//! Seconds of one training step (forward, backward, Adam) of the networks that are compared with PyTorch.
//!
//! Usage: `cargo run --release -p genre-bench-neural --example steps -- [cpu|cuda] [NAME ...]`
//!
//! Prints the median of 7 steps after 3 warm-ups. Threads are as many as `RAYON_NUM_THREADS` says.
#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use candle_core::{D, DType, Device, Result, Tensor, bail};
use genre_bench_api::random_stream;
use genre_bench_neural::layers::{Builder, Init, LastState, Layer, Pass, Recurrence, Recurrent, Sequential};
use std::collections::BTreeMap;
use std::time::Instant;

/// A network and the shape of a batch for it.
struct Network {
    name: &'static str,
    batch: &'static [usize],
    build: fn(&Builder) -> Result<Sequential>,
}

const NETWORKS: [Network; 1] = [Network { name: "lstm-64x2", batch: &[32, 1293, 13], build: lstm }];

fn lstm(builder: &Builder) -> Result<Sequential> {
    let lstm = Recurrent::of(Recurrence::Lstm, 64).layers(2).build(&builder.at("lstm"), 13)?;
    Ok(Sequential::new().then(LastState(lstm)).then(Linear::new(&builder.at("head"), 64, 10)?))
}

struct Linear {
    weight: Tensor,
    bias: Tensor,
}

impl Linear {
    fn new(builder: &Builder, from: usize, to: usize) -> Result<Self> {
        let weight = builder.trainable("weight", (to, from), Init::torch(from))?;
        Ok(Self { weight, bias: builder.trainable("bias", to, Init::torch(from))? })
    }
}

impl Layer for Linear {
    fn forward(&self, batch: &Tensor, _pass: &Pass) -> Result<Tensor> {
        batch.matmul(&self.weight.t()?)?.broadcast_add(&self.bias)
    }
}

fn cross_entropy(scores: &Tensor, labels: &Tensor) -> Result<Tensor> {
    let scores = scores.broadcast_sub(&scores.max_keepdim(D::Minus1)?)?;
    let all = scores.exp()?.sum(D::Minus1)?.log()?;
    let right = scores.gather(&labels.unsqueeze(1)?, 1)?.squeeze(1)?;
    (all - right)?.mean_all()
}

/// Median seconds of a step, and the number of parameters.
fn measure(network: &Network, device: &Device) -> Result<(f64, usize)> {
    let builder = Builder::new(0, device, DType::F32);
    let net = (network.build)(&builder)?;
    let weights = builder.finish();
    let x = Tensor::randn(0f32, 1.0, network.batch, device)?;
    let labels: Vec<u32> = (0..network.batch[0] as u32).map(|example| example % 10).collect();
    let labels = Tensor::new(labels, device)?;
    let mut moments: BTreeMap<&str, (Tensor, Tensor)> = BTreeMap::new();
    let mut seconds = Vec::new();
    for step in 0..10 {
        let start = Instant::now();
        let pass = Pass::training(random_stream(step, "dropout"));
        let gradients = cross_entropy(&net.forward(&x, &pass)?, &labels)?.backward()?;
        let (beta1, beta2, rate) = (0.9, 0.999, 1e-3);
        let (unbias1, unbias2) =
            (1.0 - f64::powi(beta1, step as i32 + 1), 1.0 - f64::powi(beta2, step as i32 + 1));
        for (name, var) in &weights.trainable {
            let Some(gradient) = gradients.get(var) else { bail!("{name} has no gradient") };
            let zeros = gradient.zeros_like()?;
            let (m, v) = moments.entry(name).or_insert_with(|| (zeros.clone(), zeros));
            *m = ((&*m * beta1)? + (gradient * (1.0 - beta1))?)?;
            *v = ((&*v * beta2)? + (gradient.sqr()? * (1.0 - beta2))?)?;
            let root = ((&*v / unbias2)?.sqrt()? + 1e-8)?;
            var.set(&(var.as_tensor() - ((&*m / root)? * (rate / unbias1))?)?)?;
        }
        device.synchronize()?;
        if step >= 3 {
            seconds.push(start.elapsed().as_secs_f64());
        }
    }
    seconds.sort_by(f64::total_cmp);
    Ok((seconds[seconds.len() / 2], weights.parameters()))
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let named = |name: &str| arguments.iter().any(|argument| argument == name);
    if let Some(wrong) = arguments.iter().find(|argument| {
        !["cpu", "cuda"].contains(&argument.as_str()) && NETWORKS.iter().all(|n| n.name != *argument)
    }) {
        bail!("{wrong} is neither a device (cpu, cuda) nor a network ({:?})", NETWORKS.map(|n| n.name));
    }
    let (place, device) = if named("cuda") { ("cuda", Device::new_cuda(0)?) } else { ("cpu", Device::Cpu) };
    let all = NETWORKS.iter().all(|network| !named(network.name));
    for network in NETWORKS.iter().filter(|network| all || named(network.name)) {
        let (seconds, parameters) = measure(network, &device)?;
        println!("{:11} {place} step {seconds:8.4} s  parameters {parameters}", network.name);
    }
    Ok(())
}
