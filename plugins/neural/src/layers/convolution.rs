use super::buffer::zeros;
use super::kernels;
use super::matrix::{Matrix, MatrixMut};
use super::operation::Operation;
use super::sums::sum;
use super::unfold::Unfolding;
use super::values::{planes, values};
use super::window::Window;
use candle_core::{Device, Result, Shape, Tensor, bail};
use gemm::Parallelism;
use rayon::prelude::*;
use std::ops::Range;

/// Numbers of the unfolded spectrogram that are made at a time: they should stay in a core's own cache.
const VIEW: usize = 128 * 1024;
/// Output pixels that are made at a time; whole rows of them, and at least one.
const PIXELS: usize = 512;

/// Two-dimensional convolution (cross-correlation) of `(batch, channels, rows, columns)` with weights
/// `(filters, channels / groups, kernel rows, kernel columns)`, and without or with a bias.
///
/// Forward: every thread takes spectrograms of the batch. Gradient of the spectrograms: the same. Gradient of the
/// weights: every thread takes a part of the weights and goes through all spectrograms in order, so that no sum
/// depends on the threads.
#[derive(Clone, Copy)]
pub(crate) struct Convolution {
    pub window: Window,
    pub groups: usize,
}

/// A convolution of tensors whose shapes fit.
pub(super) struct Fitted {
    pub batch: usize,
    pub groups: usize,
    /// Of one group.
    pub filters: usize,
    /// Of one group.
    pub unfolding: Unfolding,
}

impl Convolution {
    fn fit(self, input: &Shape, weight: &Shape, bias: Option<&Shape>) -> Result<Fitted> {
        let ((batch, channels, rows, columns), (filters, per_group, kernel_rows, kernel_columns)) =
            (input.dims4()?, weight.dims4()?);
        let Self { window, groups } = self;
        if groups == 0 || channels != groups * per_group || !filters.is_multiple_of(groups) {
            bail!("weights {weight:?} do not fit {channels} channels in {groups} groups");
        }
        if window.kernel != (kernel_rows, kernel_columns) {
            bail!("weights {weight:?} are not of a kernel of {:?}", window.kernel);
        }
        if bias.is_some_and(|bias| bias.dims() != [filters]) {
            bail!("a bias of {bias:?} does not fit {filters} filters");
        }
        let (rows, columns) = window.axes((rows, columns))?;
        let unfolding = Unfolding { channels: per_group, rows, columns };
        Ok(Fitted { batch, groups, filters: filters / groups, unfolding })
    }

    fn convolve(self, input: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
        let fitted = self.fit(input.shape(), weight.shape(), bias.map(Tensor::shape))?;
        if kernels::run_on(input.device()) {
            return kernels::convolution(&fitted, input, weight, bias);
        }
        let bias = bias.map(values).transpose()?;
        let output = fitted.forward(&values(input)?, &values(weight)?, bias.as_deref());
        Tensor::from_vec(output, fitted.output_shape(), &Device::Cpu)
    }

    /// Gradients of the spectrograms, where they are wanted, of the weights, and of a bias.
    fn gradients(
        self,
        input: &Tensor,
        weight: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Tensor, Tensor)> {
        let fitted = self.fit(input.shape(), weight.shape(), None)?;
        if kernels::run_on(input.device()) {
            return kernels::convolution_back(&fitted, input, weight, gradient, input.track_op());
        }
        let gradients = values(gradient)?;
        let of_input = if input.track_op() {
            let values = fitted.input_gradient(&values(weight)?, &gradients);
            Some(Tensor::from_vec(values, input.shape(), &Device::Cpu)?)
        } else {
            None
        };
        let of_weight = fitted.weight_gradient(&values(input)?, &gradients);
        Ok((of_input, Tensor::from_vec(of_weight, weight.shape(), &Device::Cpu)?, bias_gradient(gradient)?))
    }
}

impl Fitted {
    pub fn output_shape(&self) -> Shape {
        let Unfolding { rows, columns, .. } = self.unfolding;
        (self.batch, self.groups * self.filters, rows.output, columns.output).into()
    }

