//! Layers: weights and a forward pass, as PyTorch defines them.
//!
//! A layer is built by a [`Builder`], which makes its weights and knows where they are kept, and then maps a batch to a
//! batch. Shapes are PyTorch's: `(batch, features)`, `(batch, channels, rows, columns)` and, for recurrent layers,
//! `(batch, steps, features)`.

mod activation;
mod adaptive_avg_pool;
mod avg_pool;
mod batch_norm;
mod buffer;
mod conv2d;
mod convolution;
mod cross_entropy;
mod dropout;
mod flatten;
mod init;
mod init_scheme;
pub(crate) mod kernels;
mod linear;
mod matrix;
mod max_pool;
mod normalisation;
mod operation;
mod pass;
mod recurrent;
mod residual;
mod resize;
mod separable;
mod sums;
mod taken;
mod tape;
mod unfold;
mod values;
mod weights;
mod window;

pub use activation::Activation;
pub use adaptive_avg_pool::AdaptiveAvgPool2d;
pub use avg_pool::AvgPool2d;
pub use batch_norm::BatchNorm;
pub use conv2d::{Conv2d, Conv2dOptions};
pub use cross_entropy::CrossEntropy;
pub use dropout::Dropout;
pub use flatten::Flatten;
pub use init::Init;
pub use init_scheme::InitScheme;
pub use linear::Linear;
pub use max_pool::MaxPool2d;
pub use pass::Pass;
pub use recurrent::{ColumnsAsSteps, LastState, Recurrence, Recurrent, RecurrentPlan, States};
pub use residual::Residual;
pub use resize::Resize;
pub use weights::{Builder, Weights};
pub use window::Window;

use candle_core::{Result, Tensor};

/// A part of a network.
pub trait Layer: Send + Sync {
    /// What the layer makes of a batch.
    ///
    /// # Errors
    ///
    /// A batch of a shape that the layer does not take, or a device that fails.
    fn forward(&self, batch: &Tensor, pass: &Pass) -> Result<Tensor>;
}

/// Layers one after the other.
#[derive(Default)]
pub struct Sequential(Vec<Box<dyn Layer>>);

impl Sequential {
    /// No layer yet: what goes in comes out.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a layer behind the others.
    pub fn then(mut self, layer: impl Layer + 'static) -> Self {
        self.0.push(Box::new(layer));
        self
    }
}

impl Layer for Sequential {
    fn forward(&self, batch: &Tensor, pass: &Pass) -> Result<Tensor> {
        self.0.iter().try_fold(batch.clone(), |batch, layer| layer.forward(&batch, pass))
    }
}
