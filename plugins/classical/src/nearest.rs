//! k nearest neighbours.

use crate::kernel::squared_norms;
use crate::training::{double_precision, require_columns, require_data};
use genre_bench_api::{Card, Examples, Family, Fitted, Inputs, Model, Param, Result, Run};
use ndarray::parallel::prelude::*;
use ndarray::{Array1, Array2, ArrayView1, Axis};

/// k nearest neighbours by Euclidean distance, every neighbour with one vote.
///
/// As scikit-learn's `KNeighborsClassifier(k)` with brute-force search: distances are exact, in
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
        Card::new(self.name, Family::Classical, summary)
            .param(Param::int("k", self.default_k, "how many neighbours vote").above(0.0))
    }

    fn fit(&self, train: &Examples, _valid: &Examples, run: &Run) -> Result<Box<dyn Fitted>> {
        require_data(train)?;
        let table = double_precision(&train.inputs);
        let squares = squared_norms(table.view());
        Ok(Box::new(Memory {
            largest_square: squares.iter().copied().fold(0.0, f64::max),
            squares,
            table,
            labels: train.labels.clone(),
            classes: train.classes.len(),
            k: run.params.count("k")?.min(train.len()),
        }))
    }
}

/// Examples scored at once.
const BLOCK: usize = 64;

/// The training part itself.
struct Memory {
    /// Shape `(training examples, columns)`.
    table: Array2<f64>,
    /// Squared Euclidean norm of each row.
    squares: Array1<f64>,
    largest_square: f64,
    labels: Vec<usize>,
    classes: usize,
    k: usize,
}

impl Memory {
    /// Indices of the `k` nearest training examples.
    ///
    /// `products` are the example's inner products with all of them. They give all squared
    /// distances at once, as `|b|² - 2·a·b` up to the common `|a|²`, but rounded: so they only
    /// sort out who comes into question, and those few are measured exactly.
    fn nearest(&self, example: ArrayView1<f64>, products: ArrayView1<f64>) -> Vec<usize> {
        let rough = &self.squares - &(2.0 * &products);
        let (_, &mut kth, _) = rough.to_vec().select_nth_unstable_by(self.k - 1, f64::total_cmp);
        let reach = kth + self.rounding_of(example);
        let mut near: Vec<(f64, usize)> = (0..rough.len())
            .filter(|&at| rough[at] <= reach)
            .map(|at| (squared_distance(example, self.table.row(at)), at))
            .collect();
        near.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        near.iter().take(self.k).map(|&(_, at)| at).collect()
    }

    /// More than two rough distances from an example can be wrong by together.
    ///
    /// A sum of `n` products is off by at most about `n` times the machine precision times the sum
    /// of their magnitudes: N. Higham, "Accuracy and Stability of Numerical Algorithms", 2nd
    /// edition, SIAM, 2002, section 3.1. The factor 16 covers all the sums involved.
    fn rounding_of(&self, example: ArrayView1<f64>) -> f64 {
        let magnitude = example.dot(&example) + self.largest_square;
        16.0 * (self.table.ncols() + 4) as f64 * f64::EPSILON * magnitude
    }
}

fn squared_distance(a: ArrayView1<f64>, b: ArrayView1<f64>) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

impl Fitted for Memory {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        require_columns(inputs, self.table.ncols())?;
        let table = double_precision(inputs);
        let mut scores = Array2::zeros((inputs.len(), self.classes));
        scores
            .axis_chunks_iter_mut(Axis(0), BLOCK)
            .into_par_iter()
            .zip(table.axis_chunks_iter(Axis(0), BLOCK))
            .for_each(|(mut scores, examples)| {
                let products = examples.dot(&self.table.t());
                for (row, mut shares) in scores.rows_mut().into_iter().enumerate() {
                    for neighbour in self.nearest(examples.row(row), products.row(row)) {
                        shares[self.labels[neighbour]] += 1.0 / self.k as f32;
                    }
                }
            });
        Ok(scores)
    }
}
