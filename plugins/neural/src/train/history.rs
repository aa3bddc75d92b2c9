use super::Quality;
use std::fmt;

/// What an epoch came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Epoch {
    /// Mean loss of the training examples, each at the moment it was learnt from.
    pub train_loss: f64,
    /// Share of the training examples that were right at that moment, 0–1; of blended ones, by their larger
    /// part.
    pub train_accuracy: f64,
    /// On the validation part, after the epoch; none where there is no such part.
    pub valid: Option<Quality>,
    /// Learning rate of the last step.
    pub rate: f64,
    /// Seconds the epoch took.
    pub seconds: f64,
}

impl Epoch {
    /// What schedules and early stopping go by: the validation loss, or the training loss without a
    /// validation part.
    pub fn monitored(&self) -> f64 {
        self.valid.map_or(self.train_loss, |valid| valid.loss)
    }

    #[cfg(test)]
    pub(crate) fn with(monitored: f64) -> Self {
        Self { train_loss: monitored, train_accuracy: 0.0, valid: None, rate: 0.0, seconds: 0.0 }
    }
}

/// For the progress bar: `loss 0.512, validation 0.634, 71.2 % right`.
impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "loss {:.3}, ", self.train_loss)?;
        match self.valid {
            Some(valid) => write!(f, "validation {:.3}, {:.1} % right", valid.loss, 100.0 * valid.accuracy),
            None => write!(f, "{:.1} % right", 100.0 * self.train_accuracy),
        }
    }
}

/// Every epoch of a fit, the first one first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// The epochs.
    pub epochs: Vec<Epoch>,
}

impl History {
    /// Index of the epoch with the lowest monitored loss, the first of several.
    pub fn best(&self) -> Option<usize> {
        let losses = self.epochs.iter().map(Epoch::monitored).enumerate();
        losses.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(epoch, _)| epoch)
    }
}
