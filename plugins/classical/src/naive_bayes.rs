//! Gaussian naive Bayes.

use crate::baseline::Majority;
use crate::need::Need;
use crate::product::GoOn;
use crate::softmax::softmax_rows;
use crate::training::{Classes, require_columns, require_data};
use genre_bench_api::{
    Card, Examples, Family, FitShape, Fitted, Inputs, Loading, Model, Param, Params, Result, Run, State,
};
use ndarray::parallel::prelude::*;
use ndarray::{Array1, Array2, ArrayView1, Axis};
use std::f64::consts::TAU;

/// Rows between two calls of [`GoOn`], and those that one thread scores at once.
const BLOCK: usize = 128;

/// Naive Bayes with one normal distribution a class and column.
///
/// As scikit-learn's `GaussianNB`: class priors are the class frequencies, and `var-smoothing` times
/// the largest column variance is added to every variance, so that a column constant within a class
/// does not decide alone. The scores are the posterior probabilities.
///
/// Written here: linfa-bayes (0.8) copies every class's rows, and its `predict_proba` exponentiates log-likelihoods as they are, which
/// gives 0/0 for an example far from every class.
///
/// Reference: C. Manning, P. Raghavan and H. Schütze, "Introduction to Information Retrieval",
/// Cambridge University Press, 2008, chapter 13.
pub struct NaiveBayes;

impl Model for NaiveBayes {
    fn card(&self) -> Card {
        Card::new("naive-bayes", Family::Classical, "Gaussian naive Bayes").deterministic().param(
            Param::float(
                "var-smoothing",
                1e-9,
                "share of the largest column variance added to all variances",
            )
            .above(0.0)
            .tries(&["1e-9", "1e-3", "1e-2", "1e-1"]),
        )
    }

    fn fit(&self, train: &Examples, valid: &Examples, run: &Run) -> Result<Box<dyn Fitted>> {
        require_data(train)?;
        let classes = Classes::occurring_in(train);
        let labels = classes.numbers(train.labels.iter().copied());
        let mut normals =
            Normals::of(&train.inputs.table, &labels, classes.count(), &|| run.check_cancelled())?;
        let spread = normals.largest_variance();
        if spread == 0.0 {
            // Nothing to smooth with, and nothing to tell classes apart but their frequency.
            return Majority.fit(train, valid, run);
        }
        normals.variances += run.params.float("var-smoothing")? * spread;
        Ok(Box::new(Posterior::new(normals, classes)))
    }

    fn load(&self, mut state: State, loading: &Loading) -> Result<Box<dyn Fitted>> {
        if Majority::made(&state) {
            return Majority.load(state, loading);
        }
        let classes = Classes::load(&mut state, loading.classes)?;
        let shape = [classes.count(), loading.columns];
        let priors: Array1<f64> = state.take("priors", [classes.count()])?;
        let (means, variances): (Array2<f64>, Array2<f64>) =
            (state.take("means", shape)?, state.take("variances", shape)?);
        state.end()?;
        Ok(Box::new(Posterior::new(Normals { priors, means, variances }, classes)))
    }

    fn memory(&self, _params: &Params, shape: &FitShape) -> Option<u64> {
        Some(
            Need::of(5 * shape.classes + 8 + shape.threads, shape.columns)
                + Need::of(shape.rows, 1)
                + Need::of(shape.scored, 3 * shape.classes),
        )
    }
}

/// A normal distribution for each class that occurs and column.
struct Normals {
    /// By class: its share of the training part.
    priors: Array1<f64>,
    /// Shape `(classes, columns)`.
    means: Array2<f64>,
    /// Shape `(classes, columns)`.
    variances: Array2<f64>,
}

