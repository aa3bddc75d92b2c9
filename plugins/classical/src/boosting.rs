//! Gradient-boosted trees.

use crate::bins::{BinnedTable, MAX_BINS};
use crate::gradient_tree::{BoostingGrowth, Gains, GradientTree, Grower};
use crate::histogram::{Histogram, MAX_ROWS, Sums, Unit};
use crate::importances::shares;
use crate::need::Need;
use crate::product::GoOn;
use crate::softmax::softmax;
use crate::training::{Classes, Training, require_columns};
use crate::tree::{Node, load_trees, save_trees};
use genre_bench_api::{
    Card, Error, Examples, Family, FitShape, Fitted, Inputs, Insights, Loading, Model, Param, Params, Result,
    Run, State, try_zeros,
};
use ndarray::parallel::prelude::*;
use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut1, Axis, s};
use std::ops::Range;
use std::sync::Mutex;

/// Examples to a block, which one thread scores.
const BLOCK: usize = 64;

/// Trees that one after the other take a small Newton step on the multi-class log loss.
///
/// As scikit-learn's `HistGradientBoostingClassifier(early_stopping=False)`: one tree a class and
/// round, only one a round for two classes, splits between at most 255 quantiles of a column. There
/// is no chance in it. The scores are the probabilities. A column's importance is what its splits
/// lowered the loss by, summed over all trees (scikit-learn gives none).
///
/// Written here: linfa and smartcore have no boosting over histograms. The trees of a round are
/// grown in parallel.
///
/// References: J. Friedman, "Greedy function approximation: a gradient boosting machine", Annals of
/// Statistics 29(5), 2001; and those of the module that grows the trees, for how it is done fast.
pub struct Boosting;

impl Model for Boosting {
    fn card(&self) -> Card {
        Card::new("boosting", Family::Classical, "gradient-boosted trees over histograms, log loss")
            .deterministic()
            .param(Param::int("rounds", 100, "how many trees a class").above(0.0).tries(&["100", "300"]))
            .param(
                Param::float("learning-rate", 0.1, "how far a tree moves the scores")
                    .above(0.0)
                    .tries(&["0.03", "0.1"]),
            )
            .param(Param::int("max-leaves", 31, "most leaves of a tree").at_least(2.0).tries(&["7", "31"]))
            .param(Param::int("min-samples-leaf", 20, "fewest training examples in a leaf").above(0.0))
            .param(
                Param::int("max-bins", 255, "most different values of a column that splits tell apart")
                    .between(2.0, MAX_BINS as f64),
            )
            .param(Param::float("l2", 0.0, "penalty on the squared values of leaves").at_least(0.0))
    }

    fn fit(&self, train: &Examples, _valid: &Examples, run: &Run) -> Result<Box<dyn Fitted>> {
        let training = Training::new(train)?;
        if train.len() > MAX_ROWS {
            return Err(Error::failed(format!("boosting takes at most {MAX_ROWS} training examples")));
        }
        let rounds = run.params.count("rounds")?;
        let growth = growth(&run.params)?;
        let go_on: GoOn = &|| run.check_cancelled();
        let table = BinnedTable::new(&training.table, run.params.count("max-bins")?, go_on)?;
        let keeps_histograms =
            keeps_histograms(table.rows(), table.columns(), &growth, rayon::current_num_threads());
        let unit = Unit::for_rows(table.rows());
        let baseline = log_frequencies(&training);
        let classes = baseline.len();
        let mut boosted: Vec<Boosted> = boosted_classes(classes).map(Boosted::new).collect();

        // Shape (classes, rows): every class with its own part of memory.
        let mut logits = try_zeros((classes, table.rows()), "the scores")?;
        logits
            .axis_iter_mut(Axis(0))
            .zip(&baseline)
            .for_each(|(mut logits, &baseline)| logits.fill(baseline));
        let mut probabilities = try_zeros((table.rows(), classes), "the probabilities")?;
        let idle = Mutex::new(Vec::new());
        for round in 0..rounds {
            run.check_cancelled()?;
            probabilities
                .axis_chunks_iter_mut(Axis(0), BLOCK)
                .into_par_iter()
                .zip(logits.axis_chunks_iter(Axis(1), BLOCK))
                .for_each(|(mut probabilities, logits)| {
                    probabilities.assign(&logits.t());
                    for row in probabilities.rows_mut() {
                        softmax(row);
                    }
                });
            let mut logits = logits.slice_mut(s![boosted_classes(classes), ..]);
            let trees = logits.axis_iter_mut(Axis(0)).into_par_iter().zip(&mut boosted);
            trees.try_for_each(|(logits, boosted)| {
                let mut grower = (idle.lock().ok().and_then(|mut idle| idle.pop()))
                    .unwrap_or_else(|| Grower::new(&table, growth, unit, keeps_histograms, go_on));
                boosted.add_tree(&mut grower, unit, &training.labels, probabilities.view(), logits)?;
                if let Ok(mut idle) = idle.lock() {
                    idle.push(grower);
                }
                Ok(())
            })?;
            run.progress(round + 1, rounds, "rounds");
        }
        Ok(Box::new(Ensemble { baseline, boosted, columns: table.columns(), classes: training.classes }))
    }

    fn load(&self, mut state: State, loading: &Loading) -> Result<Box<dyn Fitted>> {
        let classes = Classes::load(&mut state, loading.classes)?;
        let baseline = state.take("baseline", [classes.count()])?;
        let trees: Vec<GradientTree> = load_trees(&mut state, loading.columns, |_, _: f64| true)?;
        state.end()?;
        let boosted = boosted_classes(classes.count());
        let rounds = trees.len() / boosted.len().max(1);
        if rounds * boosted.len() != trees.len() {
            return Err(Error::failed("there are not equally many trees for every class"));
        }
        let mut trees = trees.into_iter();
        let boosted = boosted
            .map(|class| Boosted { trees: trees.by_ref().take(rounds).collect(), ..Boosted::new(class) })
            .collect();
        Ok(Box::new(Ensemble { baseline, boosted, columns: loading.columns, classes }))
    }

