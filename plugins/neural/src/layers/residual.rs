use super::channels_last::sum;
use super::{Context, Layer, Sequential};
use candle_core::{Result, Tensor};

/// What layers make of a batch, added to the batch itself or to what a shortcut makes of it (K. He, X. Zhang, S. Ren
/// and J. Sun, "Deep residual learning for image recognition", CVPR 2016).
pub struct Residual {
    body: Sequential,
    shortcut: Sequential,
}

impl Residual {
    /// An empty shortcut hands on the batch as it is. Both must make the same shape.
    pub fn new(body: Sequential, shortcut: Sequential) -> Self {
        Self { body, shortcut }
    }
}

impl Layer for Residual {
    fn forward(&self, batch: &Tensor, context: &Context) -> Result<Tensor> {
        sum(&self.body.forward(batch, context)?, &self.shortcut.forward(batch, context)?, context)
    }

    fn is_fixed(&self) -> bool {
        self.body.is_fixed() && self.shortcut.is_fixed()
    }
}
