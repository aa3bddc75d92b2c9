//! One direction of one recurrent layer over whole sequences, as a single operation.
//!
//! Groups of examples, which know nothing of each other, walk through time in parallel. A step's products, with the input and
//! with the state, are made when the step comes, so that what is saved goes to memory once and comes back once; only the
//! gradients of the weights wait for some steps, to be sums that are worth a product.
//!
//! ```text
//! cell       one step of one example, forward and backward: what tells the kinds apart
//! forward    all steps on the CPU
//! backward   backpropagation through time on the CPU
//! rows       what the last steps read, for the gradients of the weights
//! functions  vectorized sigmoid and tanh
//! ```

mod backward;
mod cell;
mod forward;
mod functions;
mod rows;

use super::cpu::values;
use super::operation::{Backward, BackwardReads, Gradients, Operation};
use crate::geometry::{Recurrence, RecurrentSizes};
use crate::kernels;
use backward::Walk;
use candle_core::{DType, Device, Result, Tensor};
use cell::{Gru, Lstm, RecurrentCell, Tanh};

/// Examples that walk through time together: enough to use every weight more than once when it is loaded, few
/// enough that a small batch occupies several threads.
const GROUP: usize = 8;

/// The input, `(batch, steps, features)`, and the weights, flat as [`RecurrentSizes::weights`] says, make the states of
/// all steps, `(batch, steps, hidden)`.
#[derive(Clone, Copy)]
pub(crate) struct RecurrentSequence {
    pub recurrence: Recurrence,
    /// Numbers of a state.
    pub hidden: usize,
    /// Whether it walks from the last step to the first.
    pub reverse: bool,
}

impl RecurrentSequence {
    fn sizes(self, input: &Tensor, weights: &Tensor) -> Result<RecurrentSizes> {
        let Self { recurrence, hidden, reverse } = self;
        RecurrentSizes::new(recurrence, hidden, reverse, input.shape(), weights.shape())
    }
}

impl Operation<2> for RecurrentSequence {
    /// A row for every example and step: see [`cell`].
    type Saved = Tensor;
    const READS: BackwardReads = BackwardReads::BOTH;

    fn forward_cpu(&self, [input, weights]: [&Tensor; 2]) -> Result<(Tensor, Tensor)> {
        let sizes = self.sizes(input, weights)?;
        let (input, flat) = (values(input)?, values(weights)?);
        let weights = RecurrentWeights::new(&sizes, &flat);
        let (saved, output) = match self.recurrence {
            Recurrence::Tanh => sizes.forward::<Tanh>(&input, &weights),
            Recurrence::Lstm => sizes.forward::<Lstm>(&input, &weights),
            Recurrence::Gru => sizes.forward::<Gru>(&input, &weights),
        };
        let output = Tensor::from_vec(output, (sizes.batch, sizes.steps, sizes.hidden), &Device::Cpu)?;
        Ok((output, Tensor::from_vec(saved, (sizes.rows(), sizes.saved()), &Device::Cpu)?))
    }

    fn forward_cuda(&self, [input, weights]: [&Tensor; 2]) -> Result<(Tensor, Tensor)> {
        let sizes = self.sizes(input, weights)?;
        // A sum over many steps needs all digits.
        let (output, saved) = kernels::recurrent(&sizes, &input.to_dtype(DType::F32)?, weights)?;
        Ok((output.to_dtype(input.dtype())?, saved))
    }

    fn backward_cpu(&self, of: Backward<'_, 2>, saved: Tensor) -> Result<Gradients<2>> {
        match self.recurrence {
            Recurrence::Tanh => self.gradients::<Tanh>(of, &saved),
            Recurrence::Lstm => self.gradients::<Lstm>(of, &saved),
            Recurrence::Gru => self.gradients::<Gru>(of, &saved),
        }
    }

    fn backward_cuda(&self, of: Backward<'_, 2>, saved: Tensor) -> Result<Gradients<2>> {
        let [input, weights] = of.inputs;
        let sizes = self.sizes(input, weights)?;
        let [x, h, g] = [input, of.output, of.gradient].map(|t| t.detach().to_dtype(DType::F32));
        let (of_input, of_weights) =
            kernels::recurrent_backward(&sizes, &x?, &weights.detach(), &h?, &saved, &g?, input.track_op())?;
        Ok([of_input.map(|of_input| of_input.to_dtype(input.dtype())).transpose()?, Some(of_weights)])
    }
}

impl RecurrentSequence {
    /// On the CPU.
    fn gradients<C: RecurrentCell>(self, of: Backward<'_, 2>, saved: &Tensor) -> Result<Gradients<2>> {
        let Backward { inputs: [input, weights], output, gradient } = of;
        let sizes = self.sizes(input, weights)?;
        let (x, flat, saved) = (values(input)?, values(weights)?, values(saved)?);
        let (output, gradient) = (values(output)?, values(gradient)?);
        let walk = Walk { input: &x, saved: &saved, output: &output, gradient: &gradient };
        let split = RecurrentWeights::new(&sizes, &flat);
        let (of_input, of_weights) = sizes.backward::<C>(walk, &split, input.track_op());
        let of_input = of_input.map(|values| Tensor::from_vec(values, input.shape(), &Device::Cpu));
        Ok([of_input.transpose()?, Some(Tensor::from_vec(of_weights, weights.shape(), &Device::Cpu)?)])
    }
}

/// The weights of one direction, under PyTorch's names: matrices with rows for the gates, and the biases.
struct RecurrentWeights<'a> {
    weight_ih: &'a [f32],
    weight_hh: &'a [f32],
    bias_ih: &'a [f32],
    bias_hh: &'a [f32],
}

impl<'a> RecurrentWeights<'a> {
    /// Cuts apart what lies one after the other.
    fn new(sizes: &RecurrentSizes, flat: &'a [f32]) -> Self {
        let (weight_ih, rest) = flat.split_at(sizes.gates() * sizes.features);
        let (weight_hh, rest) = rest.split_at(sizes.gates() * sizes.hidden);
        let (bias_ih, bias_hh) = rest.split_at(sizes.gates());
        Self { weight_ih, weight_hh, bias_ih, bias_hh }
    }
}
