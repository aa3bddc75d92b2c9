use super::channels_last::view;
use super::{
    Activation, AdaptiveAvgPool2d, Builder, Context, Conv2d, Conv2dOptions, Layer, Sequential, Window,
};
use crate::ops::ChannelScale;
use crate::ops::channels_last::{back, scale_channels};
use candle_core::{Result, Tensor};

/// Every channel times a number that two layers make of the means of all channels (J. Hu, L. Shen and G. Sun,
/// "Squeeze-and-excitation networks", CVPR 2018).
pub struct SqueezeExcite(Sequential);

impl SqueezeExcite {
    /// Of so many channels, with weights `reduce` and `expand`, which are convolutions 1×1 with bias to `squeezed` numbers and
    /// back; after the first an activation, after the second the gate: the sigmoid, or the hard one.
    ///
    /// # Errors
    ///
    /// A device that fails.
    pub fn new(
        builder: &Builder,
        (channels, squeezed): (usize, usize),
        activation: Activation,
        gate: Activation,
    ) -> Result<Self> {
        let convolution = |name: &str, from, to| {
            Conv2d::new(&builder.at(name), from, to, Window::new((1, 1)), Conv2dOptions::default())
        };
        Ok(Self(
            Sequential::new()
                .then(AdaptiveAvgPool2d::new((1, 1)))
                .then(convolution("reduce", channels, squeezed)?)
                .then(activation)
                .then(convolution("expand", squeezed, channels)?)
                .then(gate),
        ))
    }
}

impl Layer for SqueezeExcite {
    fn forward(&self, batch: &Tensor, context: &Context) -> Result<Tensor> {
        let factors = self.0.forward(batch, context)?;
        match view(batch) {
            Some(batch) => back(&scale_channels(&batch, &factors)?),
            None => context.apply([&batch.contiguous()?, &factors.contiguous()?], ChannelScale),
        }
    }

    fn is_fixed(&self) -> bool {
        self.0.is_fixed()
    }
}
