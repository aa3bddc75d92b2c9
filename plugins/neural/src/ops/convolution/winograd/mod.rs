//! Convolution 3×3 with a quarter of the multiplications: Winograd's F(4×4, 3×3).
//!
//! Outputs are cut into tiles of 4×4, each of which sees 6×6 numbers. Mapped by [`transforms`], a tile of a channel and a kernel are 36
//! numbers each, of which the products, summed up over channels, are those of a tile of a filter: 36 multiplications instead of 144.
//! So a convolution is 36 products of matrices, and so are its gradients. Numbers of both differ from those of the direct sums by
//! rounding: by some millionths of the largest.
//!
//! ```text
//! transforms       the maps
//! lines            what tiles see
//! weights          mapped kernels
//! forward          the output, and with turned kernels the input's gradient
//! weight_gradient  the kernels' gradient
//! ```

mod forward;
mod lines;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
mod tests;
mod transforms;
mod weight_gradient;
mod weights;

use crate::geometry::{ConvolutionSizes, Unfolding, WindowAxis};
use lines::Grid;
use transforms::{OUTPUTS, PRODUCTS, TAPS};
use weights::MappedWeights;

/// A convolution of kernels 3×3 that move by one.
pub(super) struct Winograd {
    batch: usize,
    channels: usize,
    filters: usize,
    rows: WindowAxis,
    columns: WindowAxis,
    grid: Grid,
}

impl Winograd {
    /// Of a convolution that is such a one.
    pub fn of(sizes: &ConvolutionSizes) -> Option<Self> {
        let &ConvolutionSizes { batch, groups, filters, unfolding } = sizes;
        let Unfolding { channels, rows, columns } = unfolding;
        let fits = |axis: WindowAxis| {
            // The gradient's padding is what is left of two.
            let behind = (axis.output + TAPS - 1).saturating_sub(axis.input + axis.padding);
            (axis.kernel, axis.stride, axis.dilation) == (TAPS, 1, 1) && axis.padding.max(behind) < TAPS
        };
        let is_one = groups == 1 && fits(rows) && fits(columns);
        is_one.then(|| Self::new((batch, channels, filters), rows, columns))
    }

    /// Whether it takes less time than products with the unfolded input, by the products of an example and what else it takes as
    /// long as so many of them. It goes by the shape alone: not by the batch either, so that an example's numbers do not depend on the
    /// others.
    pub fn pays(&self) -> bool {
        /// Unfolding a number.
        const UNFOLD: usize = 16;
        /// Mapping a tile of a channel, before or after the products.
        const TILE: usize = 400;
        /// Mapping a kernel, for which there are 16 examples or so.
        const KERNEL: usize = 1000 / 16;
        let &Self { channels, filters, grid, .. } = self;
        let pixels = self.rows.output * self.columns.output;
        let unfolded = pixels * TAPS * TAPS * channels * (filters + UNFOLD);
        let of_tile = PRODUCTS * channels * filters + TILE * (channels + filters);
        grid.tiles() * of_tile + KERNEL * channels * filters < unfolded
    }

    fn new((batch, channels, filters): (usize, usize, usize), rows: WindowAxis, columns: WindowAxis) -> Self {
        let grid = Grid { rows: rows.output.div_ceil(OUTPUTS), columns: columns.output.div_ceil(OUTPUTS) };
        Self { batch, channels, filters, rows, columns, grid }
    }

    /// The output.
    pub fn forward(&self, input: &[f32], weight: &[f32], bias: Option<&[f32]>) -> Vec<f32> {
        self.convolve(input, &MappedWeights::new(weight, self.filters, self.channels), bias)
    }

    /// Gradient of the input: the convolution of the output's with turned kernels.
    pub fn input_gradient(&self, weight: &[f32], gradient: &[f32]) -> Vec<f32> {
        let turned = |axis: WindowAxis| WindowAxis {
            input: axis.output,
            output: axis.input,
            padding: TAPS - 1 - axis.padding,
            ..axis
        };
        let sizes = (self.batch, self.filters, self.channels);
        let weights = MappedWeights::turned(weight, self.filters, self.channels);
        Self::new(sizes, turned(self.rows), turned(self.columns)).convolve(gradient, &weights, None)
    }
}
