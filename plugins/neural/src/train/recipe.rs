use super::augment::{Augmentation, Mixup};
use super::optimizer::OptimizerConfig;
use super::{EarlyStopping, Keep, Schedule};
use crate::layers::CrossEntropyLoss;
use std::path::PathBuf;

/// How a network is trained.
#[derive(Debug)]
pub struct Recipe {
    /// Epochs of training, at most.
    pub epochs: usize,
    /// Examples of a step.
    pub batch: usize,
    /// What the gradients do to the weights.
    pub optimizer: OptimizerConfig,
    /// Learning rate that the schedule starts from.
    pub learning_rate: f64,
    /// How the learning rate goes on.
    pub schedule: Schedule,
    /// Largest norm of all gradients together as one vector; longer ones are scaled down to it, as by PyTorch's
    /// `clip_grad_norm_`. None where any norm goes.
    pub clip: Option<f64>,
    /// The loss that is minimized.
    pub loss: CrossEntropyLoss,
    /// What is done to training spectrograms, in this order.
    pub augment: Vec<Box<dyn Augmentation>>,
    /// Whether training examples are blended with each other.
    pub mixup: Option<Mixup>,
    /// When to end before the last epoch, if at all.
    pub early_stopping: Option<EarlyStopping>,
    /// Which epoch's weights the network ends with.
    pub keep: Keep,
    /// What is kept of a fit to go on from where it was interrupted.
    pub checkpoint: Option<Checkpoints>,
    /// Folder that a TensorBoard event file is written into.
    pub tensorboard: Option<PathBuf>,
}

/// How a fit is kept on disk.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoints {
    /// File that is written after the first epoch and then after others, and from which a fit that was interrupted goes on.
    pub file: PathBuf,
    /// Most of the time that writing may take, as a share of it: 0.02 keeps epochs that are shorter than what it takes
    /// to write a checkpoint from taking much longer. From 1 on, it is written after every epoch, so that when the fit is
    /// over it holds the fitted network.
    pub share: f64,
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

    /// Whether an example is the same in every epoch.
    pub(crate) fn leaves_examples(&self) -> bool {
        self.augment.is_empty() && self.mixup.is_none()
    }

    /// Whether it goes by the loss on examples that it is not trained on.
    pub fn needs_validation(&self) -> bool {
        self.early_stopping.is_some() || self.schedule.needs_validation()
    }

    /// Everything that the numbers of an epoch depend on, as text; the number of epochs is not among it, so
    /// that a fit can be resumed to go on for longer.
    pub(crate) fn identity(&self) -> String {
        let Self { batch, optimizer, learning_rate, schedule, clip, loss, augment, mixup, keep, .. } = self;
        let strategies = (optimizer, schedule, clip, loss, augment, mixup, keep);
        format!("batch {batch}, learning rate {learning_rate}, {strategies:?}")
    }
}
