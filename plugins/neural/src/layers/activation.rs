use super::{Context, Layer};
use crate::ops::Activation;
use candle_core::{Result, Tensor};

/// Any shape to the same.
impl Layer for Activation {
    fn forward(&self, batch: &Tensor, context: &Context) -> Result<Tensor> {
        context.apply([&batch.contiguous()?], *self)
    }
}
