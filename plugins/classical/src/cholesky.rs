//! Factors of symmetric positive definite matrices, and of their inverses.

use crate::product::{GoOn, product};
use genre_bench_api::{Result, try_zeros};
use ndarray::linalg::general_mat_mul;
use ndarray::parallel::prelude::*;
use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2, Axis, s};

/// Rows and columns that are eliminated one by one; larger matrices are taken apart into such blocks, so that most of
/// the work is in products.
const BLOCK: usize = 64;
/// Rows that a thread takes a block's part from at once.
const TILE: usize = 128;

/// A lower triangular `W` with `matrix⁻¹ = Wᵀ·W`, for a symmetric matrix of which the lower triangle
/// is read: the inverse of its Cholesky factor.
///
/// It solves systems, `matrix · x = b` by `x = Wᵀ·(W·b)`, and it whitens: where `matrix` is a
/// covariance, `W·x` has unit covariance.
///
/// The diagonal is scaled to 1 before, so columns of any scale do. A matrix that is not positive
/// definite, for rounding or at all, is changed until it is: no pivot is let below the rounding error
/// of a unit diagonal. So this cannot fail but for want of memory.
///
/// Written here because smartcore's factorisation is made anew for every system it solves, and does
/// not come out.
///
/// Reference: N. Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition, SIAM, 2002,
/// chapters 10, 13 and 14.
///
/// # Errors
///
/// Whatever `go_on` returns, and a factor that does not fit into memory.
pub(crate) fn inverse_factor(mut matrix: Array2<f64>, go_on: GoOn) -> Result<Array2<f64>> {
    let (scale, _) = factorise(&mut matrix, go_on)?;
    let size = matrix.nrows();
    let mut inverse = try_zeros((size, size), "the inverse of a matrix")?;
    for first in (0..size).step_by(BLOCK) {
        let end = (first + BLOCK).min(size);
        let own = triangular_inverse(matrix.slice(s![first..end, first..end]), scale.slice(s![first..end]));
        if first > 0 {
            let below =
                product(matrix.slice(s![first..end, ..first]), inverse.slice(s![..first, ..first]), go_on)?;
            let unscaled = &own * &scale.slice(s![first..end]);
            inverse.slice_mut(s![first..end, ..first]).assign(&-product(
                unscaled.view(),
                below.view(),
                go_on,
            )?);
        }
        inverse.slice_mut(s![first..end, first..end]).assign(&own);
    }
    Ok(inverse)
}

/// The lower triangular `L` with `matrix = L·Lᵀ`, for a symmetric matrix of which the lower triangle is read, changed as
/// [`inverse_factor`] changes it where it is not positive definite.
///
/// # Errors
///
/// Whatever `go_on` returns.
pub(crate) fn factor(mut matrix: Array2<f64>, go_on: GoOn) -> Result<Array2<f64>> {
    let (scale, _) = factorise(&mut matrix, go_on)?;
    for (row, mut values) in matrix.rows_mut().into_iter().enumerate() {
        values.slice_mut(s![row + 1..]).fill(0.0);
        values *= scale[row];
    }
    Ok(matrix)
}

/// Systems of equations with a symmetric matrix of which the lower triangle is read, changed as [`inverse_factor`] changes it where it is
/// not positive definite.
pub(crate) struct Solver {
    /// In the lower triangle, the factor of the matrix with its diagonal scaled to 1.
    factor: Array2<f64>,
    /// The square roots of that diagonal.
    scale: Array1<f64>,
    /// The inverses of the factor's blocks on the diagonal.
    inverses: Vec<Array2<f64>>,
}

impl Solver {
    /// # Errors
    ///
    /// Whatever `go_on` returns.
    pub fn new(mut factor: Array2<f64>, go_on: GoOn) -> Result<Self> {
        let (scale, inverses) = factorise(&mut factor, go_on)?;
        Ok(Self { factor, scale, inverses })
    }

    /// The solutions for these right sides, a column each.
    pub fn solve(&self, mut sides: Array2<f64>) -> Array2<f64> {
        let size = sides.nrows();
        let scale = self.scale.view().insert_axis(Axis(1));
        let firsts = (0..size).step_by(BLOCK);
        sides /= &scale;
        for (first, inverse) in firsts.clone().zip(&self.inverses) {
            let (above, mut own) = sides.view_mut().split_at(Axis(0), first);
            let end = first + inverse.nrows();
            let mut own = own.slice_mut(s![..inverse.nrows(), ..]);
            general_mat_mul(-1.0, &self.factor.slice(s![first..end, ..first]), &above, 1.0, &mut own);
            let solved = inverse.dot(&own);
            own.assign(&solved);
        }
        for (first, inverse) in firsts.zip(&self.inverses).rev() {
            let end = first + inverse.nrows();
            let (mut own, below) = sides.view_mut().split_at(Axis(0), end);
            let mut own = own.slice_mut(s![first.., ..]);
            general_mat_mul(-1.0, &self.factor.slice(s![end.., first..end]).t(), &below, 1.0, &mut own);
            let solved = inverse.t().dot(&own);
            own.assign(&solved);
        }
        sides /= &scale;
        sides
    }
}

