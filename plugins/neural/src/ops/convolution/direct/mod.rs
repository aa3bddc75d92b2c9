//! Convolution by its definition, without unfolding the input.
//!
//! Planes are put into *frames*: with the padding as zeros, and rows that follow each other at one pitch for inputs and outputs.
//! There a tap of the kernel is the same distance away from every output, so that sixteen outputs that lie next to each other
//! are sums of sixteen numbers, from wherever they begin, times one weight. What comes out between the rows is thrown away. Where there
//! are few channels or filters, neither unfolding nor Winograd's maps are worth what they take.
//!
//! ```text
//! frames           planes with their padding, some rows at a time
//! kernel           the sums, in wide registers
//! forward          the output, and with turned kernels the input's gradient
//! weight_gradient  the kernels' gradient
//! ```

mod forward;
mod frames;
mod kernel;
mod weight_gradient;

#[cfg(test)]
mod tests;

use crate::geometry::{ConvolutionSizes, Unfolding, WindowAxis};
use frames::Frames;

/// A convolution of kernels that move by one.
pub(super) struct Direct {
    batch: usize,
    channels: usize,
    filters: usize,
    rows: WindowAxis,
    columns: WindowAxis,
}

impl Direct {
    /// Of a convolution that is such a one.
    pub fn of(sizes: &ConvolutionSizes) -> Option<Self> {
        let &ConvolutionSizes { batch, groups, filters, unfolding } = sizes;
        let Unfolding { channels, rows, columns } = unfolding;
        let fits = |axis: WindowAxis| (axis.stride, axis.dilation) == (1, 1) && turned(axis).is_some();
        let is_such = groups == 1 && fits(rows) && fits(columns) && !unfolding.is_pointwise();
        is_such.then_some(Self { batch, channels, filters, rows, columns })
    }

    /// Products of an example, and what else takes as long as so many of them: see `costs`.
    pub fn cost(&self) -> usize {
        /// Putting a number into a frame, or taking it out.
        const MOVE: usize = 24;
        /// Coming from the sums in a register to a weight's gradient.
        const GRADIENT: usize = 30;
        let pixels = self.rows.output * (self.columns.output + self.columns.kernel - 1);
        let weights = self.channels * self.taps() * self.filters;
        let parts = Frames::parts_of(self.rows, self.columns).count();
        pixels * (weights + MOVE * (self.channels + self.filters)) + parts * GRADIENT * weights
    }

    /// The output.
    pub fn forward(&self, input: &[f32], weight: &[f32], bias: Option<&[f32]>) -> Vec<f32> {
        let taps = self.channels * self.taps();
        self.convolve(input, bias, |filter, tap| weight[filter * taps + tap])
    }

    /// Gradient of the input: the convolution of the output's with kernels turned by 180 degrees.
    pub fn input_gradient(&self, weight: &[f32], gradient: &[f32]) -> Vec<f32> {
        let (channels, taps) = (self.channels, self.taps());
        let back = |axis| turned(axis).unwrap_or(axis);
        let (rows, columns) = (back(self.rows), back(self.columns));
        let back = Self { channels: self.filters, filters: channels, rows, columns, ..*self };
        back.convolve(gradient, None, |channel, at| {
            let (filter, tap) = (at / taps, at % taps);
            weight[(filter * channels + channel) * taps + taps - 1 - tap]
        })
    }

    /// Of one channel.
    fn taps(&self) -> usize {
        self.rows.kernel * self.columns.kernel
    }
}

/// The axis of the gradient's convolution; None where padding is wider than the kernel reaches, on either side.
fn turned(axis: WindowAxis) -> Option<WindowAxis> {
    let reach = axis.kernel - 1;
    let behind = (axis.output + reach).checked_sub(axis.input + axis.padding)?;
    let padding = reach.checked_sub(axis.padding)?;
    (behind <= reach).then_some(WindowAxis { input: axis.output, output: axis.input, padding, ..axis })
}
