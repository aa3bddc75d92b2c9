//! k nearest neighbours.

use crate::coarse::CoarseTable;
use crate::eight_bits::MOST_COLUMNS;
use crate::need::Need;
use crate::training::{in_line, require_columns, require_data};
use genre_bench_api::{
    Card, Error, Examples, Family, FitShape, Fitted, Inputs, Loading, Model, Param, Params, Result, Run,
    State, try_zeros, wide,
};
use ndarray::linalg::general_mat_mul;
use ndarray::parallel::prelude::*;
use ndarray::{Array2, ArrayView1, ArrayView2, Axis, s};

/// k nearest neighbours by Euclidean distance, every neighbour with one vote.
///
/// As scikit-learn's `KNeighborsClassifier(k)` with brute-force search: distances are compared in
/// double precision. The scores are the shares of votes, so equal votes go to the lowest class. Of
/// training examples at the same distance the one that comes first in the training part is nearer
/// (scikit-learn leaves it open). With fewer than `k` training examples all of them vote.
///
/// Written here because linfa-nn does not say which of several equally distant examples it returns,
/// and its search through all pairs is slow.
///
/// Reference: T. Cover and P. Hart, "Nearest neighbor pattern classification", IEEE Transactions on
/// Information Theory 13(1), 1967.
pub struct NearestNeighbours {
    name: &'static str,
    default_k: i64,
}

impl NearestNeighbours {
    /// `knn-1`: the nearest example alone decides.
    pub const ONE: Self = Self { name: "knn-1", default_k: 1 };
    /// `knn-5`: five neighbours vote.
    pub const FIVE: Self = Self { name: "knn-5", default_k: 5 };
}

impl Model for NearestNeighbours {
    fn card(&self) -> Card {
        let summary = match self.default_k {
            1 => "the label of the nearest neighbour, by Euclidean distance".to_owned(),
            k => format!("a vote of the {k} nearest neighbours, by Euclidean distance"),
        };
        Card::new(self.name, Family::Classical, summary).deterministic().param(
            Param::int("k", self.default_k, "how many neighbours vote")
                .above(0.0)
                .tries(&["1", "3", "5", "9", "15"]),
        )
    }

    fn fit(&self, train: &Examples, _valid: &Examples, run: &Run) -> Result<Box<dyn Fitted>> {
        require_data(train)?;
        let mut table = try_zeros(train.inputs.table.dim(), "the training part")?;
        table.assign(&train.inputs.table);
        let k = run.params.count("k")?;
        Ok(Box::new(Memory::new(table, train.labels.clone(), train.classes.len(), k)))
    }

    fn load(&self, mut state: State, loading: &Loading) -> Result<Box<dyn Fitted>> {
        let (labels, k) = load_neighbours(&mut state, loading.classes, &loading.params)?;
        let table = state.take("table", [labels.len(), loading.columns])?;
        state.end()?;
        Ok(Box::new(Memory::new(table, labels, loading.classes, k)))
    }

    fn memory(&self, params: &Params, shape: &FitShape) -> Option<u64> {
        // All training examples may be equally near.
        let neighbours = params.count("k").ok()?.min(shape.rows) * 4 + shape.rows;
        let block = block(shape.rows);
        let mut of_thread = Need::of(block, STRETCH) / 2 + Need::of(block, 2 * neighbours);
        let mut table = Need::table(shape) / 2 + Need::of(shape.rows, 4);
        if shape.columns <= MOST_COLUMNS {
            table += CoarseTable::need(shape.rows, shape.columns);
            // Rows being made multiples, and examples that are left over.
            of_thread += Need::of(block + 2, shape.columns) * 3 / 4;
        }
        Some(table + shape.threads as u64 * of_thread)
    }
}

