//! How much of the unfolded input is made at a time.

use crate::geometry::{ConvolutionSizes, Unfolding};
use crate::ops::cpu::parts;
use std::ops::Range;

/// Numbers of the unfolded input that are made at a time: they should stay in a core's own cache.
const VIEW: usize = 128 * 1024;
/// Output pixels that are made at a time; whole rows of them, and at least one.
const PIXELS: usize = 512;

impl ConvolutionSizes {
    /// Output rows that are made at a time, and the pixels that these are.
    pub(super) fn blocks(&self) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
        let Unfolding { rows, columns, .. } = self.unfolding;
        let width = columns.output;
        parts(rows.output, (PIXELS / width).max(1))
            .map(move |rows| (rows.clone(), rows.start * width..rows.end * width))
    }

    /// Products of an example of the unfolded input, and what else takes as long as so many of them: see `costs`.
    pub(super) fn unfolded_cost(&self) -> usize {
        /// Unfolding a number, and adding to one of the output.
        const UNFOLD: usize = 40;
        const ADD: usize = 33;
        /// Pixels that a product of matrices takes as many products for as there are none of.
        const MISSING: usize = 8;
        let (pixels, taps) = (self.unfolding.pixels(), self.unfolding.taps());
        let products = (pixels + pixels / 8 + MISSING) * taps * self.filters;
        products + pixels * (UNFOLD * taps + ADD * self.filters)
    }

    /// Taps that are made at a time with so many pixels.
    pub(super) fn tap_blocks(&self, pixels: usize) -> impl Iterator<Item = Range<usize>> {
        parts(self.unfolding.taps(), (VIEW / pixels).max(1))
    }
}
