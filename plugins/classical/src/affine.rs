//! Scores that are a weighted sum of the features and an offset.

use crate::softmax::softmax_rows;
use genre_bench_api::{Result, State};
use ndarray::linalg::general_mat_mul;
use ndarray::parallel::prelude::*;
use ndarray::{Array1, Array2, ArrayView2, Axis};

/// Numbers of a table that are scored at once: so many stay in a core's cache in double precision.
const BLOCK: usize = 1 << 17;

/// Weights and offsets of scores.
pub(crate) struct Affine {
    /// Shape `(columns, scores)`.
    weights: Array2<f64>,
    offsets: Array1<f64>,
}

impl Affine {
    /// From weights of shape `(columns, scores)` and an offset a score.
    pub fn new(weights: Array2<f64>, offsets: Array1<f64>) -> Self {
        Self { weights, offsets }
    }

    /// Number of columns of the tables that it takes.
    pub fn columns(&self) -> usize {
        self.weights.nrows()
    }

    /// The scores of a table's rows, shape `(rows, scores)`.
    pub fn scores<T: Copy + Into<f64> + Sync>(&self, table: ArrayView2<T>) -> Array2<f64> {
        let mut scores = Array2::zeros((table.nrows(), self.weights.ncols()));
        let rows = (BLOCK / table.ncols().max(1)).max(1);
        (scores.axis_chunks_iter_mut(Axis(0), rows).into_par_iter())
            .zip(table.axis_chunks_iter(Axis(0), rows))
            .for_each(|(mut scores, rows)| {
                general_mat_mul(1.0, &rows.mapv(Into::into), &self.weights, 0.0, &mut scores);
                scores += &self.offsets;
            });
        scores
    }

    /// The same as probabilities, the scores being their logarithms up to a term common to a row.
    pub fn probabilities<T: Copy + Into<f64> + Sync>(&self, table: ArrayView2<T>) -> Array2<f64> {
        let mut scores = self.scores(table);
        softmax_rows(&mut scores);
        scores
    }

    /// For [`Affine::load`].
    pub fn save(&self) -> State {
        State::default().with("weights", self.weights.clone()).with("offsets", self.offsets.clone())
    }

    /// What was saved, of so many columns and scores.
    ///
    /// # Errors
    ///
    /// A state that does not fit.
    pub fn load(state: &mut State, columns: usize, scores: usize) -> Result<Self> {
        Ok(Self::new(state.take("weights", [columns, scores])?, state.take("offsets", [scores])?))
    }
}
