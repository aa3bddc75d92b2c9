use super::labels_of;
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

/// Bins of a reliability curve, as in Guo et al. (2017).
pub const BINS: usize = 15;

/// How well probabilities are calibrated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// Examples by the probability of their predicted class, in [`BINS`] equal steps from 0 to 1.
    pub bins: Vec<Bin>,
}

/// The examples whose predicted class has a probability within one step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// How many there are.
    pub examples: u64,
    /// Sum of those probabilities.
    pub confidence: f64,
    /// How many were predicted correctly.
    pub correct: u64,
}

impl Reliability {
    /// Of probabilities, shape `(examples, classes)`, and the true classes.
    ///
    /// # Panics
    ///
    /// Where the lengths differ.
    pub fn of(truth: &[usize], probabilities: ArrayView2<f32>) -> Self {
        assert_eq!(truth.len(), probabilities.nrows(), "one true class an example");
        let mut bins = vec![Bin::default(); BINS];
        for ((row, label), &truth) in
            probabilities.rows().into_iter().zip(labels_of(probabilities)).zip(truth)
        {
            let confidence = f64::from(row[label]);
            let bin = &mut bins[((confidence * BINS as f64) as usize).min(BINS - 1)];
            bin.examples += 1;
            bin.confidence += confidence;
            bin.correct += u64::from(label == truth);
        }
        Self { bins }
    }

    /// The expected calibration error, 0–1: how far mean confidence and accuracy are apart in a bin, averaged over
    /// the examples.
    ///
    /// M. Naeini, G. Cooper and M. Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI
    /// 2015. With few examples a bin it is biased upwards.
    pub fn expected_calibration_error(&self) -> f64 {
        let examples: u64 = self.bins.iter().map(|bin| bin.examples).sum();
        let gaps = self.bins.iter().map(|bin| (bin.confidence - bin.correct as f64).abs());
        gaps.sum::<f64>() / examples.max(1) as f64
    }

    /// Puts another part's examples into these bins.
    pub fn add(&mut self, other: &Self) {
        for (bin, more) in self.bins.iter_mut().zip(&other.bins) {
            bin.examples += more.examples;
            bin.confidence += more.confidence;
            bin.correct += more.correct;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Deserialize)]
    struct Case {
        labels: Vec<usize>,
        by_temperature: Vec<Vec<f32>>,
        reliability: Vec<Expected>,
        expected_calibration_error: f64,
    }

    #[derive(Deserialize)]
    struct Expected {
        examples: u64,
        confidence: f64,
        accuracy: f64,
    }

    #[test]
    fn the_curve_is_scikit_learns() {
        let text = include_str!("../../tests/fixtures/calibration/calibration.json");
        let cases: BTreeMap<String, Case> = serde_json::from_str(text).unwrap();
        for (name, case) in cases {
            let rows = &case.by_temperature;
            let table = Array2::from_shape_fn((rows.len(), rows[0].len()), |(e, c)| rows[e][c]);
            let reliability = Reliability::of(&case.labels, table.view());
            let filled: Vec<&Bin> = reliability.bins.iter().filter(|bin| bin.examples > 0).collect();
            assert_eq!(filled.len(), case.reliability.len(), "{name}");
            for (ours, theirs) in filled.iter().zip(&case.reliability) {
                let examples = ours.examples as f64;
                assert_eq!(ours.examples, theirs.examples, "{name}");
                assert!((ours.confidence / examples - theirs.confidence).abs() < 1e-6, "{name}");
                assert!((ours.correct as f64 / examples - theirs.accuracy).abs() < 1e-12, "{name}");
            }
            let error = reliability.expected_calibration_error();
            assert!((error - case.expected_calibration_error).abs() < 1e-6, "{name}: {error}");
        }
    }
}
