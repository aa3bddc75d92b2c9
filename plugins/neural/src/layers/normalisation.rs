use super::buffer::zeros;
use super::kernels;
use super::operation::Operation;
use super::sums::{sum, sum_pairs};
use super::values::{planes, planes_mut, values};
use candle_core::{Device, Result, Shape, Tensor, Var, bail};
use rayon::prelude::*;
use std::sync::OnceLock;

/// `(input - mean) / √(variance + epsilon) · weight + bias`, channel by channel.
///
/// With a momentum, mean and (biased) variance are the batch's own, and the running ones follow them by it;
/// without, they are the running ones.
pub(crate) struct Normalisation {
    running: (Var, Var),
    momentum: Option<f32>,
    epsilon: f32,
    /// The batch's own, once they are measured.
    own: OnceLock<Own>,
}

/// Mean and variance of every channel.
enum Own {
    Slices(Vec<f32>, Vec<f32>),
    Device(Tensor, Tensor),
}

impl Normalisation {
    /// With the running mean and variance.
    pub fn new(running: (Var, Var), momentum: Option<f32>, epsilon: f32) -> Self {
        Self { running, momentum, epsilon, own: OnceLock::new() }
    }

    /// Checks that everything is of as many channels, which it returns, and that there is enough to measure.
    fn channels(&self, input: &Tensor, weight: &Tensor, bias: &Tensor) -> Result<usize> {
        let (channels, _) = layout(input.shape())?;
        let running = [self.running.0.elem_count(), self.running.1.elem_count()];
        if [weight.elem_count(), bias.elem_count()] != [channels; 2] || running != [channels; 2] {
            bail!("batch normalisation of {} channels was given {channels}", weight.elem_count());
        }
        if self.momentum.is_some() && input.elem_count() == channels {
            bail!("batch normalisation needs more than one number a channel to learn from");
        }
        Ok(channels)
    }

    /// Moves running statistics towards the batch's.
    fn follow(&self, mean: &[f32], variance: &[f32], momentum: f32, numbers: f32) -> Result<()> {
        let towards = |running: &Var, batch: &mut dyn Iterator<Item = f32>| {
            let moved: Vec<f32> = values(running)?
                .iter()
                .zip(batch)
                .map(|(running, batch)| (1.0 - momentum) * running + momentum * batch)
                .collect();
            running.set(&Tensor::from_vec(moved, running.shape(), &Device::Cpu)?)
        };
        towards(&self.running.0, &mut mean.iter().copied())?;
        // The batch's variance divides by the count; an estimate of the population's by one less.
        towards(&self.running.1, &mut variance.iter().map(|variance| variance * numbers / (numbers - 1.0)))
    }

    fn forward_on_device(&self, [input, weight, bias]: [&Tensor; 3]) -> Result<Tensor> {
        let (mean, variance) = &self.running;
        let Some(momentum) = self.momentum else {
            return kernels::normalise(input, (mean, variance), weight, bias, self.epsilon);
        };
        let running = (mean, variance);
        let (output, (mean, variance)) =
            kernels::normalise_by_batch(input, weight, bias, running, momentum, self.epsilon)?;
        // A fresh operation measures once.
        let _ = self.own.set(Own::Device(mean, variance));
        Ok(output)
    }
}

/// Channels and the numbers of a channel in one example.
fn layout(shape: &Shape) -> Result<(usize, usize)> {
    match *shape.dims() {
        [_, channels, ref plane @ ..] if channels > 0 => Ok((channels, plane.iter().product())),
        _ => bail!("batch normalisation wants (batch, channels, …), not {shape:?}"),
    }
}

fn measure(planes: &[&[f32]]) -> (f32, f32) {
    let count: usize = planes.iter().map(|plane| plane.len()).sum();
    let mean = (planes.iter().map(|plane| sum(plane, |value| value)).sum::<f64>() / count as f64) as f32;
    let squares: f64 = planes.iter().map(|plane| sum(plane, |value| (value - mean) * (value - mean))).sum();
    (mean, (squares / count as f64) as f32)
}

