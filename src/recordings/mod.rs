//! Files before they are examples: getting them, making them, looking them over.

pub mod audit;
pub mod fetch;
mod names;
pub mod synth;

pub use names::track_of;
