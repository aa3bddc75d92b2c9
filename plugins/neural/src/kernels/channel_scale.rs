use super::Kernel;
use super::memory::fresh;
use super::sums::THREADS;
use candle_core::{Result, Tensor};

/// Every plane of `(batch, channels, …)` times its number of `(batch, channels, 1, 1)`.
pub(crate) fn channel_scale(input: &Tensor, factors: &Tensor) -> Result<Tensor> {
    let output = fresh(input.shape(), input.dtype(), input.device())?;
    let plane = input.elem_count() / factors.elem_count().max(1);
    let kernel = Kernel::new("channel_scale").read(input).read(factors).write(&output);
    kernel.size(plane).each(input.elem_count())?;
    Ok(output)
}

/// Gradients of the planes, and of their factors.
pub(crate) fn channel_scale_backward(
    input: &Tensor,
    factors: &Tensor,
    gradient: &Tensor,
) -> Result<(Tensor, Tensor)> {
    let of_factors = fresh(factors.shape(), factors.dtype(), factors.device())?;
    let plane = input.elem_count() / factors.elem_count().max(1);
    let kernel = Kernel::new("channel_scale_factors").read(input).read(gradient).write(&of_factors);
    kernel.size(plane).blocks(factors.elem_count(), THREADS, THREADS)?;
    Ok((channel_scale(gradient, factors)?, of_factors))
}
