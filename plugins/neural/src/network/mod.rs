//! From an architecture to a model of the suite: the same for all of them.
//!
//! ```text
//! architecture  what tells networks apart: a card and layers
//! card          the card with the hyper-parameters that all have
//! shape         what goes in and comes out
//! model         fitting
//! fitted        scores
//! cost          parameters and MACs, counted
//! ```

mod architecture;
mod card;
mod cost;
mod fitted;
mod model;
mod shape;

pub use architecture::Architecture;
use card::NORM_MOMENTUM;
pub use card::{card, norm_momentum, spectrogram_card};
pub use cost::cost;
pub use model::NetworkModel;
pub use shape::NetworkShape;
