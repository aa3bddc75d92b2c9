//! Two models on the same folds: is their mean difference more than chance, and how likely is one the better?

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Differences of two models' scores, one a fold, whose training parts overlap.
#[derive(Debug, Clone, Copy)]
pub struct FoldDifferences<'d> {
    /// One model's score minus the other's, of all folds and repeats.
    pub values: &'d [f64],
    /// Number of test over training examples, mean over the folds.
    pub test_to_train: f64,
}

/// How likely a model is worse than another, practically equal, and better; they add up to 1.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Posterior {
    /// Worse by more than the region of practical equivalence.
    pub worse: f64,
    /// Within it.
    pub equal: f64,
    /// Better by more.
    pub better: f64,
}

impl FoldDifferences<'_> {
    fn mean(&self) -> f64 {
        self.values.iter().sum::<f64>() / self.values.len() as f64
    }

    /// Standard error of the mean, corrected for what the folds share: C. Nadeau and Y. Bengio, "Inference for the
    /// generalization error", Machine Learning 52, 2003.
    fn standard_error(&self) -> f64 {
        let (count, mean) = (self.values.len() as f64, self.mean());
        let variance = self.values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
        ((1.0 / count + self.test_to_train) * variance).sqrt()
    }

    /// `None` with fewer than two folds, or where all differences are equal.
    fn t(&self) -> Option<(StudentsT, f64)> {
        let error = self.standard_error();
        let t = StudentsT::new(0.0, 1.0, self.values.len() as f64 - 1.0).ok()?;
        (error > 0.0).then_some((t, error))
    }

    /// The two-sided p-value of the corrected resampled t-test: of a difference at least as large if there is none. 1 for
    /// two models that never differ; `None` with fewer than two folds.
    pub fn p_value(&self) -> Option<f64> {
        if self.values.len() < 2 {
            return None;
        }
        let Some((t, error)) = self.t() else { return Some(if self.mean() == 0.0 { 1.0 } else { 0.0 }) };
        Some(2.0 * t.cdf(-(self.mean() / error).abs()))
    }

    /// The correlated Bayesian t-test with a region of practical equivalence of ± `rope`; `None` with fewer than two folds.
    ///
    /// G. Corani and A. Benavoli, "A Bayesian approach for comparing cross-validated algorithms on multiple data sets",
    /// Machine Learning 100, 2015; as `baycomp.CorrelatedTTest`.
    pub fn posterior(&self, rope: f64) -> Option<Posterior> {
        if self.values.len() < 2 {
            return None;
        }
        let mean = self.mean();
        let below = |limit: f64| match self.t() {
            Some((t, error)) => t.cdf((limit - mean) / error),
            // All of the probability lies on the one difference that was ever seen.
            None => f64::from(u8::from(mean < limit)),
        };
        let (worse, not_better) = (below(-rope), below(rope));
        Some(Posterior { worse, equal: not_better - worse, better: 1.0 - not_better })
    }
}
