use super::Kernel;
use super::memory::fresh;
use super::sums::add_parts;
use candle_core::{DType, Result, Tensor};

/// Cross-entropy of the softmax of scores `(batch, classes)` with soft labels, a scalar, and its
/// gradient.
pub(crate) fn cross_entropy(scores: &Tensor, targets: &Tensor) -> Result<(Tensor, Tensor)> {
    let (batch, classes) = scores.dims2()?;
    let losses = fresh(batch, DType::F32, scores.device())?;
    let gradient = fresh(scores.shape(), scores.dtype(), scores.device())?;
    Kernel::new("cross_entropy")
        .read(scores)
        .read(targets)
        .write(&losses)
        .write(&gradient)
        .size(classes)
        .each(batch)?;
    let loss = fresh((), DType::F32, scores.device())?;
    add_parts(&losses, &loss, batch, (1, 0), false)?;
    Ok((loss, gradient))
}
