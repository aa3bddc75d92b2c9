use super::{Init, InitScheme, Recurrence};

/// Whose defaults layers follow. A published network ran in one of these, and where its source is silent about
/// initialization or batch normalization, the framework spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Framework {
    /// PyTorch.
    #[default]
    Torch,
    /// Keras, as TensorFlow has it.
    Keras,
}

impl Framework {
    /// How linear and convolutional layers start.
    pub fn init(self) -> InitScheme {
        match self {
            Self::Torch => InitScheme::Torch,
            Self::Keras => InitScheme::Keras,
        }
    }

    /// What batch normalization adds to the variance.
    pub fn norm_epsilon(self) -> f32 {
        match self {
            Self::Torch => 1e-5,
            Self::Keras => 1e-3,
        }
    }

    /// How far a batch moves the running statistics of batch normalization towards its own. Keras states the rest, 0.99.
    pub fn norm_momentum(self) -> f32 {
        match self {
            Self::Torch => 0.1,
            Self::Keras => 0.01,
        }
    }

    /// What leaky ReLU multiplies numbers below zero by.
    pub fn leaky_slope(self) -> f32 {
        match self {
            Self::Torch => 0.01,
            Self::Keras => 0.3,
        }
    }

    /// How the weights of a direction of a recurrent layer start.
    pub(crate) fn recurrent(self, recurrence: Recurrence, features: usize, hidden: usize) -> RecurrentInit {
        let gates = recurrence.gates() * hidden;
        match self {
            Self::Torch => {
                let even = Init::torch(hidden);
                RecurrentInit { input: even, state: even, bias: even, state_bias: Some(even) }
            }
            Self::Keras => RecurrentInit {
                input: Init::glorot(features, gates),
                state: Init::Orthogonal { columns: hidden },
                // The LSTM forgets little at first (R. Jozefowicz and others, ICML 2015); its second gate is that.
                bias: match recurrence {
                    Recurrence::Lstm => Init::Gate { gate: 1, of: 4 },
                    Recurrence::Gru | Recurrence::Tanh => Init::Constant(0.0),
                },
                // Of its GRU, the state has a bias of its own (`reset_after`).
                state_bias: matches!(recurrence, Recurrence::Gru).then_some(Init::Constant(0.0)),
            },
        }
    }
}

/// How the weights of a direction of a recurrent layer start.
pub(crate) struct RecurrentInit {
    /// Those of the input.
    pub input: Init,
    /// Those of the state before.
    pub state: Init,
    /// What is added to the former.
    pub bias: Init,
    /// What is added to the latter; None where there is no such weight.
    pub state_bias: Option<Init>,
}
