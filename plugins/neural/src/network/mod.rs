//! From an architecture to a model of the suite: the same for all of them.
//!
//! ```text
//! architecture  what tells networks apart: a card and layers
//! pretrained    weights of others to start from: a network's hyper-parameters for them
//! build         its layers, as its hyper-parameters say
//! card          the card with the hyper-parameters that all have
//! shape         what goes in and comes out
//! model         fitting
//! fitted        scores
//! saved         a fitted network as named arrays, and back
//! cost          parameters and MACs, counted
//! ```

mod architecture;
mod build;
mod card;
mod cost;
mod fitted;
mod model;
mod pretrained;
mod saved;
mod shape;

pub use architecture::Architecture;
use build::build;
use card::{EXACT, NORM_MOMENTUM};
pub use card::{card, convolving_card, norm_momentum, spectrogram_card};
pub use cost::cost;
pub use model::NetworkModel;
pub use pretrained::Pretrained;
pub use shape::NetworkShape;
