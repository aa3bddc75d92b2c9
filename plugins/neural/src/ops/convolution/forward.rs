use crate::geometry::ConvolutionSizes;
use crate::ops::cpu::{Matrix, MatrixMut, Unwritten};
use gemm::Parallelism;
use rayon::prelude::*;

impl ConvolutionSizes {
    /// The output; every thread takes examples of the batch.
    pub(super) fn forward(&self, input: &[f32], weight: &[f32], bias: Option<&[f32]>) -> Vec<f32> {
        let (pixels, taps) = (self.unfolding.pixels(), self.unfolding.taps());
        let group = self.filters * pixels;
        let mut output = Unwritten::new(self.batch * self.groups * group);
        let spectrograms = input.par_chunks_exact(self.groups * self.unfolding.inputs());
        output.all().par_chunks_exact_mut(self.groups * group).zip(spectrograms).for_each_init(
            Vec::new,
            |view, (output, spectrogram)| {
                let weights = weight.chunks_exact(self.filters * taps);
                let spectrograms = spectrogram.chunks_exact(self.unfolding.inputs());
                let groups = output.chunks_exact_mut(group).zip(weights).zip(spectrograms);
                for (number, ((output, weight), spectrogram)) in groups.enumerate() {
                    let bias = bias.map(|bias| &bias[number * self.filters..][..self.filters]);
                    for (outputs, span) in self.blocks() {
                        let mut output =
                            MatrixMut::unwritten(&mut output[span.start..], self.filters, span.len(), pixels);
                        if let Some(bias) = bias {
                            output.fill_rows(bias);
                        }
                        if self.unfolding.is_pointwise() {
                            output.add_product(
                                Matrix::new(weight, self.filters, taps),
                                Matrix::part(&spectrogram[span.start..], taps, span.len(), pixels),
                                Parallelism::None,
                            );
                            continue;
                        }
                        for taps_now in self.tap_blocks(span.len()) {
                            self.unfolding.unfold(spectrogram, taps_now.clone(), outputs.clone(), view);
                            output.add_product(
                                Matrix::part(&weight[taps_now.start..], self.filters, taps_now.len(), taps),
                                Matrix::new(view, taps_now.len(), span.len()),
                                Parallelism::None,
                            );
                        }
                    }
                }
            },
        );
        // SAFETY: every block of pixels of every group of every example was added to, by one block of taps at least.
        unsafe { output.written() }
    }
}