/// Takes out the label of every training example, less than `classes`, and finds how many neighbours vote.
///
/// # Errors
///
/// No example, or a state that does not fit.
pub(crate) fn load_neighbours(
    state: &mut State,
    classes: usize,
    params: &Params,
) -> Result<(Vec<usize>, usize)> {
    let labels = state.take_places("labels", State::ANY, classes)?;
    match params.count("k")?.min(labels.len()) {
        0 => Err(Error::failed("no training example is a neighbour")),
        k => Ok((labels, k)),
    }
}

/// Most examples scored at once.
const BLOCK: usize = 128;

/// Most neighbours in question of all examples scored at once.
const IN_QUESTION: usize = 1 << 24;

/// Examples scored at once, given how many training examples there are, all of which may be equally near.
fn block(training: usize) -> usize {
    (IN_QUESTION / training.max(1)).clamp(1, BLOCK)
}

/// Training examples that a block is compared with at once: as many as let the block's products
/// with them stay in the processor's cache.
const STRETCH: usize = 512;

/// Groups that a stretch falls into, by index modulo this. A group is passed over as a whole where
/// even the nearest of it is too far, and the smallest distances of all groups are found without a
/// branch, several at once.
const GROUPS: usize = 64;

/// The training part itself.
///
/// The search is in two steps. Products of matrices give rough squared distances to everything, of
/// which it is known how far off they can be; they sort out who comes into question. Those few are
/// measured in double precision.
///
/// Products [in eight bits](CoarseTable) are tried first where the processor has them, and those in
/// single precision for the examples that they leave too many to.
struct Memory {
    /// Shape `(training examples, columns)`.
    table: Array2<f32>,
    /// Squared Euclidean norm of each row.
    squares: Vec<f32>,
    largest_square: f64,
    /// The same in eight bits, where that is of use.
    coarse: Option<CoarseTable>,
    labels: Vec<usize>,
    classes: usize,
    k: usize,
}

impl Memory {
    fn new(table: Array2<f32>, labels: Vec<usize>, classes: usize, k: usize) -> Self {
        let squares: Vec<f64> = table.axis_iter(Axis(0)).into_par_iter().map(squared_norm).collect();
        Self {
            coarse: CoarseTable::new(table.view(), &squares),
            largest_square: squares.iter().copied().fold(0.0, f64::max),
            squares: squares.iter().map(|&square| square as f32).collect(),
            k: k.min(table.nrows()),
            table,
            labels,
            classes,
        }
    }

    /// Indices of the `k` nearest training examples of each example of a block.
    fn nearest(&self, examples: ArrayView2<f32>) -> Vec<Vec<usize>> {
        let mut candidates = match &self.coarse {
            Some(coarse) => coarse.candidates(examples, self.k),
            None => self.shortlists(examples),
        };
        let open: Vec<usize> = (0..candidates.len()).filter(|&at| candidates[at].is_none()).collect();
        if !open.is_empty() {
            let shortlists = self.shortlists(examples.select(Axis(0), &open).view());
            open.into_iter().zip(shortlists).for_each(|(at, shortlist)| candidates[at] = shortlist);
        }
        let candidates = candidates.into_iter().map(Option::unwrap_or_default);
        examples
            .rows()
            .into_iter()
            .zip(candidates)
            .map(|(example, near)| self.nearest_of(example, near))
            .collect()
    }

    /// Indices of the `k` nearest to an example of some, the nearest among them, each with no more than what its squared distance is above
    /// the example's square.
    fn nearest_of(&self, example: ArrayView1<f32>, mut candidates: Vec<(f32, usize)>) -> Vec<usize> {
        candidates.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let by_distance = |a: &(f64, usize), b: &(f64, usize)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
        let square = squared_norm(example);
        // More than distances in double precision are off by.
        let rounding = 8.0 * (example.len() + 4) as f64 * f64::EPSILON * (square + self.largest_square);
        let mut near: Vec<(f64, usize)> = Vec::with_capacity(2 * self.k);
        let mut reach = f64::INFINITY;
        for (bound, at) in candidates {
            if f64::from(bound) + square - rounding > reach {
                break;
            }
            near.push((squared_distance(example, self.table.row(at)), at));
            if near.len() == 2 * self.k {
                reach = near.select_nth_unstable_by(self.k - 1, by_distance).1.0;
                near.truncate(self.k);
            }
        }
        near.sort_unstable_by(by_distance);
        near.iter().take(self.k).map(|&(_, at)| at).collect()
    }

