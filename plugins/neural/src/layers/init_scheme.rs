use super::Init;

/// Whose rule linear and convolutional layers start by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitScheme {
    /// PyTorch's: weights and biases evenly within `1 / √fan_in`.
    Torch,
    /// Keras's: weights after Glorot, biases zero.
    Keras,
}

impl InitScheme {
    pub(crate) fn weight(self, fan_in: usize, fan_out: usize) -> Init {
        match self {
            Self::Torch => Init::torch(fan_in),
            Self::Keras => Init::glorot(fan_in, fan_out),
        }
    }

    pub(crate) fn bias(self, fan_in: usize) -> Init {
        match self {
            Self::Torch => Init::torch(fan_in),
            Self::Keras => Init::Constant(0.0),
        }
    }
}