    fn forward(&self, input: &[f32], weight: &[f32], bias: Option<&[f32]>) -> Vec<f32> {
        let (pixels, taps) = (self.unfolding.pixels(), self.unfolding.taps());
        let group = self.filters * pixels;
        let mut output = zeros(self.batch * self.groups * group);
        let spectrograms = input.par_chunks_exact(self.groups * self.unfolding.spectrogram());
        output.par_chunks_exact_mut(self.groups * group).zip(spectrograms).for_each_init(
            Vec::new,
            |view, (output, spectrogram)| {
                if let Some(bias) = bias {
                    output.chunks_exact_mut(pixels).zip(bias).for_each(|(plane, bias)| plane.fill(*bias));
                }
                let weights = weight.chunks_exact(self.filters * taps);
                let spectrograms = spectrogram.chunks_exact(self.unfolding.spectrogram());
                for ((output, weight), spectrogram) in
                    output.chunks_exact_mut(group).zip(weights).zip(spectrograms)
                {
                    for (outputs, span) in self.blocks() {
                        for taps_now in self.tap_blocks(span.len()) {
                            self.unfolding.unfold(spectrogram, taps_now.clone(), outputs.clone(), view);
                            MatrixMut::part(&mut output[span.start..], self.filters, span.len(), pixels)
                                .add_product(
                                    Matrix::part(
                                        &weight[taps_now.start..],
                                        self.filters,
                                        taps_now.len(),
                                        taps,
                                    ),
                                    Matrix::new(view, taps_now.len(), span.len()),
                                    Parallelism::None,
                                );
                        }
                    }
                }
            },
        );
        output
    }

    fn input_gradient(&self, weight: &[f32], gradient: &[f32]) -> Vec<f32> {
        let (pixels, taps, spectrogram) =
            (self.unfolding.pixels(), self.unfolding.taps(), self.unfolding.spectrogram());
        let group = self.filters * pixels;
        let mut input = zeros(self.batch * self.groups * spectrogram);
        let gradients = gradient.par_chunks_exact(self.groups * group);
        input.par_chunks_exact_mut(self.groups * spectrogram).zip(gradients).for_each_init(
            Vec::new,
            |view, (input, gradient)| {
                let weights = weight.chunks_exact(self.filters * taps);
                let gradients = gradient.chunks_exact(group);
                for ((input, weight), gradient) in
                    input.chunks_exact_mut(spectrogram).zip(weights).zip(gradients)
                {
                    for (outputs, span) in self.blocks() {
                        for taps_now in self.tap_blocks(span.len()) {
                            view.resize(taps_now.len() * span.len(), 0.0);
                            MatrixMut::new(view, taps_now.len(), span.len()).set_product(
                                Matrix::part(&weight[taps_now.start..], self.filters, taps_now.len(), taps)
                                    .transposed(),
                                Matrix::part(&gradient[span.start..], self.filters, span.len(), pixels),
                                Parallelism::None,
                            );
                            self.unfolding.fold(view, taps_now, outputs.clone(), input);
                        }
                    }
                }
            },
        );
        input
    }

    fn weight_gradient(&self, input: &[f32], gradient: &[f32]) -> Vec<f32> {
        let (pixels, taps) = (self.unfolding.pixels(), self.unfolding.taps());
        let parts = self.weight_parts();
        let of_part = |part: &(usize, Range<usize>, Range<usize>), view: &mut Vec<f32>| {
            let (group, filters, taps) = part.clone();
            let mut sum = vec![0.0; filters.len() * taps.len()];
            for example in 0..self.batch {
                let at = example * self.groups + group;
                let spectrogram = &input[at * self.unfolding.spectrogram()..][..self.unfolding.spectrogram()];
                let gradient =
                    &gradient[(at * self.filters + filters.start) * pixels..][..filters.len() * pixels];
                for (outputs, span) in self.blocks() {
                    self.unfolding.unfold(spectrogram, taps.clone(), outputs, view);
                    MatrixMut::new(&mut sum, filters.len(), taps.len()).add_product(
                        Matrix::part(&gradient[span.start..], filters.len(), span.len(), pixels),
                        Matrix::new(view, taps.len(), span.len()).transposed(),
                        Parallelism::None,
                    );
                }
            }
            sum
        };
        let sums: Vec<Vec<f32>> =
            parts.par_iter().map_init(Vec::new, |view, part| of_part(part, view)).collect();
        let mut weight = zeros(self.groups * self.filters * taps);
        for ((group, filters, part_taps), sum) in parts.into_iter().zip(sums) {
            for (filter, row) in filters.zip(sum.chunks_exact(part_taps.len())) {
                let at = (group * self.filters + filter) * taps + part_taps.start;
                weight[at..at + part_taps.len()].copy_from_slice(row);
            }
        }
        weight
    }

