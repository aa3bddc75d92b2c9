//! Layers: weights and a forward pass, as PyTorch defines them.
//!
//! A layer is built by a [`Builder`], which makes its weights and knows where they are kept, and then maps a batch to a
//! batch. Shapes are PyTorch's: `(batch, features)`, `(batch, channels, rows, columns)` and, for recurrent layers,
//! `(batch, steps, features)`.

mod activation;
mod adaptive_avg_pool;
mod avg_pool;
mod batch_norm;
mod branches;
mod channels_last;
mod columns_as_steps;
mod conv2d;
mod conv_block;
mod cross_entropy;
mod dropout;
mod flatten;
mod framework;
mod imagenet_input;
mod init;
mod init_scheme;
mod last_map;
mod linear;
mod max_pool;
mod norm_pool;
mod recurrent;
mod regular_file;
mod residual;
mod resize;
mod sequential;
mod softmax;
mod squeeze_excite;
mod weights;
mod zero_pad;

pub use crate::autograd::Context;
pub use crate::geometry::{Recurrence, Window};
pub use crate::ops::Activation;
pub use adaptive_avg_pool::AdaptiveAvgPool2d;
pub use avg_pool::AvgPool2d;
pub use batch_norm::BatchNorm;
pub use branches::Branches;
pub use columns_as_steps::ColumnsAsSteps;
pub use conv_block::{ConvBlock, ConvBlockOptions, Norm};
pub use conv2d::{Conv2d, Conv2dOptions};
pub use cross_entropy::CrossEntropyLoss;
pub use dropout::Dropout;
pub use flatten::Flatten;
pub use framework::Framework;
pub use imagenet_input::{ImageNetInput, Preprocessing};
pub use init::Init;
pub use init_scheme::InitScheme;
pub use linear::Linear;
pub use max_pool::MaxPool2d;
pub use norm_pool::NormPool;
pub use recurrent::{LastState, Recurrent, RecurrentPlan, States};
pub(crate) use regular_file::regular_file;
pub use residual::Residual;
pub use resize::Resize;
pub use sequential::{Layers, Sequential};
pub use softmax::Softmax;
pub use squeeze_excite::SqueezeExcite;
pub use weights::{Builder, Weights, read_weights};
pub use zero_pad::ZeroPad2d;

use candle_core::{Result, Tensor};

/// A part of a network.
pub trait Layer: Send + Sync {
    /// What the layer makes of a batch.
    ///
    /// # Errors
    ///
    /// A batch of a shape that the layer does not take, or a device that fails.
    fn forward(&self, batch: &Tensor, context: &Context) -> Result<Tensor>;

    /// Whether training changes nothing about it: it makes the same of a batch in training as in evaluation, every time. Its
    /// weights are frozen then, if it has any, and it drops nothing.
    fn is_fixed(&self) -> bool {
        false
    }
}
