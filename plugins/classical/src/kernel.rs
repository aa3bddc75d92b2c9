//! The radial basis function kernel.

use crate::product::{GoOn, product};
use genre_bench_api::{Result, try_zeros};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

/// Rows taken at once, so that what is computed of them stays in the processor's cache.
const BLOCK: usize = 64;

/// `exp(-gamma · |a - b|²)` for all rows `a` of one table and `b` of another.
pub(crate) struct RadialBasis {
    pub gamma: f64,
}

impl RadialBasis {
    /// Kernel values, shape `(rows of a, rows of b)`, of two tables in row-major order.
    ///
    /// The squared distance is taken as `|a|² + |b|² - 2·a·b`, which is one matrix product instead
    /// of a loop over all pairs. Rounding can make it negative for equal rows, hence the clamp.
    ///
    /// # Errors
    ///
    /// Whatever `go_on` returns, and what does not fit into memory.
    pub fn between(&self, a: ArrayView2<f64>, b: ArrayView2<f64>, go_on: GoOn) -> Result<Array2<f64>> {
        let mut kernel = self.exponents(a, b, squared_norms(b).view(), go_on)?;
        kernel.mapv_inplace(f64::exp);
        Ok(kernel)
    }

    /// The same in single precision, as libsvm keeps it: half the memory to hold and to read.
    /// The squared distances are taken in double precision, so that an error is one of rounding the
    /// result only.
    ///
    /// # Errors
    ///
    /// As [`RadialBasis::between`].
    pub fn rounded_between(
        &self,
        a: ArrayView2<f64>,
        b: ArrayView2<f64>,
        go_on: GoOn,
    ) -> Result<Array2<f32>> {
        let b_norms = squared_norms(b);
        let mut kernel = try_zeros((a.nrows(), b.nrows()), "a kernel matrix")?;
        for (mut kernel, a) in
            kernel.axis_chunks_iter_mut(Axis(0), BLOCK).zip(a.axis_chunks_iter(Axis(0), BLOCK))
        {
            kernel.zip_mut_with(
                &self.exponents(a, b, b_norms.view(), go_on)?,
                |value: &mut f32, &exponent| {
                    *value = (exponent as f32).exp();
                },
            );
        }
        Ok(kernel)
    }

    /// One value, in single precision, given `|a|² + |b|²` and `a·b`.
    pub fn rounded(&self, norms: f64, product: f64) -> f32 {
        (self.exponent(norms, product) as f32).exp()
    }

    fn exponent(&self, norms: f64, product: f64) -> f64 {
        -self.gamma * (norms - 2.0 * product).max(0.0)
    }

    fn exponents(
        &self,
        a: ArrayView2<f64>,
        b: ArrayView2<f64>,
        b_norms: ArrayView1<f64>,
        go_on: GoOn,
    ) -> Result<Array2<f64>> {
        let mut exponents = product(a, b.t(), go_on)?;
        for (mut row, a_norm) in exponents.rows_mut().into_iter().zip(squared_norms(a)) {
            row.zip_mut_with(&b_norms, |value, b_norm| {
                *value = self.exponent(a_norm + b_norm, *value);
            });
        }
        Ok(exponents)
    }
}

/// Squared Euclidean norm of every row.
pub(crate) fn squared_norms(rows: ArrayView2<f64>) -> Array1<f64> {
    rows.map_axis(Axis(1), |row: ArrayView1<f64>| row.dot(&row))
}
