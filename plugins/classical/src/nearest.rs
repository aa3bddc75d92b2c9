//! k nearest neighbours.

use crate::published::with_ghaemi;
use crate::training::{double_precision, require_columns, require_data};
use genre_bench_api::{Card, Examples, Family, Fitted, Inputs, Model, Param, Result, Run};
use ndarray::parallel::prelude::*;
use ndarray::{Array1, Array2, ArrayView1, ArrayViewMut1, Axis};

/// k nearest neighbours by Euclidean distance, every neighbour with one vote.
///
/// As scikit-learn's `KNeighborsClassifier(k)` with brute-force search: distances are exact, in
/// double precision. The scores are the shares of votes, so equal votes go to the lowest class. Of
/// training examples at the same distance the one that comes first in the training part is nearer.
/// With fewer than `k` training examples all of them vote.
///
/// Written here because linfa-nn's search does not say which of several equally distant examples it
/// returns, and goes through a virtual call for every pair of rows.
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
        let card = Card::new(self.name, Family::Classical, "nearest neighbours by Euclidean distance")
            .param(Param::int("k", self.default_k, "how many neighbours vote").above(0.0));
        match self.default_k {
            1 => with_ghaemi(card, (100.0, 66.67), (99.89, 91.47)),
            _ => with_ghaemi(card, (78.75, 69.41), (93.44, 89.67)),
        }
    }

    fn fit(&self, train: &Examples, _valid: &Examples, run: &Run) -> Result<Box<dyn Fitted>> {
        require_data(train)?;
        Ok(Box::new(Memory {
            columns: double_precision(&train.inputs).reversed_axes().as_standard_layout().into_owned(),
            labels: train.labels.clone(),
            classes: train.classes.len(),
            k: run.params.count("k")?.min(train.len()),
        }))
    }
}

/// The training part itself.
struct Memory {
    /// The feature table by column, shape `(columns, training examples)`.
    columns: Array2<f64>,
    labels: Vec<usize>,
    classes: usize,
    k: usize,
}

impl Memory {
    /// Writes the shares of votes for one example, given as its features.
    fn vote(&self, example: ArrayView1<f64>, mut shares: ArrayViewMut1<f32>) {
        let distances = self.squared_distances(example);
        let mut nearest: Vec<usize> = (0..distances.len()).collect();
        // Ties by index make the set of the first k unique.
        nearest.select_nth_unstable_by(self.k - 1, |&a, &b| {
            distances[a].total_cmp(&distances[b]).then(a.cmp(&b))
        });
        for &neighbour in &nearest[..self.k] {
            shares[self.labels[neighbour]] += 1.0 / self.k as f32;
        }
    }

    /// Column by column, so that the processor works on many training examples at once.
    fn squared_distances(&self, example: ArrayView1<f64>) -> Array1<f64> {
        let mut distances = Array1::zeros(self.labels.len());
        for (value, column) in example.iter().zip(self.columns.rows()) {
            distances.zip_mut_with(&column, |distance, other| *distance += (value - other) * (value - other));
        }
        distances
    }
}

impl Fitted for Memory {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        require_columns(inputs, self.columns.nrows())?;
        let table = double_precision(inputs);
        let mut scores = Array2::zeros((inputs.len(), self.classes));
        scores
            .axis_iter_mut(Axis(0))
            .into_par_iter()
            .zip(table.axis_iter(Axis(0)))
            .for_each(|(shares, example)| self.vote(example, shares));
        Ok(scores)
    }
}
