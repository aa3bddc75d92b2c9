//! Linear models fitted by a smooth convex loss with an L2 penalty.

use crate::cholesky::{factor, inverse_factor};
use crate::need::Need;
use crate::newton::{Convex, Point, minimise};
use crate::product::{GoOn, gram, product};
use crate::training::{double_precision, require_columns};
use genre_bench_api::{FitShape, Inputs, Result, State, try_zeros};
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
    /// Of a table with more columns than rows, the weights are a sum of its rows. So it is turned until all but as
    /// many columns as rows are 0, which changes neither scores nor penalty, and what is found for those is turned back:
    /// memory is that of the table and of a square of rows, not of columns.
    ///
    /// # Errors
    ///
    /// Whatever `go_on` returns, such as a cancellation, and what does not fit into memory.
    pub fn fit(
        self,
        table: &Array2<f64>,
        labels: &[usize],
        classes: usize,
        tolerance: f64,
        go_on: GoOn,
    ) -> Result<Array2<f64>> {
        if table.ncols() <= table.nrows().max(WIDE) {
            return self.fit_as_it_is(table, labels, classes, tolerance, go_on);
        }
        let turned = factor(gram(table.view(), go_on)?, go_on)?;
        let mut found = self.fit_as_it_is(&turned, labels, classes, tolerance, go_on)?;
        // By how much each row counts: the solution of turnedᵀ · shares = found.
        let (mut shares, intercepts) = found.view_mut().split_at(Axis(0), turned.nrows());
        for row in (0..turned.nrows()).rev() {
            if row.is_multiple_of(16) {
                go_on()?;
            }
            let (mut above, mut own) = shares.view_mut().split_at(Axis(0), row);
            let mut own = own.row_mut(0);
            own /= turned[[row, row]];
            for (mut share, &by) in above.rows_mut().into_iter().zip(turned.slice(s![row, ..row])) {
                share.scaled_add(-by, &own);
            }
        }
        let mut weights = try_zeros((table.ncols() + 1, intercepts.ncols()), "the weights")?;
        weights.slice_mut(s![..-1, ..]).assign(&product(table.t(), shares.view(), go_on)?);
        weights.row_mut(table.ncols()).assign(&intercepts.row(0));
        Ok(weights)
    }

    fn fit_as_it_is(
        self,
        table: &Array2<f64>,
        labels: &[usize],
        classes: usize,
        tolerance: f64,
        go_on: GoOn,
    ) -> Result<Array2<f64>> {
        let rows = with_ones(table)?;
        let start = try_zeros((rows.ncols(), classes), "the weights")?;
        let mut typical = gram(rows.t(), go_on)?;
        typical *= self.c * L::CURVATURE;
        typical.diag_mut().slice_mut(s![..-1]).mapv_inplace(|value| value + self.penalty);
        typical[[table.ncols(), table.ncols()]] += self.intercept_penalty;
        let mut rounded_rows = try_zeros(rows.dim(), "the table in single precision")?;
        rounded_rows.zip_mut_with(&rows, |rounded: &mut f32, &value| *rounded = value as f32);
        let whitening = inverse_factor(typical, go_on)?;
        let objective = Objective { rounded_rows, whitening, terms: self, rows, labels, go_on };
        minimise(&objective, start, tolerance)
    }
}

/// Columns up to which a table is taken as it is, however few rows it has.
const WIDE: usize = 1024;

/// The table with a last column of ones, for the intercepts.
fn with_ones(table: &Array2<f64>) -> Result<Array2<f64>> {
    let mut rows = try_zeros((table.nrows(), table.ncols() + 1), "the table and a column of ones")?;
    rows.slice_mut(s![.., ..-1]).assign(table);
    rows.column_mut(table.ncols()).fill(1.0);
    Ok(rows)
}

/// The weights that [`Penalised::fit`] gives, shape `(columns + 1, scores)`; the intercepts are last.
pub(crate) struct Linear(pub Array2<f64>);

