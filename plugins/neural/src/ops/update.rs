use candle_core::{DType, Tensor, Var};

/// One weight's part of an optimizer step.
#[derive(Clone, Copy)]
pub(crate) struct Update<'a> {
    pub weight: &'a Var,
    /// Contiguous, of the weight's shape.
    pub gradient: &'a Tensor,
    /// What the optimizer remembers of the weight.
    pub moments: &'a [Tensor],
    pub learning_rate: f64,
    /// What the gradient is multiplied by.
    pub scale: f64,
}

impl Update<'_> {
    /// Whether the values are changed in place; those of other types are in tensor operations.
    pub fn is_f32(&self) -> bool {
        self.weight.dtype() == DType::F32
    }
}
