//! Inverses of symmetric positive definite matrices.

use ndarray::{Array2, Axis, s};

/// A lower triangular `W` with `matrix⁻¹ = Wᵀ·W`, for a symmetric matrix of which the lower triangle
/// is read: the inverse of its Cholesky factor.
///
/// It solves systems, `matrix · x = b` by `x = Wᵀ·(W·b)`, and it whitens: where `matrix` is a
/// covariance, `W·x` has unit covariance.
///
/// The diagonal is scaled to 1 before, so columns of any scale do. A matrix that is not positive
/// definite, for rounding or at all, is changed until it is: no pivot is let below the rounding error
/// of a unit diagonal. So this cannot fail.
///
/// Written here because smartcore's factorisation is made anew for every system it solves, and does
/// not come out.
///
/// Reference: N. Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition, SIAM, 2002,
/// chapters 10 and 14.
pub(crate) fn inverse_factor(matrix: &Array2<f64>) -> Array2<f64> {
    let size = matrix.nrows();
    let least_pivot = (size + 1) as f64 * f64::EPSILON;
    let scale = matrix.diag().mapv(|value| if value > 0.0 { value.sqrt() } else { 1.0 });
    let mut factor = matrix / &scale / scale.view().insert_axis(Axis(1));
    for row in 0..size {
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
    let mut inverse = Array2::from_diag(&scale.recip());
    for row in 0..size {
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
    use super::*;
    use ndarray::array;

    #[test]
    fn it_is_a_factor_of_the_inverse() {
        let matrix = array![[4.0, 2.0, 0.0], [2.0, 5.0, 3.0], [0.0, 3.0, 10.0]];
        let factor = inverse_factor(&matrix);
        let identity = factor.t().dot(&factor).dot(&matrix);
        assert!((identity - Array2::<f64>::eye(3)).iter().all(|off| off.abs() < 1e-14));
        assert_eq!(factor[[0, 2]], 0.0, "it is lower triangular");
    }

    #[test]
    fn a_singular_matrix_gives_a_solution_all_the_same() {
        let matrix = array![[1e12, 1e12, 0.0], [1e12, 1e12, 0.0], [0.0, 0.0, 1e-12]];
        let factor = inverse_factor(&matrix);
        let solved = factor.t().dot(&factor.dot(&array![1e12, 1e12, 1e-12]));
        let reached = matrix.dot(&solved);
        assert!((reached - array![1e12, 1e12, 1e-12]).iter().all(|off| off.abs() < 1e-2));
    }
}