    fn memory(&self, params: &Params, shape: &FitShape) -> Option<u64> {
        let growth = growth(params).ok()?;
        let (rounds, bins) = (params.count("rounds").ok()?, params.count("max-bins").ok()?);
        let leaves = growth.most_leaves(shape.rows);
        let histograms = match keeps_histograms(shape.rows, shape.columns, &growth, shape.threads) {
            true => Histogram::memory(shape.columns) * (leaves + 2) * shape.threads,
            false => 0,
        };
        // In double precision and in bins, where these end, and the lists of both while they are made.
        let table =
            Need::table(shape) + Need::of(shape.rows.div_ceil(8) + bins.min(shape.rows) + 16, shape.columns);
        let trees = Need::of(2 * leaves * size_of::<Node<f64, f64>>() / 8 + 6, shape.classes) * rounds as u64;
        let importances = Need::of(shape.columns, 2);
        let scores = Need::of(shape.rows, 2 * shape.classes + 4 * shape.threads);
        Some(
            table
                + histograms as u64
                + trees
                + importances
                + scores
                + Need::of(shape.scored, 2 * shape.classes),
        )
    }
}

/// Bytes that the histograms of all open nodes may take.
const HISTOGRAM_MEMORY: usize = 512 << 20;

/// Whether the histograms of all nodes that may be open at a time are kept.
fn keeps_histograms(rows: usize, columns: usize, growth: &BoostingGrowth, threads: usize) -> bool {
    let at_once = growth.most_leaves(rows).saturating_mul(threads);
    Histogram::memory(columns).saturating_mul(at_once) <= HISTOGRAM_MEMORY
}

fn growth(params: &Params) -> Result<BoostingGrowth> {
    Ok(BoostingGrowth {
        max_leaves: params.count("max-leaves")?,
        min_samples_leaf: params.count("min-samples-leaf")?,
        l2: params.float("l2")?,
        learning_rate: params.float("learning-rate")?,
    })
}

/// The logarithm of each class's share of the training part: what no tree can tell better.
fn log_frequencies(training: &Training) -> Array1<f64> {
    let mut counts = Array1::<f64>::zeros(training.class_count());
    for &label in &training.labels {
        counts[label] += 1.0;
    }
    (counts / training.labels.len() as f64).ln()
}

/// The classes that trees are grown for: of two only the second, as it is their difference that counts.
fn boosted_classes(classes: usize) -> Range<usize> {
    if classes <= 2 { 1..classes } else { 0..classes }
}

/// What boosting adds to a class's logit.
struct Boosted {
    class: usize,
    trees: Vec<GradientTree>,
    gains: Gains,
}

impl Boosted {
    fn new(class: usize) -> Self {
        Self { class, trees: Vec::new(), gains: Gains::new() }
    }

    /// Grows one more tree, given the current `probabilities` of shape `(rows, classes)`, and adds
    /// what it says to the class's `logits`.
    ///
    /// # Errors
    ///
    /// As [`Grower::grow`].
    fn add_tree(
        &mut self,
        grower: &mut Grower,
        unit: Unit,
        labels: &[usize],
        probabilities: ArrayView2<f64>,
        logits: ArrayViewMut1<f64>,
    ) -> Result<()> {
        let derivatives: Vec<Sums> = probabilities
            .column(self.class)
            .iter()
            .zip(labels)
            .map(|(&probability, &label)| {
                let truth = if label == self.class { 1.0 } else { 0.0 };
                Sums::of(probability - truth, probability * (1.0 - probability), unit)
            })
            .collect();
        self.trees.push(grower.grow(&derivatives, logits, &mut self.gains)?);
        Ok(())
    }
}

struct Ensemble {
    /// Logits before the first tree, by occurring class.
    baseline: Array1<f64>,
    /// One of [`boosted_classes`] each.
    boosted: Vec<Boosted>,
    columns: usize,
    classes: Classes,
}

impl Fitted for Ensemble {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        require_columns(inputs, self.columns)?;
        let mut scores = Array2::zeros((inputs.len(), self.baseline.len()));
        scores
            .axis_chunks_iter_mut(Axis(0), BLOCK)
            .into_par_iter()
            .zip(inputs.table.axis_chunks_iter(Axis(0), BLOCK))
            .for_each(|(mut scores, examples)| {
                scores.assign(&self.baseline);
                for boosted in &self.boosted {
                    // A tree stays in the cache for all examples of the block.
                    for tree in &boosted.trees {
                        for (score, example) in
                            scores.column_mut(boosted.class).iter_mut().zip(examples.rows())
                        {
                            *score += tree.leaf(|column, threshold| f64::from(example[column]) <= threshold);
                        }
                    }
                }
                for row in scores.rows_mut() {
                    softmax(row);
                }
            });
        Ok(self.classes.widen(&scores, 0.0))
    }

    fn save(&self) -> Result<State> {
        let trees = self.boosted.iter().flat_map(|boosted| &boosted.trees);
        let state = State::default().with("baseline", self.baseline.clone());
        Ok(self.classes.save(save_trees(state, trees)))
    }

    fn insights(&self) -> Insights {
        let mut gains = vec![0.0; self.columns];
        for boosted in &self.boosted {
            boosted.gains.iter().for_each(|(&column, gain)| gains[column as usize] += gain);
        }
        Insights { importances: shares(&gains), ..Insights::default() }
    }
}
