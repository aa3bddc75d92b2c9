use super::depthwise::Depthwise;
use super::{back, of};
use crate::geometry::{ConvolutionSizes, Unfolding, Window, WindowAxis};
use crate::ops::Activation;
use crate::ops::cpu::{Panels, Rows, Unwritten, values, zeroed};
use candle_core::{Device, Result, Shape, Tensor, bail};
use rayon::prelude::*;
use std::ops::Range;

/// Numbers that a thread makes at a time, and pixels at most: they should stay in a core's own cache, from the product to the
/// activation.
const NUMBERS: usize = 32 * 1024;
const PIXELS: usize = 192;

/// A convolution with the scaling that follows on it in its weights, a bias, and an activation: of all channels, or of every
/// channel by itself.
pub(crate) struct FoldedConvolution {
    window: Window,
    groups: usize,
    weight_shape: Shape,
    weights: FoldedWeights,
    bias: Vec<f32>,
    activation: Option<Activation>,
}

enum FoldedWeights {
    Product(Panels),
    /// Of every tap, one of each channel.
    Depthwise(Vec<f32>),
}

impl FoldedConvolution {
    /// Of weights `(filters, channels / groups, kernel rows, kernel columns)`, each filter of which is multiplied by its
    /// number of `scale`, if there is any, and a bias, which is not. None of groups that are neither all nor one channel.
    pub fn new(
        (window, groups): (Window, usize),
        weight: &Tensor,
        scale: Option<&[f32]>,
        bias: Vec<f32>,
        activation: Option<Activation>,
    ) -> Result<Option<Self>> {
        let (filters, channels, rows, columns) = weight.dims4()?;
        if bias.len() != filters || scale.is_some_and(|scale| scale.len() != filters) {
            bail!("what is folded into {filters} filters is of {}", bias.len());
        }
        let numbers = values(weight)?;
        let taps = rows * columns;
        let at = |filter: usize, channel: usize, tap: usize| {
            numbers[(filter * channels + channel) * taps + tap] * scale.map_or(1.0, |scale| scale[filter])
        };
        let weights = if groups == 1 {
            let product = |row: usize, filter: usize| at(filter, row % channels, row / channels);
            FoldedWeights::Product(Panels::new(taps * channels, filters, product))
        } else if (channels, filters) == (1, groups) {
            let places = (0..taps).flat_map(|tap| (0..filters).map(move |filter| (filter, tap)));
            FoldedWeights::Depthwise(places.map(|(filter, tap)| at(filter, 0, tap)).collect())
        } else {
            return Ok(None);
        };
        let weight_shape = weight.shape().clone();
        Ok(Some(Self { window, groups, weight_shape, weights, bias, activation }))
    }

    /// What it makes of a batch of PyTorch's shape, in this layout.
    pub fn forward(&self, batch: &Tensor) -> Result<Tensor> {
        let sizes = ConvolutionSizes::new(self.window, self.groups, batch.shape(), &self.weight_shape, None)?;
        let batch = of(batch)?;
        let input = values(&batch)?;
        let filters = self.bias.len();
        let Unfolding { rows, columns, .. } = sizes.unfolding;
        let mut output = Unwritten::new(sizes.batch * sizes.unfolding.pixels() * filters);
        match &self.weights {
            FoldedWeights::Depthwise(weights) => {
                let depthwise = Depthwise { rows, columns, channels: filters, weights, bias: &self.bias };
                let example = rows.input * columns.input * filters;
                output.all().par_chunks_exact_mut(columns.output * filters).enumerate().for_each(
                    |(line, output)| {
                        let output = zeroed(output);
                        let (number, row) = (line / rows.output, line % rows.output);
                        depthwise.row(&input[number * example..][..example], row, output);
                        self.activate(output);
                    },
                );
            }
            FoldedWeights::Product(panels) => {
                let pixels = (NUMBERS / filters).clamp(24, PIXELS);
                let views = Views::new(sizes.unfolding);
                output.all().par_chunks_mut(pixels * filters).enumerate().for_each_init(
                    Vec::new,
                    |view, (part, output)| {
                        let output = zeroed(output);
                        output.chunks_exact_mut(filters).for_each(|pixel| pixel.copy_from_slice(&self.bias));
                        let (first, count) = (part * pixels, output.len() / filters);
                        for block in panels.blocks() {
                            let rows = match sizes.unfolding.is_pointwise() {
                                true => {
                                    let step = sizes.unfolding.channels;
                                    Rows { numbers: &input[first * step + block.start..], step, along: 1 }
                                }
                                false => {
                                    views.fill(&input, first..first + count, block.clone(), view);
                                    Rows { numbers: view, step: block.len(), along: 1 }
                                }
                            };
                            panels.add_block(rows, block, count, output, filters);
                        }
                        self.activate(output);
                    },
                );
            }
        }
        drop(input);
        let shape = (sizes.batch, rows.output, columns.output, filters);
        // SAFETY: every row, or every block of pixels, was zeros first.
        let output = unsafe { output.written() };
        back(&Tensor::from_vec(output, shape, &Device::Cpu)?)
    }

    fn activate(&self, output: &mut [f32]) {
        self.activation.into_iter().for_each(|activation| activation.change(output));
    }
}

/// The unfolded input, of which only some pixels and some taps are made at a time. Of a place of the kernel, the channels lie
/// next to each other.
struct Views {
    unfolding: Unfolding,
    /// The outputs that see the input, of every row and column of the kernel.
    rows: Vec<Range<usize>>,
    columns: Vec<Range<usize>>,
}

impl Views {
    fn new(unfolding: Unfolding) -> Self {
        let seen = |axis: WindowAxis| (0..axis.kernel).map(|tap| axis.outputs(tap)).collect();
        Self { unfolding, rows: seen(unfolding.rows), columns: seen(unfolding.columns) }
    }

    /// Some taps at some pixels of all examples, pixel after pixel.
    fn fill(&self, input: &[f32], pixels: Range<usize>, taps: Range<usize>, view: &mut Vec<f32>) {
        let Unfolding { channels, rows, columns } = self.unfolding;
        view.clear();
        for pixel in pixels {
            let (line, column) = (pixel / columns.output, pixel % columns.output);
            let (example, row) = (line / rows.output, line % rows.output);
            let mut tap = taps.start;
            while tap < taps.end {
                let (place, channel) = (tap / channels, tap % channels);
                let count = (channels - channel).min(taps.end - tap);
                let (kernel_row, kernel_column) = (place / columns.kernel, place % columns.kernel);
                if self.rows[kernel_row].contains(&row) && self.columns[kernel_column].contains(&column) {
                    let line = example * rows.input + rows.position(row, kernel_row);
                    let at = line * columns.input + columns.position(column, kernel_column);
                    view.extend_from_slice(&input[at * channels + channel..][..count]);
                } else {
                    view.resize(view.len() + count, 0.0);
                }
                tap += count;
            }
        }
    }
}
