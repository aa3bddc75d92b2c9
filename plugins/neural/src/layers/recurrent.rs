use super::{Builder, Context, Dropout, Layer, Recurrence};
use crate::ops::{Ends, RecurrentSequence};
use candle_core::{D, Result, Tensor, bail};

/// Recurrent layers over `(batch, steps, features)`, each reading the one below, from a state of zeros.
///
/// The weights have PyTorch's names, shapes and order of gates, and start as the builder's framework has it.
pub struct Recurrent {
    recurrence: Recurrence,
    hidden: usize,
    dropout: Dropout,
    /// For each layer its one or two directions.
    layers: Vec<Vec<Direction>>,
}

/// How many layers of which kind; start from [`Recurrent::of`].
#[derive(Debug, Clone, Copy)]
pub struct RecurrentPlan {
    recurrence: Recurrence,
    hidden: usize,
    layers: usize,
    bidirectional: bool,
    dropout: f32,
}

impl RecurrentPlan {
    /// Stacks so many layers instead of one.
    pub fn layers(self, layers: usize) -> Self {
        Self { layers, ..self }
    }

    /// Walks also from the last step to the first; the states of both directions lie next to each other.
    pub fn bidirectional(self) -> Self {
        Self { bidirectional: true, ..self }
    }

    /// In training, zeroes this share of what a layer hands to the next one.
    pub fn dropout(self, share: f32) -> Self {
        Self { dropout: share, ..self }
    }

    /// Makes the layers for an input of so many features.
    ///
    /// # Errors
    ///
    /// No layer, no state, a dropout that [`Dropout`] does not take, or a device that fails.
    pub fn build(self, builder: &Builder, features: usize) -> Result<Recurrent> {
        if self.layers == 0 || self.hidden == 0 {
            bail!("recurrent layers need a layer and a state, not {self:?}");
        }
        let directions: &[bool] = if self.bidirectional { &[false, true] } else { &[false] };
        let layer = |number| {
            let features = if number == 0 { features } else { self.hidden * directions.len() };
            directions.iter().map(|&reverse| self.direction(builder, number, features, reverse)).collect()
        };
        let layers = (0..self.layers).map(layer).collect::<Result<_>>()?;
        let dropout = Dropout::new(self.dropout)?;
        Ok(Recurrent { recurrence: self.recurrence, hidden: self.hidden, dropout, layers })
    }

    fn direction(
        self,
        builder: &Builder,
        number: usize,
        features: usize,
        reverse: bool,
    ) -> Result<Direction> {
        let gates = self.hidden * self.recurrence.gates();
        let suffix = if reverse { "_reverse" } else { "" };
        let init = builder.framework().recurrent(self.recurrence, features, self.hidden);
        let weight = |name: &str, shape: &[usize], init| {
            builder.trainable(&format!("{name}_l{number}{suffix}"), shape, init)
        };
        let weights = [
            weight("weight_ih", &[gates, features], init.input)?,
            weight("weight_hh", &[gates, self.hidden], init.state)?,
            weight("bias_ih", &[gates], init.bias)?,
            match init.state_bias {
                Some(init) => weight("bias_hh", &[gates], init)?,
                None => builder.zeros(gates)?,
            },
        ];
        Ok(Direction { weights, reverse })
    }
}

/// What recurrent layers make of a batch.
pub struct States {
    /// The top layer's states at all steps, `(batch, steps, hidden)`; twice `hidden` if bidirectional.
    pub steps: Tensor,
    /// The top layer's state at the end of its walk, `(batch, hidden)`; if bidirectional, the state after the
    /// last step and, of the reverse direction, that after the first step, where it ends.
    pub last: Tensor,
}

impl Recurrent {
    /// One layer, in one direction, with states of `hidden` numbers, as a plan that can be changed.
    pub fn of(recurrence: Recurrence, hidden: usize) -> RecurrentPlan {
        RecurrentPlan { recurrence, hidden, layers: 1, bidirectional: false, dropout: 0.0 }
    }

    /// All states of the top layer and the last ones.
    ///
    /// # Errors
    ///
    /// A batch of a shape that the layers do not take, or a device that fails.
    pub fn states(&self, batch: &Tensor, context: &Context) -> Result<States> {
        let mut steps = batch.clone();
        for (number, directions) in self.layers.iter().enumerate() {
            if number > 0 {
                steps = self.dropout.forward(&steps, context)?;
            }
            let input = steps.contiguous()?;
            let states = directions
                .iter()
                .map(|direction| direction.states(&input, self.recurrence, self.hidden, context));
            steps = Tensor::cat(&states.collect::<Result<Vec<_>>>()?, D::Minus1)?;
        }
        let bidirectional = self.layers.last().is_some_and(|directions| directions.len() > 1);
        let ends = Ends { bidirectional, steps: steps.dim(1)? };
        let last = context.apply([&steps.contiguous()?], ends)?;
        Ok(States { steps, last })
    }
}

/// As a part of a network, recurrent layers hand on the states of all steps.
impl Layer for Recurrent {
    fn forward(&self, batch: &Tensor, context: &Context) -> Result<Tensor> {
        Ok(self.states(batch, context)?.steps)
    }
}

/// Recurrent layers that hand on only their last states.
pub struct LastState(pub Recurrent);

impl Layer for LastState {
    fn forward(&self, batch: &Tensor, context: &Context) -> Result<Tensor> {
        Ok(self.0.states(batch, context)?.last)
    }
}

/// One direction of one layer.
struct Direction {
    /// `W_ih`, `W_hh`, `b_ih`, `b_hh`.
    weights: [Tensor; 4],
    reverse: bool,
}

impl Direction {
    fn states(
        &self,
        input: &Tensor,
        recurrence: Recurrence,
        hidden: usize,
        context: &Context,
    ) -> Result<Tensor> {
        let (examples, steps, features) = input.dims3()?;
        let of_step = recurrence.gates() * hidden * (features + hidden);
        if let Some(zeros) = context.count(examples * steps * of_step, (examples, steps, hidden))? {
            return Ok(zeros);
        }
        let sequence = RecurrentSequence { recurrence, hidden, reverse: self.reverse };
        let [weight_ih, weight_hh, bias_ih, bias_hh] = &self.weights;
        context.apply([input, weight_ih, weight_hh, bias_ih, bias_hh], sequence)
    }
}
