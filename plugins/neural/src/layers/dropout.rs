use super::{Context, Layer};
use crate::ops::DropoutMask;
use candle_core::{Result, Tensor, bail};

/// In training, sets numbers to zero at random and makes the others larger, so that the mean stays (N.
/// Srivastava et al., JMLR 15, 2014); in evaluation, nothing. PyTorch's `Dropout`, for any shape.
#[derive(Debug, Clone, Copy)]
pub struct Dropout {
    probability: f32,
    /// Axes behind this one share their fate.
    apart: Option<usize>,
}

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
        Ok(Self { probability, apart: None })
    }

    /// The same for whole channels of `(batch, channels, rows, columns)`: PyTorch's `Dropout2d`.
    ///
    /// # Errors
    ///
    /// As [`Dropout::new`].
    pub fn of_channels(probability: f32) -> Result<Self> {
        Ok(Self { apart: Some(2), ..Self::new(probability)? })
    }

    /// The same for all numbers of an example: torchvision's `StochasticDepth` by rows.
    ///
    /// # Errors
    ///
    /// As [`Dropout::new`].
    pub fn of_examples(probability: f32) -> Result<Self> {
        Ok(Self { apart: Some(1), ..Self::new(probability)? })
    }
}

impl Layer for Dropout {
    fn forward(&self, batch: &Tensor, context: &Context) -> Result<Tensor> {
        match context.seed() {
            Some(seed) if self.probability > 0.0 => {
                let span = self.apart.map_or(1, |apart| batch.dims().iter().skip(apart).product());
                let mask = DropoutMask { probability: self.probability, seed, span };
                context.apply([&batch.contiguous()?], mask)
            }
            _ => Ok(batch.clone()),
        }
    }

    fn is_fixed(&self) -> bool {
        self.probability == 0.0
    }
}
