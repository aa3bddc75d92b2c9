use super::buffer::zeros;
use super::values::{slice, values};
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

/// A linear map along one axis: every output is a weighted sum of neighbouring inputs.
#[derive(Clone)]
pub(crate) struct AxisMap {
    pub inputs: usize,
    /// For every output, the first input and the weights from there on.
    pub outputs: Vec<(usize, Vec<f32>)>,
}

/// A linear map of pictures that goes along rows and columns one after the other: averages over windows,
/// interpolation.
pub(crate) struct Separable {
    pub name: &'static str,
    pub rows: AxisMap,
    pub columns: AxisMap,
}

impl Separable {
    fn forward(&self, input: &[f32], output: &mut [f32]) {
        let (width, columns) = (self.columns.inputs, self.columns.outputs.len());
        let mut sum = vec![0.0; width];
        for ((first, weights), output) in self.rows.outputs.iter().zip(output.chunks_exact_mut(columns)) {
            sum.fill(0.0);
            for (row, weight) in input.chunks_exact(width).skip(*first).zip(weights) {
                sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += weight * value);
            }
            for ((first, weights), output) in self.columns.outputs.iter().zip(output) {
                *output = sum[*first..].iter().zip(weights).map(|(value, weight)| value * weight).sum();
            }
        }
    }

    /// The transposed map.
    fn backward(&self, gradient: &[f32], input: &mut [f32]) {
        let (width, columns) = (self.columns.inputs, self.columns.outputs.len());
        let mut sum = vec![0.0; width];
        for ((first, weights), gradient) in self.rows.outputs.iter().zip(gradient.chunks_exact(columns)) {
            sum.fill(0.0);
            for ((first, weights), gradient) in self.columns.outputs.iter().zip(gradient) {
                sum[*first..].iter_mut().zip(weights).for_each(|(sum, weight)| *sum += weight * gradient);
            }
            for (row, weight) in input.chunks_exact_mut(width).skip(*first).zip(weights) {
                row.iter_mut().zip(&sum).for_each(|(value, sum)| *value += weight * sum);
            }
        }
    }

    fn planes(&self) -> (usize, usize) {
        (self.rows.inputs * self.columns.inputs, self.rows.outputs.len() * self.columns.outputs.len())
    }
}

impl CustomOp1 for Separable {
    fn name(&self) -> &'static str {
        self.name
    }

    fn cpu_fwd(&self, input: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (batch, channels, rows, columns) = layout.shape().dims4()?;
        let (from, to) = self.planes();
        if (rows, columns) != (self.rows.inputs, self.columns.inputs) || from * to == 0 {
            bail!("{} does not take pictures of {rows} rows and {columns} columns", self.name);
        }
        let mut output = zeros(batch * channels * to);
        let planes = output.par_chunks_exact_mut(to).zip(slice(input, layout)?.par_chunks_exact(from));
        planes.for_each(|(output, input)| self.forward(input, output));
        let shape = (batch, channels, self.rows.outputs.len(), self.columns.outputs.len());
        Ok((CpuStorage::F32(output), shape.into()))
    }

    fn bwd(&self, _input: &Tensor, _output: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let (from, to) = self.planes();
        let gradient = gradient.contiguous()?;
        let gradients = values(&gradient)?;
        let mut of_input = zeros(gradients.len() / to * from);
        let planes = of_input.par_chunks_exact_mut(from).zip(gradients.par_chunks_exact(to));
        planes.for_each(|(input, gradient)| self.backward(gradient, input));
        let (batch, channels, _, _) = gradient.dims4()?;
        let shape = (batch, channels, self.rows.inputs, self.columns.inputs);
        Ok(Some(Tensor::from_vec(of_input, shape, gradient.device())?))
    }
}
