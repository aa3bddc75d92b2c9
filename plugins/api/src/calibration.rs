//! From scores to calibrated probabilities.
//!
//! Of the examples that a model gives a probability of 0.9, nine in ten should be of that class. Most are not, and some do not give
//! probabilities at all. A [`Calibration`] is fitted to the scores of examples that the model was
//! not fitted to, and then turns its scores into probabilities.

use crate::{Error, Result};
use ndarray::{Array2, ArrayView1, Axis};
use serde::{Deserialize, Serialize};

/// How to calibrate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CalibrationMethod {
    /// One number that all logits are divided by. It never changes which class is first.
    ///
    /// C. Guo, G. Pleiss, Y. Sun and K. Weinberger, "On calibration of modern neural networks",
    /// ICML 2017.
    Temperature,
    /// A sigmoid for every class against the others, normalised to add up to 1.
    ///
    /// J. Platt, "Probabilistic outputs for support vector machines", Advances in Large Margin
    /// Classifiers, 1999; for several classes B. Zadrozny and C. Elkan, KDD 2002.
    Platt,
}

/// A fitted calibration.
///
/// Scores that are probabilities already count by their logarithms for [temperature
/// scaling](CalibrationMethod::Temperature), others as they are, as in scikit-learn's
/// `CalibratedClassifierCV`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Calibration {
    /// Soft-max of the scores (or their logarithms) divided by a temperature.
    Temperature {
        /// Above 1: the model was too sure of itself.
        temperature: f64,
        /// Whether the scores are probabilities, whose logarithms are divided.
        of_probabilities: bool,
    },
    /// For each class `1 / (1 + exp(slope · score + offset))`, divided by the sum over classes.
    Platt {
        /// One a class; negative where a higher score means a likelier class.
        slopes: Vec<f64>,
        /// One a class.
        offsets: Vec<f64>,
    },
}

/// Probabilities below this count as this, so that their logarithms are finite.
const LEAST_PROBABILITY: f64 = 1e-7;

impl Calibration {
    /// Fits a calibration to scores, shape `(examples, classes)`, and the examples' true classes. `go_on` is called every
    /// now and then.
    ///
    /// # Errors
    ///
    /// [`Error::Failed`] without examples, and whatever `go_on` returns, such as a cancellation.
    pub fn fit(
        method: CalibrationMethod,
        scores: &Array2<f32>,
        labels: &[usize],
        mut go_on: impl FnMut() -> Result<()>,
    ) -> Result<Self> {
        go_on()?;
        if labels.is_empty() {
            return Err(Error::failed("there is no validation part to calibrate on"));
        }
        Ok(match method {
            CalibrationMethod::Temperature => {
                let of_probabilities = are_probabilities(scores);
                let temperature = best_temperature(&logits(scores, of_probabilities), labels);
                Self::Temperature { temperature, of_probabilities }
            }
            CalibrationMethod::Platt => {
                let (mut slopes, mut offsets) = (Vec::new(), Vec::new());
                for (class, scores) in scores.axis_iter(Axis(1)).enumerate() {
                    go_on()?;
                    let is_class: Vec<bool> = labels.iter().map(|&label| label == class).collect();
                    let (slope, offset) = best_sigmoid(scores, &is_class);
                    slopes.push(slope);
                    offsets.push(offset);
                }
                Self::Platt { slopes, offsets }
            }
        })
    }

    /// What changes nothing but that scores become probabilities: a temperature of 1.
    pub fn none(scores: &Array2<f32>) -> Self {
        Self::Temperature { temperature: 1.0, of_probabilities: are_probabilities(scores) }
    }

    /// Probabilities, shape `(examples, classes)`, every row adding up to 1.
    pub fn apply(&self, scores: &Array2<f32>) -> Array2<f32> {
        match self {
            Self::Temperature { temperature, of_probabilities } => {
                let mut logits = logits(scores, *of_probabilities) / *temperature;
                for mut row in logits.rows_mut() {
                    let most = row.fold(f64::NEG_INFINITY, |most, &logit| most.max(logit));
                    row.mapv_inplace(|logit| (logit - most).exp());
                    normalise(row);
                }
                logits.mapv(|probability| probability as f32)
            }
            Self::Platt { slopes, offsets } => {
                let mut probabilities = scores.mapv(f64::from);
                for mut row in probabilities.rows_mut() {
                    for ((value, slope), offset) in row.iter_mut().zip(slopes).zip(offsets) {
                        *value = sigmoid(-(slope * *value + offset));
                    }
                    normalise(row);
                }
                probabilities.mapv(|probability| probability as f32)
            }
        }
    }
}

fn normalise(mut row: ndarray::ArrayViewMut1<f64>) {
    let (sum, classes) = (row.sum(), row.len() as f64);
    row.mapv_inplace(|value| if sum > 0.0 { value / sum } else { 1.0 / classes });
}

