use super::Init;

/// Whose rule linear and convolutional layers start by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum InitScheme {
    /// PyTorch's: weights and biases evenly within `1 / √fan_in`.
    Torch,
    /// Keras's: weights after Glorot, biases zero.
    Keras,
    /// Weights after He, biases zero: torchvision's convolutions.
    He,
    /// Weights normally by this standard deviation, biases zero: torchvision's dense layers of VGG, by 0.01.
    Normal(f32),
}

impl InitScheme {
    pub(crate) fn weight(self, fan_in: usize, fan_out: usize) -> Init {
        match self {
            Self::Torch => Init::torch(fan_in),
            Self::Keras => Init::glorot(fan_in, fan_out),
            Self::He => Init::he(fan_out),
            Self::Normal(deviation) => Init::Normal(deviation),
        }
    }

    pub(crate) fn bias(self, fan_in: usize) -> Init {
        match self {
            Self::Torch => Init::torch(fan_in),
            Self::Keras | Self::He | Self::Normal(_) => Init::Constant(0.0),
        }
    }
}
