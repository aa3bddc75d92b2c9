//! Classification trees that vote.

use crate::cart::Tree;
use crate::decision_tree::{growth, max_depth, min_samples_leaf};
use crate::importances::mean_shares;
use crate::keyed_table::KeyedTable;
use crate::need::Need;
use crate::product::GoOn;
use crate::split::SplitStrategy;
use crate::training::{require_columns, require_data};
use genre_bench_api::{
    Card, Error, Examples, Family, FitShape, Fitted, Inputs, Insights, Loading, Param, Params, Result, Run,
    State,
};
use ndarray::parallel::prelude::*;
use ndarray::{Array1, Array2, ArrayView1, Axis};
use rand::RngCore;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The card of a model that [`Ensemble::grow`] fits.
pub(crate) fn card(name: &str, summary: &str) -> Card {
    Card::new(name, Family::Classical, summary)
        .param(Param::int("trees", 100, "how many trees").above(0.0))
        .param(max_depth())
        .param(min_samples_leaf())
        .param(
            Param::int("features-per-split", 0, "columns tried for a split; 0: square root of all")
                .at_least(0.0)
                .tries(&["0", "4", "16"]),
        )
}

/// Trees whose leaves' class frequencies are averaged.
pub(crate) struct Ensemble {
    trees: Vec<Tree>,
    columns: usize,
    classes: usize,
    out_of_bag_accuracy: Option<f64>,
}

impl Ensemble {
    /// Grows the trees in parallel, each with a random stream of its own and on a `sample` of the
    /// rows: how often each of so many counts.
    ///
    /// # Errors
    ///
    /// Where there is nothing to learn from, and where the run was cancelled.
    pub fn grow(
        train: &Examples,
        run: &Run,
        strategy: SplitStrategy,
        sample: impl Fn(usize, &mut dyn RngCore) -> Vec<u32> + Sync,
    ) -> Result<Self> {
        require_data(train)?;
        let go_on: GoOn = &|| run.check_cancelled();
        let table = KeyedTable::new(&train.inputs.table, &train.labels, train.classes.len(), go_on)?;
        let features_per_split = match run.params.count("features-per-split")? {
            0 => table.columns().isqrt(),
            columns => columns,
        };
        let growth = growth(run, features_per_split, strategy)?;
        let count = run.params.count("trees")?;
        let grown = AtomicUsize::new(0);
        let (trees, weights): (Vec<Tree>, Vec<Vec<u32>>) = (0..count)
            .into_par_iter()
            .map(|tree| {
                run.check_cancelled()?;
                let mut rng = run.rng(&format!("tree {tree}"));
                let weights = sample(table.rows(), &mut rng);
                let tree = Tree::grow(&table, &weights, growth, &mut rng, go_on)?;
                run.progress(grown.fetch_add(1, Ordering::Relaxed) + 1, count, "trees");
                Ok((tree, weights))
            })
            .collect::<Result<Vec<_>>>()?
            .into_iter()
            .unzip();
        let mut ensemble =
            Self { trees, columns: table.columns(), classes: train.classes.len(), out_of_bag_accuracy: None };
        ensemble.out_of_bag_accuracy = ensemble.accuracy_out_of_bag(train, &weights, go_on)?;
        Ok(ensemble)
    }

    /// A saved one.
    ///
    /// # Errors
    ///
    /// A state that does not fit.
    pub fn load(mut state: State, loading: &Loading) -> Result<Self> {
        let (columns, classes) = (loading.columns, loading.classes);
        let trees = Tree::load_all(&mut state, columns, classes)?;
        state.end()?;
        if trees.is_empty() {
            return Err(Error::failed("there is no tree"));
        }
        Ok(Self { trees, columns, classes, out_of_bag_accuracy: None })
    }

    /// What the fit needs.
    pub fn memory(params: &Params, shape: &FitShape) -> Option<u64> {
        let trees = params.count("trees").ok()?;
        let weights = Need::of(shape.rows, trees) / 2;
        let votes = Need::of(shape.classes, 2 * shape.threads);
        let importances = Need::of(shape.columns, 3);
        Some(
            KeyedTable::memory(shape)
                + Tree::memory(shape, trees, shape.threads)
                + weights
                + votes
                + importances,
        )
    }

    /// How many of the training examples the trees that did not see them get right; none if all saw
    /// all. `weights` are by tree, then by row.
    fn accuracy_out_of_bag(
        &self,
        train: &Examples,
        weights: &[Vec<u32>],
        go_on: GoOn,
    ) -> Result<Option<f64>> {
        let is_right: Vec<Option<bool>> = (0..train.len())
            .into_par_iter()
            .map(|row| {
                go_on()?;
                let unseen = self.trees.iter().zip(weights).filter(|(_, weights)| weights[row] == 0);
                let votes = self.votes(unseen.map(|(tree, _)| tree), train.inputs.table.row(row));
                let most = votes.iter().copied().fold(0.0, f64::max);
                // Without a tree that did not see the row there are no votes.
                let winner = || votes.iter().position(|&votes| votes == most);
                Ok((most > 0.0).then(|| winner() == Some(train.labels[row])))
            })
            .collect::<Result<_>>()?;
        let asked = is_right.iter().flatten().count();
        let right = is_right.iter().flatten().filter(|&&is_right| is_right).count();
        Ok((asked > 0).then(|| right as f64 / asked as f64))
    }

    /// The sum over trees of the class frequencies in the leaf that an example falls into.
    fn votes<'a>(&self, trees: impl Iterator<Item = &'a Tree>, example: ArrayView1<f32>) -> Array1<f64> {
        let mut votes = Array1::zeros(self.classes);
        for tree in trees {
            for &(class, frequency) in tree.frequencies(example) {
                votes[class as usize] += f64::from(frequency);
            }
        }
        votes
    }
}

impl Fitted for Ensemble {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        require_columns(inputs, self.columns)?;
        let mut scores = Array2::zeros((inputs.len(), self.classes));
        scores.axis_iter_mut(Axis(0)).into_par_iter().zip(inputs.table.axis_iter(Axis(0))).for_each(
            |(mut scores, example)| {
                let votes = self.votes(self.trees.iter(), example);
                scores.assign(&votes.mapv(|votes| (votes / self.trees.len() as f64) as f32));
            },
        );
        Ok(scores)
    }

    fn save(&self) -> Result<State> {
        Ok(Tree::save_all(&self.trees))
    }

    fn insights(&self) -> Insights {
        let importances = mean_shares(self.trees.iter().map(Tree::importances));
        let insights = Insights { importances, ..Insights::default() };
        match self.out_of_bag_accuracy {
            Some(accuracy) => insights.number("out-of-bag accuracy", accuracy),
            None => insights,
        }
    }
}
