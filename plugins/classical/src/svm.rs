//! Support vector machine.

use crate::kernel::RadialBasis;
use crate::pair_kernel::{PairKernel, Tile};
use crate::smo::{Solution, TOLERANCE, separate};
use crate::training::{Classes, Training, double_precision, require_columns};
use crate::votes::{class_pairs, vote_scores};
use genre_bench_api::{Card, Error, Examples, Family, Fitted, Inputs, Model, Param, Result, Run};
use linfa::dataset::DatasetBase;
use linfa::traits::Fit;
use ndarray::parallel::prelude::*;
use ndarray::{Array1, Array2, ArrayView2, Axis, concatenate, s};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Examples scored at once.
const BLOCK: usize = 64;

/// Bytes that kernels may take. Ten equal classes fit with up to 33,000 examples together; beyond
/// that, kernels are computed row by row as the solver asks for them.
const KERNEL_MEMORY: usize = 512 << 20;

/// The score of classes without training examples: below any number of votes.
const NEVER: f32 = -1.0;

/// A support vector machine with radial basis functions, one for every pair of classes.
///
/// As scikit-learn's `SVC(C=c, gamma=gamma)`, which is libsvm: the pairs vote, equal votes go to
/// the lowest class, and the scores are the votes refined by confidence
/// (`decision_function_shape="ovr"`), with the change that the predicted class always has the
/// highest score.
///
/// The two-class problems are solved in parallel over pairs, by a solver of our own or, for
/// comparison, by linfa-svm's. Whatever the size of the training part and the number of threads,
/// kernels take a bounded amount of memory. That one (0.8.1) takes no kernel matrix and spends most of its time on
/// computing one again for every pair; its shrinking runs out of bounds and is left off.
///
/// References: C.-C. Chang and C.-J. Lin, "LIBSVM: a library for support vector machines", ACM
/// Transactions on Intelligent Systems and Technology 2(3), 2011; C. Cortes and V. Vapnik,
/// "Support-vector networks", Machine Learning 20, 1995.
pub struct Svm {
    name: &'static str,
    default_c: f64,
    solver: Solver,
}

/// Who solves the two-class problems.
#[derive(Clone, Copy)]
enum Solver {
    Own,
    Linfa,
}

impl Svm {
    /// `svm`: scikit-learn's default of C = 1.
    pub const DEFAULT: Self = Self { name: "svm", default_c: 1.0, solver: Solver::Own };
    /// `svm-c10`: C = 10, which fits the training part more closely.
    pub const C10: Self = Self { name: "svm-c10", default_c: 10.0, solver: Solver::Own };
    /// `svm-linfa`: as `svm`, solved by linfa-svm.
    pub const LINFA: Self = Self { name: "svm-linfa", default_c: 1.0, solver: Solver::Linfa };
}

impl Model for Svm {
    fn card(&self) -> Card {
        let solver = match self.solver {
            Solver::Own => "",
            Solver::Linfa => ", solved by linfa-svm",
        };
        let summary =
            format!("support vector machine, radial basis functions, C = {}{solver}", self.default_c);
        Card::new(self.name, Family::Classical, summary)
            .param(
                Param::float("c", self.default_c, "penalty for training errors")
                    .above(0.0)
                    .tries(&["1", "10", "100"]),
            )
            .param(
                Param::float(
                    "gamma",
                    0.0,
                    "width of a basis function; 0: 1 / (columns · variance of the table)",
                )
                .at_least(0.0)
                .tries(&["0", "0.003", "0.01", "0.03"]),
            )
    }

    fn fit(&self, train: &Examples, _valid: &Examples, run: &Run) -> Result<Box<dyn Fitted>> {
        let training = Training::new(train)?;
        let gamma = match run.params.float("gamma")? {
            0.0 => scale_gamma(&training.table),
            gamma => gamma,
        };
        let problem = Problem::new(training, RadialBasis { gamma }, run.params.float("c")?, self.solver);

        let pairs = class_pairs(problem.rows.len());
        let solved = AtomicUsize::new(0);
        let mut solutions = Vec::with_capacity(pairs.len());
        for together in pairs.chunks(problem.pairs_at_once()) {
            let solve = |&pair| {
                run.check_cancelled()?;
                let solution = match problem.solver {
                    Solver::Own => problem.solve(pair, || run.check_cancelled())?,
                    Solver::Linfa => problem.solve_with_linfa(pair)?,
                };
                run.progress(solved.fetch_add(1, Ordering::Relaxed) + 1, pairs.len(), "class pairs");
                Ok(solution)
            };
            solutions.extend(together.par_iter().map(solve).collect::<Result<Vec<_>>>()?);
        }
        Ok(Box::new(problem.machine(&pairs, &solutions)))
    }
}

