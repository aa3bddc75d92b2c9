use super::{Activation, BatchNorm, Builder, Context, Conv2d, Conv2dOptions, Layer, Window};
use crate::ops::channels_last::{self, FoldedConvolution};
use candle_core::{Result, Tensor};
use std::sync::OnceLock;

/// A convolution and what follows on it, batch normalization and an activation: what most networks for pictures are made of.
///
/// In training the convolution is one operation and what follows it another. Where only the result is wanted, on the CPU, the
/// normalization is folded into the convolution's weights (once, if they are frozen) and all of it is one pass, which leaves the
/// channels of its result next to each other.
pub struct ConvBlock {
    convolution: Conv2d,
    norm: Option<BatchNorm>,
    activation: Option<Activation>,
    /// Of frozen weights, once they have been used.
    folded: OnceLock<Option<FoldedConvolution>>,
}

/// What can be chosen about a [`ConvBlock`] besides its sizes.
#[derive(Debug, Clone, Copy)]
pub struct ConvBlockOptions {
    /// As of the [convolution](Conv2dOptions).
    pub convolution: Conv2dOptions,
    /// What follows on the convolution.
    pub norm: Norm,
    /// What follows then.
    pub activation: Option<Activation>,
}

/// What normalizes the channels that a convolution gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Norm {
    /// Nothing.
    None,
    /// [`BatchNorm`].
    Batch,
    /// [`BatchNorm::unscaled`].
    Unscaled,
}

impl Default for ConvBlockOptions {
    /// One group, batch normalization, neither bias nor activation.
    fn default() -> Self {
        Self {
            convolution: Conv2dOptions { bias: false, ..Conv2dOptions::default() },
            norm: Norm::Batch,
            activation: None,
        }
    }
}

impl ConvBlock {
    /// A layer with the weights of a convolution, and of batch normalization as `norm`.
    ///
    /// # Errors
    ///
    /// As [`Conv2d::new`].
    pub fn new(
        builder: &Builder,
        channels: usize,
        filters: usize,
        window: Window,
        options: ConvBlockOptions,
    ) -> Result<Self> {
        Ok(Self {
            convolution: Conv2d::new(builder, channels, filters, window, options.convolution)?,
            norm: match options.norm {
                Norm::None => None,
                Norm::Batch => Some(BatchNorm::new(&builder.at("norm"), filters)?),
                Norm::Unscaled => Some(BatchNorm::unscaled(&builder.at("norm"), filters)?),
            },
            activation: options.activation,
            folded: OnceLock::new(),
        })
    }

    fn fold(&self) -> Result<Option<FoldedConvolution>> {
        let Conv2d { weight, bias, operation } = &self.convolution;
        let bias = match bias {
            Some(bias) => bias.to_vec1::<f32>()?,
            None => vec![0.0; weight.dim(0)?],
        };
        let how = (operation.window, operation.groups);
        let Some(norm) = &self.norm else {
            return FoldedConvolution::new(how, weight, None, bias, self.activation);
        };
        let (scale, mut shift) = norm.scale_and_shift()?;
        shift
            .iter_mut()
            .zip(bias.iter().zip(&scale))
            .for_each(|(shift, (bias, scale))| *shift += bias * scale);
        FoldedConvolution::new(how, weight, Some(&scale), shift, self.activation)
    }

    /// In one pass; None where it has to be done layer by layer.
    fn in_one_pass(&self, batch: &Tensor) -> Result<Option<Tensor>> {
        if !self.is_fixed() {
            return self.fold()?.map(|folded| folded.forward(batch)).transpose();
        }
        let folded = match self.folded.get() {
            Some(folded) => folded,
            None => {
                let folded = self.fold()?;
                self.folded.get_or_init(|| folded)
            }
        };
        folded.as_ref().map(|folded| folded.forward(batch)).transpose()
    }
}

impl Layer for ConvBlock {
    fn forward(&self, batch: &Tensor, context: &Context) -> Result<Tensor> {
        let is_result = !context.is_training() || (self.is_fixed() && !batch.track_op());
        if is_result && !context.is_counting() && channels_last::is_for(batch) {
            context.go_on()?;
            if let Some(made) = self.in_one_pass(&batch.detach())? {
                return Ok(made);
            }
        }
        let batch = self.convolution.forward(batch, context)?;
        match (&self.norm, self.activation) {
            (Some(norm), activation) => norm.activated(&batch, activation, context),
            (None, Some(activation)) => activation.forward(&batch, context),
            (None, None) => Ok(batch),
        }
    }

    fn is_fixed(&self) -> bool {
        self.convolution.is_fixed() && self.norm.as_ref().is_none_or(Layer::is_fixed)
    }
}
