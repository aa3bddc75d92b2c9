use super::buffer::zeros;
use super::operation::Operation;
use super::tape::Keep;
use super::values::values;
use super::window::{Axis, Window};
use super::{Layer, Pass, kernels};
use candle_core::{Device, Result, Tensor, bail};
use rayon::prelude::*;
use std::sync::OnceLock;

/// The largest number in every place of a window, as PyTorch's `MaxPool2d`: `(batch, channels, rows,
/// columns)` to the same with fewer rows and columns. What is padded is never the largest.
pub struct MaxPool2d(Window);

impl MaxPool2d {
    /// With a window; PyTorch's default is a stride as large as the kernel.
    pub fn new(window: Window) -> Self {
        Self(window)
    }

    /// With windows that lie side by side.
    pub fn side_by_side(kernel: (usize, usize)) -> Self {
        Self(Window::new(kernel).stride(kernel))
    }
}

impl Layer for MaxPool2d {
    fn forward(&self, batch: &Tensor, pass: &Pass) -> Result<Tensor> {
        let Window { kernel, padding, .. } = self.0;
        if 2 * padding.0 > kernel.0 || 2 * padding.1 > kernel.1 {
            bail!("a padding of {padding:?} is more than half of the kernel {kernel:?}");
        }
        pass.apply([&batch.contiguous()?], Maxima { window: self.0, found: OnceLock::new() }, Keep::NOTHING)
    }
}

/// The operation, which remembers where in its plane every largest number was found.
struct Maxima {
    window: Window,
    found: OnceLock<Found>,
}

/// How the window went over the planes, and the places.
struct Found {
    rows: Axis,
    columns: Axis,
    places: Places,
}

enum Places {
    Slice(Vec<u32>),
    Device(Tensor),
}

impl Operation<1> for Maxima {
    fn forward(&self, [input]: [&Tensor; 1]) -> Result<Tensor> {
        let (batch, channels, height, width) = input.dims4()?;
        let (rows, columns) = self.window.axes((height, width))?;
        let (output, places) = if kernels::run_on(input.device()) {
            let (output, places) = kernels::max_pool(input, rows, columns)?;
            (output, Places::Device(places))
        } else {
            let plane = rows.output * columns.output;
            let mut output = zeros(batch * channels * plane);
            let mut places = zeros(output.len());
            let targets = output.par_chunks_exact_mut(plane).zip(places.par_chunks_exact_mut(plane));
            targets
                .zip(values(input)?.par_chunks_exact(height * width))
                .for_each(|((output, places), input)| maxima(input, rows, columns, output, places));
            let shape = (batch, channels, rows.output, columns.output);
            (Tensor::from_vec(output, shape, &Device::Cpu)?, Places::Slice(places))
        };
        // A fresh operation runs once.
        let _ = self.found.set(Found { rows, columns, places });
        Ok(output)
    }

    fn backward(&self, _: [&Tensor; 1], _output: &Tensor, gradient: &Tensor) -> Result<[Option<Tensor>; 1]> {
        let Some(Found { rows, columns, places }) = self.found.get() else {
            bail!("no forward pass was made")
        };
        let places = match places {
            Places::Slice(places) => places,
            Places::Device(places) => {
                return Ok([Some(kernels::max_pool_back(gradient, places, *rows, *columns)?)]);
            }
        };
        let (batch, channels, output_rows, output_columns) = gradient.dims4()?;
        let gradients = values(gradient)?;
        let mut of_input = zeros::<f32>(batch * channels * rows.input * columns.input);
        let plane = output_rows * output_columns;
        let sources = gradients.par_chunks_exact(plane).zip(places.par_chunks_exact(plane));
        let targets = of_input.par_chunks_exact_mut(rows.input * columns.input);
        targets.zip(sources).for_each(|(to, (gradients, places))| {
            gradients.iter().zip(places).for_each(|(gradient, place)| to[*place as usize] += gradient);
        });
        Ok([Some(Tensor::from_vec(of_input, (batch, channels, rows.input, columns.input), &Device::Cpu)?)])
    }
}

/// Of one plane. Where several numbers are the largest, the first counts; what is not a number counts as
/// larger than all.
fn maxima(input: &[f32], rows: Axis, columns: Axis, output: &mut [f32], places: &mut [u32]) {
    let lines = output.chunks_exact_mut(columns.output).zip(places.chunks_exact_mut(columns.output));
    for (row, (output, places)) in lines.enumerate() {
        output.fill(f32::NEG_INFINITY);
        for kernel_row in (0..rows.kernel).filter(|tap| rows.outputs(*tap).contains(&row)) {
            let start = rows.position(row, kernel_row) * columns.input;
            for kernel_column in 0..columns.kernel {
                let seen = columns.outputs(kernel_column);
                if seen.is_empty() {
                    continue;
                }
                let mut place = start + columns.position(seen.start, kernel_column);
                for (output, best) in output[seen.clone()].iter_mut().zip(&mut places[seen]) {
                    let value = input[place];
                    // Without a jump: which is larger cannot be foretold.
                    let better = value > *output || value.is_nan();
                    *output = if better { value } else { *output };
                    *best = if better { place as u32 } else { *best };
                    place += columns.stride;
                }
            }
        }
    }
}
