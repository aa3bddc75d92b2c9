use super::channels_last::view;
use super::{Activation, BatchNorm, Builder, Context, Layer, MaxPool2d};
use candle_core::{Result, Tensor};

/// Batch normalization, an activation, and a max-pool with windows side by side: the end of a block of most networks for
/// spectrograms. The same numbers as of the three layers, in fewer passes over them.
pub struct NormPool {
    norm: BatchNorm,
    activation: Option<Activation>,
    window: (usize, usize),
}

impl NormPool {
    /// A layer with the weights of a [`BatchNorm`].
    ///
    /// # Errors
    ///
    /// The device fails.
    pub fn new(
        builder: &Builder,
        channels: usize,
        activation: Option<Activation>,
        window: (usize, usize),
    ) -> Result<Self> {
        Ok(Self { norm: BatchNorm::new(builder, channels)?, activation, window })
    }
}

impl Layer for NormPool {
    fn forward(&self, batch: &Tensor, context: &Context) -> Result<Tensor> {
        let keeps_order = self.activation.is_none_or(Activation::keeps_order);
        if keeps_order && view(batch).is_none() {
            return self.norm.pooled(batch, self.activation, self.window, context);
        }
        let batch = self.norm.activated(batch, self.activation, context)?;
        MaxPool2d::side_by_side(self.window).forward(&batch, context)
    }

    fn is_fixed(&self) -> bool {
        self.norm.is_fixed()
    }
}
