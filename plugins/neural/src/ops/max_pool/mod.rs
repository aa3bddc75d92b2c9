mod side_by_side;

pub(super) use side_by_side::{side_by_side, side_by_side_maxima};

use super::cpu::{Unwritten, integers, values, wide, zeroed};
use super::operation::{Backward, BackwardReads, Gradients, Operation};
use crate::geometry::{Window, WindowAxis};
use crate::kernels;
use candle_core::{Device, Result, Tensor};
use rayon::prelude::*;

/// The largest number in every place of a window: PyTorch's `functional.max_pool2d` of `(batch, channels, rows, columns)`.
#[derive(Clone, Copy)]
pub(crate) struct WindowMaxima(pub Window);

/// What the backward pass needs.
pub(crate) struct Maxima {
    /// How the window went over the planes.
    pub rows: WindowAxis,
    pub columns: WindowAxis,
    /// Where in its plane every largest number was found, u32.
    pub places: Tensor,
}

impl WindowMaxima {
    fn axes(self, input: &Tensor) -> Result<(WindowAxis, WindowAxis)> {
        let (_, _, rows, columns) = input.dims4()?;
        self.0.axes((rows, columns))
    }
}

impl Operation<1> for WindowMaxima {
    type Saved = Maxima;
    const READS: BackwardReads = BackwardReads::NEITHER;

    fn forward_cpu(&self, [input]: [&Tensor; 1]) -> Result<(Tensor, Maxima)> {
        let (batch, channels, height, width) = input.dims4()?;
        let (rows, columns) = self.axes(input)?;
        let plane = rows.output * columns.output;
        let (mut output, mut places) =
            (Unwritten::new(batch * channels * plane), Unwritten::new(batch * channels * plane));
        let targets = output.all().par_chunks_exact_mut(plane).zip(places.all().par_chunks_exact_mut(plane));
        targets.zip(values(input)?.par_chunks_exact(height * width)).for_each(|((output, places), input)| {
            maxima(input, (rows, columns), zeroed(output), zeroed(places))
        });
        // SAFETY: those of every plane were written.
        let (output, places) = unsafe { (output.written(), places.written()) };
        let shape = (batch, channels, rows.output, columns.output);
        let places = Tensor::from_vec(places, shape, &Device::Cpu)?;
        Ok((Tensor::from_vec(output, shape, &Device::Cpu)?, Maxima { rows, columns, places }))
    }

    fn forward_cuda(&self, [input]: [&Tensor; 1]) -> Result<(Tensor, Maxima)> {
        let (rows, columns) = self.axes(input)?;
        let (output, places) = kernels::max_pool(input, rows, columns)?;
        Ok((output, Maxima { rows, columns, places }))
    }

    fn backward_cpu(&self, of: Backward<'_, 1>, saved: Maxima) -> Result<Gradients<1>> {
        let Maxima { rows, columns, places } = saved;
        let (batch, channels, output_rows, output_columns) = of.gradient.dims4()?;
        let (gradients, places) = (values(of.gradient)?, integers(&places)?);
        let mut of_input = Unwritten::<f32>::new(batch * channels * rows.input * columns.input);
        let plane = output_rows * output_columns;
        let sources = gradients.par_chunks_exact(plane).zip(places.par_chunks_exact(plane));
        let targets = of_input.all().par_chunks_exact_mut(rows.input * columns.input);
        targets.zip(sources).for_each(|(to, (gradients, places))| {
            let to = zeroed(to);
            gradients.iter().zip(places).for_each(|(gradient, place)| to[*place as usize] += gradient);
        });
        // SAFETY: every plane was written.
        let of_input = unsafe { of_input.written() };
        Ok([Some(Tensor::from_vec(of_input, (batch, channels, rows.input, columns.input), &Device::Cpu)?)])
    }

    fn backward_cuda(&self, of: Backward<'_, 1>, saved: Maxima) -> Result<Gradients<1>> {
        let Maxima { rows, columns, places } = saved;
        Ok([Some(kernels::max_pool_backward(of.gradient, &places, rows, columns)?)])
    }
}

/// Of one plane. Where several numbers are the largest, the first counts; what is not a number counts as
/// larger than all.
fn maxima(input: &[f32], (rows, columns): (WindowAxis, WindowAxis), output: &mut [f32], places: &mut [u32]) {
    if side_by_side(rows, columns) {
        return side_by_side_maxima(input, (rows, columns), 1.0, output, places);
    }
    wide(
        #[inline(always)]
        |_| of_overlapping(input, (rows, columns), output, places),
    );
}

/// Of windows that may overlap.
#[inline(always)]
fn of_overlapping(
    input: &[f32],
    (rows, columns): (WindowAxis, WindowAxis),
    output: &mut [f32],
    places: &mut [u32],
) {
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
                let first = start + columns.position(seen.start, kernel_column);
                let (output, places) = (&mut output[seen.clone()], &mut places[seen]);
                match columns.stride {
                    1 => of_tap::<1>(input, first, output, places),
                    2 => of_tap::<2>(input, first, output, places),
                    4 => of_tap::<4>(input, first, output, places),
                    stride => of_tap_by(stride, input, first, output, places),
                }
            }
        }
    }
}

/// Compares with what lies `STRIDE` apart from `first` on.
#[inline(always)]
fn of_tap<const STRIDE: usize>(input: &[f32], first: usize, output: &mut [f32], places: &mut [u32]) {
    let (Some((last, output)), Some((last_place, places))) =
        (output.split_last_mut(), places.split_last_mut())
    else {
        return;
    };
    // Behind the last there may be less than a stride.
    let end = first + output.len() * STRIDE;
    let seen = input[first..end].as_chunks::<STRIDE>().0;
    let mut place = first as u32;
    for ((largest, best), seen) in output.iter_mut().zip(places).zip(seen) {
        compare(seen[0], place, largest, best);
        place += STRIDE as u32;
    }
    compare(input[end], end as u32, last, last_place);
}

/// The same, whatever the stride.
#[inline(always)]
fn of_tap_by(stride: usize, input: &[f32], first: usize, output: &mut [f32], places: &mut [u32]) {
    for (at, (largest, best)) in output.iter_mut().zip(places).enumerate() {
        let place = first + at * stride;
        compare(input[place], place as u32, largest, best);
    }
}

/// Without a jump: which is larger cannot be foretold.
#[inline(always)]
fn compare(value: f32, place: u32, largest: &mut f32, best: &mut u32) {
    let better = (value > *largest) | value.is_nan();
    *largest = if better { value } else { *largest };
    *best = if better { place } else { *best };
}