    /// Output rows that are made at a time, and the pixels that these are.
    fn blocks(&self) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
        let Unfolding { rows, columns, .. } = self.unfolding;
        let width = columns.output;
        parts(rows.output, (PIXELS / width).max(1))
            .map(move |rows| (rows.clone(), rows.start * width..rows.end * width))
    }

    fn tap_blocks(&self, pixels: usize) -> impl Iterator<Item = Range<usize>> {
        parts(self.unfolding.taps(), (VIEW / pixels).max(1))
    }

    /// The weights in parts of one group, some filters and some taps, enough of them for many threads.
    fn weight_parts(&self) -> Vec<(usize, Range<usize>, Range<usize>)> {
        const TAPS: usize = 128;
        const WANTED: usize = 8;
        let taps: Vec<_> = parts(self.unfolding.taps(), TAPS).collect();
        let cuts = WANTED.div_ceil(taps.len() * self.groups);
        let filters: Vec<_> = parts(self.filters, self.filters.div_ceil(cuts)).collect();
        let of_group = |group| {
            let filters = &filters;
            taps.iter().flat_map(move |taps| filters.iter().map(move |f| (group, f.clone(), taps.clone())))
        };
        (0..self.groups).flat_map(of_group).collect()
    }
}

/// `0..count` in parts of nearly the same size and at most `limit`.
fn parts(count: usize, limit: usize) -> impl Iterator<Item = Range<usize>> {
    let parts = count.div_ceil(limit);
    (0..parts).map(move |part| part * count / parts..(part + 1) * count / parts)
}

/// Gradient of the bias: the sum over spectrograms and pixels.
fn bias_gradient(gradient: &Tensor) -> Result<Tensor> {
    let (_, filters, rows, columns) = gradient.dims4()?;
    let values = values(gradient)?;
    let total =
        |planes: Vec<&[f32]>| planes.into_iter().map(|plane| sum(plane, |value| value)).sum::<f64>() as f32;
    let sums: Vec<f32> = planes(&values, filters, rows * columns).into_par_iter().map(total).collect();
    Tensor::from_vec(sums, filters, &Device::Cpu)
}

impl Operation<2> for Convolution {
    fn forward(&self, [input, weight]: [&Tensor; 2]) -> Result<Tensor> {
        self.convolve(input, weight, None)
    }

    fn backward(
        &self,
        [input, weight]: [&Tensor; 2],
        _output: &Tensor,
        gradient: &Tensor,
    ) -> Result<[Option<Tensor>; 2]> {
        let (of_input, of_weight, _) = self.gradients(input, weight, gradient)?;
        Ok([of_input, Some(of_weight)])
    }
}

impl Operation<3> for Convolution {
    fn forward(&self, [input, weight, bias]: [&Tensor; 3]) -> Result<Tensor> {
        self.convolve(input, weight, Some(bias))
    }

    fn backward(
        &self,
        [input, weight, _bias]: [&Tensor; 3],
        _output: &Tensor,
        gradient: &Tensor,
    ) -> Result<[Option<Tensor>; 3]> {
        let (of_input, of_weight, of_bias) = self.gradients(input, weight, gradient)?;
        Ok([of_input, Some(of_weight), Some(of_bias)])
    }
}