    /// Who may be among the `k` nearest of each example of a block, by rough distances.
    fn shortlists(&self, examples: ArrayView2<f32>) -> Vec<Option<Vec<(f32, usize)>>> {
        let mut shortlists: Vec<Shortlist> = examples
            .rows()
            .into_iter()
            .map(|example| Shortlist::new(self.k, self.rounding_of(example)))
            .collect();
        let mut products = Array2::zeros((examples.nrows(), STRETCH.min(self.table.nrows())));
        for (at, stretch) in self.table.axis_chunks_iter(Axis(0), STRETCH).enumerate() {
            let first = at * STRETCH;
            let squares = &self.squares[first..first + stretch.nrows()];
            let mut products = products.slice_mut(s![.., ..stretch.nrows()]);
            general_mat_mul(-2.0, &examples, &stretch.t(), 0.0, &mut products);
            for (products, shortlist) in products.rows().into_iter().zip(&mut shortlists) {
                if let Some(products) = products.as_slice() {
                    shortlist.consider(first, products, squares);
                }
            }
        }
        shortlists.into_iter().map(|shortlist| Some(shortlist.members())).collect()
    }

    /// More than two rough distances from an example can be wrong by together; infinite where they
    /// may overflow.
    ///
    /// With `u` the unit roundoff, a sum of `n` products is off by at most `n·u / (1 - n·u)` times
    /// the sum of their magnitudes, in whatever order it is taken: N. Higham, "Accuracy and
    /// Stability of Numerical Algorithms", 2nd edition, SIAM, 2002, section 3.1. With that, with the
    /// roundings of `|b|²` and of the sum, and with `2·|a|·|b| <= |a|² + |b|²`, one rough distance is
    /// off by at most `(n + 4)·u·(|a|² + |b|²)`. Twice as much is granted, and what underflow takes.
    fn rounding_of(&self, example: ArrayView1<f32>) -> f32 {
        let magnitude = squared_norm(example) + self.largest_square;
        if magnitude > f64::from(f32::MAX) / 8.0 {
            return f32::INFINITY;
        }
        let columns = self.table.ncols() as f64;
        let relative = 2.0 * (columns + 4.0) * f64::from(f32::EPSILON);
        (relative * magnitude + columns * f64::from(f32::MIN_POSITIVE)) as f32
    }
}

/// Who may be among the `k` nearest of one example, by rough distance.
///
/// Rough distances are `|b|² - 2·a·b`: squared, and up to the example's own `|a|²`.
struct Shortlist {
    k: usize,
    /// More than two rough distances can be wrong by together.
    rounding: f32,
    /// No less than the `k`-th smallest rough distance so far.
    bound: f32,
    /// Rough distance and index.
    members: Vec<(f32, usize)>,
}

impl Shortlist {
    fn new(k: usize, rounding: f32) -> Self {
        Self { k, rounding, bound: f32::INFINITY, members: Vec::with_capacity(4 * k) }
    }

    /// Largest rough distance of an example that may be among the nearest.
    fn reach(&self) -> f32 {
        if self.rounding.is_finite() { self.bound + self.rounding } else { f32::INFINITY }
    }

