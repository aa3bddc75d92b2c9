use super::buffer::zeros;
use super::tape::Keep;
use super::values::{slice, values};
use super::window::{Axis, Window};
use super::{Layer, Pass};
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};
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
        pass.apply1(&batch.contiguous()?, Maxima { window: self.0, found: OnceLock::new() }, Keep::NOTHING)
    }
}

/// The operation, which remembers where in its plane every largest number was found.
struct Maxima {
    window: Window,
    found: OnceLock<Found>,
}

/// The size of the planes, and the places.
struct Found {
    rows: usize,
    columns: usize,
    places: Vec<u32>,
}

impl CustomOp1 for Maxima {
    fn name(&self) -> &'static str {
        "max pooling"
    }

    fn cpu_fwd(&self, input: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (batch, channels, rows, columns) = layout.shape().dims4()?;
        let (row_axis, column_axis) = self.window.axes((rows, columns))?;
        let plane = row_axis.output * column_axis.output;
        let mut output = zeros(batch * channels * plane);
        let mut places = zeros(output.len());
        let targets = output.par_chunks_exact_mut(plane).zip(places.par_chunks_exact_mut(plane));
        targets
            .zip(slice(input, layout)?.par_chunks_exact(rows * columns))
            .for_each(|((output, places), input)| maxima(input, row_axis, column_axis, output, places));
        // A fresh operation runs once.
        let _ = self.found.set(Found { rows, columns, places });
        Ok((CpuStorage::F32(output), (batch, channels, row_axis.output, column_axis.output).into()))
    }

    fn bwd(&self, _input: &Tensor, _output: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let Some(Found { rows, columns, places }) = self.found.get() else {
            bail!("no forward pass was made")
        };
        let (batch, channels, output_rows, output_columns) = gradient.dims4()?;
        let gradient = gradient.contiguous()?;
        let gradients = values(&gradient)?;
        let mut of_input = zeros::<f32>(batch * channels * rows * columns);
        let plane = output_rows * output_columns;
        let sources = gradients.par_chunks_exact(plane).zip(places.par_chunks_exact(plane));
        of_input.par_chunks_exact_mut(rows * columns).zip(sources).for_each(|(to, (gradients, places))| {
            gradients.iter().zip(places).for_each(|(gradient, place)| to[*place as usize] += gradient);
        });
        Ok(Some(Tensor::from_vec(of_input, (batch, channels, *rows, *columns), gradient.device())?))
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
