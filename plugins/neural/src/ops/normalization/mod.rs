//! Batch normalization, alone and with a max-pool behind it.

mod moments;
mod pooled;

pub(crate) use pooled::NormalizedMaxima;

use super::Activation;
use super::cpu::{Unwritten, made, planes, planes_mut, sum, sum_pairs, values, wide};
use super::operation::{Backward, BackwardReads, Gradients, Operation};
use crate::kernels;
use candle_core::{Device, Result, Shape, Tensor, Var, bail};
use rayon::prelude::*;
use std::mem::MaybeUninit;

/// Numbers of small planes that are put together.
const BLOCK: usize = 4096;

/// `(input - mean) / √(variance + epsilon) · weight + bias`, channel by channel of `(batch, channels, …)`: PyTorch's
/// `functional.batch_norm`.
///
/// With a momentum, mean and (biased) variance are the batch's own, and the running ones follow them by it;
/// without, they are the running ones.
///
/// An activation that follows at once is a part of it: on the CPU it changes the numbers while they are in the cache.
pub(crate) struct Normalization {
    pub running_mean: Var,
    pub running_variance: Var,
    pub momentum: Option<f32>,
    pub epsilon: f32,
    pub activation: Option<Activation>,
}

/// What the backward pass needs besides the inputs.
pub(crate) struct Moments {
    /// Of every channel, `(channels)`.
    mean: Tensor,
    variance: Tensor,
    /// What a gated activation was given, of kernels.
    gated: Option<Tensor>,
}

/// What happens to the numbers of one channel.
#[derive(Clone, Copy)]
struct OfChannel {
    mean: f32,
    scale: f32,
    bias: f32,
}

impl OfChannel {
    fn normalize<'a>(self, source: &[f32], target: &'a mut [MaybeUninit<f32>]) -> &'a mut [f32] {
        let Self { mean, scale, bias } = self;
        made(target, source, |from| (from - mean) * scale + bias)
    }

    fn normalize_in_place(self, numbers: &mut [f32]) {
        let Self { mean, scale, bias } = self;
        wide(
            #[inline(always)]
            |_| numbers.iter_mut().for_each(|number| *number = (*number - mean) * scale + bias),
        );
    }
}

impl Normalization {
    /// Checks that everything is of as many channels, which it returns, and that there is enough to measure.
    fn channels(&self, input: &Tensor, weight: &Tensor, bias: &Tensor) -> Result<usize> {
        let (channels, _) = layout(input.shape())?;
        let running = [self.running_mean.elem_count(), self.running_variance.elem_count()];
        if [weight.elem_count(), bias.elem_count()] != [channels; 2] || running != [channels; 2] {
            bail!("batch normalization of {} channels was given {channels}", weight.elem_count());
        }
        if self.momentum.is_some() && input.elem_count() == channels {
            bail!("batch normalization needs more than one number a channel to train on");
        }
        Ok(channels)
    }

    /// What happens to the numbers of a channel of such mean and variance.
    fn of_channel(&self, (mean, variance): (f32, f32), weight: f32, bias: f32) -> OfChannel {
        OfChannel { mean, scale: weight / (variance + self.epsilon).sqrt(), bias }
    }
}

/// Channels and the numbers of a channel in one example.
fn layout(shape: &Shape) -> Result<(usize, usize)> {
    match *shape.dims() {
        [_, channels, ref plane @ ..] if channels > 0 => Ok((channels, plane.iter().product())),
        _ => bail!("batch normalization wants (batch, channels, …), not {shape:?}"),
    }
}

impl Operation<3> for Normalization {
    /// The batch's own moments, where they are used.
    type Saved = Option<Moments>;
    const READS: BackwardReads = BackwardReads::BOTH;

    fn forward_cpu(&self, [input, weight, bias]: [&Tensor; 3]) -> Result<(Tensor, Option<Moments>)> {
        let channels = self.channels(input, weight, bias)?;
        if input.elem_count() == 0 {
            return Ok((input.copy()?, None));
        }
        let (_, plane) = layout(input.shape())?;
        let (numbers, weight, bias) = (values(input)?, values(weight)?, values(bias)?);
        let mut output = Unwritten::new(numbers.len());
        let sources = planes(&numbers, channels, plane);
        let (mean, variance) = self.moments(&sources)?;
        let targets = planes_mut(output.all(), channels, plane);
        targets.into_par_iter().zip(sources).enumerate().for_each(|(channel, (targets, sources))| {
            let of_channel =
                self.of_channel((mean[channel], variance[channel]), weight[channel], bias[channel]);
            for (target, source) in targets.into_iter().zip(sources) {
                let target = of_channel.normalize(source, target);
                self.activation.into_iter().for_each(|activation| activation.change(target));
            }
        });
        let own = self.own_moments(mean, variance)?;
        // SAFETY: the planes of all channels were written.
        let output = unsafe { output.written() };
        Ok((Tensor::from_vec(output, input.shape(), &Device::Cpu)?, own))
    }

    fn forward_cuda(&self, [input, weight, bias]: [&Tensor; 3]) -> Result<(Tensor, Option<Moments>)> {
        self.channels(input, weight, bias)?;
        if input.elem_count() == 0 {
            return Ok((input.copy()?, None));
        }
        let running = (&self.running_mean, &self.running_variance);
        let (output, own) = match self.momentum {
            None => {
                let running = (running.0.as_tensor(), running.1.as_tensor());
                (kernels::normalize(input, running, weight, bias, self.epsilon)?, None)
            }
            Some(momentum) => {
                let (output, own) =
                    kernels::normalize_by_batch(input, weight, bias, running, momentum, self.epsilon)?;
                (output, Some(own))
            }
        };
        let (output, gated) = match self.activation {
            None => (output, None),
            Some(activation) => {
                let activated = kernels::activate(activation.number(), &output)?;
                (activated, activation.is_gated().then_some(output))
            }
        };
        Ok((output, own.map(|(mean, variance)| Moments { mean, variance, gated })))
    }

