use crate::ops::cpu::{values, zeros};
use crate::ops::operation::{Backward, BackwardReads, Gradients, Operation};
use candle_core::{D, Device, Result, Tensor};

/// Of the states of all steps, `(batch, steps, hidden)`, those that walks end with, `(batch, hidden)`: after the last step, and where
/// the second half of them comes from a walk backwards, after the first.
///
/// By candle's operations a gradient that is zeros but for a step is written three times, and added to other zeros.
#[derive(Clone, Copy)]
pub(crate) struct Ends {
    pub bidirectional: bool,
    pub steps: usize,
}

impl Ends {
    /// Numbers of a state that come from the last step.
    fn forwards(self, hidden: usize) -> usize {
        if self.bidirectional { hidden / 2 } else { hidden }
    }
}

impl Operation<1> for Ends {
    type Saved = ();
    const READS: BackwardReads = BackwardReads::NEITHER;

    fn forward_cpu(&self, [states]: [&Tensor; 1]) -> Result<(Tensor, ())> {
        let (batch, steps, hidden) = states.dims3()?;
        let forwards = self.forwards(hidden);
        let mut ends = Vec::with_capacity(batch * hidden);
        for walk in values(states)?.chunks_exact(steps * hidden) {
            ends.extend_from_slice(&walk[(steps - 1) * hidden..][..forwards]);
            ends.extend_from_slice(&walk[forwards..hidden]);
        }
        Ok((Tensor::from_vec(ends, (batch, hidden), &Device::Cpu)?, ()))
    }

    fn forward_cuda(&self, [states]: [&Tensor; 1]) -> Result<(Tensor, ())> {
        let (_, steps, hidden) = states.dims3()?;
        let forwards = self.forwards(hidden);
        let last = states.get_on_dim(1, steps - 1)?.narrow(1, 0, forwards)?;
        if forwards == hidden {
            return Ok((last.force_contiguous()?, ()));
        }
        let first = states.get_on_dim(1, 0)?.narrow(1, forwards, hidden - forwards)?;
        Ok((Tensor::cat(&[last, first], D::Minus1)?, ()))
    }

    fn backward_cpu(&self, of: Backward<'_, 1>, (): ()) -> Result<Gradients<1>> {
        let (batch, hidden) = of.gradient.dims2()?;
        let forwards = self.forwards(hidden);
        let mut of_states = zeros(batch * self.steps * hidden);
        let walks = of_states.chunks_exact_mut(self.steps * hidden);
        for (walk, ends) in walks.zip(values(of.gradient)?.chunks_exact(hidden)) {
            walk[(self.steps - 1) * hidden..][..forwards].copy_from_slice(&ends[..forwards]);
            walk[forwards..hidden].copy_from_slice(&ends[forwards..]);
        }
        Ok([Some(Tensor::from_vec(of_states, (batch, self.steps, hidden), &Device::Cpu)?)])
    }

    fn backward_cuda(&self, of: Backward<'_, 1>, (): ()) -> Result<Gradients<1>> {
        let (batch, hidden) = of.gradient.dims2()?;
        let forwards = self.forwards(hidden);
        let gradient = of.gradient.unsqueeze(1)?;
        let nothing =
            |numbers| Tensor::zeros((batch, self.steps - 1, numbers), gradient.dtype(), gradient.device());
        let last = Tensor::cat(&[&nothing(forwards)?, &gradient.narrow(2, 0, forwards)?], 1)?;
        if forwards == hidden {
            return Ok([Some(last)]);
        }
        let first = gradient.narrow(2, forwards, hidden - forwards)?;
        let first = Tensor::cat(&[&first, &nothing(hidden - forwards)?], 1)?;
        Ok([Some(Tensor::cat(&[last, first], D::Minus1)?)])
    }
}
