//! Multinomial logistic regression.

use crate::newton::{Convex, Point, minimise};
use crate::softmax::{softmax, softmax_rows};
use crate::training::{Classes, Training, double_precision, require_columns};
use genre_bench_api::{Card, Examples, Family, Fitted, Inputs, Model, Param, Result, Run};
use ndarray::linalg::general_mat_mul;
use ndarray::parallel::prelude::*;
use ndarray::{Array2, Axis, s};
use rayon::slice::ParallelSlice;

/// Largest gradient norm at the solution. The penalty makes the objective strongly convex with
/// constant 1, so this also bounds the weights' distance from the optimum.
const TOLERANCE: f64 = 1e-5;

/// Examples to a block. Blocks are computed in parallel and summed in order, so that the sums do
/// not depend on the number of threads.
const BLOCK: usize = 256;

/// Multinomial logistic regression with an L2 penalty.
///
/// Minimises `c · Σ -ln p(label | example) + |weights|² / 2`, the intercepts not penalised, which is
/// scikit-learn's `LogisticRegression(C=c)`, here always to convergence. The scores are the
/// probabilities.
///
/// Written here: linfa-logistic (0.8.1) takes the maximum of a whole table out of its log-sum-exp
/// instead of every row's, so that its loss is wrong where examples differ much in confidence, and
/// smartcore's cannot be stopped and gives no probabilities.
///
/// Reference: D. Böhning, "Multinomial logistic regression algorithm", Annals of the Institute of
/// Statistical Mathematics 44, 1992.
pub struct Logistic;

impl Model for Logistic {
    fn card(&self) -> Card {
        Card::new("logistic", Family::Classical, "multinomial logistic regression, L2 penalty")
            .param(Param::float("c", 1.0, "inverse strength of the penalty").above(0.0))
    }

    fn fit(&self, train: &Examples, _valid: &Examples, run: &Run) -> Result<Box<dyn Fitted>> {
        let training = Training::new(train)?;
        let classes = training.class_count();
        let objective = Objective {
            rows: with_ones(&training.table),
            labels: training.labels,
            c: run.params.float("c")?,
            // Two opposite weight vectors share what scikit-learn gives to the only one of its
            // two-class model, so the same model comes out with twice the penalty.
            penalty: if classes == 2 { 2.0 } else { 1.0 },
        };
        let start = Array2::zeros((objective.rows.ncols(), classes));
        let weights = minimise(&objective, start, TOLERANCE, || run.check_cancelled())?;
        Ok(Box::new(Softmax { weights, classes: training.classes }))
    }
}

/// The table with a last column of ones, for the intercepts.
fn with_ones(table: &Array2<f64>) -> Array2<f64> {
    let mut rows = Array2::ones((table.nrows(), table.ncols() + 1));
    rows.slice_mut(s![.., ..-1]).assign(table);
    rows
}

/// The function of the weights, shape `(columns + 1, classes)`, that the fit minimises.
struct Objective {
    /// Shape `(examples, columns + 1)`.
    rows: Array2<f64>,
    labels: Vec<usize>,
    c: f64,
    penalty: f64,
}

impl Objective {
    /// Adds up the blocks' parts of a loss and its derivative, then the penalty and its derivative
    /// along `weights`.
    fn total(&self, parts: Vec<(f64, Array2<f64>)>, weights: &Array2<f64>) -> (f64, Array2<f64>) {
        let mut penalised = weights * self.penalty;
        penalised.slice_mut(s![-1, ..]).fill(0.0);
        let mut value = 0.5 * (&penalised * weights).sum();
        for (loss, derivative) in parts {
            value += self.c * loss;
            penalised.scaled_add(self.c, &derivative);
        }
        (value, penalised)
    }
}

impl Convex for Objective {
    /// Probability of each class, shape `(examples, classes)`.
    type Local = Array2<f64>;

    fn at(&self, weights: &Array2<f64>) -> Point<Array2<f64>> {
        let mut probabilities = Array2::zeros((self.rows.nrows(), weights.ncols()));
        let parts = probabilities
            .axis_chunks_iter_mut(Axis(0), BLOCK)
            .into_par_iter()
            .zip(self.rows.axis_chunks_iter(Axis(0), BLOCK))
            .zip(self.labels.par_chunks(BLOCK))
            .map(|((mut probabilities, rows), labels)| {
                general_mat_mul(1.0, &rows, weights, 0.0, &mut probabilities);
                let mut loss = 0.0;
                for (row, &label) in probabilities.rows_mut().into_iter().zip(labels) {
                    let own = row[label];
                    loss += softmax(row) - own;
                }
                let mut residuals = probabilities.to_owned();
                for (mut row, &label) in residuals.rows_mut().into_iter().zip(labels) {
                    row[label] -= 1.0;
                }
                (loss, rows.t().dot(&residuals))
            })
            .collect();
        let (value, gradient) = self.total(parts, weights);
        Point { value, gradient, local: probabilities }
    }

    fn curvature(&self, probabilities: &Array2<f64>, direction: &Array2<f64>) -> Array2<f64> {
        let parts = probabilities
            .axis_chunks_iter(Axis(0), BLOCK)
            .into_par_iter()
            .zip(self.rows.axis_chunks_iter(Axis(0), BLOCK))
            .map(|(probabilities, rows)| {
                // Change of the probabilities: p ∘ (a - Σ p a), with a the change of the logits.
                let mut change = rows.dot(direction) * probabilities;
                for (mut row, probabilities) in change.rows_mut().into_iter().zip(probabilities.rows()) {
                    let mean = row.sum();
                    row.scaled_add(-mean, &probabilities);
                }
                (0.0, rows.t().dot(&change))
            })
            .collect();
        self.total(parts, direction).1
    }
}

struct Softmax {
    /// Shape `(columns + 1, occurring classes)`; the intercepts are last.
    weights: Array2<f64>,
    classes: Classes,
}

impl Fitted for Softmax {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        require_columns(inputs, self.weights.nrows() - 1)?;
        let mut scores = with_ones(&double_precision(inputs)).dot(&self.weights);
        softmax_rows(&mut scores);
        Ok(self.classes.widen(&scores, 0.0))
    }
}