/// scikit-learn's `gamma="scale"`: one over columns times the variance of the whole table.
fn scale_gamma(table: &Array2<f64>) -> f64 {
    let variance = table.var(0.0);
    if variance == 0.0 { 1.0 } else { 1.0 / (table.ncols() as f64 * variance) }
}

/// The training part, one class after the other.
struct Problem {
    table: Array2<f64>,
    /// Where each class's rows are in the table.
    rows: Vec<Range<usize>>,
    /// The kernel within each class, which all its pairs share; empty where the kernels do not all
    /// fit into memory, or nobody asks for them.
    within: Vec<Tile>,
    kernel: RadialBasis,
    c: f64,
    solver: Solver,
    classes: Classes,
}

impl Problem {
    fn new(training: Training, kernel: RadialBasis, c: f64, solver: Solver) -> Self {
        let mut order: Vec<usize> = (0..training.labels.len()).collect();
        order.sort_by_key(|&row| training.labels[row]);
        let table = training.table.select(Axis(0), &order);
        let label = |at: &usize| training.labels[*at];
        let rows: Vec<_> = (0..training.class_count())
            .map(|class| {
                order.partition_point(|at| label(at) < class)..order.partition_point(|at| label(at) <= class)
            })
            .collect();
        let mut problem = Self { table, rows, within: vec![], kernel, c, solver, classes: training.classes };
        if matches!(solver, Solver::Own) && problem.within_memory() + problem.pair_memory() <= KERNEL_MEMORY {
            let within =
                |class| Tile::new(problem.kernel.rounded_between(problem.class(class), problem.class(class)));
            problem.within = (0..problem.rows.len()).into_par_iter().map(within).collect();
        }
        problem
    }

    /// The rows of a class.
    fn class(&self, class: usize) -> ArrayView2<'_, f64> {
        self.table.slice(s![self.rows[class].clone(), ..])
    }

    /// Bytes of the kernels within all classes.
    fn within_memory(&self) -> usize {
        self.rows.iter().map(|rows| rows.len().pow(2) * size_of::<f32>()).sum()
    }

    /// Bytes of the largest kernel across two classes, and of its transpose.
    fn pair_memory(&self) -> usize {
        let largest = self.rows.iter().map(Range::len).max().unwrap_or(0);
        2 * largest.pow(2) * size_of::<f32>()
    }

    /// How many pairs may be solved in parallel.
    fn pairs_at_once(&self) -> usize {
        let left = KERNEL_MEMORY.saturating_sub(self.within_memory());
        if self.within.is_empty() { usize::MAX } else { (left / self.pair_memory()).max(1) }
    }

    fn solve(&self, (first, second): (usize, usize), go_on: impl Fn() -> Result<()>) -> Result<Solution> {
        let tables = [self.class(first), self.class(second)];
        let kernel = if self.within.is_empty() {
            PairKernel::on_demand(&self.kernel, tables, KERNEL_MEMORY / rayon::current_num_threads())
        } else {
            PairKernel::whole(&self.kernel, [&self.within[first], &self.within[second]], tables)
        };
        separate(&kernel, self.c, go_on)
    }

    fn solve_with_linfa(&self, (first, second): (usize, usize)) -> Result<Solution> {
        let table = concatenate![Axis(0), self.class(first), self.class(second)];
        let is_first = Array1::from_shape_fn(table.nrows(), |row| row < self.rows[first].len());
        let solved = linfa_svm::Svm::<f64, bool>::params()
            .pos_neg_weights(self.c, self.c)
            .gaussian_kernel(1.0 / self.kernel.gamma)
            .eps(TOLERANCE)
            .shrinking(false)
            .fit(&DatasetBase::new(table, is_first))
            .map_err(Error::failed)?;
        Ok(Solution { weights: solved.alpha, offset: solved.rho })
    }

    /// Puts the solutions of all pairs over one table of support vectors.
    fn machine(self, pairs: &[(usize, usize)], solutions: &[Solution]) -> Machine {
        let mut weights = Array2::zeros((self.table.nrows(), pairs.len()));
        for ((&(first, second), solution), mut column) in
            pairs.iter().zip(solutions).zip(weights.columns_mut())
        {
            let rows = self.rows[first].clone().chain(self.rows[second].clone());
            for (row, &weight) in rows.zip(&solution.weights) {
                column[row] = weight;
            }
        }
        let support: Vec<usize> =
            (0..weights.nrows()).filter(|&row| weights.row(row).iter().any(|&w| w != 0.0)).collect();
        Machine {
            kernel: self.kernel,
            support: self.table.select(Axis(0), &support),
            weights: weights.select(Axis(0), &support),
            offsets: solutions.iter().map(|solution| solution.offset).collect(),
            classes: self.classes,
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
