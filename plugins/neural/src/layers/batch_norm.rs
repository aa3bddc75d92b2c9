use super::normalisation::{Normalisation, Statistics};
use super::tape::Keep;
use super::{Builder, Init, Layer, Pass};
use candle_core::{Result, Tensor, Var, bail};
use std::sync::{Arc, OnceLock};

/// Batch normalisation (S. Ioffe and C. Szegedy, ICML 2015), as PyTorch's `BatchNorm1d` and `BatchNorm2d`:
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
    momentum: f64,
}

impl BatchNorm {
    /// A layer with weights `weight` and `bias` and buffers `running_mean` and `running_var`, all
    /// `(channels)`. PyTorch's defaults: 1e-5 is added to the variance, and a batch moves the running
    /// statistics by a tenth.
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
            epsilon: 1e-5,
            momentum: 0.1,
        })
    }

    /// Moves running statistics towards a batch's.
    fn follow(&self, running: &Var, batch: &[f32]) -> Result<()> {
        let batch = Tensor::new(batch, running.device())?.to_dtype(running.dtype())?;
        running.set(&((running.as_tensor() * (1.0 - self.momentum))? + (batch * self.momentum)?)?)
    }
}

impl Layer for BatchNorm {
    fn forward(&self, batch: &Tensor, pass: &Pass) -> Result<Tensor> {
        let batch = batch.contiguous()?;
        if !pass.is_training() {
            let given =
                Statistics { mean: self.running_mean.to_vec1()?, variance: self.running_var.to_vec1()? };
            let operation = Normalisation::by(given, self.epsilon);
            return pass.apply3([&batch, &self.weight, &self.bias], operation, Keep::INPUTS);
        }
        let measured = Arc::new(OnceLock::new());
        let operation = Normalisation::by_batch(measured.clone(), self.epsilon);
        let output = pass.apply3([&batch, &self.weight, &self.bias], operation, Keep::INPUTS)?;
        let Some(Statistics { mean, variance }) = measured.get() else {
            bail!("statistics were not measured")
        };
        let count = (batch.elem_count() / mean.len()) as f32;
        // The batch's variance divides by the count; an estimate of the population's by one less.
        let unbiased: Vec<f32> = variance.iter().map(|variance| variance * count / (count - 1.0)).collect();
        self.follow(&self.running_mean, mean)?;
        self.follow(&self.running_var, &unbiased)?;
        Ok(output)
    }
}
