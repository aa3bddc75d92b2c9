use super::Views;
use super::maps::{LANES, Maps, both_axes};
use crate::ops::cpu::{Rows, Unwritten, put, wide};
use rayon::prelude::*;
use std::ops::Range;

/// Rows of a block: so many of a product stay in a core's own cache.
pub(super) const BLOCK: usize = 48;

/// Mapped taps, a matrix `(rows, depth)` for every product: in blocks of rows, and in each of these, product after product.
pub(super) struct MappedWeights {
    rows: usize,
    depth: usize,
    products: usize,
    numbers: Vec<f32>,
}

impl MappedWeights {
    /// Of kernels of which `tap` gives one by row, channel, and row and column in the kernel.
    #[inline(always)]
    pub fn new<M: Maps<P, T, O>, const P: usize, const T: usize, const O: usize>(
        rows: usize,
        views: Views,
        tap: impl Fn(usize, usize, usize, usize) -> f32 + Sync,
    ) -> Self {
        let (depth, products) = (views.depth(), P * P);
        let mut numbers = Unwritten::new(products * rows * depth);
        let blocks = numbers.all().par_chunks_mut(products * BLOCK * depth).enumerate();
        blocks.for_each(|(block, to)| {
            let count = to.len() / (products * depth);
            for row in 0..count {
                for first in (0..depth).step_by(LANES) {
                    let width = LANES.min(depth - first);
                    let mut kernels = [[[0.0; LANES]; T]; T];
                    #[allow(clippy::needless_range_loop, reason = "lanes are the last axis of the kernels")]
                    for lane in 0..width {
                        let (channel, above, left) = views.of(first + lane);
                        for row_of_kernel in above..views.kernel.min(above + T) {
                            for column in left..views.kernel.min(left + T) {
                                kernels[row_of_kernel - above][column - left][lane] =
                                    tap(block * BLOCK + row, channel, row_of_kernel, column);
                            }
                        }
                    }
                    wide(
                        #[inline(always)]
                        |fused| {
                            let mapped = both_axes(|row, column| &kernels[row][column], M::taps(fused));
                            for product in 0..products {
                                let to = &mut to[(product * count + row) * depth + first..][..width];
                                put(to, &mapped[product / P][product % P][..width]);
                            }
                        },
                    );
                }
            }
        });
        // SAFETY: of every block, each product of each row was written from the first column to the last.
        Self { rows, depth, products, numbers: unsafe { numbers.written() } }
    }

    /// Blocks of rows.
    pub fn blocks(&self) -> impl Iterator<Item = Range<usize>> {
        let rows = self.rows;
        (0..rows).step_by(BLOCK).map(move |start| start..rows.min(start + BLOCK))
    }

    /// The rows of a block, from a column on, for one of the products.
    pub fn rows(&self, block: &Range<usize>, product: usize, first: usize) -> Rows<'_> {
        let start = (self.products * block.start + product * block.len()) * self.depth + first;
        Rows { numbers: &self.numbers[start..], step: self.depth }
    }
}
