use super::History;
use genre_bench_api::Epoch;
use std::f64::consts::PI;

/// The learning rate of a step, as a function of what was before it.
#[derive(Debug, Clone, PartialEq)]
pub enum Schedule {
    /// Always the same.
    Constant,
    /// `learning rate / (1 + decay · step)`: the `decay` of Keras's SGD.
    InverseTime {
        /// Per step, not per epoch.
        decay: f64,
    },
    /// Multiplied by `factor` after every so many epochs: PyTorch's `StepLR`.
    Step {
        /// Epochs between two changes.
        epochs: usize,
        /// What it is multiplied by.
        factor: f64,
    },
    /// Along half a cosine wave down to `lowest` in so many epochs, and staying there: PyTorch's
    /// `CosineAnnealingLR` (I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm
    /// restarts", ICLR 2017).
    Cosine {
        /// Epochs on the way down.
        epochs: usize,
        /// The learning rate at the end.
        lowest: f64,
    },
    /// Lower whenever the loss does not fall any more.
    Plateau(Plateau),
    /// From nearly nothing evenly up to another schedule's learning rate: PyTorch's `LinearLR` before it (P. Goyal and
    /// others, "Accurate, large minibatch SGD", 2017).
    WarmUp {
        /// Steps until it has the other's learning rate.
        steps: usize,
        /// The other.
        then: Box<Schedule>,
    },
}

/// Multiplies the learning rate by `factor` after more than `patience` epochs without a loss lower than before by
/// `threshold`: PyTorch's `ReduceLROnPlateau`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plateau {
    /// What the learning rate is multiplied by, 0–1.
    pub factor: f64,
    /// Epochs that it waits.
    pub patience: usize,
    /// Share of the lowest loss that a loss must be lower by.
    pub threshold: f64,
    /// Lowest learning rate.
    pub lowest: f64,
}

impl Schedule {
    /// Whether it goes by the validation loss.
    pub(crate) fn needs_validation(&self) -> bool {
        match self {
            Self::Plateau(_) => true,
            Self::WarmUp { then, .. } => then.needs_validation(),
            Self::Constant | Self::InverseTime { .. } | Self::Step { .. } | Self::Cosine { .. } => false,
        }
    }

    /// The learning rate of a step, counted from 0 over all epochs; `history` has the epochs that are over.
    pub fn learning_rate(&self, base: f64, step: usize, history: &History) -> f64 {
        let epoch = history.epochs.len();
        match self {
            Self::Constant => base,
            Self::InverseTime { decay } => base / (1.0 + decay * step as f64),
            Self::Step { epochs, factor } => base * factor.powf((epoch / epochs.max(&1)) as f64),
            Self::Cosine { epochs, lowest } => {
                let way = (epoch as f64 / *epochs as f64).min(1.0);
                lowest + (base - lowest) * (1.0 + (PI * way).cos()) / 2.0
            }
            Self::Plateau(plateau) => plateau.learning_rate(base, history),
            Self::WarmUp { steps, then } => {
                let share = (step + 1) as f64 / *steps as f64;
                then.learning_rate(base, step, history) * share.min(1.0)
            }
        }
    }
}

impl Plateau {
    /// PyTorch's defaults.
    pub const TORCH: Self = Self { factor: 0.1, patience: 10, threshold: 1e-4, lowest: 0.0 };

    fn learning_rate(&self, base: f64, history: &History) -> f64 {
        let (mut learning_rate, mut lowest_loss, mut waited) = (base, f64::INFINITY, 0);
        for loss in history.epochs.iter().map(Epoch::monitored) {
            if loss < lowest_loss * (1.0 - self.threshold) {
                (lowest_loss, waited) = (loss, 0);
            } else {
                waited += 1;
            }
            if waited > self.patience {
                let lower = (learning_rate * self.factor).max(self.lowest);
                // PyTorch leaves out changes that are nothing but rounding.
                learning_rate = if learning_rate - lower > 1e-8 { lower } else { learning_rate };
                waited = 0;
            }
        }
        learning_rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::history::epoch_with;

    /// The learning rates of some epochs of two steps each, where every epoch has the loss given for it.
    fn rates(schedule: &Schedule, losses: &[f64]) -> Vec<f64> {
        let history = |epochs: usize| History {
            epochs: losses[..epochs].iter().map(|&loss| epoch_with(loss)).collect(),
        };
        (0..2 * losses.len()).map(|step| schedule.learning_rate(0.1, step, &history(step / 2))).collect()
    }

    #[test]
    fn warm_up_ends_in_the_other_schedule() {
        let other = Schedule::InverseTime { decay: 0.5 };
        let warm = rates(&Schedule::WarmUp { steps: 4, then: Box::new(other.clone()) }, &[1.0; 4]);
        let plain = rates(&other, &[1.0; 4]);
        assert_eq!(warm[3..], plain[3..]);
        assert!((0..3).all(|step| warm[step] < plain[step] && warm[step] > 0.0), "{warm:?}");
    }

    #[test]
    fn a_cosine_stays_down() {
        let rates = rates(&Schedule::Cosine { epochs: 3, lowest: 0.01 }, &[1.0; 6]);
        assert!((rates[0] - 0.1).abs() < 1e-15);
        assert!(rates[6..].iter().all(|learning_rate| (learning_rate - 0.01).abs() < 1e-15), "{rates:?}");
    }

    #[test]
    fn a_falling_loss_is_no_plateau() {
        let plateau = Schedule::Plateau(Plateau { patience: 0, ..Plateau::TORCH });
        assert_eq!(rates(&plateau, &[4.0, 3.0, 2.0, 1.0]), [0.1; 8]);
        assert_eq!(rates(&plateau, &[4.0, 4.0, 1.0])[4], 0.1 * 0.1);
    }
}
