use super::{Context, Layer};
use crate::ops::DropoutMask;
use candle_core::{Result, Tensor, bail};

/// In training, sets numbers to zero at random and makes the others larger, so that the mean stays (N.
/// Srivastava et al., JMLR 15, 2014); in evaluation, nothing. PyTorch's `Dropout`, for any shape.
#[derive(Debug, Clone, Copy)]
pub struct Dropout(f32);

impl Dropout {
    /// With a probability for every number to be dropped, at least 0 and below 1.
    ///
    /// # Errors
    ///
    /// Any other probability.
    pub fn new(probability: f32) -> Result<Self> {
        if !(0.0..1.0).contains(&probability) {
            bail!("the probability to be dropped must be at least 0 and below 1, not {probability}");
        }
        Ok(Self(probability))
    }
}

impl Layer for Dropout {
    fn forward(&self, batch: &Tensor, context: &Context) -> Result<Tensor> {
        match context.seed() {
            Some(seed) if self.0 > 0.0 => {
                context.apply([&batch.contiguous()?], DropoutMask { probability: self.0, seed })
            }
            _ => Ok(batch.clone()),
        }
    }
}
