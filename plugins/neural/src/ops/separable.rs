use super::cpu::{values, zeros};
use super::operation::{Backward, BackwardReads, Gradients, Operation};
use crate::geometry::AxisMap;
use crate::kernels::{self, AxisTables};
use candle_core::{Device, Result, Tensor, bail};
use rayon::prelude::*;
use std::sync::{Arc, Mutex, PoisonError};

/// A linear map of spectrograms that goes along rows and columns one after the other: averages over windows,
/// interpolation.
pub(crate) struct Separable {
    name: &'static str,
    rows: AxisMap,
    columns: AxisMap,
    on_device: Mutex<Option<Arc<OnDevice>>>,
}

/// Both maps on a device, and both transposed.
struct OnDevice {
    device: Device,
    maps: [AxisTables; 2],
    transposed: [AxisTables; 2],
}

impl Separable {
    /// `name` is for error messages.
    pub fn new(name: &'static str, rows: AxisMap, columns: AxisMap) -> Self {
        Self { name, rows, columns, on_device: Mutex::default() }
    }

    fn on_device(&self, device: &Device) -> Result<Arc<OnDevice>> {
        let mut on_device = self.on_device.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = on_device.as_ref().filter(|there| there.device.same_device(device)) {
            return Ok(there.clone());
        }
        let tables = |map: &AxisMap| AxisTables::new(map, device);
        let made = OnDevice {
            device: device.clone(),
            maps: [tables(&self.rows)?, tables(&self.columns)?],
            transposed: [tables(&self.rows.transposed())?, tables(&self.columns.transposed())?],
        };
        Ok(on_device.insert(Arc::new(made)).clone())
    }

    fn map(&self, input: &[f32], output: &mut [f32]) {
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
    fn map_transposed(&self, gradient: &[f32], input: &mut [f32]) {
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

    /// Rows and columns of the inputs that it takes.
    pub fn input_size(&self) -> (usize, usize) {
        (self.rows.inputs, self.columns.inputs)
    }

    /// Checks that an input is of that size.
    fn check(&self, input: &Tensor) -> Result<()> {
        let (_, _, rows, columns) = input.dims4()?;
        let (from, to) = self.planes();
        if (rows, columns) != self.input_size() || from * to == 0 {
            bail!("{} does not take spectrograms of {rows} rows and {columns} columns", self.name);
        }
        Ok(())
    }

    /// Numbers of a plane of the input and of the output.
    fn planes(&self) -> (usize, usize) {
        (self.rows.inputs * self.columns.inputs, self.rows.outputs.len() * self.columns.outputs.len())
    }
}

impl Operation<1> for Arc<Separable> {
    type Saved = ();
    const READS: BackwardReads = BackwardReads::NEITHER;

    fn forward_cpu(&self, [input]: [&Tensor; 1]) -> Result<(Tensor, ())> {
        self.check(input)?;
        let (batch, channels, _, _) = input.dims4()?;
        let (from, to) = self.planes();
        let mut output = zeros(batch * channels * to);
        let input = values(input)?;
        let planes = output.par_chunks_exact_mut(to).zip(input.par_chunks_exact(from));
        planes.for_each(|(output, input)| self.map(input, output));
        let shape = (batch, channels, self.rows.outputs.len(), self.columns.outputs.len());
        Ok((Tensor::from_vec(output, shape, &Device::Cpu)?, ()))
    }

    fn forward_cuda(&self, [input]: [&Tensor; 1]) -> Result<(Tensor, ())> {
        self.check(input)?;
        let [rows, columns] = &self.on_device(input.device())?.maps;
        Ok((kernels::separable(input, rows, columns)?, ()))
    }

    fn backward_cpu(&self, of: Backward<'_, 1>, (): ()) -> Result<Gradients<1>> {
        let (from, to) = self.planes();
        let gradients = values(of.gradient)?;
        let mut of_input = zeros(gradients.len() / to * from);
        let planes = of_input.par_chunks_exact_mut(from).zip(gradients.par_chunks_exact(to));
        planes.for_each(|(input, gradient)| self.map_transposed(gradient, input));
        let (batch, channels, _, _) = of.gradient.dims4()?;
        let shape = (batch, channels, self.rows.inputs, self.columns.inputs);
        Ok([Some(Tensor::from_vec(of_input, shape, &Device::Cpu)?)])
    }

    fn backward_cuda(&self, of: Backward<'_, 1>, (): ()) -> Result<Gradients<1>> {
        let [rows, columns] = &self.on_device(of.gradient.device())?.transposed;
        Ok([Some(kernels::separable(of.gradient, rows, columns)?)])
    }
}
