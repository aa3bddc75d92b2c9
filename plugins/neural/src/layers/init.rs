use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// How a weight starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Init {
    /// All the same number.
    Constant(f32),
    /// Evenly between `-bound` and `bound`.
    Uniform(f32),
}

impl Init {
    /// PyTorch's for the weights and biases of linear and convolutional layers: evenly within `1 / √fan_in`.
    pub fn torch(fan_in: usize) -> Self {
        Self::Uniform(1.0 / (fan_in as f32).sqrt())
    }

    /// Keras's for the weights of linear and convolutional layers (X. Glorot and Y. Bengio, "Understanding the
    /// difficulty of training deep feedforward neural networks", AISTATS 2010): evenly within `√(6 / (fan_in + fan_out))`.
    pub fn glorot(fan_in: usize, fan_out: usize) -> Self {
        Self::Uniform((6.0 / (fan_in + fan_out) as f32).sqrt())
    }

    /// Draws `count` numbers.
    pub fn draw(self, count: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
        match self {
            Self::Constant(value) => vec![value; count],
            Self::Uniform(bound) => (0..count).map(|_| bound * (2.0 * rng.r#gen::<f32>() - 1.0)).collect(),
        }
    }
}
