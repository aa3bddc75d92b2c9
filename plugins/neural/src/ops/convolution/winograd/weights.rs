use super::Views;
use super::eight::{Eight, Portable, Register};
use super::maps::{LANES, Maps, apart, both_axes, eight_mut, patch};
use crate::ops::cpu::wide;
use std::ops::Range;

/// Kernels of which `tap` gives one by row, channel, and row and column in the kernel.
pub(super) struct Kernels<F> {
    pub rows: usize,
    pub views: Views,
    pub tap: F,
}

impl<F: Fn(usize, usize, usize, usize) -> f32 + Sync> Kernels<F> {
    /// The rows, in groups of [`LANES`] that are mapped together.
    pub fn groups(&self) -> impl Iterator<Item = Range<usize>> + use<F> {
        let rows = self.rows;
        (0..rows).step_by(LANES).map(move |start| start..rows.min(start + LANES))
    }

    /// Numbers of a mapped group of so many products.
    pub fn mapped(&self, products: usize) -> usize {
        products * apart(self.views.depth() * LANES)
    }

    /// Maps a group: of every product, the rows' numbers next to each other from the first channel to the last.
    pub fn map<M: Maps<P, T, O>, const P: usize, const T: usize, const O: usize>(
        &self,
        group: &Range<usize>,
        to: &mut [f32],
    ) {
        let views = self.views;
        for at in 0..views.depth() {
            let mut kernels = [[[0.0; LANES]; T]; T];
            let (channel, above, left) = views.of(at);
            for (row_of_part, row_of_kernel) in (above..views.kernel.min(above + T)).enumerate() {
                for (column, column_of_kernel) in (left..views.kernel.min(left + T)).enumerate() {
                    for (to, row) in kernels[row_of_part][column].iter_mut().zip(group.clone()) {
                        *to = (self.tap)(row, channel, row_of_kernel, column_of_kernel);
                    }
                }
            }
            wide(
                #[inline(always)]
                |simd| match simd.is_wide() {
                    true => map::<M, Register, P, T, O>(&kernels, at, views.depth(), to),
                    false => map::<M, Portable, P, T, O>(&kernels, at, views.depth(), to),
                },
            );
        }
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
