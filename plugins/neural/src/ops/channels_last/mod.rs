//! Forward passes on the CPU of which only the result is wanted, on batches whose channels lie next to each other:
//! `(batch, rows, columns, channels)`, PyTorch's `channels_last`.
//!
//! A convolution 1×1 is then one matrix product over all pixels, and one of every channel by itself works on neighbouring
//! numbers however the kernel moves. Batch normalization is folded into the weights, and the activation follows while the
//! numbers are in the cache. Tensors have PyTorch's shape all the same, `(batch, channels, rows, columns)`, and tell the
//! layout by their strides, so that whoever does not know it reads them right.
//!
//! ```text
//! convolution  a convolution with what is folded into it
//! depthwise    of every channel by itself
//! planes       means, factors and summands of channels
//! pooling      what is made of the numbers in a window
//! ```

mod convolution;
mod depthwise;
mod planes;
mod pooling;

pub(crate) use convolution::FoldedConvolution;
pub(crate) use planes::{channel_means, scale_and_shift_channels, scale_channels};
pub(crate) use pooling::{Pool, pool};

use candle_core::{DType, Result, Tensor};

/// Whether the CPU's loops are there for a batch: not where kernels run.
pub(crate) fn is_for(batch: &Tensor) -> bool {
    batch.rank() == 4
        && batch.dtype() == DType::F32
        && batch.device().is_cpu()
        && !super::has_bf16(batch.device())
}

/// The batch as `(batch, rows, columns, channels)`, if its numbers lie so.
pub(crate) fn view(batch: &Tensor) -> Option<Tensor> {
    let view = batch.permute((0, 2, 3, 1)).ok()?;
    view.is_contiguous().then_some(view)
}

/// The batch as `(batch, rows, columns, channels)`, wherever its numbers lie.
pub(crate) fn of(batch: &Tensor) -> Result<Tensor> {
    batch.permute((0, 2, 3, 1))?.contiguous()
}

/// A batch `(batch, rows, columns, channels)` in PyTorch's shape.
pub(crate) fn back(batch: &Tensor) -> Result<Tensor> {
    batch.permute((0, 3, 1, 2))
}
