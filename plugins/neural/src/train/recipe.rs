use super::augment::{Augmentation, Mixup};
use super::optimizer::OptimizerConfig;
use super::{EarlyStopping, Keep, Schedule};
use crate::layers::CrossEntropyLoss;
use genre_bench_api::Params;
use std::path::PathBuf;

/// How a network is trained.
#[derive(Debug)]
pub struct Recipe {
    /// How often every example is learnt from.
    pub epochs: usize,
    /// Examples of a step.
    pub batch: usize,
    /// What the gradients do to the weights.
    pub optimizer: OptimizerConfig,
    /// Learning rate that the schedule starts from.
    pub learning_rate: f64,
    /// How the learning rate goes on.
    pub schedule: Schedule,
    /// Longest the gradients together may be as one vector; longer ones are shortened to it. None where any
    /// length goes.
    pub clip: Option<f64>,
    /// What is made small.
    pub loss: CrossEntropyLoss,
    /// What is done to training spectrograms, in this order.
    pub augment: Vec<Box<dyn Augmentation>>,
    /// Whether training examples are blended with each other.
    pub mixup: Option<Mixup>,
    /// When to end before the last epoch, if at all.
    pub early_stopping: Option<EarlyStopping>,
    /// Which epoch's weights the network ends with.
    pub keep: Keep,
    /// File that is written after every epoch, and from which a fit that was interrupted goes on. It stays
    /// when the fit is over: then it holds the fitted network.
    pub checkpoint: Option<PathBuf>,
    /// Folder that a TensorBoard event file is written into.
    pub tensorboard: Option<PathBuf>,
}

impl Recipe {
    /// Plain cross-entropy, a constant learning rate, all epochs, and the best weights.
    pub fn new(epochs: usize, batch: usize, optimizer: OptimizerConfig, learning_rate: f64) -> Self {
        Self {
            epochs,
            batch,
            optimizer,
            learning_rate,
            schedule: Schedule::Constant,
            clip: None,
            loss: CrossEntropyLoss::default(),
            augment: Vec::new(),
            mixup: None,
            early_stopping: None,
            keep: Keep::Best,
            checkpoint: None,
            tensorboard: None,
        }
    }

    /// The same, with the epochs, batch and learning rate that a network's card declares.
    ///
    /// # Errors
    ///
    /// The card declares them not.
    pub fn of(params: &Params, optimizer: OptimizerConfig) -> genre_bench_api::Result<Self> {
        Ok(Self::new(params.count("epochs")?, params.count("batch")?, optimizer, params.float("lr")?))
    }

    /// The same that ends after as many epochs without a lower validation loss as `patience` says.
    ///
    /// # Errors
    ///
    /// The card declares one of them not.
    pub fn stopping_early(params: &Params, optimizer: OptimizerConfig) -> genre_bench_api::Result<Self> {
        let early_stopping = Some(EarlyStopping { patience: params.count("patience")? });
        Ok(Self { early_stopping, ..Self::of(params, optimizer)? })
    }

    /// Whether it goes by the loss on examples that are not learnt from.
    pub fn needs_validation(&self) -> bool {
        self.early_stopping.is_some() || matches!(self.schedule, Schedule::Plateau(_))
    }

    /// Everything that the numbers of an epoch depend on, as text; the number of epochs is not among it, so
    /// that a fit can be resumed to go on for longer.
    pub(crate) fn identity(&self) -> String {
        let Self { batch, optimizer, learning_rate, schedule, clip, loss, augment, mixup, keep, .. } = self;
        let strategies = (optimizer, schedule, clip, loss, augment, mixup, keep);
        format!("batch {batch}, learning rate {learning_rate}, {strategies:?}")
    }
}
