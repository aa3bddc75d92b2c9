use genre_bench_api::Epoch;

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

#[cfg(test)]
pub(crate) fn epoch_with(monitored: f64) -> Epoch {
    Epoch { train_loss: monitored, train_accuracy: 0.0, valid: None, learning_rate: 0.0, seconds: 0.0 }
}