/// Whether no score is negative and all rows add up to 1.
fn are_probabilities(scores: &Array2<f32>) -> bool {
    scores.iter().all(|&score| score >= 0.0)
        && scores
            .rows()
            .into_iter()
            .all(|row| (row.iter().map(|&s| f64::from(s)).sum::<f64>() - 1.0).abs() < 1e-3)
}

fn logits(scores: &Array2<f32>, of_probabilities: bool) -> Array2<f64> {
    scores.mapv(|score| {
        let score = f64::from(score);
        if of_probabilities { score.max(LEAST_PROBABILITY).ln() } else { score }
    })
}

/// The temperature between 1/1000 and 1000 under which the labels are likeliest.
///
/// The log-likelihood is concave in the inverse temperature `b`; its derivative, the sum over
/// examples of `logit of the label − Σ p · logit`, is brought to zero by bisection.
fn best_temperature(logits: &Array2<f64>, labels: &[usize]) -> f64 {
    let derivative = |inverse: f64| -> f64 {
        (logits.rows().into_iter().zip(labels))
            .map(|(row, &label)| {
                let most = row.fold(f64::NEG_INFINITY, |most, &logit| most.max(logit));
                let weight = |logit: f64| ((logit - most) * inverse).exp();
                let sum: f64 = row.iter().map(|&logit| weight(logit)).sum();
                let mean: f64 = row.iter().map(|&logit| weight(logit) * logit).sum::<f64>() / sum;
                row[label] - mean
            })
            .sum()
    };
    let (mut low, mut high) = (-1000.0_f64.ln(), 1000.0_f64.ln());
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if derivative(middle.exp()) > 0.0 { low = middle } else { high = middle }
    }
    (-(low + high) / 2.0).exp()
}

/// Slope and offset of the sigmoid under which the labels are likeliest, the labels smoothed as
/// Platt does so that separable scores do not end in a step.
///
/// Newton's method with halved steps: H.-T. Lin, C.-J. Lin and R. Weng, "A note on Platt's
/// probabilistic outputs for support vector machines", Machine Learning 68, 2007.
fn best_sigmoid(scores: ArrayView1<f32>, is_class: &[bool]) -> (f64, f64) {
    let positive = is_class.iter().filter(|&&is| is).count() as f64;
    let negative = is_class.len() as f64 - positive;
    let targets = is_class
        .iter()
        .map(|&is| if is { (positive + 1.0) / (positive + 2.0) } else { 1.0 / (negative + 2.0) });
    // Scores of any size are brought to 1, so that the ridge below means the same for all.
    let size = scores.fold(0.0_f64, |most, &score| most.max(f64::from(score).abs()));
    let size = if size > 0.0 { size } else { 1.0 };
    let points: Vec<(f64, f64)> = scores.iter().map(|&score| f64::from(score) / size).zip(targets).collect();
    let loss = |(slope, offset): (f64, f64)| -> f64 {
        // -t ln p - (1 - t) ln (1 - p) with p = 1 / (1 + exp(z)).
        points
            .iter()
            .map(|&(x, t)| (slope * x + offset, t))
            .map(|(z, t)| log_one_plus_exp(z) - (1.0 - t) * z)
            .sum()
    };

    let mut at = (0.0, ((negative + 1.0) / (positive + 1.0)).ln());
    let mut here = loss(at);
    for _ in 0..100 {
        let (mut g, mut h) = ([0.0; 2], [RIDGE, 0.0, RIDGE]);
        for &(x, t) in &points {
            let p = sigmoid(-(at.0 * x + at.1));
            let curvature = p * (1.0 - p);
            g = [g[0] + x * (t - p), g[1] + (t - p)];
            h = [h[0] + x * x * curvature, h[1] + x * curvature, h[2] + curvature];
        }
        if g[0].abs().max(g[1].abs()) < 1e-9 * points.len() as f64 {
            break;
        }
        let determinant = h[0] * h[2] - h[1] * h[1];
        let step = (-(h[2] * g[0] - h[1] * g[1]) / determinant, -(h[0] * g[1] - h[1] * g[0]) / determinant);
        let slope = g[0] * step.0 + g[1] * step.1;
        let better = (0..40).map(|halvings| 0.5_f64.powi(halvings)).find_map(|length| {
            let next = (at.0 + length * step.0, at.1 + length * step.1);
            let there = loss(next);
            (there < here + 1e-4 * length * slope).then_some((next, there))
        });
        let Some((next, there)) = better else { break };
        (at, here) = (next, there);
    }
    (at.0 / size, at.1)
}

/// Keeps the Newton system solvable where all scores are equal.
const RIDGE: f64 = 1e-12;

fn sigmoid(z: f64) -> f64 {
    if z >= 0.0 { 1.0 / (1.0 + (-z).exp()) } else { z.exp() / (1.0 + z.exp()) }
}

fn log_one_plus_exp(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}
