//! One direction of one recurrent layer over whole sequences, as a single operation.
//!
//! Groups of examples, which know nothing of each other, walk through time in parallel. A step's products, with the input and
//! with the state, are made when the step comes, so that what is saved goes to memory once and comes back once; only the
//! gradients of the weights wait for some steps, to be sums that are worth a product.
//!
//! ```text
//! ends       the states that a walk ends with
//! cell       one step of one example, forward and backward: what tells the kinds apart
//! forward    all steps on the CPU
//! backward   backpropagation through time on the CPU
//! rows       what the last steps read, for the gradients of the weights
//! functions  vectorized sigmoid and tanh
//! ```

mod backward;
mod cell;
mod ends;
mod forward;
mod functions;
mod rows;

pub(crate) use ends::Ends;

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

/// The input, `(batch, steps, features)`, and the weights, as [`RecurrentSizes::weight_dims`] says, make the states of
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
    fn sizes(self, [input, weights @ ..]: [&Tensor; 5]) -> Result<RecurrentSizes> {
        let Self { recurrence, hidden, reverse } = self;
        RecurrentSizes::new(recurrence, hidden, reverse, input.shape(), weights.map(Tensor::shape))
    }
}

/// The gradients of the weights, which lie one after the other, each by itself.
fn apart(flat: &Tensor, sizes: &RecurrentSizes) -> Result<[Option<Tensor>; 4]> {
    let mut start = 0;
    let mut next = |dims: Vec<usize>| {
        let count = dims.iter().product();
        start += count;
        flat.narrow(0, start - count, count)?.reshape(dims)?.force_contiguous()
    };
    let [weight_ih, weight_hh, bias_ih, bias_hh] = sizes.weight_dims().map(&mut next);
    Ok([Some(weight_ih?), Some(weight_hh?), Some(bias_ih?), Some(bias_hh?)])
}

impl Operation<5> for RecurrentSequence {
    /// A row for every example and step: see [`cell`].
    type Saved = Tensor;
    const READS: BackwardReads = BackwardReads::BOTH;

    fn forward_cpu(&self, inputs: [&Tensor; 5]) -> Result<(Tensor, Tensor)> {
        let sizes = self.sizes(inputs)?;
        let [input, weight_ih, weight_hh, bias_ih, bias_hh] = inputs.map(values);
        let (input, weights) = (&*input?, [&*weight_ih?, &*weight_hh?, &*bias_ih?, &*bias_hh?]);
        let (saved, output) = match self.recurrence {
            Recurrence::Tanh => sizes.forward::<Tanh>(input, weights),
            Recurrence::Lstm => sizes.forward::<Lstm>(input, weights),
            Recurrence::Gru => sizes.forward::<Gru>(input, weights),
        };
        let output = Tensor::from_vec(output, (sizes.batch, sizes.steps, sizes.hidden), &Device::Cpu)?;
        Ok((output, Tensor::from_vec(saved, (sizes.rows(), sizes.saved()), &Device::Cpu)?))
    }

    fn forward_cuda(&self, inputs: [&Tensor; 5]) -> Result<(Tensor, Tensor)> {
        let sizes = self.sizes(inputs)?;
        let [input, weights @ ..] = inputs;
        // A sum over many steps needs all digits.
        let (output, saved) = kernels::recurrent(&sizes, &input.to_dtype(DType::F32)?, weights)?;
        Ok((output.to_dtype(input.dtype())?, saved))
    }

    fn backward_cpu(&self, of: Backward<'_, 5>, saved: Tensor) -> Result<Gradients<5>> {
        match self.recurrence {
            Recurrence::Tanh => self.gradients::<Tanh>(of, &saved),
            Recurrence::Lstm => self.gradients::<Lstm>(of, &saved),
            Recurrence::Gru => self.gradients::<Gru>(of, &saved),
        }
    }

    fn backward_cuda(&self, of: Backward<'_, 5>, saved: Tensor) -> Result<Gradients<5>> {
        let sizes = self.sizes(of.inputs)?;
        let [input, weight_ih, weight_hh, ..] = of.inputs;
        let weights = [&weight_ih.detach(), &weight_hh.detach()];
        let [x, h, g] = [input, of.output, of.gradient].map(|t| t.detach().to_dtype(DType::F32));
        let (of_input, of_weights) =
            kernels::recurrent_backward(&sizes, &x?, weights, &h?, &saved, &g?, input.track_op())?;
        let of_input = of_input.map(|of_input| of_input.to_dtype(input.dtype())).transpose()?;
        let [weight_ih, weight_hh, bias_ih, bias_hh] = apart(&of_weights, &sizes)?;
        Ok([of_input, weight_ih, weight_hh, bias_ih, bias_hh])
    }
}

impl RecurrentSequence {
    /// On the CPU.
    fn gradients<C: RecurrentCell>(self, of: Backward<'_, 5>, saved: &Tensor) -> Result<Gradients<5>> {
        let sizes = self.sizes(of.inputs)?;
        let input = of.inputs[0];
        let [x, weight_ih, weight_hh, _, _] = of.inputs.map(values);
        let (x, saved, output, gradient) = (x?, values(saved)?, values(of.output)?, values(of.gradient)?);
        let walk = Walk { input: &x, saved: &saved, output: &output, gradient: &gradient };
        let (of_input, of_weights) =
            sizes.backward::<C>(walk, [&*weight_ih?, &*weight_hh?], input.track_op());
        let of_input = of_input.map(|values| Tensor::from_vec(values, input.shape(), &Device::Cpu));
        let of_weights = Tensor::from_vec(of_weights, sizes.weights(), &Device::Cpu)?;
        let [weight_ih, weight_hh, bias_ih, bias_hh] = apart(&of_weights, &sizes)?;
        Ok([of_input.transpose()?, weight_ih, weight_hh, bias_ih, bias_hh])
    }
}
