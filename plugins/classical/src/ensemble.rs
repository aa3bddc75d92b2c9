//! Classification trees that vote.

use crate::cart::Tree;
use crate::decision_tree::{growth, max_depth, min_samples_leaf};
use crate::importances::mean_shares;
use crate::need::Need;
use crate::product::GoOn;
use crate::split::SplitStrategy;
use crate::training::{require_columns, require_data};
use crate::tree_table::TreeTable;
use genre_bench_api::{
    Card, Error, Examples, Family, FitShape, Fitted, Inputs, Insights, Loading, Param, Params, Result, Run,
    State,
};
use ndarray::parallel::prelude::*;
use ndarray::{Array2, ArrayView1, ArrayView2, Axis, s};
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

/// Most examples that one thread asks the trees about at once: every tree comes into the cache once for all of them.
const BLOCK: usize = 512;

/// Fewer, so that every thread has some blocks.
fn block(examples: usize) -> usize {
    (examples / (4 * rayon::current_num_threads())).clamp(64, BLOCK)
}

/// Examples that go down a tree together.
const TOGETHER: usize = 8;

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
        sample: impl Fn(usize, &mut dyn RngCore) -> Vec<u8> + Sync,
    ) -> Result<Self> {
        require_data(train)?;
        let go_on: GoOn = &|| run.check_cancelled();
        let table = TreeTable::new(train, strategy, go_on)?;
        let features_per_split = match run.params.count("features-per-split")? {
            0 => table.columns.isqrt(),
            columns => columns,
        };
        let growth = growth(run, features_per_split, strategy)?;
        let count = run.params.count("trees")?;
        let grown = AtomicUsize::new(0);
        let (trees, weights): (Vec<Tree>, Vec<Vec<u8>>) = (0..count)
            .into_par_iter()
            .map(|tree| {
                run.check_cancelled()?;
                let mut rng = run.rng(&format!("tree {tree}"));
                let weights = sample(table.rows.len(), &mut rng);
                let tree = Tree::grow(&table, &weights, growth, &mut rng, go_on)?;
                run.progress(grown.fetch_add(1, Ordering::Relaxed) + 1, count, "trees");
                Ok((tree, weights))
            })
            .collect::<Result<Vec<_>>>()?
            .into_iter()
            .unzip();
        let mut ensemble =
            Self { trees, columns: table.columns, classes: train.classes.len(), out_of_bag_accuracy: None };
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
    pub fn memory(params: &Params, shape: &FitShape, strategy: SplitStrategy) -> Option<u64> {
        let trees = params.count("trees").ok()?;
        let weights = Need::of(shape.rows, trees) / 8;
        let votes = Need::of(BLOCK, 2 * shape.classes * shape.threads);
        let importances = Need::of(shape.columns, 3);
        Some(
            TreeTable::memory(shape, strategy)
                + Tree::memory(shape, trees, shape.threads)
                + weights
                + votes
                + importances,
        )
    }

    /// How many of the training examples the trees that did not see them get right; none if all saw
    /// all. `weights` are by tree, then by row.
    fn accuracy_out_of_bag(&self, train: &Examples, weights: &[Vec<u8>], go_on: GoOn) -> Result<Option<f64>> {
        let block = block(train.len());
        let is_right = |number: usize| {
            go_on()?;
            let rows = number * block..train.len().min((number + 1) * block);
            let table = train.inputs.table.slice(s![rows.clone(), ..]);
            let votes = self.votes(table, |tree, row| weights[tree][rows.start + row] == 0);
            let is_right = |(votes, row): (ArrayView1<f64>, usize)| {
                let most = votes.iter().copied().fold(0.0, f64::max);
                // Without a tree that did not see the row there are no votes.
                let winner = || votes.iter().position(|&votes| votes == most);
                (most > 0.0).then(|| winner() == Some(train.labels[row]))
            };
            Ok(votes.rows().into_iter().zip(rows).map(is_right).collect::<Vec<_>>())
        };
        let is_right: Vec<Vec<Option<bool>>> =
            (0..train.len().div_ceil(block)).into_par_iter().map(is_right).collect::<Result<_>>()?;
        let asked = is_right.iter().flatten().flatten().count();
        let right = is_right.iter().flatten().flatten().filter(|&&is_right| is_right).count();
        Ok((asked > 0).then(|| right as f64 / asked as f64))
    }

    /// By row and class: the sum of the class's frequencies in the leaves that the row falls into, over the trees that it asks,
    /// given their number and its own.
    fn votes(&self, rows: ArrayView2<f32>, asks: impl Fn(usize, usize) -> bool) -> Array2<f64> {
        let rows = rows.as_standard_layout();
        let mut votes = Array2::zeros((rows.nrows(), self.classes));
        let mut asking = Vec::with_capacity(rows.nrows());
        // Tree by tree: one stays in the cache for all rows.
        for (number, tree) in self.trees.iter().enumerate() {
            asking.clear();
            asking.extend((0..rows.nrows()).filter(|&row| asks(number, row)));
            for asking in asking.chunks(TOGETHER) {
                // Where they are fewer, the last one asks several times.
                let row = |at: usize| asking[at.min(asking.len() - 1)];
                let frequencies = tree.frequencies::<TOGETHER>(|at, column| rows[[row(at), column]]);
                for (&row, frequencies) in asking.iter().zip(frequencies) {
                    for &(class, frequency) in frequencies {
                        votes[[row, class as usize]] += f64::from(frequency);
                    }
                }
            }
        }
        votes
    }
}

impl Fitted for Ensemble {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        require_columns(inputs, self.columns)?;
        let mut scores = Array2::zeros((inputs.len(), self.classes));
        let block = block(inputs.len());
        let blocks = scores.axis_chunks_iter_mut(Axis(0), block).into_par_iter();
        blocks.zip(inputs.table.axis_chunks_iter(Axis(0), block)).for_each(|(mut scores, examples)| {
            let votes = self.votes(examples, |_, _| true);
            scores.zip_mut_with(&votes, |score, votes| *score = (votes / self.trees.len() as f64) as f32);
        });
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
