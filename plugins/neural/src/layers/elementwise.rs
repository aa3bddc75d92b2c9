use super::buffer::zeros;
use super::values::{slice, values};
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

/// Numbers that a thread takes at a time.
const BLOCK: usize = 16 * 1024;

/// A function applied to every number, whose slope can be told from its value: candle's own use one thread.
#[derive(Clone, Copy)]
pub(crate) struct Elementwise<F, S> {
    pub name: &'static str,
    pub value: F,
    /// Slope of the function, given its value.
    pub slope: S,
}

impl<F, S> CustomOp1 for Elementwise<F, S>
where
    F: Fn(f32) -> f32 + Send + Sync,
    S: Fn(f32) -> f32 + Send + Sync,
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn cpu_fwd(&self, input: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let input = slice(input, layout)?;
        let mut output = zeros(input.len());
        output.par_chunks_mut(BLOCK).zip(input.par_chunks(BLOCK)).for_each(|(output, input)| {
            output.iter_mut().zip(input).for_each(|(to, from)| *to = (self.value)(*from));
        });
        Ok((CpuStorage::F32(output), layout.shape().clone()))
    }

    fn bwd(&self, _input: &Tensor, output: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let gradient = gradient.contiguous()?;
        let (values, gradients) = (values(output)?, values(&gradient)?);
        let mut of_input = zeros(values.len());
        let blocks = values.par_chunks(BLOCK).zip(gradients.par_chunks(BLOCK));
        of_input.par_chunks_mut(BLOCK).zip(blocks).for_each(|(to, (values, gradients))| {
            let pairs = values.iter().zip(gradients);
            to.iter_mut()
                .zip(pairs)
                .for_each(|(to, (value, gradient))| *to = (self.slope)(*value) * gradient);
        });
        Ok(Some(Tensor::from_vec(of_input, output.shape(), output.device())?))
    }
}
