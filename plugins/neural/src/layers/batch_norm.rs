use super::channels_last::view;
use super::{Activation, Builder, Context, Init, Layer};
use crate::ops::channels_last::{back, scale_and_shift_channels};
use crate::ops::{Normalization, NormalizedMaxima};
use candle_core::{Result, Tensor, Var};

/// Batch normalization (S. Ioffe and C. Szegedy, ICML 2015), as PyTorch's `BatchNorm1d` and `BatchNorm2d`:
/// every channel of `(batch, channels)` or `(batch, channels, rows, columns)` to mean 0 and variance 1, then
/// scaled and shifted.
///
/// In training by the batch's own statistics, which also move the running ones; in evaluation by the running
/// ones.
pub struct BatchNorm {
    weight: Tensor,
    bias: Tensor,
    running_mean: Var,
    running_var: Var,
    epsilon: f32,
    /// None of a layer that is frozen, which goes by its running statistics also in training.
    momentum: Option<f32>,
}

impl BatchNorm {
    /// A layer with weights `weight` and `bias` and buffers `running_mean` and `running_var`, all
    /// `(channels)`, and the builder's framework's epsilon and momentum.
    ///
    /// # Errors
    ///
    /// The device fails.
    pub fn new(builder: &Builder, channels: usize) -> Result<Self> {
        Ok(Self {
            weight: builder.trainable("weight", channels, Init::Constant(1.0))?,
            bias: builder.trainable("bias", channels, Init::Constant(0.0))?,
            running_mean: builder.buffer("running_mean", channels, Init::Constant(0.0))?,
            running_var: builder.buffer("running_var", channels, Init::Constant(1.0))?,
            epsilon: builder.norm_epsilon(),
            momentum: (!builder.is_frozen("weight")).then(|| builder.norm_momentum()),
        })
    }
}

impl BatchNorm {
    /// The same without a weight: channels of variance 1 stay so, Keras's `scale=False`.
    ///
    /// # Errors
    ///
    /// The device fails.
    pub fn unscaled(builder: &Builder, channels: usize) -> Result<Self> {
        Ok(Self {
            weight: (builder.zeros(channels)? + 1.0)?,
            bias: builder.trainable("bias", channels, Init::Constant(0.0))?,
            running_mean: builder.buffer("running_mean", channels, Init::Constant(0.0))?,
            running_var: builder.buffer("running_var", channels, Init::Constant(1.0))?,
            epsilon: builder.norm_epsilon(),
            momentum: (!builder.is_frozen("bias")).then(|| builder.norm_momentum()),
        })
    }

    /// What it multiplies every channel by in evaluation, and what it adds then.
    pub(super) fn scale_and_shift(&self) -> Result<(Vec<f32>, Vec<f32>)> {
        let numbers = |tensor: &Tensor| tensor.to_vec1::<f32>();
        let (mut scale, mut shift) = (numbers(&self.weight)?, numbers(&self.bias)?);
        let (mean, variance) = (numbers(&self.running_mean)?, numbers(&self.running_var)?);
        let moments = mean.iter().zip(variance);
        for ((scale, shift), (mean, variance)) in scale.iter_mut().zip(&mut shift).zip(moments) {
            *scale /= (variance + self.epsilon).sqrt();
            *shift -= mean * *scale;
        }
        Ok((scale, shift))
    }
}

impl BatchNorm {
    /// The layer and an activation behind it, in one pass.
    ///
    /// # Errors
    ///
    /// As [`Layer::forward`].
    pub(super) fn activated(
        &self,
        batch: &Tensor,
        activation: Option<Activation>,
        context: &Context,
    ) -> Result<Tensor> {
        let operation = self.operation(activation, context);
        context.apply([&batch.contiguous()?, &self.weight, &self.bias], operation)
    }

    /// The layer, an activation that keeps order, and the largest number of windows that lie side by side.
    ///
    /// # Errors
    ///
    /// As [`Layer::forward`].
    pub(super) fn pooled(
        &self,
        batch: &Tensor,
        activation: Option<Activation>,
        window: (usize, usize),
        context: &Context,
    ) -> Result<Tensor> {
        let operation = NormalizedMaxima { normalization: self.operation(activation, context), window };
        context.apply([&batch.contiguous()?, &self.weight, &self.bias], operation)
    }

    fn operation(&self, activation: Option<Activation>, context: &Context) -> Normalization {
        Normalization {
            running_mean: self.running_mean.clone(),
            running_variance: self.running_var.clone(),
            momentum: self.momentum.filter(|_| context.is_training()),
            epsilon: self.epsilon,
            activation,
        }
    }
}

impl Layer for BatchNorm {
    fn forward(&self, batch: &Tensor, context: &Context) -> Result<Tensor> {
        if let Some(batch) = view(batch).filter(|_| self.is_fixed() || !context.is_training()) {
            context.go_on()?;
            let (scale, shift) = self.scale_and_shift()?;
            return back(&scale_and_shift_channels(&batch.detach(), &scale, &shift)?);
        }
        self.activated(batch, None, context)
    }

    fn is_fixed(&self) -> bool {
        self.momentum.is_none()
    }
}
