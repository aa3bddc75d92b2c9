//! Support vector machine.

use crate::kernel::RadialBasis;
use crate::published::with_ghaemi;
use crate::training::{Classes, Training, double_precision, require_columns};
use crate::votes::{class_pairs, vote_scores};
use genre_bench_api::{Card, Error, Examples, Family, Fitted, Inputs, Model, Param, Result, Run};
use linfa::dataset::DatasetBase;
use linfa::traits::Fit;
use ndarray::parallel::prelude::*;
use ndarray::{Array1, Array2, Axis};
use std::sync::atomic::{AtomicUsize, Ordering};

/// How far a solution may violate the optimality conditions; libsvm's default.
const TOLERANCE: f64 = 1e-3;

/// Examples scored at once.
const BLOCK: usize = 64;

/// The score of classes without training examples: below any number of votes.
const NEVER: f32 = -1.0;

/// A support vector machine with radial basis functions, one for every pair of classes.
///
/// As scikit-learn's `SVC(C=c, gamma=gamma)`, which is libsvm: the pairs vote, equal votes go to
/// the lowest class, and the scores are the votes refined by confidence
/// (`decision_function_shape="ovr"`), with the change that the predicted class always has the
/// highest score.
///
/// The two-class problems are solved by linfa-svm's sequential minimal optimisation, in parallel
/// over pairs. Of its version 0.8.1, shrinking is left off because it runs out of bounds, and the
/// kernel is computed anew for every pair because no public function takes one: on a few hundred
/// rows a pair, that is most of the time.
///
/// References: C.-C. Chang and C.-J. Lin, "LIBSVM: a library for support vector machines", ACM
/// Transactions on Intelligent Systems and Technology 2(3), 2011; C. Cortes and V. Vapnik,
/// "Support-vector networks", Machine Learning 20, 1995.
pub struct Svm {
    name: &'static str,
    default_c: f64,
}

impl Svm {
    /// `svm`: scikit-learn's default of C = 1.
    pub const DEFAULT: Self = Self { name: "svm", default_c: 1.0 };
    /// `svm-c10`: C = 10, which fits the training part more closely.
    pub const C10: Self = Self { name: "svm-c10", default_c: 10.0 };
}

impl Model for Svm {
    fn card(&self) -> Card {
        let card = Card::new(self.name, Family::Classical, "support vector machine, radial basis functions")
            .param(Param::float("c", self.default_c, "penalty for training errors").above(0.0))
            .param(
                Param::float(
                    "gamma",
                    0.0,
                    "width of a basis function; 0: 1 / (columns · variance of the table)",
                )
                .between(0.0, f64::MAX),
            );
        if self.default_c == 1.0 {
            with_ghaemi(card, (88.89, 69.63), (92.23, 85.98))
        } else {
            with_ghaemi(card, (99.87, 78.03), (99.65, 91.61))
        }
    }

    fn fit(&self, train: &Examples, _valid: &Examples, run: &Run) -> Result<Box<dyn Fitted>> {
        let training = Training::new(train)?;
        let gamma = match run.params.float("gamma")? {
            0.0 => scale_gamma(&training.table),
            gamma => gamma,
        };
        let problem = Problem { c: run.params.float("c")?, gamma, rows: rows_by_class(&training), training };

        let pairs = class_pairs(problem.training.class_count());
        let solved = AtomicUsize::new(0);
        let solutions = pairs
            .par_iter()
            .map(|&pair| {
                run.check_cancelled()?;
                let solution = problem.solve(pair)?;
                run.progress(solved.fetch_add(1, Ordering::Relaxed) + 1, pairs.len(), "class pairs");
                Ok(solution)
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Box::new(problem.machine(&solutions)))
    }
}

/// scikit-learn's `gamma="scale"`: one over columns times the variance of the whole table.
fn scale_gamma(table: &Array2<f64>) -> f64 {
    let variance = table.var(0.0);
    if variance == 0.0 { 1.0 } else { 1.0 / (table.ncols() as f64 * variance) }
}

/// The rows of every class, in the order of the training part.
fn rows_by_class(training: &Training) -> Vec<Vec<usize>> {
    let mut rows = vec![Vec::new(); training.class_count()];
    for (row, &label) in training.labels.iter().enumerate() {
        rows[label].push(row);
    }
    rows
}

struct Problem {
    training: Training,
    rows: Vec<Vec<usize>>,
    c: f64,
    gamma: f64,
}

/// A solved two-class problem.
struct Solution {
    /// Rows of the training table.
    rows: Vec<usize>,
    /// Their weights in the decision, positive for the first class.
    weights: Vec<f64>,
    /// Subtracted from the weighted sum of kernel values.
    offset: f64,
}

impl Problem {
    fn solve(&self, (first, second): (usize, usize)) -> Result<Solution> {
        let rows = [self.rows[first].as_slice(), &self.rows[second]].concat();
        let is_first = Array1::from_shape_fn(rows.len(), |at| at < self.rows[first].len());
        let solved = linfa_svm::Svm::<f64, bool>::params()
            .pos_neg_weights(self.c, self.c)
            .gaussian_kernel(1.0 / self.gamma)
            .eps(TOLERANCE)
            .shrinking(false)
            .fit(&DatasetBase::new(self.training.table.select(Axis(0), &rows), is_first))
            .map_err(Error::failed)?;
        Ok(Solution { rows, weights: solved.alpha, offset: solved.rho })
    }

    /// Puts all solutions over one table of support vectors.
    fn machine(self, solutions: &[Solution]) -> Machine {
        let mut weights = Array2::zeros((self.training.table.nrows(), solutions.len()));
        for (solution, mut column) in solutions.iter().zip(weights.columns_mut()) {
            for (&row, &weight) in solution.rows.iter().zip(&solution.weights) {
                column[row] = weight;
            }
        }
        let support: Vec<usize> =
            (0..weights.nrows()).filter(|&row| weights.row(row).iter().any(|&w| w != 0.0)).collect();
        Machine {
            kernel: RadialBasis { gamma: self.gamma },
            support: self.training.table.select(Axis(0), &support),
            weights: weights.select(Axis(0), &support),
            offsets: solutions.iter().map(|solution| solution.offset).collect(),
            classes: self.training.classes,
            class_count: self.rows.len(),
        }
    }
}

struct Machine {
    kernel: RadialBasis,
    /// Support vectors of all pairs, shape `(vectors, columns)`.
    support: Array2<f64>,
    /// Weight of each vector in each pair's decision, shape `(vectors, pairs)`.
    weights: Array2<f64>,
    /// Subtracted from each pair's decision, shape `(pairs)`.
    offsets: Array1<f64>,
    classes: Classes,
    class_count: usize,
}

impl Fitted for Machine {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        require_columns(inputs, self.support.ncols())?;
        let table = double_precision(inputs);
        let mut decisions = Array2::zeros((inputs.len(), self.offsets.len()));
        // In blocks, so that a block's kernel values stay in the cache.
        decisions
            .axis_chunks_iter_mut(Axis(0), BLOCK)
            .into_par_iter()
            .zip(table.axis_chunks_iter(Axis(0), BLOCK))
            .for_each(|(mut decisions, examples)| {
                let kernel = self.kernel.between(examples, self.support.view());
                decisions.assign(&(kernel.dot(&self.weights) - &self.offsets));
            });
        let scores = vote_scores(&decisions, self.class_count);
        Ok(self.classes.widen(&scores, NEVER))
    }
}
