use super::Views;
use super::eight::{Eight, Portable, Register};
use super::maps::{LANES, Maps, apart, both_axes, eight_mut, patch};
use crate::ops::cpu::{Rows, wide, zeros};
use rayon::prelude::*;
use std::ops::Range;

/// Mapped taps, a matrix `(rows, depth)` for every product. Of every [`LANES`] rows, product after product, and of each of these, the rows'
/// numbers next to each other from the first channel to the last.
pub(super) struct MappedWeights {
    rows: usize,
    depth: usize,
    products: usize,
    numbers: Vec<f32>,
}

impl MappedWeights {
    /// Of kernels of which `tap` gives one by row, channel, and row and column in the kernel.
    pub fn new<M: Maps<P, T, O>, const P: usize, const T: usize, const O: usize>(
        rows: usize,
        views: Views,
        tap: impl Fn(usize, usize, usize, usize) -> f32 + Sync,
    ) -> Self {
        let (depth, products) = (views.depth(), P * P);
        let of_lanes = products * apart(depth * LANES);
        let mut numbers = zeros(rows.div_ceil(LANES) * of_lanes);
        numbers.par_chunks_mut(of_lanes).enumerate().for_each(|(group, to)| {
            let rows = group * LANES..rows.min((group + 1) * LANES);
            for at in 0..depth {
                let mut kernels = [[[0.0; LANES]; T]; T];
                let (channel, above, left) = views.of(at);
                for (row_of_part, row_of_kernel) in (above..views.kernel.min(above + T)).enumerate() {
                    for (column, column_of_kernel) in (left..views.kernel.min(left + T)).enumerate() {
                        for (to, row) in kernels[row_of_part][column].iter_mut().zip(rows.clone()) {
                            *to = tap(row, channel, row_of_kernel, column_of_kernel);
                        }
                    }
                }
                wide(
                    #[inline(always)]
                    |simd| match simd.is_wide() {
                        true => map::<M, Register, P, T, O>(&kernels, at, depth, to),
                        false => map::<M, Portable, P, T, O>(&kernels, at, depth, to),
                    },
                );
            }
        });
        Self { rows, depth, products, numbers }
    }

    /// The rows, in groups of those that lie next to each other.
    pub fn groups(&self) -> impl Iterator<Item = Range<usize>> {
        let rows = self.rows;
        (0..rows).step_by(LANES).map(move |start| start..rows.min(start + LANES))
    }

    /// The rows of a group, from a column on, for one of the products.
    pub fn rows(&self, group: &Range<usize>, product: usize, first: usize) -> Rows<'_> {
        let group = group.start / LANES;
        let start = (group * self.products + product) * apart(self.depth * LANES) + first * LANES;
        Rows { numbers: &self.numbers[start..], step: 1, along: LANES }
    }
}

/// Maps the kernels of one channel.
#[inline(always)]
fn map<M: Maps<P, T, O>, N: Eight, const P: usize, const T: usize, const O: usize>(
    kernels: &[[[f32; LANES]; T]; T],
    at: usize,
    depth: usize,
    to: &mut [f32],
) {
    for half in 0..2 {
        both_axes(
            patch(
                kernels.as_flattened().as_flattened(),
                half,
                #[inline(always)]
                |row, column| (row * T + column) * LANES,
            ),
            #[inline(always)]
            |numbers| M::taps::<N>(numbers),
            #[inline(always)]
            |row, column, number| {
                let product = row * P + column;
                number.store(eight_mut(to, product * apart(depth * LANES) + at * LANES, half));
            },
        );
    }
}
