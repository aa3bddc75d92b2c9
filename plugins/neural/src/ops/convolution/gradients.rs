use crate::geometry::ConvolutionSizes;
use crate::ops::cpu::{Matrix, MatrixMut, Unwritten, parts, planes, sum, values, zeroed, zeros};
use candle_core::{Device, Result, Tensor};
use gemm::Parallelism;
use rayon::prelude::*;
use std::ops::Range;

impl ConvolutionSizes {
    /// Gradient of the input; every thread takes examples of the batch.
    pub(super) fn input_gradient(&self, weight: &[f32], gradient: &[f32]) -> Vec<f32> {
        let (pixels, taps, spectrogram) =
            (self.unfolding.pixels(), self.unfolding.taps(), self.unfolding.inputs());
        let group = self.filters * pixels;
        let mut input = Unwritten::new(self.batch * self.groups * spectrogram);
        let gradients = gradient.par_chunks_exact(self.groups * group);
        input.all().par_chunks_exact_mut(self.groups * spectrogram).zip(gradients).for_each_init(
            Vec::new,
            |view, (input, gradient)| {
                let weights = weight.chunks_exact(self.filters * taps);
                let gradients = gradient.chunks_exact(group);
                for ((input, weight), gradient) in
                    input.chunks_exact_mut(spectrogram).zip(weights).zip(gradients)
                {
                    if self.unfolding.is_pointwise() {
                        for (_, span) in self.blocks() {
                            MatrixMut::unwritten(&mut input[span.start..], taps, span.len(), pixels)
                                .set_product(
                                    Matrix::new(weight, self.filters, taps).transposed(),
                                    Matrix::part(&gradient[span.start..], self.filters, span.len(), pixels),
                                    Parallelism::None,
                                );
                        }
                        continue;
                    }
                    let input = zeroed(input);
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
        // SAFETY: of a convolution of single pixels every block of them is written; of others every example is zeros first.
        unsafe { input.written() }
    }

    /// Gradient of the weights. Every thread takes a part of the weights and goes through all examples in order, so that
    /// no sum depends on the threads.
    pub(super) fn weight_gradient(&self, input: &[f32], gradient: &[f32]) -> Vec<f32> {
        let (pixels, taps) = (self.unfolding.pixels(), self.unfolding.taps());
        let parts = self.weight_parts();
        let of_part = |part: &(usize, Range<usize>, Range<usize>), view: &mut Vec<f32>| {
            let (group, filters, taps) = part.clone();
            let mut sum = vec![0.0; filters.len() * taps.len()];
            for example in 0..self.batch {
                let at = example * self.groups + group;
                let spectrogram = &input[at * self.unfolding.inputs()..][..self.unfolding.inputs()];
                let gradient =
                    &gradient[(at * self.filters + filters.start) * pixels..][..filters.len() * pixels];
                for (outputs, span) in self.blocks() {
                    let seen = if self.unfolding.is_pointwise() {
                        let from = &spectrogram[taps.start * pixels + span.start..];
                        Matrix::part(from, taps.len(), span.len(), pixels)
                    } else {
                        self.unfolding.unfold(spectrogram, taps.clone(), outputs, view);
                        Matrix::new(view, taps.len(), span.len())
                    };
                    MatrixMut::new(&mut sum, filters.len(), taps.len()).add_product(
                        Matrix::part(&gradient[span.start..], filters.len(), span.len(), pixels),
                        seen.transposed(),
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

/// Gradient of the bias: the sum over examples and pixels.
pub(super) fn bias_gradient(gradient: &Tensor) -> Result<Tensor> {
    let (_, filters, rows, columns) = gradient.dims4()?;
    let values = values(gradient)?;
    let total =
        |planes: Vec<&[f32]>| planes.into_iter().map(|plane| sum(plane, |value| value)).sum::<f64>() as f32;
    let sums: Vec<f32> = planes(&values, filters, rows * columns).into_par_iter().map(total).collect();
    Tensor::from_vec(sums, filters, &Device::Cpu)
}
