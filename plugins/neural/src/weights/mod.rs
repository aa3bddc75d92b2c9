//! Weights that somebody else trained: read from a file, named as ours, and put into a network.
//!
//! ```text
//! files/   the formats, one file each: from a path to named arrays of f32
//! layout   how frameworks lay out the axes of a kernel
//! known    files that are known by name: data
//! names/   how torchvision and Keras call what we call otherwise: data, one file an architecture
//! transfer into the weights of a network, with all shapes checked first
//! ```
//!
//! No file is believed and nothing in one is executed.

pub mod files;
mod known;
mod layout;
pub mod names;
mod transfer;

pub use files::{Limits, WeightsFile, read, read_within};
pub use known::known_files;
pub use layout::Layout;
pub use transfer::{Transfer, Transferred};
