//! The operations where they do not run on the CPU: kernels in CUDA C, matrix products, and what calls
//! them.
//!
//! ```text
//! source/          the kernels, a few small files that are compiled in the program when they are first needed
//! launch           a kernel with its arguments, which are tensors and numbers
//! product          matrix products of parts of tensors
//! memory, upload   tensors to be written to and where they lie; numbers on their way to a device
//! cuda             launches and products on a CUDA device (nvrtc, cuBLAS)
//! emulation        the same on the CPU, for tests: the kernels are compiled by a C++ compiler
//! stand_in_driver  on top of that for the program as it is built for CUDA, see scripts/check-cuda.sh
//! convolution, …   an operation each, in kernels and products
//! ```
//!
//! All that an operation does here is said in tensors, launches and products. So in tests everything but the
//! driver's own calls runs on the CPU too, and is held to the same numbers.

mod convolution;
#[cfg(feature = "cuda")]
mod cuda;
mod elementwise;
#[cfg(test)]
mod emulation;
mod launch;
mod linear;
mod loss;
mod memory;
mod normalisation;
mod pooling;
mod product;
mod recurrent;
mod separable;
mod sums;
#[cfg(test)]
mod tests;
mod upload;

pub(super) use convolution::{convolution, convolution_back};
pub(super) use elementwise::{activate, activate_back, dropout};
pub(crate) use launch::Kernel;
pub(super) use linear::{linear, linear_back};
pub(super) use loss::cross_entropy;
pub(super) use normalisation::{normalise, normalise_back, normalise_by_batch};
pub(super) use pooling::{max_pool, max_pool_back};
pub(super) use recurrent::{Walk, walk, walk_back};
pub(super) use separable::{Tables, separable};
pub(crate) use sums::sum_squares;
pub(crate) use upload::upload;

use candle_core::Device;

/// Whether operations on this device are made of kernels, and not of loops over slices.
pub(crate) fn run_on(device: &Device) -> bool {
    match device {
        #[cfg(test)]
        Device::Cpu => emulation::is_there(),
        _ => device.is_cuda(),
    }
}

/// The source of all kernels; `NUMBER`, the type of the numbers between layers, is still to be said.
#[cfg(any(test, feature = "cuda"))]
const SOURCE: &str = concat!(
    include_str!("source/prelude.cu"),
    include_str!("source/elementwise.cu"),
    include_str!("source/sums.cu"),
    include_str!("source/convolution.cu"),
    include_str!("source/pooling.cu"),
    include_str!("source/normalisation.cu"),
    include_str!("source/recurrent.cu"),
    include_str!("source/training.cu"),
);
