use crate::geometry::{ConvolutionSizes, WindowAxis};
use std::borrow::Cow;
use std::ops::Range;

/// The taps of a kernel that see an input somewhere, and not only padding: of a kernel of 3×3 over a plane of one pixel, the one in
/// the middle.
///
/// Networks pool until a row or a pixel is left, and there most of a kernel's products are with zeros.
pub(super) struct SeeingTaps {
    rows: Range<usize>,
    columns: Range<usize>,
    /// Rows and columns of the whole kernel.
    kernel: (usize, usize),
}

impl SeeingTaps {
    /// Those of a convolution, and the convolution with these taps alone, whose output is the same.
    pub fn of(sizes: ConvolutionSizes) -> (Self, ConvolutionSizes) {
        let (rows, columns) = (sizes.unfolding.rows, sizes.unfolding.columns);
        let taps = Self {
            rows: rows.seeing_taps(),
            columns: columns.seeing_taps(),
            kernel: (rows.kernel, columns.kernel),
        };
        let mut seeing = sizes;
        seeing.unfolding.rows = rows.with_taps(&taps.rows);
        seeing.unfolding.columns = columns.with_taps(&taps.columns);
        (taps, seeing)
    }

    /// Their weights, of all kernels.
    pub fn of_weights<'a>(&self, weights: &'a [f32]) -> Cow<'a, [f32]> {
        if self.are_all() {
            return Cow::Borrowed(weights);
        }
        let kernels = weights.chunks_exact(self.kernel.0 * self.kernel.1);
        let lines = kernels.flat_map(|kernel| {
            kernel.chunks_exact(self.kernel.1).skip(self.rows.start).take(self.rows.len())
        });
        Cow::Owned(lines.flat_map(|line| &line[self.columns.clone()]).copied().collect())
    }

    /// The gradient of all weights from that of theirs: others change nothing.
    pub fn of_all_weights(&self, gradient: Vec<f32>) -> Vec<f32> {
        if self.are_all() {
            return gradient;
        }
        let (taps, all) = (self.rows.len() * self.columns.len(), self.kernel.0 * self.kernel.1);
        let mut whole = vec![0.0; gradient.len() / taps * all];
        for (kernel, seeing) in whole.chunks_exact_mut(all).zip(gradient.chunks_exact(taps)) {
            let lines = kernel.chunks_exact_mut(self.kernel.1).skip(self.rows.start);
            for (line, seeing) in lines.zip(seeing.chunks_exact(self.columns.len())) {
                line[self.columns.clone()].copy_from_slice(seeing);
            }
        }
        whole
    }

    fn are_all(&self) -> bool {
        (self.rows.len(), self.columns.len()) == self.kernel
    }
}

impl WindowAxis {
    /// From the first to the last tap that sees an input; at least one, and from one on that padding can stand in for.
    fn seeing_taps(&self) -> Range<usize> {
        let sees = |tap: &usize| !self.outputs(*tap).is_empty();
        let first = (0..self.kernel).find(sees).unwrap_or(0).min(self.padding / self.dilation);
        let last = (0..self.kernel).rfind(sees).unwrap_or(0);
        first..last.max(first) + 1
    }

    /// With some taps of its kernel alone, where the others are.
    fn with_taps(self, taps: &Range<usize>) -> Self {
        Self { kernel: taps.len(), padding: self.padding - taps.start * self.dilation, ..self }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]

    use super::super::cases::{Case, cases, strided};
    use super::*;
    use crate::geometry::Window;

    #[test]
    fn with_seeing_taps_alone_all_is_the_same() {
        let small = |kernel, plane| {
            let window = Window::new(kernel).padding((kernel.0 / 2, kernel.1 / 2));
            Case::new(window, 3, 4, 5, plane)
        };
        let few =
            [small((3, 3), (1, 1)), small((3, 3), (1, 6)), small((7, 5), (2, 1)), small((4, 7), (5, 2))];
        let mut cropped = 0;
        for case in few.into_iter().chain(cases()).chain(strided()) {
            let (taps, sizes) = SeeingTaps::of(case.sizes);
            cropped += usize::from(!taps.are_all());
            let weight = taps.of_weights(&case.weight);
            case.assert_is_unfolded(&[
                sizes.forward(&case.input, &weight, Some(&case.bias)),
                sizes.input_gradient(&weight, &case.gradient),
                taps.of_all_weights(sizes.weight_gradient(&case.input, &case.gradient)),
            ]);
        }
        assert!(cropped > 10, "{cropped}");
    }

    #[test]
    fn over_one_pixel_one_tap_is_left() {
        let case = Case::new(Window::new((3, 3)).padding((1, 1)), 1, 2, 2, (1, 1));
        let (taps, sizes) = SeeingTaps::of(case.sizes);
        assert!(sizes.unfolding.is_pointwise());
        let middles: Vec<f32> = case.weight.chunks(9).map(|kernel| kernel[4]).collect();
        assert_eq!(taps.of_weights(&case.weight), middles);
        let whole = taps.of_all_weights(middles.clone());
        assert!(
            whole.chunks(9).zip(&middles).all(|(kernel, middle)| kernel[4] == *middle && kernel[0] == 0.0)
        );
    }
}
