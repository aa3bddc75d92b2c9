//! Neural music-genre classifiers for `genre-bench`, on candle.
//!
//! ```text
//! layers/   a layer is its weights and a forward pass; nothing more
//! train/    one loop, and small strategies around it: optimizers, schedules, early stopping, checkpoints
//! network   from an architecture and a recipe to a model of the suite
//! models/   the architectures, one file each
//! ```
//!
//! candle keeps the graph and the tensors. What it does slowly or lacks on the way is written here as custom operations
//! with a backward pass of their own: convolution, pooling, batch normalisation, recurrent layers.

// Tests of the crate from outside also run inside it, on kernels: see layers/kernels/tests.rs.
#[cfg(test)]
extern crate self as genre_bench_neural;

mod device;
mod failure;
pub mod layers;
mod models;
pub mod network;
pub mod train;

pub use device::{cuda_device, cuda_devices};
pub use models::models;