impl Linear {
    /// Scores, shape `(examples, scores)`.
    ///
    /// # Errors
    ///
    /// Other columns than fitted, and a table that does not fit into memory twice.
    pub fn scores(&self, inputs: &Inputs) -> Result<Array2<f64>> {
        require_columns(inputs, self.0.nrows() - 1)?;
        Ok(with_ones(&double_precision(inputs)?)?.dot(&self.0))
    }

    /// For [`Linear::load`].
    pub fn save(&self) -> State {
        State::default().with("weights", self.0.clone())
    }

    /// What was saved, of so many columns and scores.
    ///
    /// # Errors
    ///
    /// A state that does not fit.
    pub fn load(state: &mut State, columns: usize, scores: usize) -> Result<Self> {
        Ok(Self(state.take("weights", [columns + 1, scores])?))
    }
}

/// What a model fitted by [`Penalised::fit`] needs for `decisions` scores an example.
pub(crate) fn linear_memory(shape: &FitShape, decisions: usize) -> u64 {
    let is_wide = shape.columns > shape.rows.max(WIDE);
    let columns = if is_wide { shape.rows } else { shape.columns } + 1;
    let squares = if is_wide { 4 } else { 3 };
    // The table, with ones and rounded; the curvature and its factors; what blocks add up, and several of each of
    // weights and scores.
    let blocks = shape.rows.div_ceil(BLOCK) + 8;
    Need::table(shape)
        + Need::of(3 * shape.rows, columns) / 2
        + squares * Need::of(columns, columns)
        + Need::of(blocks * columns, decisions)
        + Need::of(6 * shape.rows, decisions)
        + Need::of(2 * shape.columns, decisions)
        + 2 * Need::scoring(shape)
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
    go_on: GoOn<'a>,
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

    fn at(&self, weights: &Array2<f64>) -> Result<Point<Array2<f64>>> {
        let mut scores = try_zeros((self.rows.nrows(), weights.ncols()), "the scores")?;
        let parts = scores
            .axis_chunks_iter_mut(Axis(0), BLOCK)
            .into_par_iter()
            .zip(self.rows.axis_chunks_iter(Axis(0), BLOCK))
            .zip(self.labels.par_chunks(BLOCK))
            .map(|((mut scores, rows), labels)| {
                (self.go_on)()?;
                general_mat_mul(1.0, &rows, weights, 0.0, &mut scores);
                let (loss, derivative) = self.terms.loss.at(scores, labels);
                Ok((loss, rows.t().dot(&derivative)))
            })
            .collect::<Result<_>>()?;
        let (value, gradient) = self.total(parts, weights);
        Ok(Point { value, gradient, local: scores })
    }

    /// In single precision: conjugate gradients are stopped long before that shows, and what their
    /// direction is worth is judged by [`Convex::at`].
    fn curvature(&self, local: &Array2<f64>, direction: &Array2<f64>) -> Result<Array2<f64>> {
        let rounded = direction.mapv(|value| value as f32);
        let parts = local
            .axis_chunks_iter(Axis(0), BLOCK)
            .into_par_iter()
            .zip(self.rounded_rows.axis_chunks_iter(Axis(0), BLOCK))
            .map(|(local, rows)| {
                (self.go_on)()?;
                let mut change = rows.dot(&rounded).mapv(f64::from);
                self.terms.loss.bend(local, &mut change);
                Ok((0.0, rows.t().dot(&change.mapv(|value| value as f32)).mapv(f64::from)))
            })
            .collect::<Result<_>>()?;
        Ok(self.total(parts, direction).1)
    }

    fn roughly_inverse(&self, gradient: &Array2<f64>) -> Result<Array2<f64>> {
        let whitened = product(self.whitening.view(), gradient.view(), self.go_on)?;
        product(self.whitening.t(), whitened.view(), self.go_on)
    }
}
