use super::buffer::zeros;
use super::kernels::{self, Tables};
use super::operation::Operation;
use super::values::values;
use candle_core::{Device, Result, Tensor, bail};
use rayon::prelude::*;
use std::sync::{Arc, Mutex, PoisonError};

/// A linear map along one axis: every output is a weighted sum of neighbouring inputs.
#[derive(Clone)]
pub(crate) struct AxisMap {
    pub inputs: usize,
    /// For every output, the first input and the weights from there on.
    pub outputs: Vec<(usize, Vec<f32>)>,
}

impl AxisMap {
    /// From outputs to inputs: the outputs that an input goes into lie next to each other, because first and last
    /// inputs grow with the outputs.
    fn transposed(&self) -> Self {
        let into = |input: usize| {
            let reaches =
                |(first, weights): &(usize, Vec<f32>)| (*first..first + weights.len()).contains(&input);
            let first = self.outputs.iter().position(reaches).unwrap_or(0);
            let end = self.outputs.iter().rposition(reaches).map_or(first, |last| last + 1);
            let weight = |(first, weights): &(usize, Vec<f32>)| {
                input.checked_sub(*first).and_then(|at| weights.get(at)).copied().unwrap_or(0.0)
            };
            (first, self.outputs[first..end].iter().map(weight).collect())
        };
        Self { inputs: self.outputs.len(), outputs: (0..self.inputs).map(into).collect() }
    }
}

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
    maps: [Tables; 2],
    transposed: [Tables; 2],
}

impl Separable {
    pub fn new(name: &'static str, rows: AxisMap, columns: AxisMap) -> Self {
        Self { name, rows, columns, on_device: Mutex::default() }
    }

    fn on_device(&self, device: &Device) -> Result<Arc<OnDevice>> {
        let mut on_device = self.on_device.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = on_device.as_ref().filter(|there| there.device.same_device(device)) {
            return Ok(there.clone());
        }
        let tables = |map: &AxisMap| Tables::new(map, device);
        let made = OnDevice {
            device: device.clone(),
            maps: [tables(&self.rows)?, tables(&self.columns)?],
            transposed: [tables(&self.rows.transposed())?, tables(&self.columns.transposed())?],
        };
        Ok(on_device.insert(Arc::new(made)).clone())
    }

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

impl Operation<1> for Arc<Separable> {
    fn forward(&self, [input]: [&Tensor; 1]) -> Result<Tensor> {
        let (batch, channels, rows, columns) = input.dims4()?;
        let (from, to) = self.planes();
        if (rows, columns) != (self.rows.inputs, self.columns.inputs) || from * to == 0 {
            bail!("{} does not take spectrograms of {rows} rows and {columns} columns", self.name);
        }
        if kernels::run_on(input.device()) {
            let [rows, columns] = &self.on_device(input.device())?.maps;
            return kernels::separable(input, rows, columns);
        }
        let mut output = zeros(batch * channels * to);
        let input = values(input)?;
        let planes = output.par_chunks_exact_mut(to).zip(input.par_chunks_exact(from));
        planes.for_each(|(output, input)| Separable::forward(self, input, output));
        let shape = (batch, channels, self.rows.outputs.len(), self.columns.outputs.len());
        Tensor::from_vec(output, shape, &Device::Cpu)
    }

    fn backward(&self, _: [&Tensor; 1], _output: &Tensor, gradient: &Tensor) -> Result<[Option<Tensor>; 1]> {
        if kernels::run_on(gradient.device()) {
            let [rows, columns] = &self.on_device(gradient.device())?.transposed;
            return Ok([Some(kernels::separable(gradient, rows, columns)?)]);
        }
        let (from, to) = self.planes();
        let gradients = values(gradient)?;
        let mut of_input = zeros(gradients.len() / to * from);
        let planes = of_input.par_chunks_exact_mut(from).zip(gradients.par_chunks_exact(to));
        planes.for_each(|(input, gradient)| Separable::backward(self, gradient, input));
        let (batch, channels, _, _) = gradient.dims4()?;
        let shape = (batch, channels, self.rows.inputs, self.columns.inputs);
        Ok([Some(Tensor::from_vec(of_input, shape, &Device::Cpu)?)])
    }
}

/// The map of a layer for spectrograms of the size that it saw last.
#[derive(Default)]
pub(crate) struct LastMap(Mutex<Option<Arc<Separable>>>);

impl LastMap {
    pub fn of(
        &self,
        size: (usize, usize),
        make: impl FnOnce() -> Result<Separable>,
    ) -> Result<Arc<Separable>> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some(map) if (map.rows.inputs, map.columns.inputs) == size => Ok(map.clone()),
            _ => Ok(last.insert(Arc::new(make()?)).clone()),
        }
    }
}
