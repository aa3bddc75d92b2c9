//! The unfolded input, of which only some rows and some columns are made at a time.

use crate::geometry::Unfolding;
use std::ops::Range;

impl Unfolding {
    /// Fills `view` with some taps at some output rows.
    pub(super) fn unfold(
        &self,
        spectrogram: &[f32],
        taps: Range<usize>,
        outputs: Range<usize>,
        view: &mut Vec<f32>,
    ) {
        let width = self.columns.output;
        view.clear();
        view.resize(taps.len() * outputs.len() * width, 0.0);
        for (tap, view) in taps.zip(view.chunks_exact_mut(outputs.len() * width)) {
            self.runs(tap, outputs.clone(), |pixels, start, stride| {
                let view = &mut view[pixels];
                if stride == 1 {
                    view.copy_from_slice(&spectrogram[start..start + view.len()]);
                } else {
                    view.iter_mut()
                        .zip(spectrogram[start..].iter().step_by(stride))
                        .for_each(|(to, from)| *to = *from);
                }
            });
        }
    }

    /// The transposed operation: adds every number of the view to the pixel that it came from.
    pub(super) fn fold(
        &self,
        view: &[f32],
        taps: Range<usize>,
        outputs: Range<usize>,
        spectrogram: &mut [f32],
    ) {
        let width = self.columns.output;
        for (tap, view) in taps.zip(view.chunks_exact(outputs.len() * width)) {
            self.runs(tap, outputs.clone(), |pixels, start, stride| {
                let view = &view[pixels];
                if stride == 1 {
                    spectrogram[start..start + view.len()]
                        .iter_mut()
                        .zip(view)
                        .for_each(|(to, from)| *to += *from);
                } else {
                    spectrogram[start..]
                        .iter_mut()
                        .step_by(stride)
                        .zip(view)
                        .for_each(|(to, from)| *to += *from);
                }
            });
        }
    }

    /// For every output row that a tap sees: the run of pixels within `outputs`, where the first lies in the
    /// spectrogram, and the step from one to the next.
    fn runs(&self, tap: usize, outputs: Range<usize>, mut run: impl FnMut(Range<usize>, usize, usize)) {
        let (rows, columns) = (self.rows, self.columns);
        let (tap, kernel_column) = (tap / columns.kernel, tap % columns.kernel);
        let (channel, kernel_row) = (tap / rows.kernel, tap % rows.kernel);
        let (seen_rows, seen) = (rows.outputs(kernel_row), columns.outputs(kernel_column));
        if seen.is_empty() {
            return;
        }
        let column = columns.position(seen.start, kernel_column);
        for row in seen_rows.start.max(outputs.start)..seen_rows.end.min(outputs.end) {
            let start = (channel * rows.input + rows.position(row, kernel_row)) * columns.input + column;
            let first = (row - outputs.start) * columns.output;
            run(first + seen.start..first + seen.end, start, columns.stride);
        }
    }
}
