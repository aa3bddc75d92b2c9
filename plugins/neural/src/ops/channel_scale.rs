use super::cpu::{Unwritten, sum_pairs, values, zeroed};
use super::operation::{Backward, BackwardReads, Gradients, Operation};
use crate::kernels;
use candle_core::{Device, Result, Tensor, bail};
use rayon::prelude::*;

/// Every channel of every example times a number: `(batch, channels, rows, columns)` and `(batch, channels, 1, 1)`.
pub(crate) struct ChannelScale;

/// Numbers of a plane.
fn plane(input: &Tensor, factors: &Tensor) -> Result<usize> {
    let (batch, channels, rows, columns) = input.dims4()?;
    if factors.dims() != [batch, channels, 1, 1] || rows * columns == 0 {
        bail!("factors {:?} do not fit {:?}", factors.shape(), input.shape());
    }
    Ok(rows * columns)
}

fn scaled(input: &Tensor, factors: &Tensor, plane: usize) -> Result<Tensor> {
    let (from, factors) = (values(input)?, values(factors)?);
    let mut to = Unwritten::new(from.len());
    let planes = to.all().par_chunks_exact_mut(plane).zip(from.par_chunks_exact(plane)).zip(&*factors);
    planes.for_each(|((to, from), factor)| {
        zeroed(to).iter_mut().zip(from).for_each(|(to, from)| *to = from * factor);
    });
    // SAFETY: every plane was zeros first.
    let to = unsafe { to.written() };
    Tensor::from_vec(to, input.shape(), &Device::Cpu)
}

impl Operation<2> for ChannelScale {
    type Saved = ();
    const READS: BackwardReads = BackwardReads::INPUTS;

    fn forward_cpu(&self, [input, factors]: [&Tensor; 2]) -> Result<(Tensor, ())> {
        Ok((scaled(input, factors, plane(input, factors)?)?, ()))
    }

    fn forward_cuda(&self, [input, factors]: [&Tensor; 2]) -> Result<(Tensor, ())> {
        plane(input, factors)?;
        Ok((kernels::channel_scale(input, factors)?, ()))
    }

    fn backward_cpu(&self, of: Backward<'_, 2>, (): ()) -> Result<Gradients<2>> {
        let Backward { inputs: [input, factors], gradient, .. } = of;
        let plane = plane(input, factors)?;
        let (inputs, gradients) = (values(input)?, values(gradient)?);
        let planes = inputs.par_chunks_exact(plane).zip(gradients.par_chunks_exact(plane));
        let of_factors: Vec<f32> =
            planes.map(|(input, gradient)| sum_pairs(input, gradient, |x, g| x * g) as f32).collect();
        let of_factors = Tensor::from_vec(of_factors, factors.shape(), &Device::Cpu)?;
        Ok([Some(scaled(gradient, factors, plane)?), Some(of_factors)])
    }

    fn backward_cuda(&self, of: Backward<'_, 2>, (): ()) -> Result<Gradients<2>> {
        let [input, factors] = of.inputs;
        let (of_input, of_factors) = kernels::channel_scale_backward(input, factors, of.gradient)?;
        Ok([Some(of_input), Some(of_factors)])
    }
}
