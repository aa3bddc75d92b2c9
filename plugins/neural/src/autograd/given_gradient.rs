use super::owned_storage::OwnedStorage;
use candle_core::{CpuStorage, CudaStorage, CustomOp2, DType, Layout, Result, Shape, Tensor};

/// A loss, a scalar of value `loss`, whose gradient with respect to `scores` was computed with it.
pub(crate) fn loss(scores: &Tensor, loss: &Tensor, gradient: &Tensor) -> Result<Tensor> {
    scores.apply_op2(gradient, GivenGradient { value: OwnedStorage::of(loss)?, is_scaled: true })
}

/// A scalar from which candle's backward pass starts with a gradient of `input`.
pub(super) fn seed(input: &Tensor, gradient: &Tensor) -> Result<Tensor> {
    let value = Tensor::zeros((), DType::F32, input.device())?;
    input.apply_op2(gradient, GivenGradient { value: OwnedStorage::of(&value)?, is_scaled: false })
}

/// A scalar whose gradient with respect to its first input is the second.
struct GivenGradient {
    value: OwnedStorage,
    /// Whether the scalar's own gradient may be another than 1.
    is_scaled: bool,
}

impl CustomOp2 for GivenGradient {
    fn name(&self) -> &'static str {
        "given gradient"
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        self.value.cpu()
    }

    fn cuda_fwd(
        &self,
        _: &CudaStorage,
        _: &Layout,
        _: &CudaStorage,
        _: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        self.value.cuda()
    }

    fn bwd(
        &self,
        _input: &Tensor,
        gradient: &Tensor,
        _value: &Tensor,
        of_value: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let gradient = match self.is_scaled {
            true => gradient.broadcast_mul(&of_value.to_dtype(gradient.dtype())?)?,
            false => gradient.clone(),
        };
        Ok((Some(gradient), None))
    }
}
