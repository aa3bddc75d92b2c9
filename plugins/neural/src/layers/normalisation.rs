use super::buffer::zeros;
use super::sums::{sum, sum_pairs};
use super::values::{planes, planes_mut, slice, values};
use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;
use std::sync::{Arc, OnceLock};

/// Mean and (biased) variance of every channel.
pub(crate) struct Statistics {
    pub mean: Vec<f32>,
    pub variance: Vec<f32>,
}

/// `(input - mean) / √(variance + epsilon) · weight + bias`, channel by channel.
pub(crate) struct Normalisation {
    statistics: Arc<OnceLock<Statistics>>,
    /// Whether the statistics are the batch's own, and so change with it.
    own: bool,
    epsilon: f32,
}

impl Normalisation {
    /// By statistics that are given.
    pub fn by(given: Statistics, epsilon: f32) -> Self {
        Self { statistics: Arc::new(given.into()), own: false, epsilon }
    }

    /// By the batch's own, which the forward pass leaves in `measured`.
    pub fn by_batch(measured: Arc<OnceLock<Statistics>>, epsilon: f32) -> Self {
        Self { statistics: measured, own: true, epsilon }
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

impl CustomOp3 for Normalisation {
    fn name(&self) -> &'static str {
        "batch normalisation"
    }

    fn cpu_fwd(
        &self,
        input: &CpuStorage,
        layout_of_input: &Layout,
        weight: &CpuStorage,
        layout_of_weight: &Layout,
        bias: &CpuStorage,
        layout_of_bias: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let shape = layout_of_input.shape();
        let (channels, plane) = layout(shape)?;
        let input = slice(input, layout_of_input)?;
        let (weight, bias) = (slice(weight, layout_of_weight)?, slice(bias, layout_of_bias)?);
        if [weight.len(), bias.len()] != [channels; 2] {
            bail!("batch normalisation of {} channels was given {channels}", weight.len());
        }
        let mut output = zeros(input.len());
        if plane == 0 || input.is_empty() {
            return Ok((CpuStorage::F32(output), shape.clone()));
        }
        let sources = planes(input, channels, plane);
        if self.own {
            if input.len() == channels {
                bail!("batch normalisation needs more than one number a channel to learn from");
            }
            let (mean, variance) = sources.par_iter().map(|planes| measure(planes)).unzip();
            // A fresh operation measures once.
            let _ = self.statistics.set(Statistics { mean, variance });
        }
        let Some(Statistics { mean, variance }) = self.statistics.get() else { bail!("no statistics") };
        if mean.len() != channels {
            bail!("statistics of {} channels were given {channels}", mean.len());
        }
        let targets = planes_mut(&mut output, channels, plane);
        targets.into_par_iter().zip(sources).enumerate().for_each(|(channel, (targets, sources))| {
            let scale = weight[channel] / (variance[channel] + self.epsilon).sqrt();
            let (mean, bias) = (mean[channel], bias[channel]);
            for (target, source) in targets.into_iter().zip(sources) {
                target.iter_mut().zip(source).for_each(|(to, from)| *to = (from - mean) * scale + bias);
            }
        });
        Ok((CpuStorage::F32(output), shape.clone()))
    }

    /// For statistics that are the batch's own. With x̂ the normalised input and N the numbers of a channel:
    /// the bias's gradient is Σg, the weight's Σg·x̂, and the input's weight / √(variance + epsilon) · (g −
    /// Σg/N − x̂·Σ(g·x̂)/N).
    fn bwd(
        &self,
        input: &Tensor,
        weight: &Tensor,
        _bias: &Tensor,
        _output: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (channels, plane) = layout(input.shape())?;
        let Some(Statistics { mean, variance }) = self.statistics.get() else {
            bail!("no forward pass was made")
        };
        let gradient = gradient.contiguous()?;
        let (numbers, gradients, weights) = (values(input)?, values(&gradient)?, values(weight)?);
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
        Ok((
            Some(Tensor::from_vec(of_input, input.shape(), input.device())?),
            Some(Tensor::from_vec(of_weight, channels, input.device())?),
            Some(Tensor::from_vec(of_bias, channels, input.device())?),
        ))
    }
}
