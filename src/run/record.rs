use super::Made;
use crate::protocol::Fold;
use crate::score::Reliability;
use genre_bench_api::{Calibration, Insights};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// What a finished cell leaves behind: predictions and costs, no metric. Metrics are computed from it by
/// [`crate::score`], so new ones can be had without fitting again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Predicted class of each training example, in the order of the fold.
    pub train_labels: Vec<u16>,
    /// Scores of each test example in the order of the fold, `examples` rows of `classes`.
    pub test_scores: Vec<Vec<f32>>,
    /// Seconds of wall clock to fit.
    pub fit_seconds: f64,
    /// Seconds of wall clock to score the test part.
    pub predict_seconds: f64,
    /// The most bytes of main memory that fitting and scoring held at one time.
    pub peak_bytes: u64,
    /// What the model found out about its fit.
    pub insights: Insights,
    /// How the scores were made probabilities, if that was asked for.
    pub calibrated: Option<Calibrated>,
    /// By what and where; `None` of cells by a version that did not record it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<Box<Made>>,
}

/// What became of a cell's calibration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibrated {
    /// As it was fitted to the validation part; [`Record::test_scores`] are its probabilities.
    pub calibration: Calibration,
    /// On the test part, of the scores as the model gave them (through a soft-max if they were no probabilities).
    pub before: Reliability,
    /// On the test part, of the calibrated probabilities.
    pub after: Reliability,
}

impl Record {
    /// The test scores as one table of shape `(examples, classes)`.
    pub fn scores(&self) -> Array2<f32> {
        let classes = self.test_scores.first().map_or(0, Vec::len);
        Array2::from_shape_fn((self.test_scores.len(), classes), |(e, c)| self.test_scores[e][c])
    }

    /// What the cell cost; `None` without a training example.
    pub fn costs(&self) -> Option<CellCosts> {
        let epochs = self.insights.history.len().max(1);
        let steps = (self.train_labels.len() * epochs) as f64;
        (steps > 0.0).then(|| CellCosts {
            seconds_per_example: (self.fit_seconds + self.predict_seconds) / steps,
            peak_bytes: self.peak_bytes,
        })
    }

    /// Whether the record fits the fold it is said to be of.
    pub fn is_of(&self, fold: &Fold, classes: usize) -> bool {
        self.train_labels.len() == fold.train.len()
            && self.train_labels.iter().all(|&label| usize::from(label) < classes)
            && self.test_scores.len() == fold.test.len()
            && self.test_scores.iter().all(|row| row.len() == classes && row.iter().all(|s| s.is_finite()))
    }
}

/// What a fit takes, roughly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CellCosts {
    /// Seconds for each training example, of a network for each of its epochs.
    pub seconds_per_example: f64,
    /// The most main memory at one time, in bytes.
    pub peak_bytes: u64,
}

/// What the pieces of a fit that was interrupted cost, each up to where the next one goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct FitCosts {
    /// Seconds of wall clock, all pieces together.
    pub seconds: f64,
    /// The most bytes of main memory that one of them held at one time.
    pub peak_bytes: u64,
}

impl FitCosts {
    /// With another piece.
    pub fn and(self, seconds: f64, peak_bytes: u64) -> Self {
        Self { seconds: self.seconds + seconds, peak_bytes: self.peak_bytes.max(peak_bytes) }
    }
}

/// How a cell ended.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "nearly all are records, and there are few")]
pub enum CellOutcome {
    /// With predictions.
    Done(Record),
    /// With an error or a panic of the model.
    Failed(String),
    /// Not at all, because the run was stopped before.
    Missing,
}