    /// For statistics that are the batch's own. With x̂ the normalized input and N the numbers of a channel:
    /// the bias's gradient is Σg, the weight's Σg·x̂, and the input's weight / √(variance + epsilon) · (g −
    /// Σg/N − x̂·Σ(g·x̂)/N).
    fn backward_cpu(&self, of: Backward<'_, 3>, saved: Option<Moments>) -> Result<Gradients<3>> {
        let Backward { inputs: [input, weight, bias], gradient, .. } = of;
        let Moments { mean, variance, .. } = own(saved)?;
        let (mean, variance) = (values(&mean)?, values(&variance)?);
        let (channels, plane) = layout(input.shape())?;
        let (numbers, gradients) = (values(input)?, values(gradient)?);
        let (weights, biases) = (values(weight)?, values(bias)?);
        let mut of_input = Unwritten::new(numbers.len());
        let (of_weight, of_bias): (Vec<f32>, Vec<f32>) = planes_mut(of_input.all(), channels, plane)
            .into_par_iter()
            .zip(planes(&numbers, channels, plane))
            .zip(planes(&gradients, channels, plane))
            .enumerate()
            .map_init(Vec::new, |gathered, (channel, ((targets, sources), gradients))| {
                let of_channel =
                    self.of_channel((mean[channel], variance[channel]), weights[channel], biases[channel]);
                let (mean, scale) = (of_channel.mean, of_channel.scale);
                let inverse = 1.0 / (variance[channel] + self.epsilon).sqrt();
                // Gradients of what was normalized. Small planes are put together: there may be thousands, of nine numbers each.
                let mut arrived = Vec::with_capacity(targets.len() * plane);
                let (mut total, mut along) = (0.0, 0.0);
                let together = (BLOCK / plane).max(1);
                for (sources, gradients) in sources.chunks(together).zip(gradients.chunks(together)) {
                    let start = arrived.len();
                    if let Some(activation) = self.activation {
                        sources.iter().for_each(|source| arrived.extend_from_slice(source));
                        let arrived = &mut arrived[start..];
                        of_channel.normalize_in_place(arrived);
                        if !activation.is_gated() {
                            activation.change(arrived);
                        }
                        activation.slope_times(arrived, put_together(gradients, gathered));
                    } else {
                        gradients.iter().for_each(|gradient| arrived.extend_from_slice(gradient));
                    }
                    let arrived = &arrived[start..];
                    total += sum(arrived, |gradient| gradient);
                    along += sum_pairs(put_together(sources, gathered), arrived, |s, g| (s - mean) * g);
                }
                let along = along * f64::from(inverse);
                let count = arrived.len() as f64;
                let (shift, slope) = ((total / count) as f32, (along / count) as f32 * inverse);
                let planes = sources.into_iter().zip(arrived.chunks_exact(plane));
                for (target, (source, arrived)) in targets.into_iter().zip(planes) {
                    wide(
                        #[inline(always)]
                        |_| {
                            for ((to, gradient), from) in target.iter_mut().zip(arrived).zip(source) {
                                to.write(scale * (gradient - shift - (from - mean) * slope));
                            }
                        },
                    );
                }
                (along as f32, total as f32)
            })
            .unzip();
        // SAFETY: the planes of all channels were written.
        let of_input = unsafe { of_input.written() };
        gradients_on_cpu(input, of_input, of_weight, of_bias)
    }

    fn backward_cuda(&self, of: Backward<'_, 3>, saved: Option<Moments>) -> Result<Gradients<3>> {
        let Backward { inputs: [input, weight, _bias], output, gradient } = of;
        let Moments { mean, variance, gated } = own(saved)?;
        let behind = match self.activation {
            Some(activation) => {
                kernels::activate_backward(activation.number(), gated.as_ref().unwrap_or(output), gradient)?
            }
            None => gradient.clone(),
        };
        kernels::normalize_backward(input, (&mean, &variance), weight, &behind, self.epsilon)
    }
}

/// Planes one after the other: one alone as it is.
fn put_together<'a>(planes: &[&'a [f32]], room: &'a mut Vec<f32>) -> &'a [f32] {
    if let [plane] = planes {
        return plane;
    }
    room.clear();
    planes.iter().for_each(|plane| room.extend_from_slice(plane));
    room
}

/// Of the input, and of every channel's weight and bias.
fn gradients_on_cpu(
    input: &Tensor,
    of_input: Vec<f32>,
    of_weight: Vec<f32>,
    of_bias: Vec<f32>,
) -> Result<Gradients<3>> {
    let channels = of_weight.len();
    Ok([
        Some(Tensor::from_vec(of_input, input.shape(), &Device::Cpu)?),
        Some(Tensor::from_vec(of_weight, channels, &Device::Cpu)?),
        Some(Tensor::from_vec(of_bias, channels, &Device::Cpu)?),
    ])
}

fn own(saved: Option<Moments>) -> Result<Moments> {
    match saved {
        Some(moments) => Ok(moments),
        None => bail!("batch normalization by running statistics has no gradient"),
    }
}
