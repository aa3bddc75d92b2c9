use super::transforms::{LANES, POINTS, PRODUCTS, TAPS, both_axes, taps};
use crate::ops::cpu::{Rows, Unwritten, put, wide};
use rayon::prelude::*;
use std::ops::Range;

/// Rows of a block: so many of a product stay in a core's own cache.
pub(super) const BLOCK: usize = 48;

/// Mapped taps, a matrix `(rows, depth)` for every product: in blocks of rows, and in each of these, product after product.
pub(super) struct MappedWeights {
    rows: usize,
    depth: usize,
    numbers: Vec<f32>,
}

impl MappedWeights {
    /// Of weights `(filters, channels, 3, 3)`: filters are rows.
    pub fn new(weight: &[f32], filters: usize, channels: usize) -> Self {
        let kernel = |row: usize, channel: usize| (row * channels + channel) * TAPS * TAPS;
        Self::mapped(filters, channels, |row, channel, tap| weight[kernel(row, channel) + tap])
    }

    /// For the input's gradient: channels are rows, and the kernel is turned by 180 degrees.
    pub fn turned(weight: &[f32], filters: usize, channels: usize) -> Self {
        let kernel = |row: usize, filter: usize| (filter * channels + row) * TAPS * TAPS;
        Self::mapped(channels, filters, |row, filter, tap| {
            weight[kernel(row, filter) + TAPS * TAPS - 1 - tap]
        })
    }

    #[inline(always)]
    fn mapped(rows: usize, depth: usize, tap: impl Fn(usize, usize, usize) -> f32 + Sync) -> Self {
        let mut numbers = Unwritten::new(PRODUCTS * rows * depth);
        let blocks = numbers.all().par_chunks_mut(PRODUCTS * BLOCK * depth).enumerate();
        blocks.for_each(|(block, to)| {
            let count = to.len() / (PRODUCTS * depth);
            for row in 0..count {
                for first in (0..depth).step_by(LANES) {
                    let width = LANES.min(depth - first);
                    let mut kernels = [[[0.0; LANES]; TAPS]; TAPS];
                    for lane in 0..width {
                        for at in 0..TAPS * TAPS {
                            kernels[at / TAPS][at % TAPS][lane] = tap(block * BLOCK + row, first + lane, at);
                        }
                    }
                    wide(
                        #[inline(always)]
                        |fused| {
                            let mapped = both_axes(|row, column| &kernels[row][column], taps(fused));
                            for product in 0..PRODUCTS {
                                let to = &mut to[(product * count + row) * depth + first..][..width];
                                let from = &mapped[product / POINTS][product % POINTS];
                                put(to, &from[..width]);
                            }
                        },
                    );
                }
            }
        });
        // SAFETY: of every block, each product of each row was written from the first column to the last.
        Self { rows, depth, numbers: unsafe { numbers.written() } }
    }

    /// Blocks of rows.
    pub fn blocks(&self) -> impl Iterator<Item = Range<usize>> {
        let rows = self.rows;
        (0..rows).step_by(BLOCK).map(move |start| start..rows.min(start + BLOCK))
    }

    /// The rows of a block, from a column on, for one of the products.
    pub fn rows(&self, block: &Range<usize>, product: usize, first: usize) -> Rows<'_> {
        let start = (PRODUCTS * block.start + product * block.len()) * self.depth + first;
        Rows { numbers: &self.numbers[start..], step: self.depth }
    }
}
