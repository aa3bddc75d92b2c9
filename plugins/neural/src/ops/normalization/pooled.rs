use super::moments::Spread;
use super::{Moments, Normalization, gradients_on_cpu, layout, own};
use crate::geometry::{Window, WindowAxis};
use crate::kernels;
use crate::ops::cpu::{Unwritten, integers, made, planes, planes_mut, sum, sum_pairs, values, zeroed};
use crate::ops::max_pool::{Maxima, side_by_side_maxima};
use crate::ops::operation::{Backward, BackwardReads, Gradients, Operation};
use candle_core::{Device, Result, Tensor, bail};
use rayon::prelude::*;

/// Batch normalization of `(batch, channels, rows, columns)`, an activation that [keeps order](super::Activation::keeps_order),
/// and the largest number of windows that lie side by side.
///
/// Neither normalization nor such an activation changes which number of a window is the largest (or the smallest, of a channel with a
/// negative weight). So on the CPU the windows come first, and only what is left is normalized: what lies between is never made,
/// and neither is its gradient.
pub(crate) struct NormalizedMaxima {
    pub normalization: Normalization,
    /// Rows and columns of a window.
    pub window: (usize, usize),
}

/// What the backward pass needs besides the inputs.
pub(crate) struct Saved {
    moments: Option<Moments>,
    maxima: Maxima,
    /// What was found there, on the CPU.
    largest: Vec<f32>,
    /// What the windows were laid over, of kernels.
    whole: Option<Tensor>,
}

impl NormalizedMaxima {
    fn axes(&self, input: &Tensor) -> Result<(WindowAxis, WindowAxis)> {
        if self.normalization.activation.is_some_and(|activation| !activation.keeps_order()) {
            bail!("an activation that does not keep order comes before the windows");
        }
        let (_, _, rows, columns) = input.dims4()?;
        Window::new(self.window).stride(self.window).axes((rows, columns))
    }
}

impl Operation<3> for NormalizedMaxima {
    type Saved = Saved;
    const READS: BackwardReads = BackwardReads::BOTH;

    fn forward_cpu(&self, [input, weight, bias]: [&Tensor; 3]) -> Result<(Tensor, Saved)> {
        let normalization = &self.normalization;
        let channels = normalization.channels(input, weight, bias)?;
        let (rows, columns) = self.axes(input)?;
        let (_, plane) = layout(input.shape())?;
        let (numbers, weight, bias) = (values(input)?, values(weight)?, values(bias)?);
        let pooled = rows.output * columns.output;
        let windows = input.dim(0)? * channels * pooled;
        // Both are told of a plane while it is in the cache.
        let (mut largest, mut places) = (Unwritten::new(windows), Unwritten::new(windows));
        let targets =
            largest.all().par_chunks_exact_mut(pooled).zip(places.all().par_chunks_exact_mut(pooled));
        let spreads: Vec<Spread> = targets
            .zip(numbers.par_chunks_exact(plane))
            .enumerate()
            .map(|(at, ((largest, places), input))| {
                find_maxima(input, (rows, columns), weight[at % channels], zeroed(largest), zeroed(places));
                normalization.momentum.map(|_| Spread::of_plane(input)).unwrap_or_default()
            })
            .collect();
        // SAFETY: those of every plane were written.
        let (largest, places) = unsafe { (largest.written(), places.written()) };
        let (mean, variance) = normalization.moments_of(&spreads, channels, plane)?;
        let mut output = Unwritten::new(windows);
        let targets = output.all().par_chunks_exact_mut(pooled).zip(largest.par_chunks_exact(pooled));
        targets.enumerate().for_each(|(at, (output, largest))| {
            let channel = at % channels;
            let moments = (mean[channel], variance[channel]);
            let of_channel = normalization.of_channel(moments, weight[channel], bias[channel]);
            let output = of_channel.normalize(largest, output);
            normalization.activation.into_iter().for_each(|activation| activation.change(output));
        });
        // SAFETY: every plane was written.
        let output = unsafe { output.written() };
        let shape = (input.dim(0)?, channels, rows.output, columns.output);
        let places = Tensor::from_vec(places, shape, &Device::Cpu)?;
        let maxima = Maxima { rows, columns, places };
        let moments = normalization.own_moments(mean, variance)?;
        let saved = Saved { moments, maxima, largest, whole: None };
        Ok((Tensor::from_vec(output, shape, &Device::Cpu)?, saved))
    }

