use candle_core::{Result, Shape, bail};

/// What a recurrent layer computes in a step, with state h and input x.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recurrence {
    /// `h' = tanh(W_ih·x + b_ih + W_hh·h + b_hh)`: PyTorch's `RNN`.
    Tanh,
    /// Long short-term memory: PyTorch's `LSTM`.
    Lstm,
    /// Gated recurrent unit, reset after the product: PyTorch's `GRU`.
    Gru,
}

/// Gates that lie together in a saved row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GateSpan {
    /// The first gate, in the order of the weights.
    pub gate: usize,
    /// How many.
    pub gates: usize,
    /// The first one's block in the saved row.
    pub block: usize,
}

impl Recurrence {
    /// For error messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Tanh => "rnn",
            Self::Lstm => "lstm",
            Self::Gru => "gru",
        }
    }

    /// Its number in kernels/source/recurrent.cu.
    pub(crate) const fn number(self) -> usize {
        match self {
            Self::Tanh => 0,
            Self::Lstm => 1,
            Self::Gru => 2,
        }
    }

    /// Blocks of rows in the weights, each as long as the state.
    pub(crate) const fn gates(self) -> usize {
        match self {
            Self::Tanh => 1,
            Self::Lstm => 4,
            Self::Gru => 3,
        }
    }

    /// Blocks of a saved row, each as long as the state; the first [`Recurrence::gates`] end as gradients of
    /// `W_ih·x + b_ih`.
    pub(crate) const fn saved_blocks(self) -> usize {
        match self {
            Self::Tanh => 1,
            Self::Lstm => 5,
            Self::Gru => 4,
        }
    }

    /// Where in a saved row the gradients of `W_hh·h + b_hh` end.
    pub(crate) const fn hidden_spans(self) -> &'static [GateSpan] {
        match self {
            Self::Tanh => &[GateSpan { gate: 0, gates: 1, block: 0 }],
            Self::Lstm => &[GateSpan { gate: 0, gates: 4, block: 0 }],
            Self::Gru => {
                &[GateSpan { gate: 0, gates: 2, block: 0 }, GateSpan { gate: 2, gates: 1, block: 3 }]
            }
        }
    }
}

/// The lengths of everything in one direction of one recurrent layer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RecurrentSizes {
    pub recurrence: Recurrence,
    pub batch: usize,
    pub steps: usize,
    pub features: usize,
    pub hidden: usize,
    /// Whether the last step comes first.
    pub reverse: bool,
}

impl RecurrentSizes {
    /// Of an input `(batch, steps, features)` and weights as [`RecurrentSizes::weight_dims`] says.
    ///
    /// # Errors
    ///
    /// Shapes that do not fit each other, or nothing to compute.
    pub fn new(
        recurrence: Recurrence,
        hidden: usize,
        reverse: bool,
        input: &Shape,
        weights: [&Shape; 4],
    ) -> Result<Self> {
        let (batch, steps, features) = input.dims3()?;
        let sizes = Self { recurrence, batch, steps, features, hidden, reverse };
        let (name, needed) = (recurrence.name(), sizes.weight_dims());
        if batch * steps * features * hidden == 0 {
            bail!("{name}: nothing to compute from {input:?} with states of {hidden}");
        }
        if weights.iter().zip(&needed).any(|(weight, needed)| weight.dims() != needed) {
            bail!("{name}: weights {needed:?} needed for an input of {input:?}, not {weights:?}");
        }
        Ok(sizes)
    }

    /// Length of all gates.
    #[inline(always)]
    pub fn gates(&self) -> usize {
        self.recurrence.gates() * self.hidden
    }

    /// Length of a saved row, of which there is one for every example and step.
    #[inline(always)]
    pub fn saved(&self) -> usize {
        self.recurrence.saved_blocks() * self.hidden
    }

    /// Examples times steps.
    pub fn rows(&self) -> usize {
        self.batch * self.steps
    }

    /// How many weights.
    pub fn weights(&self) -> usize {
        self.weight_dims().iter().map(|dims| dims.iter().product::<usize>()).sum()
    }

    /// `W_ih (gates, features)`, `W_hh (gates, hidden)`, `b_ih (gates)`, `b_hh (gates)`.
    pub fn weight_dims(&self) -> [Vec<usize>; 4] {
        let gates = self.gates();
        [vec![gates, self.features], vec![gates, self.hidden], vec![gates], vec![gates]]
    }

    /// Where in time the `turn`-th step of the walk is.
    #[inline(always)]
    pub fn time(&self, turn: usize) -> usize {
        if self.reverse { self.steps - 1 - turn } else { turn }
    }
}