impl Operation<3> for Normalisation {
    fn forward(&self, [input, weight, bias]: [&Tensor; 3]) -> Result<Tensor> {
        let channels = self.channels(input, weight, bias)?;
        if input.elem_count() == 0 {
            return input.copy();
        }
        if kernels::run_on(input.device()) {
            return self.forward_on_device([input, weight, bias]);
        }
        let (_, plane) = layout(input.shape())?;
        let (numbers, weight, bias) = (values(input)?, values(weight)?, values(bias)?);
        let mut output = zeros(numbers.len());
        let sources = planes(&numbers, channels, plane);
        let (mean, variance) = match self.momentum {
            Some(momentum) => {
                let (mean, variance): (Vec<f32>, Vec<f32>) =
                    sources.par_iter().map(|planes| measure(planes)).unzip();
                self.follow(&mean, &variance, momentum, (numbers.len() / channels) as f32)?;
                let _ = self.own.set(Own::Slices(mean.clone(), variance.clone()));
                (mean, variance)
            }
            None => (self.running.0.to_vec1()?, self.running.1.to_vec1()?),
        };
        let targets = planes_mut(&mut output, channels, plane);
        targets.into_par_iter().zip(sources).enumerate().for_each(|(channel, (targets, sources))| {
            let scale = weight[channel] / (variance[channel] + self.epsilon).sqrt();
            let (mean, bias) = (mean[channel], bias[channel]);
            for (target, source) in targets.into_iter().zip(sources) {
                target.iter_mut().zip(source).for_each(|(to, from)| *to = (from - mean) * scale + bias);
            }
        });
        Tensor::from_vec(output, input.shape(), &Device::Cpu)
    }

    /// For statistics that are the batch's own. With x̂ the normalised input and N the numbers of a channel:
    /// the bias's gradient is Σg, the weight's Σg·x̂, and the input's weight / √(variance + epsilon) · (g −
    /// Σg/N − x̂·Σ(g·x̂)/N).
    fn backward(
        &self,
        [input, weight, _bias]: [&Tensor; 3],
        _output: &Tensor,
        gradient: &Tensor,
    ) -> Result<[Option<Tensor>; 3]> {
        let (mean, variance) = match self.own.get() {
            Some(Own::Slices(mean, variance)) => (mean, variance),
            Some(Own::Device(mean, variance)) => {
                let moments = (mean, variance);
                return kernels::normalise_back(input, moments, weight, gradient, self.epsilon);
            }
            None => bail!("no forward pass was made"),
        };
        let (channels, plane) = layout(input.shape())?;
        let (numbers, gradients, weights) = (values(input)?, values(gradient)?, values(weight)?);
        let mut of_input = zeros(numbers.len());
        let (of_weight, of_bias): (Vec<f32>, Vec<f32>) = planes_mut(&mut of_input, channels, plane)
            .into_par_iter()
            .zip(planes(&numbers, channels, plane))
            .zip(planes(&gradients, channels, plane))
            .enumerate()
            .map(|(channel, ((targets, sources), gradients))| {
                let inverse = 1.0 / (variance[channel] + self.epsilon).sqrt();
                let (mean, scale) = (mean[channel], weights[channel] * inverse);
                let total: f64 = gradients.iter().map(|gradients| sum(gradients, |gradient| gradient)).sum();
                let along =
                    |source: &[f32], gradient: &[f32]| sum_pairs(source, gradient, |s, g| (s - mean) * g);
                let along: f64 =
                    sources.iter().zip(&gradients).map(|(source, gradient)| along(source, gradient)).sum();
                let along = along * f64::from(inverse);
                let count = (gradients.len() * plane) as f64;
                let (shift, slope) = ((total / count) as f32, (along / count) as f32 * inverse);
                for ((target, source), gradient) in targets.into_iter().zip(sources).zip(gradients) {
                    for ((to, from), gradient) in target.iter_mut().zip(source).zip(gradient) {
                        *to = scale * (gradient - shift - (from - mean) * slope);
                    }
                }
                (along as f32, total as f32)
            })
            .unzip();
        Ok([
            Some(Tensor::from_vec(of_input, input.shape(), &Device::Cpu)?),
            Some(Tensor::from_vec(of_weight, channels, &Device::Cpu)?),
            Some(Tensor::from_vec(of_bias, channels, &Device::Cpu)?),
        ])
    }
}
