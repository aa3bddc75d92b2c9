use super::{Builder, InitScheme, Layer, Pass};
use candle_core::{Result, Tensor};

/// A fully connected layer, `batch · weightᵀ + bias`: PyTorch's `Linear`.
pub struct Linear {
    /// Shape `(outputs, inputs)`.
    weight: Tensor,
    /// Shape `(outputs)`.
    bias: Tensor,
}

impl Linear {
    /// From `inputs` to `outputs` numbers an example.
    ///
    /// # Errors
    ///
    /// The device fails.
    pub fn new(builder: &Builder, inputs: usize, outputs: usize, init: InitScheme) -> Result<Self> {
        Ok(Self {
            weight: builder.trainable("weight", (outputs, inputs), init.weight(inputs, outputs))?,
            bias: builder.trainable("bias", outputs, init.bias(inputs))?,
        })
    }
}

impl Layer for Linear {
    /// From shape `(batch, inputs)` to `(batch, outputs)`.
    fn forward(&self, batch: &Tensor, _pass: &Pass) -> Result<Tensor> {
        batch.matmul(&self.weight.t()?)?.broadcast_add(&self.bias)
    }
}
