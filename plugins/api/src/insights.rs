use serde::{Deserialize, Serialize};
use std::fmt;

/// What a fitted model can tell about its fit besides scores. It is stored with the cell and shown
/// by `bench show --insights`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Insights {
    /// Named numbers, such as `out-of-bag accuracy`, in the order to show them.
    pub numbers: Vec<(String, f64)>,
    /// How much each column of the table counts, none below 0, together 1; empty if the model
    /// cannot tell.
    pub importances: Vec<f64>,
    /// What every epoch came to, the first one first; empty of a model that does not learn in epochs.
    #[serde(default)]
    pub history: Vec<Epoch>,
}

impl Insights {
    /// The epoch whose weights were kept: that of the number `best epoch`, counted from 1; the last one where there is no
    /// such number.
    pub fn kept(&self) -> Option<&Epoch> {
        let best = self.numbers.iter().find(|(name, _)| name == "best epoch");
        match best {
            Some((_, number)) if *number >= 1.0 => self.history.get(*number as usize - 1),
            _ => self.history.last(),
        }
    }

    /// Adds a number.
    pub fn number(mut self, name: impl Into<String>, value: f64) -> Self {
        self.numbers.push((name.into(), value));
        self
    }
}

/// What an epoch of training came to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Mean loss of the training examples, each at the moment of its step.
    pub train_loss: f64,
    /// Accuracy on the training examples at that moment, 0–1; of blended ones, by their
    /// larger part.
    pub train_accuracy: f64,
    /// On the validation part, after the epoch; none where there is no such part.
    pub valid: Option<Quality>,
    /// Learning rate of the last step.
    pub learning_rate: f64,
    /// Seconds the epoch took.
    pub seconds: f64,
}

impl Epoch {
    /// What schedules and early stopping go by: the validation loss, or the training loss without a
    /// validation part.
    pub fn monitored(&self) -> f64 {
        self.valid.map_or(self.train_loss, |valid| valid.loss)
    }
}

/// For the progress bar: `loss 0.512, validation 0.634, accuracy 71.2 %`.
impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "loss {:.3}, ", self.train_loss)?;
        match self.valid {
            Some(valid) => {
                write!(f, "validation {:.3}, accuracy {:.1} %", valid.loss, 100.0 * valid.accuracy)
            }
            None => write!(f, "accuracy {:.1} %", 100.0 * self.train_accuracy),
        }
    }
}

/// How well a network does on some examples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Mean cross-entropy, nothing smoothed or weighted.
    pub loss: f64,
    /// Accuracy, 0–1.
    pub accuracy: f64,
    /// Mean F1 over the classes that occur as truth or as prediction, 0–1.
    pub macro_f1: f64,
}
