//! Matrix products of any size: in parallel, and stopped when the user asks.

use genre_bench_api::{Result, try_zeros};
use ndarray::linalg::general_mat_mul;
use ndarray::parallel::prelude::*;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, LinalgScalar, s};

/// What long work calls in between; its error ends the work.
pub(crate) type GoOn<'a> = &'a (dyn Fn() -> Result<()> + Sync);

/// Rows, or columns, of a product that a thread computes at once.
const TILE: usize = 128;
/// The other side of such a tile.
const LENGTH: usize = 512;
/// Terms of a sum between two calls of [`GoOn`]: a multiple of what matrixmultiply adds up at once, so that sums come
/// out the same to the last bit as without pauses.
const DEPTH: usize = 4096;
/// Multiplications of a product that is not worth dividing.
const SMALL: usize = 1 << 20;

/// The product of two matrices, the same to the last bit as `a.dot(&b)`.
///
/// # Errors
///
/// Whatever `go_on` returns, and a result that does not fit into memory.
pub(crate) fn product<T>(a: ArrayView2<T>, b: ArrayView2<T>, go_on: GoOn) -> Result<Array2<T>>
where
    T: LinalgScalar + Default + Send + Sync,
{
    let (rows, columns) = (a.nrows(), b.ncols());
    let mut product = try_zeros((rows, columns), "a product of matrices")?;
    if rows * columns * a.ncols() <= SMALL {
        general_mat_mul(T::one(), &a, &b, T::zero(), &mut product);
    } else if rows >= columns {
        (product.axis_chunks_iter_mut(Axis(0), TILE).into_par_iter())
            .zip(a.axis_chunks_iter(Axis(0), TILE))
            .try_for_each(|(mut tiles, a)| {
                let mut tiles =
                    tiles.axis_chunks_iter_mut(Axis(1), LENGTH).zip(b.axis_chunks_iter(Axis(1), LENGTH));
                tiles.try_for_each(|(tile, b)| add_up(a, b, tile, go_on))
            })?;
    } else {
        (product.axis_chunks_iter_mut(Axis(1), TILE).into_par_iter())
            .zip(b.axis_chunks_iter(Axis(1), TILE))
            .try_for_each(|(mut tiles, b)| {
                let mut tiles =
                    tiles.axis_chunks_iter_mut(Axis(0), LENGTH).zip(a.axis_chunks_iter(Axis(0), LENGTH));
                tiles.try_for_each(|(tile, a)| add_up(a, b, tile, go_on))
            })?;
    }
    Ok(product)
}

/// The products of all rows with each other, `rows · rowsᵀ`: symmetric to the last bit, and half the work.
///
/// # Errors
///
/// As [`product`].
pub(crate) fn gram(rows: ArrayView2<f64>, go_on: GoOn) -> Result<Array2<f64>> {
    let size = rows.nrows();
    let mut products = try_zeros((size, size), "the products of all rows with each other")?;
    (products.axis_chunks_iter_mut(Axis(0), TILE).into_par_iter())
        .zip(rows.axis_chunks_iter(Axis(0), TILE))
        .enumerate()
        .try_for_each(|(tile, (mut products, own))| {
            let below = (tile * TILE + own.nrows()).min(size);
            let mut products = products.slice_mut(s![.., ..below]);
            let others = rows.slice(s![..below, ..]);
            let mut tiles =
                products.axis_chunks_iter_mut(Axis(1), LENGTH).zip(others.axis_chunks_iter(Axis(0), LENGTH));
            tiles.try_for_each(|(products, others)| add_up(own, others.t(), products, go_on))
        })?;
    for row in 0..size {
        let (mut above, below) = products.view_mut().split_at(Axis(0), row);
        above.column_mut(row).assign(&below.slice(s![0, ..row]));
    }
    Ok(products)
}

/// A tile of a product, given the rows and the columns that it is of.
fn add_up<T: LinalgScalar>(
    a: ArrayView2<T>,
    b: ArrayView2<T>,
    mut tile: ArrayViewMut2<T>,
    go_on: GoOn,
) -> Result<()> {
    let mut weight = T::zero();
    for (a, b) in a.axis_chunks_iter(Axis(1), DEPTH).zip(b.axis_chunks_iter(Axis(0), DEPTH)) {
        go_on()?;
        general_mat_mul(T::one(), &a, &b, weight, &mut tile);
        weight = T::one();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]

    use super::*;
    use genre_bench_api::{Error, random_stream};
    use rand::Rng;

    fn drawn(rows: usize, columns: usize) -> Array2<f64> {
        let mut rng = random_stream(0, "products");
        Array2::from_shape_fn((rows, columns), |_| rng.gen_range(-1.0..1.0))
    }

    #[test]
    fn products_in_tiles_are_the_same_to_the_last_bit() {
        for (rows, inner, columns) in
            [(3, 4, 5), (300, 40, 1100), (1100, 40, 300), (150, 9000, 7), (7, 9000, 150), (0, 5, 3)]
        {
            let (a, b) = (drawn(rows, inner), drawn(inner, columns));
            assert_eq!(
                product(a.view(), b.view(), &|| Ok(())).unwrap(),
                a.dot(&b),
                "{rows} x {inner} x {columns}"
            );
            let (a, b) = (a.mapv(|v| v as f32), b.mapv(|v| v as f32));
            assert_eq!(product(a.view(), b.view(), &|| Ok(())).unwrap(), a.dot(&b));
        }
        for (rows, columns) in [(5, 3), (300, 9000), (700, 20)] {
            let table = drawn(rows, columns);
            let gram = gram(table.view(), &|| Ok(())).unwrap();
            assert_eq!(gram, table.dot(&table.t()));
            assert_eq!(gram, gram.t());
            assert_eq!(super::gram(table.t(), &|| Ok(())).map(|g| g.nrows()).unwrap(), columns);
        }
    }

    #[test]
    fn a_stop_is_heard_within_a_product() {
        let table = drawn(200, 6000);
        let stopped = |go_on: GoOn| matches!(gram(table.view(), go_on), Err(Error::Cancelled));
        assert!(stopped(&|| Err(Error::Cancelled)));
        assert!(matches!(product(table.view(), table.t(), &|| Err(Error::Cancelled)), Err(Error::Cancelled)));
    }
}
