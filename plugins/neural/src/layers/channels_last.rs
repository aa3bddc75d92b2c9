//! What layers do with batches whose channels lie next to each other, see `ops/channels_last`.

use super::Context;
use crate::ops::{Sum, channels_last};
use candle_core::{Result, Tensor};

/// Does `work` with a batch whose numbers lie in a row, in the one order or the other, and gives the result PyTorch's shape.
/// For what treats all numbers alike, or rows of channels through [`sum`] and [`concatenated`].
pub(super) fn in_own_layout(batch: &Tensor, work: impl FnOnce(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
    match view(batch) {
        Some(batch) => channels_last::back(&work(&batch)?),
        None => work(&batch.contiguous()?),
    }
}

/// The sum of two batches of one shape.
pub(super) fn sum(one: &Tensor, other: &Tensor, context: &Context) -> Result<Tensor> {
    match (view(one), view(other)) {
        (Some(one), Some(other)) => channels_last::back(&(one + other)?),
        _ => context.apply([one, other], Sum),
    }
}

/// Batches one behind the other, channel by channel.
pub(super) fn concatenated(batches: &[Tensor]) -> Result<Tensor> {
    match batches.iter().map(view).collect::<Option<Vec<_>>>() {
        Some(batches) => channels_last::back(&Tensor::cat(&batches, 3)?),
        None => Tensor::cat(batches, 1),
    }
}

/// The batch with its channels as the last axis, if they lie next to each other, it is not in PyTorch's order as well, and no
/// gradient goes through it.
pub(super) fn view(batch: &Tensor) -> Option<Tensor> {
    let lies_so = !batch.is_contiguous() && !batch.track_op() && channels_last::is_for(batch);
    if lies_so { channels_last::view(batch) } else { None }
}
