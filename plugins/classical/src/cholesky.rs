//! Linear systems with a symmetric positive definite matrix.

use ndarray::{Array1, Array2, Axis, s};

/// A Cholesky factorisation `D·L·Lᵀ·D`, with `D` diagonal so that `L·Lᵀ` has a unit diagonal.
///
/// Written here because smartcore's is factored anew for every system it solves.
///
/// Reference: N. Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition, SIAM, 2002,
/// chapter 10.
pub(crate) struct Cholesky {
    scale: Array1<f64>,
    lower: Array2<f64>,
}

impl Cholesky {
    /// Factors a symmetric matrix of which the lower triangle is read.
    ///
    /// A matrix that is not positive definite only for rounding is changed by as much: no pivot is
    /// let below the rounding error of a unit diagonal. So this cannot fail.
    pub fn new(mut matrix: Array2<f64>) -> Self {
        let size = matrix.nrows();
        let least_pivot = (size as f64 + 1.0) * f64::EPSILON;
        let scale = matrix.diag().mapv(|value| if value > 0.0 { value.sqrt() } else { 1.0 });
        for row in 0..size {
            let (above, mut below) = matrix.view_mut().split_at(Axis(0), row);
            let mut own = below.row_mut(0);
            for column in 0..row {
                let other = above.row(column);
                let product = own.slice(s![..column]).dot(&other.slice(s![..column]));
                own[column] = (own[column] / (scale[row] * scale[column]) - product) / other[column];
            }
            let product = own.slice(s![..row]).dot(&own.slice(s![..row]));
            own[row] = (own[row] / (scale[row] * scale[row]) - product).max(least_pivot).sqrt();
        }
        Self { scale, lower: matrix }
    }

    /// The `x` of `matrix · x = right`, both of shape `(size, any number of systems)`.
    pub fn solve(&self, right: &Array2<f64>) -> Array2<f64> {
        let scale = self.scale.view().insert_axis(Axis(1));
        let mut x = right / &scale;
        for row in 0..x.nrows() {
            let (done, mut rest) = x.view_mut().split_at(Axis(0), row);
            let known = self.lower.slice(s![row, ..row]).dot(&done);
            let mut own = rest.row_mut(0);
            own -= &known;
            own /= self.lower[[row, row]];
        }
        for row in (0..x.nrows()).rev() {
            let (mut rest, mut done) = x.view_mut().split_at(Axis(0), row);
            let mut own = done.row_mut(0);
            own /= self.lower[[row, row]];
            for (mut other, &factor) in rest.rows_mut().into_iter().zip(self.lower.row(row)) {
                other.scaled_add(-factor, &own);
            }
        }
        x / scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn systems_are_solved() {
        let matrix = array![[4.0, 2.0, 0.0], [2.0, 5.0, 3.0], [0.0, 3.0, 10.0]];
        let x = array![[1.0, -2.0], [0.5, 3.0], [-1.0, 0.0]];
        let solved = Cholesky::new(matrix.clone()).solve(&matrix.dot(&x));
        assert!((solved - x).iter().all(|off| off.abs() < 1e-14));
    }

    #[test]
    fn a_singular_matrix_gives_a_solution_all_the_same() {
        let matrix = array![[1e12, 1e12, 0.0], [1e12, 1e12, 0.0], [0.0, 0.0, 1e-12]];
        let solved = Cholesky::new(matrix.clone()).solve(&array![[1e12], [1e12], [1.0]]);
        assert!((matrix.dot(&solved) - array![[1e12], [1e12], [1.0]]).iter().all(|off| off.abs() < 1e-3));
    }
}
