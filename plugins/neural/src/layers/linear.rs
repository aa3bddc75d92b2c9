use super::{Builder, Context, Layer};
use crate::ops::WeightedSums;
use candle_core::{Result, Tensor};

/// Every output a weighted sum of all features, as PyTorch's `Linear`: `(…, features)` to `(…, outputs)`.
pub struct Linear {
    weight: Tensor,
    bias: Tensor,
}

impl Linear {
    /// A layer with weights `weight`, `(outputs, features)`, and `bias`, `(outputs)`.
    ///
    /// # Errors
    ///
    /// The device fails.
    pub fn new(builder: &Builder, features: usize, outputs: usize) -> Result<Self> {
        let init = builder.init();
        Ok(Self {
            weight: builder.trainable("weight", (outputs, features), init.weight(features, outputs))?,
            bias: builder.trainable("bias", outputs, init.bias(features))?,
        })
    }
}

impl Layer for Linear {
    fn forward(&self, batch: &Tensor, context: &Context) -> Result<Tensor> {
        let (outputs, mut shape) = (self.weight.dim(0)?, batch.dims().to_vec());
        shape.last_mut().into_iter().for_each(|last| *last = outputs);
        if let Some(zeros) = context.count(batch.elem_count() * outputs, shape)? {
            return Ok(zeros);
        }
        context.apply([&batch.contiguous()?, &self.weight, &self.bias], WeightedSums)
    }

    fn is_fixed(&self) -> bool {
        !self.weight.is_variable() && !self.bias.is_variable()
    }
}
