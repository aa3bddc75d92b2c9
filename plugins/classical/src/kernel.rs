//! The radial basis function kernel.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

/// `exp(-gamma · |a - b|²)` for all rows `a` of one table and `b` of another.
pub(crate) struct RadialBasis {
    pub gamma: f64,
}

impl RadialBasis {
    /// Kernel values, shape `(rows of a, rows of b)`, of two tables in row-major order.
    ///
    /// The squared distance is taken as `|a|² + |b|² - 2·a·b`, which is one matrix product instead
    /// of a loop over all pairs. Rounding can make it negative for equal rows, hence the clamp.
    pub fn between(&self, a: ArrayView2<f64>, b: ArrayView2<f64>) -> Array2<f64> {
        let (a_norms, b_norms) = (squared_norms(a), squared_norms(b));
        let mut kernel = a.dot(&b.t());
        for (mut row, a_norm) in kernel.rows_mut().into_iter().zip(a_norms) {
            row.zip_mut_with(&b_norms, |value, b_norm| {
                *value = (-self.gamma * (a_norm + b_norm - 2.0 * *value).max(0.0)).exp();
            });
        }
        kernel
    }
}

/// Squared Euclidean norm of every row.
pub(crate) fn squared_norms(rows: ArrayView2<f64>) -> Array1<f64> {
    rows.map_axis(Axis(1), |row: ArrayView1<f64>| row.dot(&row))
}