impl Normals {
    /// Those of a table's rows, which have these classes, each one at least.
    ///
    /// # Errors
    ///
    /// Whatever `go_on` returns.
    fn of(table: &Array2<f32>, labels: &[usize], classes: usize, go_on: GoOn) -> Result<Self> {
        let shape = (classes, table.ncols());
        let counts = labels.iter().fold(Array1::<f64>::zeros(classes), |mut counts, &label| {
            counts[label] += 1.0;
            counts
        });
        // The mean over a class's rows of what `term` makes of a value, given the class's number for the column.
        let mean = |of_class: &Array2<f64>, term: fn(f64, f64) -> f64| -> Result<Array2<f64>> {
            let mut sums = Array2::zeros(shape);
            for (at, (row, &label)) in table.rows().into_iter().zip(labels).enumerate() {
                if at.is_multiple_of(BLOCK) {
                    go_on()?;
                }
                let sums = sums.row_mut(label).into_iter().zip(of_class.row(label));
                sums.zip(row).for_each(|((sum, &of_class), &value)| *sum += term(f64::from(value), of_class));
            }
            sums /= &counts.view().insert_axis(Axis(1));
            Ok(sums)
        };
        let means = mean(&Array2::zeros(shape), |value, _| value)?;
        let variances = mean(&means, |value, mean| (value - mean) * (value - mean))?;
        Ok(Self { priors: &counts / labels.len() as f64, means, variances })
    }

    /// The largest variance that a column has over all classes together: within them, and of their means.
    fn largest_variance(&self) -> f64 {
        let variance = |(means, variances): (ArrayView1<f64>, ArrayView1<f64>)| {
            let mean = means.dot(&self.priors);
            let between = means.mapv(|of_class| (of_class - mean).powi(2)).dot(&self.priors);
            // Where all values are equal, rounding must not tell the means apart.
            let is_constant =
                variances.iter().all(|&v| v == 0.0) && means.iter().all(|&of_class| of_class == means[0]);
            if is_constant { 0.0 } else { variances.dot(&self.priors) + between }
        };
        self.means.columns().into_iter().zip(self.variances.columns()).map(variance).fold(0.0, f64::max)
    }
}

struct Posterior {
    normals: Normals,
    /// By class: the logarithm of its prior and of what makes its densities integrate to 1.
    offsets: Array1<f64>,
    /// Half of what the variances are divided into 1, by class, then by column.
    precisions: Array2<f64>,
    classes: Classes,
}

impl Posterior {
    fn new(normals: Normals, classes: Classes) -> Self {
        let densities =
            normals.variances.map_axis(Axis(1), |row| row.iter().map(|&v| (TAU * v).ln()).sum::<f64>() / 2.0);
        let offsets = normals.priors.mapv(f64::ln) - densities;
        let precisions = normals.variances.mapv(|variance| 0.5 / variance);
        Self { normals, offsets, precisions, classes }
    }

    /// The logarithm of a class's joint likelihood with an example.
    fn joint(&self, class: usize, example: &[f64]) -> f64 {
        let (means, precisions) = (self.normals.means.row(class), self.precisions.row(class));
        // In eight sums, so that an addition does not wait for the one before it.
        let mut sums = [0.0; LANES];
        let mut add = |example: &[f64], means: &[f64], precisions: &[f64]| {
            for (((sum, value), mean), precision) in sums.iter_mut().zip(example).zip(means).zip(precisions) {
                *sum += (value - mean) * (value - mean) * precision;
            }
        };
        if let (Some(means), Some(precisions)) = (means.to_slice(), precisions.to_slice()) {
            let parts = means.chunks(LANES).zip(precisions.chunks(LANES));
            example
                .chunks(LANES)
                .zip(parts)
                .for_each(|(example, (means, precisions))| add(example, means, precisions));
        }
        self.offsets[class] - sums.iter().sum::<f64>()
    }
}

const LANES: usize = 8;

impl Fitted for Posterior {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        require_columns(inputs, self.normals.means.ncols())?;
        let mut scores = Array2::zeros((inputs.len(), self.offsets.len()));
        let blocks = scores.axis_chunks_iter_mut(Axis(0), BLOCK).into_par_iter();
        blocks.zip(inputs.table.axis_chunks_iter(Axis(0), BLOCK)).for_each(|(mut scores, examples)| {
            let mut double = vec![0.0; examples.ncols()];
            for (mut scores, example) in scores.rows_mut().into_iter().zip(examples.rows()) {
                double.iter_mut().zip(example).for_each(|(double, &value)| *double = f64::from(value));
                scores.iter_mut().enumerate().for_each(|(class, score)| *score = self.joint(class, &double));
            }
        });
        softmax_rows(&mut scores);
        Ok(self.classes.widen(&scores, 0.0))
    }

    fn save(&self) -> Result<State> {
        let Normals { priors, means, variances } = &self.normals;
        let state = State::default().with("priors", priors.clone()).with("means", means.clone());
        Ok(self.classes.save(state.with("variances", variances.clone())))
    }
}
