//! Operations on CUDA devices: kernels in CUDA C, matrix products, and what calls them.
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

mod channel_scale;
mod convolution;
mod cross_entropy;
#[cfg(feature = "cuda")]
mod cuda;
mod depthwise;
mod elementwise;
#[cfg(test)]
mod emulation;
mod launch;
mod linear;
mod memory;
mod normalization;
mod pooling;
mod product;
mod recurrent;
mod separable;
mod sums;
mod upload;

pub(crate) use channel_scale::{channel_scale, channel_scale_backward};
pub(crate) use convolution::{convolution, convolution_backward};
pub(crate) use cross_entropy::cross_entropy;
pub(crate) use elementwise::{activate, activate_backward, dropout};
pub(crate) use launch::Kernel;
pub(crate) use linear::{linear, linear_backward};
pub(crate) use normalization::{normalize, normalize_backward, normalize_by_batch};
pub(crate) use pooling::{max_pool, max_pool_backward};
pub(crate) use recurrent::{recurrent, recurrent_backward};
pub(crate) use separable::{AxisTables, separable};
pub(crate) use sums::sum_squares;
pub(crate) use upload::upload;

use candle_core::Device;

/// Whether operations on this device are made of kernels, and not of loops over slices. In the crate's own tests they are
/// on the CPU too, if there is a C++ compiler.
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
    include_str!("source/depthwise.cu"),
    include_str!("source/pooling.cu"),
    include_str!("source/normalization.cu"),
    include_str!("source/recurrent.cu"),
    include_str!("source/training.cu"),
);
