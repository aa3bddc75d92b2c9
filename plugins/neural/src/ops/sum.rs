use super::cpu::{map_pairs, values};
use super::operation::{Backward, BackwardReads, Gradients, Operation};
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

/// The sum of two tensors of one shape, whose gradient is that of both.
pub(crate) struct Sum;

impl Operation<2> for Sum {
    type Saved = ();
    const READS: BackwardReads = BackwardReads::NEITHER;

    fn forward_cpu(&self, [one, other]: [&Tensor; 2]) -> Result<(Tensor, ())> {
        Ok((sum(one, other)?, ()))
    }

    fn forward_cuda(&self, [one, other]: [&Tensor; 2]) -> Result<(Tensor, ())> {
        Ok((sum(one, other)?, ()))
    }

    fn backward_cpu(&self, of: Backward<'_, 2>, (): ()) -> Result<Gradients<2>> {
        Ok([Some(of.gradient.clone()), Some(of.gradient.clone())])
    }

    fn backward_cuda(&self, of: Backward<'_, 2>, (): ()) -> Result<Gradients<2>> {
        self.backward_cpu(of, ())
    }
}
