use super::{Moments, Normalization, gradients_on_cpu, layout, own};
use crate::geometry::{Window, WindowAxis};
use crate::kernels;
use crate::ops::cpu::{Unwritten, integers, made, planes, planes_mut, sum, sum_pairs, values, zeros};
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
        let (mean, variance) = normalization.moments(&planes(&numbers, channels, plane))?;
        let of_channel: Vec<_> = (0..channels)
            .map(|at| normalization.of_channel((mean[at], variance[at]), weight[at], bias[at]))
            .collect();
        let pooled = rows.output * columns.output;
        let mut output = zeros(input.dim(0)? * channels * pooled);
        let mut places = zeros(output.len());
        let targets = output.par_chunks_exact_mut(pooled).zip(places.par_chunks_exact_mut(pooled));
        targets.zip(numbers.par_chunks_exact(plane)).enumerate().for_each(
            |(at, ((output, places), input))| {
                let of_channel = of_channel[at % channels];
                if of_channel.scale == 0.0 {
                    // Of a channel that becomes all the same, the first number counts as elsewhere.
                    side_by_side_maxima(input, (rows, columns), 0.0, output, places);
                    let first = output.iter_mut().zip(&*places);
                    first.for_each(|(number, place)| *number = input[*place as usize]);
                    of_channel.normalize_in_place(output, 1.0);
                } else {
                    let sign = of_channel.scale.signum();
                    side_by_side_maxima(input, (rows, columns), sign, output, places);
                    of_channel.normalize_in_place(output, sign);
                }
                normalization.activation.into_iter().for_each(|activation| activation.change(output));
            },
        );
        let shape = (input.dim(0)?, channels, rows.output, columns.output);
        let places = Tensor::from_vec(places, shape, &Device::Cpu)?;
        let maxima = Maxima { rows, columns, places };
        let saved = Saved { moments: normalization.own_moments(mean, variance)?, maxima, whole: None };
        Ok((Tensor::from_vec(output, shape, &Device::Cpu)?, saved))
    }

    fn forward_cuda(&self, inputs: [&Tensor; 3]) -> Result<(Tensor, Saved)> {
        let (rows, columns) = self.axes(inputs[0])?;
        let (whole, moments) = self.normalization.forward_cuda(inputs)?;
        let (output, places) = kernels::max_pool(&whole, rows, columns)?;
        let maxima = Maxima { rows, columns, places };
        Ok((output, Saved { moments, maxima, whole: Some(whole) }))
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
                for (example, source) in sources.iter().enumerate() {
                    let start = arrived.len();
                    match self.normalization.activation {
                        None => arrived.extend_from_slice(&gradients[part(example)]),
                        Some(activation) => {
                            arrived.extend_from_slice(&outputs[part(example)]);
                            activation.slope_times(&mut arrived[start..], &gradients[part(example)]);
                        }
                    }
                    largest.extend(places[part(example)].iter().map(|place| source[*place as usize]));
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
        let Saved { moments, maxima: Maxima { rows, columns, places }, whole } = saved;
        let Some(whole) = whole else { bail!("the forward pass was not by kernels") };
        let gradient = kernels::max_pool_backward(of.gradient, &places, rows, columns)?;
        let of = Backward { output: &whole, gradient: &gradient, ..of };
        self.normalization.backward_cuda(of, moments)
    }
}
