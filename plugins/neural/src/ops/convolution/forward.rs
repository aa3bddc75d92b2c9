use crate::geometry::ConvolutionSizes;
use crate::ops::cpu::{Matrix, MatrixMut, zeros};
use gemm::Parallelism;
use rayon::prelude::*;

impl ConvolutionSizes {
    /// The output; every thread takes examples of the batch.
    pub(super) fn forward(&self, input: &[f32], weight: &[f32], bias: Option<&[f32]>) -> Vec<f32> {
        let (pixels, taps) = (self.unfolding.pixels(), self.unfolding.taps());
        let group = self.filters * pixels;
        let mut output = zeros(self.batch * self.groups * group);
        let spectrograms = input.par_chunks_exact(self.groups * self.unfolding.inputs());
        output.par_chunks_exact_mut(self.groups * group).zip(spectrograms).for_each_init(
            Vec::new,
            |view, (output, spectrogram)| {
                if let Some(bias) = bias {
                    output.chunks_exact_mut(pixels).zip(bias).for_each(|(plane, bias)| plane.fill(*bias));
                }
                let weights = weight.chunks_exact(self.filters * taps);
                let spectrograms = spectrogram.chunks_exact(self.unfolding.inputs());
                for ((output, weight), spectrogram) in
                    output.chunks_exact_mut(group).zip(weights).zip(spectrograms)
                {
                    for (outputs, span) in self.blocks() {
                        if self.unfolding.is_pointwise() {
                            MatrixMut::part(&mut output[span.start..], self.filters, span.len(), pixels)
                                .add_product(
                                    Matrix::new(weight, self.filters, taps),
                                    Matrix::part(&spectrogram[span.start..], taps, span.len(), pixels),
                                    Parallelism::None,
                                );
                            continue;
                        }
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
}