    /// Adds those who come into question of a stretch of training examples, the first of which has
    /// the index `first`, given `-2·a·b` and `|b|²`.
    fn consider(&mut self, first: usize, products: &[f32], squares: &[f32]) {
        let mut minima = [f32::INFINITY; GROUPS];
        for (products, squares) in products.chunks(GROUPS).zip(squares.chunks(GROUPS)) {
            for (least, (product, square)) in minima.iter_mut().zip(products.iter().zip(squares)) {
                let rough = product + square;
                *least = if rough < *least { rough } else { *least };
            }
        }
        if self.members.is_empty() && self.k <= GROUPS {
            // The nearest of k groups are k examples.
            self.bound = *minima.clone().select_nth_unstable_by(self.k - 1, f32::total_cmp).1;
        }
        let reach = self.reach();
        let before = self.members.len();
        for (group, _) in minima.iter().enumerate().filter(|&(_, &least)| least <= reach) {
            for at in (group..products.len()).step_by(GROUPS) {
                let rough = products[at] + squares[at];
                if within(rough, reach) {
                    self.members.push((rough, first + at));
                }
            }
        }
        if self.members.len() > before && self.members.len() >= self.k {
            let by_distance = |a: &(f32, usize), b: &(f32, usize)| a.0.total_cmp(&b.0);
            self.bound = self.members.select_nth_unstable_by(self.k - 1, by_distance).1.0;
        }
    }

    /// Indices of all that may be among the nearest, the nearest among them, and what their distances are no less than.
    fn members(mut self) -> Vec<(f32, usize)> {
        let reach = self.reach();
        self.members.retain(|&(rough, _)| within(rough, reach));
        self.members.iter_mut().for_each(|(rough, _)| *rough -= self.rounding);
        self.members
    }
}

/// An infinite reach takes in what overflow leaves undefined.
fn within(rough: f32, reach: f32) -> bool {
    reach == f32::INFINITY || rough <= reach
}

fn squared_norm(row: ArrayView1<f32>) -> f64 {
    sum_of_squares(row, row, |value, _| value)
}

fn squared_distance(a: ArrayView1<f32>, b: ArrayView1<f32>) -> f64 {
    sum_of_squares(a, b, |a, b| a - b)
}

/// The sum of the squares of what is made of the numbers of two rows.
#[inline(always)]
fn sum_of_squares(a: ArrayView1<f32>, b: ArrayView1<f32>, made: impl Fn(f64, f64) -> f64) -> f64 {
    let (a, b) = (in_line(&a), in_line(&b));
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    wide(
        #[inline(always)]
        || {
            // In four sums, so that an addition does not wait for the one before it.
            let mut sums = [0.0; 4];
            for (a, b) in a.iter().zip(b) {
                for lane in 0..sums.len() {
                    sums[lane] += made(f64::from(a[lane]), f64::from(b[lane])).powi(2);
                }
            }
            for (sum, (&a, &b)) in sums.iter_mut().zip(a_rest.iter().zip(b_rest)) {
                *sum += made(f64::from(a), f64::from(b)).powi(2);
            }
            sums.iter().sum()
        },
    )
}

