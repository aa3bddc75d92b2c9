//! Convolution by its definition, of any stride and over planes of any size, without unfolding the input (as M. Dukhan, "The indirect
//! convolution algorithm", 2019).
//!
//! Planes are put into frames, with the padding as zeros. There what a tap of a channel sees of an output lies at the sum of two places,
//! one that goes by the output and one that goes by the tap. So output and gradients are products of matrices of which one is read from
//! the frames number by number, by its places, and of the other sixteen numbers lie next to each other, of as many filters (or, for the
//! gradient of the input, channels).
//!
//! ```text
//! axis             which places these are, and frames
//! kernel           the products, in wide registers
//! convolve         the output, and the other way round the input's gradient
//! weight_gradient  the kernels' gradient
//! ```

mod axis;
mod convolve;
mod kernel;
mod weight_gradient;

#[cfg(test)]
mod tests;

use crate::geometry::{ConvolutionSizes, Unfolding, WindowAxis};
use crate::ops::cpu::COLUMNS;
use axis::Axis;
use convolve::Passage;

/// Any convolution.
pub(super) struct Indirect(pub ConvolutionSizes);

impl Indirect {
    /// Products of an example, and what else takes as long as so many of them: see `costs`.
    pub fn cost(&self) -> usize {
        /// Putting a number into a frame, or taking it out.
        const MOVE: usize = 60;
        /// Laying out a weight, for which there are 16 examples or so.
        const WEIGHT: usize = 12;
        let ConvolutionSizes { groups, filters, unfolding, .. } = self.0;
        let (channels, pixels) = (unfolding.channels, unfolding.pixels());
        let lanes = |count: usize| count.next_multiple_of(COLUMNS);
        // Where there are few channels, the input has no gradient as a rule: it is that of the network.
        let products = match channels < COLUMNS {
            true => channels * lanes(filters),
            false => (2 * channels * lanes(filters) + lanes(channels) * filters) / 3,
        };
        let taps = unfolding.rows.kernel * unfolding.columns.kernel;
        groups
            * (pixels * taps * products
                + MOVE * (unfolding.inputs() + filters * pixels)
                + WEIGHT * taps * channels * filters)
    }

    /// The output.
    pub fn forward(&self, input: &[f32], weight: &[f32], bias: Option<&[f32]>) -> Vec<f32> {
        let ConvolutionSizes { filters, unfolding, .. } = self.0;
        self.passage((unfolding.channels, filters), Axis::forward).through(
            input,
            bias,
            |group, filter, channel, tap| weight[self.place(group, filter, channel, tap)],
        )
    }

    /// Gradient of the input.
    pub fn input_gradient(&self, weight: &[f32], gradient: &[f32]) -> Vec<f32> {
        let ConvolutionSizes { filters, unfolding, .. } = self.0;
        self.passage((filters, unfolding.channels), Axis::backward).through(
            gradient,
            None,
            |group, channel, filter, tap| weight[self.place(group, filter, channel, tap)],
        )
    }

    /// From so many channels of a group to so many others.
    fn passage(&self, (read, written): (usize, usize), axis: impl Fn(WindowAxis) -> Axis) -> Passage {
        let ConvolutionSizes { batch, groups, unfolding: Unfolding { rows, columns, .. }, .. } = self.0;
        Passage { batch, groups, read, written, rows: axis(rows), columns: axis(columns) }
    }

    /// Where a weight is.
    fn place(&self, group: usize, filter: usize, channel: usize, (row, column): (usize, usize)) -> usize {
        let ConvolutionSizes { filters, unfolding: Unfolding { channels, rows, columns }, .. } = self.0;
        let kernel = (group * filters + filter) * channels + channel;
        (kernel * rows.kernel + row) * columns.kernel + column
    }
}
