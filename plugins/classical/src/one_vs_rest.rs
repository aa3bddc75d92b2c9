//! Decisions between each class and all others.

use ndarray::{Array2, Axis, concatenate};

/// One decision a class, positive for it; of two classes only one decision, positive for the second.
/// As scikit-learn's linear classifiers have it.
pub(crate) struct OneVsRest {
    pub classes: usize,
}

impl OneVsRest {
    /// Number of decisions.
    pub fn decisions(&self) -> usize {
        if self.classes == 2 { 1 } else { self.classes }
    }

    /// 1 where a decision should be positive for examples of a class, or else -1.
    pub fn target(&self, label: usize, decision: usize) -> f64 {
        let positive = if self.classes == 2 { 1 } else { decision };
        if label == positive { 1.0 } else { -1.0 }
    }

    /// Scores, shape `(examples, classes)`, from decisions, shape `(examples, decisions)`.
    pub fn scores(&self, decisions: Array2<f64>) -> Array2<f64> {
        if self.classes == 2 { concatenate![Axis(1), -&decisions, decisions] } else { decisions }
    }
}
