use super::Keep;
use genre_bench_api::Epoch;

/// Every epoch of a fit, the first one first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// The epochs.
    pub epochs: Vec<Epoch>,
}

impl History {
    /// Index of the epoch whose weights a rule keeps, the first of several.
    pub fn best(&self, keep: Keep) -> Option<usize> {
        let rank: fn(&Epoch) -> f64 = match keep {
            Keep::Best => Epoch::monitored,
            Keep::BestAccuracy => |epoch| -epoch.valid.map_or(epoch.train_accuracy, |valid| valid.accuracy),
            Keep::Last => return self.epochs.len().checked_sub(1),
        };
        let epochs = self.epochs.iter().map(rank).enumerate();
        epochs.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(epoch, _)| epoch)
    }
}

#[cfg(test)]
pub(crate) fn epoch_with(monitored: f64) -> Epoch {
    Epoch { train_loss: monitored, train_accuracy: 0.0, valid: None, learning_rate: 0.0, seconds: 0.0 }
}
