//! Products of a table's columns with each other in single precision.

use crate::product::GoOn;
use crate::training::in_line;
use genre_bench_api::{Result, try_zeros, wide};
use ndarray::parallel::prelude::*;
use ndarray::{Array2, ArrayView2, Axis};

/// Columns next to each other, and products of one of them that a register holds.
const WIDTH: usize = 16;
/// Rows of a table that are laid out by one thread.
const DEPTH: usize = 256;
/// Rows that are laid out before they are multiplied.
const SLAB: usize = 8 * DEPTH;

/// A row of [`WIDTH`] columns.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Sixteen([f32; WIDTH]);

/// Whether [`rough_gram`] is made for this processor.
pub(crate) fn has_rough_gram() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("avx512f");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// The products of all columns with each other, less their means, in the lower triangle: half of the work, and each product half of that
/// in double precision. None but where [`has_rough_gram`] says so.
///
/// # Errors
///
/// Whatever `go_on` returns, and what does not fit into memory.
pub(crate) fn rough_gram(table: ArrayView2<f32>, means: &[f64], go_on: GoOn) -> Result<Array2<f64>> {
    let columns = table.ncols();
    let panels = columns.div_ceil(WIDTH);
    let mut tiles: Vec<Vec<Tile>> =
        (1..=panels).map(|count| vec![[Sixteen([0.0; WIDTH]); WIDTH]; count]).collect();
    let mut laid_out =
        vec![vec![Sixteen([0.0; WIDTH]); panels * DEPTH]; table.nrows().min(SLAB).div_ceil(DEPTH)];
    for slab in table.axis_chunks_iter(Axis(0), SLAB) {
        let parts = slab.nrows().div_ceil(DEPTH);
        let laid_out = &mut laid_out[..parts];
        laid_out.par_iter_mut().zip(slab.axis_chunks_iter(Axis(0), DEPTH)).try_for_each(|(to, rows)| {
            go_on()?;
            lay_out(rows, means, to);
            Ok(())
        })?;
        tiles.par_iter_mut().enumerate().try_for_each(|(own, tiles)| {
            go_on()?;
            for (other, tile) in tiles.iter_mut().enumerate() {
                for panels in &*laid_out {
                    let [own, other] = [own, other].map(|panel| &panels[panel * DEPTH..][..DEPTH]);
                    // SAFETY: it is called only where the processor has AVX-512.
                    unsafe { add_products(own, other, tile) };
                }
            }
            Ok(())
        })?;
    }
    let mut gram = try_zeros((columns, columns), "the products of all columns with each other")?;
    for (mut rows, tiles) in gram.axis_chunks_iter_mut(Axis(0), WIDTH).zip(tiles) {
        for (mut to, tile) in rows.axis_chunks_iter_mut(Axis(1), WIDTH).zip(tiles) {
            for (mut to, values) in to.rows_mut().into_iter().zip(&tile) {
                to.iter_mut().zip(values.0).for_each(|(to, value)| *to = f64::from(value));
            }
        }
    }
    Ok(gram)
}

/// The products of some columns with some others.
type Tile = [Sixteen; WIDTH];

/// Lays out some rows less their means by panels of columns, which begin [`DEPTH`] rows apart.
fn lay_out(rows: ArrayView2<f32>, means: &[f64], to: &mut [Sixteen]) {
    if rows.nrows() < DEPTH {
        to.fill(Sixteen([0.0; WIDTH]));
    }
    for (at, row) in rows.rows().into_iter().enumerate() {
        let row = in_line(&row);
        wide(
            #[inline(always)]
            || {
                let panels = row.chunks(WIDTH).zip(means.chunks(WIDTH)).zip(to.chunks_mut(DEPTH));
                for ((values, means), panel) in panels {
                    for ((to, &value), mean) in panel[at].0.iter_mut().zip(values).zip(means) {
                        *to = (f64::from(value) - mean) as f32;
                    }
                }
            },
        );
    }
}

/// Adds the products of two panels' columns to a tile.
///
/// # Safety
///
/// The processor has AVX-512.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn add_products(own: &[Sixteen], other: &[Sixteen], tile: &mut Tile) {
    use std::arch::x86_64::{_mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_storeu_ps};
    // SAFETY: all that is loaded and stored are sixteen numbers.
    let load = |values: &Sixteen| unsafe { _mm512_loadu_ps(values.0.as_ptr()) };
    let mut sums = [_mm512_set1_ps(0.0); WIDTH];
    for (own, other) in own.iter().zip(other) {
        let other = load(other);
        for (sum, &own) in sums.iter_mut().zip(&own.0) {
            *sum = _mm512_fmadd_ps(_mm512_set1_ps(own), other, *sum);
        }
    }
    for (tile, sum) in tile.iter_mut().zip(sums) {
        let before = load(tile);
        // SAFETY: as above.
        unsafe { _mm512_storeu_ps(tile.0.as_mut_ptr(), _mm512_fmadd_ps(_mm512_set1_ps(1.0), before, sum)) };
    }
}

/// Never called.
///
/// # Safety
///
/// None.
#[cfg(not(target_arch = "x86_64"))]
unsafe fn add_products(_: &[Sixteen], _: &[Sixteen], _: &mut Tile) {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]

    use super::*;
    use genre_bench_api::random_stream;
    use ndarray::Array1;
    use rand::Rng;

    #[test]
    fn products_are_those_of_the_columns_less_their_means() {
        if !has_rough_gram() {
            return;
        }
        let mut rng = random_stream(0, "rough gram");
        for (rows, columns) in [(1, 1), (70, 16), (DEPTH, 40), (SLAB + DEPTH + 3, 35)] {
            let table = Array2::from_shape_fn((rows, columns), |_| rng.gen_range(99.0..101.0_f32));
            let means: Array1<f64> = Array1::from_elem(columns, 100.0);
            let centred = table.mapv(f64::from) - &means;
            let expected = centred.t().dot(&centred);
            let found = rough_gram(table.view(), &means.to_vec(), &|| Ok(())).unwrap();
            for ((row, column), expected) in expected.indexed_iter() {
                let off = found[[row, column]] - expected;
                assert!(
                    row < column || off.abs() < 1e-6 * rows as f64,
                    "{row}, {column} of {rows} x {columns}"
                );
            }
        }
    }
}
