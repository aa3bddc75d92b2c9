//! Operations on tensors: each once, with its loops for the CPU and its call of the kernels, and [`Dispatch`] between
//! them.
//!
//! ```text
//! dispatch              the CPU or CUDA: the one place that chooses
//! operation             differentiable functions: a forward and a backward pass
//! activation … separable  an operation each
//! cross_entropy         the loss and its gradient
//! adam, sgd, sum_squares  what an optimizer does to the weights and their gradients
//! sum                   of batches, and of gradients that come together
//! channels_last/        forward passes on the CPU in another layout, of which only the result is wanted
//! cpu/                  what the loops are made of
//! ```

mod activation;
mod adam;
mod channel_scale;
pub(crate) mod channels_last;
mod convolution;
mod cpu;
mod cross_entropy;
mod dispatch;
mod dropout;
mod linear;
mod max_pool;
mod normalization;
mod operation;
mod recurrent;
mod separable;
mod sgd;
mod sum;
mod sum_squares;
mod update;

pub(crate) use activation::Activated;
pub use activation::Activation;
pub(crate) use adam::Adam;
pub(crate) use channel_scale::ChannelScale;
pub(crate) use convolution::Convolution;
pub(crate) use cross_entropy::cross_entropy;
pub(crate) use dropout::DropoutMask;
pub(crate) use linear::WeightedSums;
pub(crate) use max_pool::WindowMaxima;
pub(crate) use normalization::{Normalization, NormalizedMaxima};
pub(crate) use operation::{Backward, Operation, backward, forward};
pub(crate) use recurrent::{Ends, RecurrentSequence};
pub(crate) use separable::Separable;
pub(crate) use sgd::Sgd;
pub(crate) use sum::{Sum, sum};
pub(crate) use sum_squares::sum_squares;
pub(crate) use update::Update;

pub(crate) use crate::kernels::upload;

use candle_core::Device;

/// Whether numbers between layers may be bf16 on a device: where kernels run.
pub(crate) fn has_bf16(device: &Device) -> bool {
    crate::kernels::run_on(device)
}
