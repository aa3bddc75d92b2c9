//! What the gradients do to the weights: SGD, Adam and AdamW, as PyTorch defines them.
//!
//! A weight, its gradient and its moments are gone over once and changed in place: on the CPU by loops, on
//! CUDA devices by kernels. For weights that are not in single precision the same is said in tensor operations.

use crate::layers::Weights;
use crate::ops::{Adam, Sgd, Update, sum_squares};
use candle_core::backprop::GradStore;
use candle_core::{Result, Tensor};
use std::collections::BTreeMap;

/// How a weight changes by its gradient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OptimizerConfig {
    /// Stochastic gradient descent: PyTorch's `SGD`, without dampening.
    Sgd {
        /// How much of the last step is made again, 0–1.
        momentum: f64,
        /// Nesterov's momentum: the gradient is taken as if the momentum's step had been made already.
        nesterov: bool,
        /// How much of the weight is added to its gradient.
        weight_decay: f64,
    },
    /// PyTorch's `Adam` (D. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR 2015) or
    /// `AdamW`.
    Adam {
        /// How much of the mean gradient and of the mean squared gradient is kept in a step.
        betas: (f64, f64),
        /// Added to the root of the mean squared gradient.
        epsilon: f64,
        /// How much weights shrink; see [`Decay`].
        weight_decay: f64,
        /// How.
        decay: Decay,
    },
}

/// What weight decay is applied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decay {
    /// The gradient, as an L2 penalty of the loss: `Adam`.
    Gradient,
    /// The weight itself, in proportion to the learning rate: `AdamW` (I. Loshchilov and F. Hutter,
    /// "Decoupled weight decay regularization", ICLR 2019).
    Weight,
}

impl OptimizerConfig {
    /// PyTorch's `SGD` with a momentum, which may be 0.
    pub fn sgd(momentum: f64) -> Self {
        Self::Sgd { momentum, nesterov: false, weight_decay: 0.0 }
    }

    /// PyTorch's `Adam` with its defaults.
    pub fn adam() -> Self {
        Self::Adam { betas: (0.9, 0.999), epsilon: 1e-8, weight_decay: 0.0, decay: Decay::Gradient }
    }

    /// PyTorch's `AdamW` with its defaults.
    pub fn adam_w() -> Self {
        Self::Adam { betas: (0.9, 0.999), epsilon: 1e-8, weight_decay: 0.01, decay: Decay::Weight }
    }

    /// The same with another weight decay.
    pub fn weight_decay(self, weight_decay: f64) -> Self {
        match self {
            Self::Sgd { momentum, nesterov, .. } => Self::Sgd { momentum, nesterov, weight_decay },
            Self::Adam { betas, epsilon, decay, .. } => Self::Adam { betas, epsilon, weight_decay, decay },
        }
    }

    /// Names of what is remembered of every weight between steps.
    pub fn moments(self) -> &'static [&'static str] {
        match self {
            Self::Sgd { .. } => &["momentum"],
            Self::Adam { .. } => &["mean", "mean_square"],
        }
    }
}

/// An optimizer and what it remembers.
pub struct Optimizer {
    config: OptimizerConfig,
    /// Steps made so far.
    pub steps: usize,
    /// For every weight by name, one tensor of its shape for each of [`OptimizerConfig::moments`].
    pub moments: BTreeMap<String, Vec<Tensor>>,
}

impl Optimizer {
    /// Before the first step: all moments are 0.
    ///
    /// # Errors
    ///
    /// The device fails.
    pub fn new(config: OptimizerConfig, weights: &Weights) -> Result<Self> {
        let zeros =
            |weight: &Tensor| config.moments().iter().map(|_| weight.zeros_like()).collect::<Result<_>>();
        let moments = weights.trainable.iter().map(|(name, weight)| Ok((name.clone(), zeros(weight)?)));
        Ok(Self { config, steps: 0, moments: moments.collect::<Result<_>>()? })
    }

    /// Names of what is remembered of every weight.
    pub(crate) fn moment_names(&self) -> &'static [&'static str] {
        self.config.moments()
    }

    /// Changes every weight that has a gradient, at a learning rate, the gradients multiplied by `scale`.
    ///
    /// # Errors
    ///
    /// Weights other than those it was made for, or a device that fails.
    pub fn step(
        &mut self,
        weights: &Weights,
        gradients: &GradStore,
        learning_rate: f64,
        scale: f64,
    ) -> Result<()> {
        self.steps += 1;
        for (name, weight) in &weights.trainable {
            let Some(gradient) = gradients.get(weight) else { continue };
            let moments = self.moments.get(name).map(Vec::as_slice).unwrap_or_default();
            let update = Update { weight, gradient: &gradient.contiguous()?, moments, learning_rate, scale };
            match self.config {
                OptimizerConfig::Sgd { momentum, nesterov, weight_decay } => {
                    Sgd { momentum, nesterov, weight_decay }.apply(update)?;
                }
                OptimizerConfig::Adam { betas, epsilon, weight_decay, decay } => {
                    let (gradient_decay, decoupled_decay) = match decay {
                        Decay::Gradient => (weight_decay, 0.0),
                        Decay::Weight => (0.0, weight_decay),
                    };
                    Adam { betas, epsilon, gradient_decay, decoupled_decay, step: self.steps }
                        .apply(update)?;
                }
            }
        }
        Ok(())
    }
}

/// Length of all gradients together as one vector, as PyTorch's `clip_grad_norm_` takes it.
///
/// # Errors
///
/// The device fails.
pub fn global_norm(weights: &Weights, gradients: &GradStore) -> Result<f64> {
    let gradients = weights.trainable.values().filter_map(|weight| gradients.get(weight));
    let gradients: Vec<Tensor> = gradients.map(Tensor::contiguous).collect::<Result<_>>()?;
    Ok(sum_squares(&gradients)?.sqrt())
}
