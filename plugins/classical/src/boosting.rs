//! Gradient-boosted trees.

use crate::bins::{BinnedTable, MAX_BINS};
use crate::gradient_tree::{BoostingGrowth, GradientTree, Grower};
use crate::histogram::{MAX_ROWS, Sums, Unit};
use crate::importances::shares;
use crate::softmax::softmax;
use crate::training::{Classes, Training, require_columns};
use genre_bench_api::{Card, Error, Examples, Family, Fitted, Inputs, Insights, Model, Param, Result, Run};
use ndarray::parallel::prelude::*;
use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut1, Axis, s};
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
        let growth = BoostingGrowth {
            max_leaves: run.params.count("max-leaves")?,
            min_samples_leaf: run.params.count("min-samples-leaf")?,
            l2: run.params.float("l2")?,
            learning_rate: run.params.float("learning-rate")?,
        };
        let table = BinnedTable::new(&training.table, run.params.count("max-bins")?);
        let unit = Unit::for_rows(table.rows());
        let baseline = log_frequencies(&training);
        let classes = baseline.len();
        let first_boosted = if classes <= 2 { 1 } else { 0 };
        let mut boosted: Vec<Boosted> =
            (first_boosted..classes).map(|class| Boosted::new(class, table.columns())).collect();

        // Shape (classes, rows): every class with its own part of memory.
        let mut logits = Array2::from_shape_fn((classes, table.rows()), |(class, _)| baseline[class]);
        let mut probabilities = Array2::zeros((table.rows(), classes));
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
            let mut logits = logits.slice_mut(s![first_boosted.., ..]);
            logits.axis_iter_mut(Axis(0)).into_par_iter().zip(&mut boosted).for_each(|(logits, boosted)| {
                let mut grower = (idle.lock().ok().and_then(|mut idle| idle.pop()))
                    .unwrap_or_else(|| Grower::new(&table, growth, unit));
                boosted.add_tree(&mut grower, unit, &training.labels, probabilities.view(), logits);
                if let Ok(mut idle) = idle.lock() {
                    idle.push(grower);
                }
            });
            run.progress(round + 1, rounds, "rounds");
        }
        Ok(Box::new(Ensemble { baseline, boosted, columns: table.columns(), classes: training.classes }))
    }
}

/// The logarithm of each class's share of the training part: what no tree can tell better.
fn log_frequencies(training: &Training) -> Array1<f64> {
    let mut counts = Array1::<f64>::zeros(training.class_count());
    for &label in &training.labels {
        counts[label] += 1.0;
    }
    (counts / training.labels.len() as f64).ln()
}

/// What boosting adds to a class's logit.
struct Boosted {
    class: usize,
    trees: Vec<GradientTree>,
    /// By column: what all splits lowered the loss by, up to a factor.
    gains: Vec<f64>,
}

impl Boosted {
    fn new(class: usize, columns: usize) -> Self {
        Self { class, trees: Vec::new(), gains: vec![0.0; columns] }
    }

    /// Grows one more tree, given the current `probabilities` of shape `(rows, classes)`, and adds
    /// what it says to the class's `logits`.
    fn add_tree(
        &mut self,
        grower: &mut Grower,
        unit: Unit,
        labels: &[usize],
        probabilities: ArrayView2<f64>,
        logits: ArrayViewMut1<f64>,
    ) {
        let derivatives: Vec<Sums> = probabilities
            .column(self.class)
            .iter()
            .zip(labels)
            .map(|(&probability, &label)| {
                let truth = if label == self.class { 1.0 } else { 0.0 };
                Sums::of(probability - truth, probability * (1.0 - probability), unit)
            })
            .collect();
        self.trees.push(grower.grow(&derivatives, logits, &mut self.gains));
    }
}

struct Ensemble {
    /// Logits before the first tree, by occurring class.
    baseline: Array1<f64>,
    /// All occurring classes, but of two only the second: it is their difference that counts.
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
                            *score += tree.value(example);
                        }
                    }
                }
                for row in scores.rows_mut() {
                    softmax(row);
                }
            });
        Ok(self.classes.widen(&scores, 0.0))
    }

    fn insights(&self) -> Insights {
        let mut gains = vec![0.0; self.columns];
        for boosted in &self.boosted {
            gains.iter_mut().zip(&boosted.gains).for_each(|(sum, gain)| *sum += gain);
        }
        Insights { importances: shares(&gains), ..Insights::default() }
    }
}
