use super::cpu::{map_pairs, values};
use candle_core::{DType, Device, Result, Tensor};

/// The sum of two tensors of one shape, through which no gradient goes.
///
/// On the CPU by the threads that the other operations have: candle's own are as many as the machine has whatever a fit may use, and
/// wait for each other in a loop that takes a processor from the fit beside it.
pub(crate) fn sum(one: &Tensor, other: &Tensor) -> Result<Tensor> {
    let is_ours =
        |tensor: &Tensor| tensor.device().is_cpu() && tensor.dtype() == DType::F32 && tensor.is_contiguous();
    if one.shape() != other.shape() || !is_ours(one) || !is_ours(other) {
        return Ok((one + other)?.detach());
    }
    let numbers = map_pairs(&values(one)?, &values(other)?, |one, other| one + other);
    Tensor::from_vec(numbers, one.shape(), &Device::Cpu)
}
