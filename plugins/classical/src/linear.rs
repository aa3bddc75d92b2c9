//! Linear models fitted by a smooth convex loss with an L2 penalty.

use crate::cholesky::inverse_factor;
use crate::newton::{Convex, Point, minimise};
use genre_bench_api::Result;
use ndarray::linalg::general_mat_mul;
use ndarray::parallel::prelude::*;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, s};
use rayon::slice::ParallelSlice;

/// Examples to a block. Blocks are computed in parallel and summed in order, so that the sums do
/// not depend on the number of threads.
const BLOCK: usize = 256;

/// A convex loss as a function of an example's scores, one a class.
pub(crate) trait Loss: Sync {
    /// About the second derivative of an example's loss by a score. It only steers the solver.
    const CURVATURE: f64;

    /// Whether it is a sum over the scores.
    const SCORES_APART: bool;

    /// The summed loss of examples with these scores, shape `(examples, classes)`, and its
    /// derivative by them. Leaves in their place what [`Loss::bend`] needs to know.
    fn at(&self, scores: ArrayViewMut2<f64>, labels: &[usize]) -> (f64, Array2<f64>);

    /// Multiplies a direction by the second derivative of the loss by the scores.
    fn bend(&self, local: ArrayView2<f64>, direction: &mut Array2<f64>);
}

/// `c · Σ loss + penalty · |weights|² / 2`, to be minimised over the weights.
pub(crate) struct Penalised<L> {
    pub loss: L,
    pub c: f64,
    pub penalty: f64,
    /// The penalty of the intercepts.
    pub intercept_penalty: f64,
}

impl<L: Loss> Penalised<L> {
    /// The weights, shape `(columns + 1, classes)`, the intercepts last, at which the gradient's
    /// Euclidean norm is at most `tolerance`. Labels are handed on to the loss.
    ///
    /// # Errors
    ///
    /// Whatever `before_step` returns, such as a cancellation.
    pub fn fit(
        self,
        table: &Array2<f64>,
        labels: &[usize],
        classes: usize,
        tolerance: f64,
        before_step: impl FnMut() -> Result<()>,
    ) -> Result<Array2<f64>> {
        let rows = with_ones(table);
        let start = Array2::zeros((rows.ncols(), classes));
        let mut typical = rows.t().dot(&rows) * (self.c * L::CURVATURE);
        typical.diag_mut().slice_mut(s![..-1]).mapv_inplace(|value| value + self.penalty);
        typical[[table.ncols(), table.ncols()]] += self.intercept_penalty;
        let objective = Objective {
            rounded_rows: rows.mapv(|value| value as f32),
            whitening: inverse_factor(&typical),
            terms: self,
            rows,
            labels,
        };
        minimise(&objective, start, tolerance, before_step)
    }
}

/// The table with a last column of ones, for the intercepts.
fn with_ones(table: &Array2<f64>) -> Array2<f64> {
    let mut rows = Array2::ones((table.nrows(), table.ncols() + 1));
    rows.slice_mut(s![.., ..-1]).assign(table);
    rows
}

/// Scores, shape `(examples, classes)`, under the weights that [`Penalised::fit`] gives.
pub(crate) fn linear_scores(table: &Array2<f64>, weights: &Array2<f64>) -> Array2<f64> {
    with_ones(table).dot(weights)
}

struct Objective<'a, L> {
    terms: Penalised<L>,
    /// Shape `(examples, columns + 1)`.
    rows: Array2<f64>,
    /// The same in single precision.
    rounded_rows: Array2<f32>,
    labels: &'a [usize],
    /// `W`, where `Wᵀ·W` is about the inverse Hessian for the weights of one class.
    whitening: Array2<f64>,
}

impl<L: Loss> Objective<'_, L> {
    /// Adds up the blocks' parts of a loss and its derivative, then the penalty and its derivative
    /// along `weights`.
    fn total(&self, parts: Vec<(f64, Array2<f64>)>, weights: &Array2<f64>) -> (f64, Array2<f64>) {
        let mut penalised = weights * self.terms.penalty;
        penalised
            .row_mut(weights.nrows() - 1)
            .assign(&(&weights.slice(s![-1, ..]) * self.terms.intercept_penalty));
        let mut value = 0.5 * (&penalised * weights).sum();
        for (loss, derivative) in parts {
            value += self.terms.c * loss;
            penalised.scaled_add(self.terms.c, &derivative);
        }
        (value, penalised)
    }
}

impl<L: Loss> Convex for Objective<'_, L> {
    /// What [`Loss::bend`] needs to know of every example, shape `(examples, classes)`.
    type Local = Array2<f64>;

    const COLUMNS_APART: bool = L::SCORES_APART;

    fn at(&self, weights: &Array2<f64>) -> Point<Array2<f64>> {
        let mut scores = Array2::zeros((self.rows.nrows(), weights.ncols()));
        let parts = scores
            .axis_chunks_iter_mut(Axis(0), BLOCK)
            .into_par_iter()
            .zip(self.rows.axis_chunks_iter(Axis(0), BLOCK))
            .zip(self.labels.par_chunks(BLOCK))
            .map(|((mut scores, rows), labels)| {
                general_mat_mul(1.0, &rows, weights, 0.0, &mut scores);
                let (loss, derivative) = self.terms.loss.at(scores, labels);
                (loss, rows.t().dot(&derivative))
            })
            .collect();
        let (value, gradient) = self.total(parts, weights);
        Point { value, gradient, local: scores }
    }

    /// In single precision: conjugate gradients are stopped long before that shows, and what their
    /// direction is worth is judged by [`Convex::at`].
    fn curvature(&self, local: &Array2<f64>, direction: &Array2<f64>) -> Array2<f64> {
        let rounded = direction.mapv(|value| value as f32);
        let parts = local
            .axis_chunks_iter(Axis(0), BLOCK)
            .into_par_iter()
            .zip(self.rounded_rows.axis_chunks_iter(Axis(0), BLOCK))
            .map(|(local, rows)| {
                let mut change = rows.dot(&rounded).mapv(f64::from);
                self.terms.loss.bend(local, &mut change);
                (0.0, rows.t().dot(&change.mapv(|value| value as f32)).mapv(f64::from))
            })
            .collect();
        self.total(parts, direction).1
    }

    fn roughly_inverse(&self, gradient: &Array2<f64>) -> Array2<f64> {
        self.whitening.t().dot(&self.whitening.dot(gradient))
    }
}
