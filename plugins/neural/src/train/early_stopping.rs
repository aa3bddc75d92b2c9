use super::History;

/// When a fit ends before its last epoch: never where there is no validation part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EarlyStopping {
    /// Epochs without a lower validation loss before it ends: Keras's `EarlyStopping(patience=…)`.
    pub patience: usize,
}

impl EarlyStopping {
    /// Whether the fit should end after these epochs.
    pub fn ends(self, history: &History) -> bool {
        history.best(Keep::Best).is_some_and(|best| history.epochs.len() - 1 - best >= self.patience)
    }
}

/// Which weights a network has after a fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Those of the epoch with the lowest validation loss; the last epoch's where there is no validation
    /// part.
    Best,
    /// Those of the epoch with the highest validation accuracy, likewise.
    BestAccuracy,
    /// The last epoch's.
    Last,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::history::epoch_with;

    #[test]
    fn it_ends_when_patience_does() {
        let ends_after = |losses: &[f64], patience| {
            (1..=losses.len()).find(|&epochs| {
                let history =
                    History { epochs: losses[..epochs].iter().map(|&loss| epoch_with(loss)).collect() };
                EarlyStopping { patience }.ends(&history)
            })
        };
        assert_eq!(
            ends_after(&[3.0, 2.0, 2.5, 2.0, 1.9, 2.0, 2.0], 2),
            Some(4),
            "an equal loss is no lower one"
        );
        assert_eq!(ends_after(&[3.0, 2.0, 2.5, 2.0, 1.9, 2.0, 2.0], 3), None);
        assert_eq!(ends_after(&[1.0, 2.0], 1), Some(2));
        assert_eq!(ends_after(&[4.0, 3.0, 2.0, 1.0], 1), None);
    }
}
