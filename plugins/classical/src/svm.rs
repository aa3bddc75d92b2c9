//! Support vector machine.

use crate::kernel::RadialBasis;
use crate::need::Need;
use crate::pair_kernel::{PairKernel, Tile};
use crate::product::GoOn;
use crate::smo::{Solution, TOLERANCE, separate};
use crate::training::{Classes, Training, double_precision, require_columns};
use crate::votes::{class_pairs, vote};
use genre_bench_api::{
    Card, Error, Examples, Family, FitShape, Fitted, Inputs, Loading, Model, Observer, Param, Params, Result,
    Run, State, try_zeros,
};
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

/// Bytes of the parts of decisions that a thread makes of examples at once, unless those of one example take more.
const PARTS_MEMORY: usize = 4 << 20;

/// Pairs of classes whose solutions are held at once.
const AT_ONCE: usize = 4096;

/// Most times that progress is told.
const MOST_TOLD: usize = 1000;

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
            .deterministic()
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
        let go_on: GoOn = &|| run.check_cancelled();
        let problem =
            Problem::new(training, RadialBasis { gamma }, run.params.float("c")?, self.solver, go_on)?;

        let pairs = class_pairs(problem.rows.len());
        let told = pairs.len().div_ceil(MOST_TOLD).max(1);
        let solved = AtomicUsize::new(0);
        let mut machine = Machine::unsolved(&problem, pairs.len())?;
        for together in pairs.chunks(problem.pairs_at_once()) {
            let solve = |&pair| {
                go_on()?;
                let solution = match problem.solver {
                    Solver::Own => problem.solve(pair, go_on)?,
                    Solver::Linfa => problem.solve_with_linfa(pair)?,
                };
                let solved = solved.fetch_add(1, Ordering::Relaxed) + 1;
                if solved.is_multiple_of(told) || solved == pairs.len() {
                    run.progress(solved, pairs.len(), "class pairs");
                }
                Ok(solution)
            };
            for (&pair, solution) in
                together.iter().zip(together.par_iter().map(solve).collect::<Result<Vec<_>>>()?)
            {
                machine.add(pair, solution, &problem.rows);
            }
        }
        Ok(Box::new(machine.finish(problem)))
    }

    fn load(&self, state: State, loading: &Loading) -> Result<Box<dyn Fitted>> {
        Ok(Box::new(Machine::load(state, loading)?))
    }

    fn memory(&self, _params: &Params, shape: &FitShape) -> Option<u64> {
        let (rows, classes) = (shape.rows as u64, shape.classes as u64);
        let pairs = classes * classes.saturating_sub(1) / 2;
        // Equal classes; a larger one has its kernels computed again and again instead.
        let largest = rows / classes.max(1) + 1;
        let kernels =
            (4 * rows * largest + 8 * largest * largest * shape.threads as u64).min(KERNEL_MEMORY as u64);
        let panels = 8 * largest * (shape.columns as u64 + 1) * shape.threads as u64;
        let parts = (PARTS_MEMORY as u64).max(8 * classes * classes);
        let blocks = Need::of(BLOCK * shape.threads, 2 * shape.rows) + parts * shape.threads as u64;
        let linfa = match self.solver {
            Solver::Own => 0,
            Solver::Linfa => shape.threads as u64 * 2 * largest * (16 * shape.columns as u64 + 16 * largest),
        };
        // Twice the table, whose rows are put in order, and what each row counts for against each class.
        let solutions = Need::of(shape.rows, shape.classes) + 24 * pairs + 200 * AT_ONCE as u64;
        Some(2 * Need::table(shape) + kernels + panels + solutions + blocks + linfa + Need::scoring(shape))
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
    fn new(training: Training, kernel: RadialBasis, c: f64, solver: Solver, go_on: GoOn) -> Result<Self> {
        let mut order: Vec<usize> = (0..training.labels.len()).collect();
        order.sort_by_key(|&row| training.labels[row]);
        let mut table = try_zeros(training.table.dim(), "the table in the order of its classes")?;
        for (mut to, &from) in table.rows_mut().into_iter().zip(&order) {
            to.assign(&training.table.row(from));
        }
        let label = |at: &usize| training.labels[*at];
        let rows: Vec<_> = (0..training.class_count())
            .map(|class| {
                order.partition_point(|at| label(at) < class)..order.partition_point(|at| label(at) <= class)
            })
            .collect();
        let mut problem = Self { table, rows, within: vec![], kernel, c, solver, classes: training.classes };
        if matches!(solver, Solver::Own) && problem.within_memory() + problem.pair_memory() <= KERNEL_MEMORY {
            let within = |class| {
                let rows = problem.class(class);
                Ok(Tile::new(problem.kernel.rounded_between(rows, rows, go_on)?))
            };
            problem.within = (0..problem.rows.len()).into_par_iter().map(within).collect::<Result<_>>()?;
        }
        Ok(problem)
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
        if self.within.is_empty() { AT_ONCE } else { (left / self.pair_memory()).clamp(1, AT_ONCE) }
    }

    fn solve(&self, (first, second): (usize, usize), go_on: GoOn) -> Result<Solution> {
        let tables = [self.class(first), self.class(second)];
        let kernel = if self.within.is_empty() {
            PairKernel::on_demand(&self.kernel, tables, KERNEL_MEMORY / rayon::current_num_threads())
        } else {
            PairKernel::whole(&self.kernel, [&self.within[first], &self.within[second]], tables, go_on)?
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
}

/// The machines of all pairs over one table of support vectors.
///
/// A vector has a weight for every other class than its own, which is all that its pairs need: as in libsvm, and
/// not one for every pair of classes.
struct Machine {
    kernel: RadialBasis,
    /// Support vectors, one class after the other, shape `(vectors, columns)`.
    support: Array2<f64>,
    /// Where each class's are.
    rows: Vec<Range<usize>>,
    /// What each vector weighs in the decision between its own class and each of the others, in their order, shape
    /// `(vectors, classes - 1)`.
    weights: Array2<f64>,
    /// Subtracted from each pair's decision.
    offsets: Vec<f64>,
    classes: Classes,
}

/// The machines of pairs, some of which are solved.
struct Unfinished {
    weights: Array2<f64>,
    offsets: Vec<f64>,
}

impl Machine {
    fn unsolved(problem: &Problem, pairs: usize) -> Result<Unfinished> {
        let others = problem.rows.len().saturating_sub(1);
        let weights = try_zeros((problem.table.nrows(), others), "the weights of support vectors")?;
        Ok(Unfinished { weights, offsets: Vec::with_capacity(pairs) })
    }

    fn load(mut state: State, loading: &Loading) -> Result<Self> {
        if loading.columns == 0 {
            // Vectors of no columns take no memory in a file, however many there are.
            return Err(Error::failed("the feature table has no columns"));
        }
        let classes = Classes::load(&mut state, loading.classes)?;
        let count = classes.count();
        let gamma = state.take_number("gamma")?;
        let support: Array2<f64> = state.take("support", [State::ANY, loading.columns])?;
        let weights = state.take("weights", [support.nrows(), count - 1])?;
        let offsets = state.take("offsets", [count * (count - 1) / 2])?.to_vec();
        let sizes = state.take_parts("class vectors", count, support.nrows())?;
        state.end()?;
        let ends = sizes.iter().scan(0, |end, size| {
            *end += size;
            Some(*end)
        });
        let rows = ends.zip(&sizes).map(|(end, size)| end - size..end).collect();
        Ok(Self { kernel: RadialBasis { gamma }, support, rows, weights, offsets, classes })
    }

    /// Decisions of all pairs for examples whose kernel with the support vectors is given: each class's vectors'
    /// part in the decisions against all others, shape `(examples, classes - 1)`.
    fn parts(&self, kernel: ArrayView2<f64>) -> Vec<Array2<f64>> {
        let part = |rows: &Range<usize>| {
            kernel.slice(s![.., rows.clone()]).dot(&self.weights.slice(s![rows.clone(), ..]))
        };
        self.rows.iter().map(part).collect()
    }

    fn scored(&self, inputs: &Inputs, go_on: GoOn) -> Result<Array2<f32>> {
        require_columns(inputs, self.support.ncols())?;
        let table = double_precision(inputs)?;
        let classes = self.rows.len();
        let mut scores = try_zeros((inputs.len(), classes), "the scores")?;
        // In blocks, so that a block's kernel values and parts of decisions stay in the cache.
        let block = (PARTS_MEMORY / (size_of::<f64>() * classes.pow(2))).clamp(1, BLOCK);
        scores
            .axis_chunks_iter_mut(Axis(0), block)
            .into_par_iter()
            .zip(table.axis_chunks_iter(Axis(0), block))
            .try_for_each(|(mut scores, examples)| {
                go_on()?;
                let parts = self.parts(self.kernel.between(examples, self.support.view(), go_on)?.view());
                for (example, scores) in scores.rows_mut().into_iter().enumerate() {
                    let decide = |(first, second): (usize, usize), pair: usize| {
                        parts[first][[example, second - 1]] + parts[second][[example, first]]
                            - self.offsets[pair]
                    };
                    vote(decide, scores);
                }
                Ok(())
            })?;
        Ok(self.classes.widen(&scores, NEVER))
    }
}

impl Unfinished {
    /// Adds the solution of the next pair, given where each class's rows are.
    fn add(&mut self, (first, second): (usize, usize), solution: Solution, rows: &[Range<usize>]) {
        let own = rows[first].clone().map(|row| (row, second - 1));
        let others = rows[second].clone().map(|row| (row, first));
        for (at, weight) in own.chain(others).zip(solution.weights) {
            self.weights[at] = weight;
        }
        self.offsets.push(solution.offset);
    }

    /// Keeps the rows that support something.
    fn finish(mut self, problem: Problem) -> Machine {
        let Problem { mut table, rows, kernel, classes, .. } = problem;
        let supports = |row: &usize| self.weights.row(*row).iter().any(|&weight| weight != 0.0);
        let support: Vec<usize> = (0..table.nrows()).filter(supports).collect();
        let place = |row: usize| support.partition_point(|&kept| kept < row);
        let rows = rows.into_iter().map(|rows| place(rows.start)..place(rows.end)).collect();
        // In place, as a second table may not fit into memory.
        for (to, &from) in support.iter().enumerate().filter(|(to, from)| to < from) {
            for matrix in [&mut table, &mut self.weights] {
                let (mut above, below) = matrix.view_mut().split_at(Axis(0), from);
                above.row_mut(to).assign(&below.row(0));
            }
        }
        Machine {
            kernel,
            support: table.slice_move(s![..support.len(), ..]),
            rows,
            weights: self.weights.slice_move(s![..support.len(), ..]),
            offsets: self.offsets,
            classes,
        }
    }
}

impl Fitted for Machine {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        self.scored(inputs, &|| Ok(()))
    }

    fn save(&self) -> Result<State> {
        let state = State::default()
            .with_number("gamma", self.kernel.gamma)
            .with("support", self.support.clone())
            .with("weights", self.weights.clone())
            .with("offsets", Array1::from(self.offsets.clone()))
            .with_places("class vectors", self.rows.iter().map(Range::len));
        Ok(self.classes.save(state))
    }

    fn scores_unless_cancelled(&self, inputs: &Inputs, observer: &dyn Observer) -> Result<Array2<f32>> {
        self.scored(inputs, &|| if observer.cancelled() { Err(Error::Cancelled) } else { Ok(()) })
    }
}