    fn forward_cuda(&self, inputs: [&Tensor; 3]) -> Result<(Tensor, Saved)> {
        let (rows, columns) = self.axes(inputs[0])?;
        let (whole, moments) = self.normalization.forward_cuda(inputs)?;
        let (output, places) = kernels::max_pool(&whole, rows, columns)?;
        let maxima = Maxima { rows, columns, places };
        Ok((output, Saved { moments, maxima, largest: Vec::new(), whole: Some(whole) }))
    }

    /// As of the normalization alone, whose output's gradient is nothing but at the places of the largest.
    fn backward_cpu(&self, of: Backward<'_, 3>, saved: Saved) -> Result<Gradients<3>> {
        let Backward { inputs: [input, weight, bias], output, gradient } = of;
        let Moments { mean, variance, .. } = own(saved.moments)?;
        let (mean, variance) = (values(&mean)?, values(&variance)?);
        let (channels, plane) = layout(input.shape())?;
        let Maxima { rows, columns, places } = saved.maxima;
        let pooled = rows.output * columns.output;
        let (numbers, places) = (values(input)?, integers(&places)?);
        let (outputs, gradients) = (values(output)?, values(gradient)?);
        let (weights, biases) = (values(weight)?, values(bias)?);
        let mut of_input = Unwritten::new(numbers.len());
        let (of_weight, of_bias): (Vec<f32>, Vec<f32>) = planes_mut(of_input.all(), channels, plane)
            .into_par_iter()
            .zip(planes(&numbers, channels, plane))
            .enumerate()
            .map(|(channel, (targets, sources))| {
                let moments = (mean[channel], variance[channel]);
                let of_channel = self.normalization.of_channel(moments, weights[channel], biases[channel]);
                let (mean, scale) = (of_channel.mean, of_channel.scale);
                let inverse = 1.0 / (moments.1 + self.normalization.epsilon).sqrt();
                let examples = sources.len();
                let part = |example: usize| {
                    let start = (example * channels + channel) * pooled;
                    start..start + pooled
                };
                // Gradients of what was normalized, and what it was, of all windows.
                let (mut arrived, mut largest) = (Vec::with_capacity(examples * pooled), Vec::new());
                largest.reserve(examples * pooled);
                for example in 0..examples {
                    let start = arrived.len();
                    match self.normalization.activation {
                        None => arrived.extend_from_slice(&gradients[part(example)]),
                        Some(activation) => {
                            arrived.extend_from_slice(&outputs[part(example)]);
                            activation.slope_times(&mut arrived[start..], &gradients[part(example)]);
                        }
                    }
                    largest.extend_from_slice(&saved.largest[part(example)]);
                }
                let total = sum(&arrived, |gradient| gradient);
                let along = f64::from(inverse)
                    * sum_pairs(&largest, &arrived, |number, gradient| (number - mean) * gradient);
                let count = (examples * plane) as f64;
                let (shift, slope) = ((total / count) as f32, (along / count) as f32 * inverse);
                for (example, (target, source)) in targets.into_iter().zip(sources).enumerate() {
                    let target = made(target, source, |from| -scale * (shift + (from - mean) * slope));
                    let arrived = &arrived[example * pooled..][..pooled];
                    for (gradient, place) in arrived.iter().zip(&places[part(example)]) {
                        target[*place as usize] += scale * gradient;
                    }
                }
                (along as f32, total as f32)
            })
            .unzip();
        // SAFETY: the planes of all channels were written.
        let of_input = unsafe { of_input.written() };
        gradients_on_cpu(input, of_input, of_weight, of_bias)
    }

    fn backward_cuda(&self, of: Backward<'_, 3>, saved: Saved) -> Result<Gradients<3>> {
        let Saved { moments, maxima: Maxima { rows, columns, places }, whole, .. } = saved;
        let Some(whole) = whole else { bail!("the forward pass was not by kernels") };
        let gradient = kernels::max_pool_backward(of.gradient, &places, rows, columns)?;
        let of = Backward { output: &whole, gradient: &gradient, ..of };
        self.normalization.backward_cuda(of, moments)
    }
}

/// The numbers of a plane that become the largest of their windows by a weight, and where they are.
fn find_maxima(
    plane: &[f32],
    axes: (WindowAxis, WindowAxis),
    weight: f32,
    largest: &mut [f32],
    places: &mut [u32],
) {
    // Of a channel that becomes all the same, the first number counts as elsewhere.
    let sign = if weight == 0.0 { 0.0 } else { weight.signum() };
    side_by_side_maxima(plane, axes, sign, largest, places);
    if sign == 0.0 {
        largest.iter_mut().zip(places).for_each(|(number, place)| *number = plane[*place as usize]);
    } else if sign < 0.0 {
        largest.iter_mut().for_each(|number| *number = -*number);
    }
}
