//! Random forest.

use crate::cart::{RankedTable, Tree};
use crate::decision_tree::{growth, max_depth, min_samples_leaf};
use crate::training::{require_columns, require_data};
use genre_bench_api::{Card, Examples, Family, Fitted, Inputs, Model, Param, Result, Run};
use ndarray::parallel::prelude::*;
use ndarray::{Array1, Array2, ArrayView1, Axis};
use rand::Rng;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A random forest: CART trees on bootstrap samples, each split among a few random columns.
///
/// As scikit-learn's `RandomForestClassifier()`: the scores are the mean over trees of the class
/// frequencies in the leaf that the example falls into ("soft" votes). Every tree has a random
/// stream of its own, so the forest is the same at any number of threads.
///
/// Written here: smartcore's forest (0.7) only counts hard votes, grows its trees one after the
/// other and cannot be stopped, and its tree takes no random subset of columns.
///
/// Reference: L. Breiman, "Random forests", Machine Learning 45, 2001.
pub struct Forest;

impl Model for Forest {
    fn card(&self) -> Card {
        Card::new("forest", Family::Classical, "random forest of CART trees, soft votes")
            .param(Param::int("trees", 100, "how many trees").above(0.0))
            .param(max_depth())
            .param(min_samples_leaf())
            .param(
                Param::int("features-per-split", 0, "columns tried for a split; 0: square root of all")
                    .at_least(0.0),
            )
    }

    fn fit(&self, train: &Examples, _valid: &Examples, run: &Run) -> Result<Box<dyn Fitted>> {
        require_data(train)?;
        let table = RankedTable::new(&train.inputs.table, &train.labels, train.classes.len());
        let growth = growth(
            run,
            match run.params.count("features-per-split")? {
                0 => table.columns().isqrt(),
                columns => columns,
            },
        )?;
        let count = run.params.count("trees")?;
        let grown = AtomicUsize::new(0);
        let trees = (0..count)
            .into_par_iter()
            .map(|tree| {
                run.check_cancelled()?;
                let mut rng = run.rng(&format!("tree {tree}"));
                let weights = bootstrap(table.rows(), &mut rng);
                let tree = Tree::grow(&table, &weights, growth, &mut rng);
                run.progress(grown.fetch_add(1, Ordering::Relaxed) + 1, count, "trees");
                Ok(tree)
            })
            .collect::<Result<_>>()?;
        Ok(Box::new(Grown { trees, columns: table.columns(), classes: train.classes.len() }))
    }
}

/// How often each of `rows` is among that many draws with replacement.
fn bootstrap(rows: usize, rng: &mut impl Rng) -> Vec<u32> {
    let mut weights = vec![0; rows];
    for _ in 0..rows {
        weights[rng.gen_range(0..rows)] += 1;
    }
    weights
}

struct Grown {
    trees: Vec<Tree>,
    columns: usize,
    classes: usize,
}

impl Grown {
    fn mean_frequencies(&self, example: ArrayView1<f32>) -> Array1<f32> {
        let mut sum = Array1::<f64>::zeros(self.classes);
        for tree in &self.trees {
            for (sum, &frequency) in sum.iter_mut().zip(tree.frequencies(example)) {
                *sum += f64::from(frequency);
            }
        }
        (sum / self.trees.len() as f64).mapv(|mean| mean as f32)
    }
}

impl Fitted for Grown {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        require_columns(inputs, self.columns)?;
        let mut scores = Array2::zeros((inputs.len(), self.classes));
        scores
            .axis_iter_mut(Axis(0))
            .into_par_iter()
            .zip(inputs.table.axis_iter(Axis(0)))
            .for_each(|(mut scores, example)| scores.assign(&self.mean_frequencies(example)));
        Ok(scores)
    }
}
