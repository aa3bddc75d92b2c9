//! Training: one loop, and small strategies around it that a network knows nothing of.
//!
//! ```text
//! fit             the loop: epochs of shuffled batches
//! recipe          everything that a fit is told: which of the strategies below, and how long
//! parameters      the recipe as hyper-parameters on a network's card
//! step            the results of a training step
//! awake           threads that are there when a step needs them
//! samples, batch  what a network reads, in memory; how an epoch is cut into batches
//! augment/        what is done to a batch of spectrograms before a network sees it
//! optimizer       what the gradients do to the weights: SGD, Adam, AdamW
//! schedule        the learning rate of a step
//! early_stopping  when to stop, and which epoch's weights to keep
//! evaluate        scores of examples, and their loss, accuracy and macro F1
//! features        what frozen layers make of examples, computed once
//! history         the results of every epoch
//! checkpoint      a fit on disk, to be resumed
//! tensorboard     the results of every epoch, as an event file
//! ```
//!
//! All random numbers come from streams named after the epoch, and what a schedule or early stopping goes by is the
//! history: so a fit that is resumed after any epoch ends in the same numbers as one that was never
//! interrupted.

pub mod augment;
mod awake;
mod batch;
mod checkpoint;
mod checkpoint_file;
mod early_stopping;
mod evaluate;
mod features;
mod fit;
mod history;
pub mod optimizer;
mod parameters;
mod recipe;
mod samples;
mod schedule;
mod snapshot;
mod step;
mod tensorboard;

pub use awake::Awake;
pub use early_stopping::{EarlyStopping, Keep};
pub use evaluate::{logits, probabilities, quality_of};
pub(crate) use features::fixed_features;
pub use fit::fit;
pub use history::History;
pub use parameters::Defaults;
pub use recipe::{Checkpoints, Recipe};
pub use samples::{Labelled, Samples};
pub use schedule::{Plateau, Schedule};
