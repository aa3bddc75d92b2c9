use super::Kernel;
use super::memory::fresh;
use super::sums::add_parts;
use candle_core::{DType, Result, Tensor};

/// Cross-entropy of the softmax of scores `(batch, classes)` with shares of the classes, a scalar, and its
/// gradient.
pub(crate) fn cross_entropy(scores: &Tensor, shares: &Tensor) -> Result<(Tensor, Tensor)> {
    let (batch, classes) = scores.dims2()?;
    let losses = fresh(batch, DType::F32, scores.device())?;
    let gradient = fresh(scores.shape(), scores.dtype(), scores.device())?;
    Kernel::new("cross_entropy")
        .read(scores)
        .read(shares)
        .write(&losses)
        .write(&gradient)
        .size(classes)
        .each(batch)?;
    let loss = fresh((), DType::F32, scores.device())?;
    add_parts(&losses, &loss, batch, (1, 0), false)?;
    Ok((loss, gradient))
}