impl Fitted for Memory {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        require_columns(inputs, self.table.ncols())?;
        let mut scores = Array2::zeros((inputs.len(), self.classes));
        // As many blocks for every thread. Nothing depends on where they end: distances are exact.
        let threads = rayon::current_num_threads();
        let most = block(self.table.nrows());
        let block = inputs.len().div_ceil(threads * inputs.len().div_ceil(threads * most).max(1)).max(1);
        scores
            .axis_chunks_iter_mut(Axis(0), block)
            .into_par_iter()
            .zip(inputs.table.axis_chunks_iter(Axis(0), block))
            .for_each(|(mut scores, examples)| {
                for (neighbours, mut shares) in self.nearest(examples).iter().zip(scores.rows_mut()) {
                    for &neighbour in neighbours {
                        shares[self.labels[neighbour]] += 1.0 / self.k as f32;
                    }
                }
            });
        Ok(scores)
    }

    fn save(&self) -> Result<State> {
        let labels = self.labels.iter().copied();
        Ok(State::default().with("table", self.table.clone()).with_places("labels", labels))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use genre_bench_api::random_stream;
    use rand::Rng;

    /// The rule, without the shortcut.
    fn by_definition(memory: &Memory, example: ArrayView1<f32>) -> Vec<usize> {
        let mut all: Vec<(f64, usize)> = (0..memory.table.nrows())
            .map(|at| (squared_distance(example, memory.table.row(at)), at))
            .collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        all.iter().take(memory.k).map(|&(_, at)| at).collect()
    }

    fn check(table: Array2<f32>, asked: &Array2<f32>, k: usize, what: &str) {
        let labels = vec![0; table.nrows()];
        let mut memory = Memory::new(table, labels, 1, k);
        let expected: Vec<_> =
            asked.rows().into_iter().map(|example| by_definition(&memory, example)).collect();
        assert_eq!(memory.nearest(asked.view()), expected, "{k} nearest, {what}");
        if memory.coarse.take().is_some() {
            assert_eq!(memory.nearest(asked.view()), expected, "{k} nearest in single precision, {what}");
        }
    }

    /// Distances that single precision confuses, loses in underflow or cannot hold, and equal ones.
    #[test]
    fn the_shortlist_misses_nobody() {
        let mut rng = random_stream(0, "the shortlist misses nobody");
        for (offset, spread) in
            [(0.0, 1.0), (1e4, 1.0), (1e7, 0.5), (0.0, 1e-22), (0.0, 1e-30), (0.0, 3e18), (1e19, 1e35)]
        {
            let mut draw = |rows| {
                Array2::from_shape_fn((rows, 5), |_| {
                    (offset + spread * f64::from(rng.gen_range(-9_i8..10)) * rng.gen_range(0.99..1.0)) as f32
                })
            };
            let (mut table, mut asked) = (draw(STRETCH + 300), draw(20));
            let halves = table.slice(s![..400, ..]).to_owned();
            table.slice_mut(s![400..800, ..]).assign(&halves);
            asked.slice_mut(s![..5, ..]).assign(&halves.slice(s![..5, ..]));
            for k in [1, 5, GROUPS + 1, table.nrows()] {
                check(table.clone(), &asked, k, &format!("{offset} ± {spread}"));
            }
        }
    }

    /// Many columns; rows and columns of other sizes; outliers; columns and rows that are constant or zero; rows at about the same distance
    /// from all, of which eight bits leave out none; and those that they are not good for among others.
    #[test]
    fn eight_bits_miss_nobody() {
        let mut rng = random_stream(0, "eight bits miss nobody");
        for (columns, wild) in [(1, false), (57, false), (57, true), (300, false), (300, true)] {
            let centres = Array2::from_shape_fn((9, columns), |_| rng.gen_range(-2.0..2.0_f32));
            let mut draw = |rows| {
                let mut table = Array2::from_shape_fn((rows, columns), |(row, column)| {
                    centres[[row % 9, column]] + rng.gen_range(-0.5..0.5)
                });
                table.column_mut(columns / 2).fill(3.0);
                for (row, mut values) in table.rows_mut().into_iter().enumerate() {
                    match row % 40 {
                        0 => values.fill(0.0),
                        1 if wild => values *= 1e4,
                        2 if wild => values[columns - 1] = 1e3,
                        4 => values.iter_mut().for_each(|value| *value = rng.gen_range(-1.0..1.0)),
                        _ => {}
                    }
                }
                table
            };
            let (mut table, mut asked) = (draw(1000), draw(83));
            let some = table.slice(s![100..200, ..]).to_owned();
            table.slice_mut(s![700..800, ..]).assign(&some);
            asked.slice_mut(s![10..20, ..]).assign(&some.slice(s![..10, ..]));
            if wild {
                asked.row_mut(3).mapv_inplace(|value| 1e-14 * value);
            }
            for k in [1, 5, 100, 1000] {
                check(table.clone(), &asked, k, &format!("{columns} columns, wild: {wild}"));
            }
        }
    }
}
