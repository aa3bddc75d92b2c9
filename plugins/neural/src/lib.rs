//! Neural music-genre classifiers for `genre-bench`, on candle.
//!
//! ```text
//! models/    the architectures, one file each
//! network/   from an architecture and a recipe to a model of the suite
//! train/     one loop, and small strategies around it: optimizers, schedules, early stopping, checkpoints
//! weights/   trained weights of others: read from files, named as ours, put into a network
//! layers/    a layer is its weights and a forward pass; nothing more
//! autograd/  the context of a forward pass, and the gradients of what was computed in it
//! ops/       operations on tensors, each with one choice between CPU and CUDA
//! kernels/   operations on CUDA devices
//! geometry/  sizes and places that both need
//! ```
//!
//! Every room uses only rooms below it; `tests/tower.rs` reads the sources and holds them to that. `device`,
//! `cuda_libraries` and `failure` stand beside the tower and use nothing of it.
//!
//! candle keeps the graph and the tensors. What it does slowly or lacks is written here as operations with a backward
//! pass of their own: convolution, pooling, batch normalization, recurrent layers.

// Tests of the crate from outside also run inside it, on kernels: see on_kernels.rs.
#[cfg(test)]
extern crate self as genre_bench_neural;

mod autograd;
#[cfg(feature = "cuda")]
#[cfg_attr(
    not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))),
    path = "cuda_libraries/linked.rs"
)]
mod cuda_libraries;
mod device;
mod failure;
mod geometry;
mod kernels;
pub mod layers;
mod models;
pub mod network;
#[cfg(test)]
mod on_kernels;
mod ops;
pub mod train;
pub mod weights;

pub use device::{cuda_device, cuda_devices};
pub use models::{architectures, encoders, models};