/// Replaces the lower triangle of a matrix by the Cholesky factor of the matrix with its diagonal scaled to 1, and
/// returns the square roots of that diagonal and the inverses of the factor's blocks.
fn factorise(matrix: &mut Array2<f64>, go_on: GoOn) -> Result<(Array1<f64>, Vec<Array2<f64>>)> {
    let size = matrix.nrows();
    let least_pivot = (size + 1) as f64 * f64::EPSILON;
    let scale = matrix.diag().mapv(|value| if value > 0.0 { value.sqrt() } else { 1.0 });
    *matrix /= &scale;
    *matrix /= &scale.view().insert_axis(Axis(1));
    let ones = Array1::ones(BLOCK.min(size));
    let mut inverses = Vec::new();
    for first in (0..size).step_by(BLOCK) {
        go_on()?;
        let end = (first + BLOCK).min(size);
        eliminate(matrix.slice_mut(s![first..end, first..end]), least_pivot);
        let own = matrix.slice(s![first..end, first..end]);
        let inverse = triangular_inverse(own, ones.slice(s![..end - first]));
        let panel = product(matrix.slice(s![end.., first..end]), inverse.t(), go_on)?;
        matrix.slice_mut(s![end.., first..end]).assign(&panel);
        (matrix.slice_mut(s![end.., end..]).axis_chunks_iter_mut(Axis(0), TILE).into_par_iter())
            .zip(panel.axis_chunks_iter(Axis(0), TILE))
            .enumerate()
            .try_for_each(|(tile, (mut rest, own))| {
                go_on()?;
                let below = tile * TILE + own.nrows();
                let others = panel.slice(s![..below, ..]);
                general_mat_mul(-1.0, &own, &others.t(), 1.0, &mut rest.slice_mut(s![.., ..below]));
                Ok(())
            })?;
        inverses.push(inverse);
    }
    Ok((scale, inverses))
}

/// Cholesky's factor of a small matrix, in the place of its lower triangle.
fn eliminate(mut factor: ArrayViewMut2<f64>, least_pivot: f64) {
    for row in 0..factor.nrows() {
        let (above, mut below) = factor.view_mut().split_at(Axis(0), row);
        let mut own = below.row_mut(0);
        for column in 0..row {
            let other = above.row(column);
            let product = own.slice(s![..column]).dot(&other.slice(s![..column]));
            own[column] = (own[column] - product) / other[column];
        }
        let product = own.slice(s![..row]).dot(&own.slice(s![..row]));
        own[row] = (own[row] - product).max(least_pivot).sqrt();
    }
}

/// The inverse of a small lower triangular matrix, its columns divided by `scale`.
fn triangular_inverse(factor: ArrayView2<f64>, scale: ndarray::ArrayView1<f64>) -> Array2<f64> {
    let mut inverse = Array2::from_diag(&scale.mapv(f64::recip));
    for row in 0..factor.nrows() {
        let (above, mut below) = inverse.view_mut().split_at(Axis(0), row);
        let mut own = below.row_mut(0);
        for (column, other) in above.rows().into_iter().enumerate() {
            own.slice_mut(s![..=column]).scaled_add(-factor[[row, column]], &other.slice(s![..=column]));
        }
        own /= factor[[row, row]];
    }
    inverse
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]

    use super::*;
    use genre_bench_api::random_stream;
    use ndarray::array;
    use rand::Rng;

    const ON: GoOn = &|| Ok(());

    #[test]
    fn it_is_a_factor_of_the_inverse() {
        let matrix = array![[4.0, 2.0, 0.0], [2.0, 5.0, 3.0], [0.0, 3.0, 10.0]];
        let factor = inverse_factor(matrix.clone(), ON).unwrap();
        let identity = factor.t().dot(&factor).dot(&matrix);
        assert!((identity - Array2::<f64>::eye(3)).iter().all(|off| off.abs() < 1e-14));
        assert_eq!(factor[[0, 2]], 0.0, "it is lower triangular");
    }

    #[test]
    fn a_singular_matrix_gives_a_solution_all_the_same() {
        let matrix = array![[1e12, 1e12, 0.0], [1e12, 1e12, 0.0], [0.0, 0.0, 1e-12]];
        let factor = inverse_factor(matrix.clone(), ON).unwrap();
        let solved = factor.t().dot(&factor.dot(&array![1e12, 1e12, 1e-12]));
        let reached = matrix.dot(&solved);
        assert!((reached - array![1e12, 1e12, 1e-12]).iter().all(|off| off.abs() < 1e-2));
    }

    #[test]
    fn matrices_of_several_blocks_are_factorised_too() {
        let mut rng = random_stream(0, "blocks");
        let size = 2 * BLOCK + 70;
        let rows = Array2::from_shape_fn((size, size + 30), |(row, _)| {
            rng.gen_range(-1.0..1.0) * if row % 2 == 0 { 1e3 } else { 1e-3 }
        });
        let matrix = rows.dot(&rows.t());
        let lower = factor(matrix.clone(), ON).unwrap();
        let worst = |off: Array2<f64>| off.fold(0.0_f64, |most, off| most.max(off.abs()));
        let scale = matrix.diag().mapv(f64::sqrt);
        let off = (lower.dot(&lower.t()) - &matrix) / &scale / scale.view().insert_axis(Axis(1));
        assert!(worst(off) < 1e-13);
        let inverse = inverse_factor(matrix, ON).unwrap();
        assert!(worst(inverse.dot(&lower) - Array2::<f64>::eye(size)) < 1e-9);
        assert_eq!(inverse[[0, size - 1]], 0.0, "it is lower triangular");
    }

    #[test]
    fn systems_are_solved() {
        let mut rng = random_stream(0, "systems");
        for size in [1, BLOCK, 2 * BLOCK + 70] {
            let rows = Array2::from_shape_fn((size, size + 30), |_| rng.gen_range(-1.0..1.0));
            let matrix = rows.dot(&rows.t()) + Array2::<f64>::eye(size);
            let sides = Array2::from_shape_fn((size, 3), |_| rng.gen_range(-1.0..1.0));
            let solved = Solver::new(matrix.clone(), ON).unwrap().solve(sides.clone());
            assert!((matrix.dot(&solved) - sides).iter().all(|off| off.abs() < 1e-10), "{size}");
        }
    }
}
