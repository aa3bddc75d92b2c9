use crate::ops::cpu::{BLOCK, Unwritten, values, zeroed};
use candle_core::{Device, Result, Tensor, bail};
use rayon::prelude::*;

/// The mean of every channel of `(batch, rows, columns, channels)`: `(batch, channels, 1, 1)`.
pub(crate) fn channel_means(batch: &Tensor) -> Result<Tensor> {
    let (examples, rows, columns, channels) = batch.dims4()?;
    let numbers = values(batch)?;
    let mut means = vec![0.0; examples * channels];
    let pixels = numbers.par_chunks_exact((rows * columns * channels).max(1));
    means.par_chunks_exact_mut(channels.max(1)).zip(pixels).for_each(|(means, pixels)| {
        for pixel in pixels.chunks_exact(channels) {
            means.iter_mut().zip(pixel).for_each(|(sum, number)| *sum += number);
        }
        means.iter_mut().for_each(|sum| *sum /= (rows * columns) as f32);
    });
    Tensor::from_vec(means, (examples, channels, 1, 1), &Device::Cpu)
}

/// Every channel of every example of `(batch, rows, columns, channels)` times its number of `(batch, channels, 1, 1)`.
pub(crate) fn scale_channels(batch: &Tensor, factors: &Tensor) -> Result<Tensor> {
    let channels = batch.dim(3)?;
    let factors = factors.contiguous()?;
    let (mut numbers, factors) = (values(batch)?.to_vec(), values(&factors)?);
    let example = numbers.len() / (factors.len() / channels.max(1)).max(1);
    let examples =
        numbers.par_chunks_exact_mut(example.max(1)).zip(factors.par_chunks_exact(channels.max(1)));
    examples.for_each(|(pixels, factors)| {
        for pixel in pixels.chunks_exact_mut(channels) {
            pixel.iter_mut().zip(factors).for_each(|(number, factor)| *number *= factor);
        }
    });
    Tensor::from_vec(numbers, batch.shape(), &Device::Cpu)
}

/// Every channel of `(batch, rows, columns, channels)` times a number, and one added.
pub(crate) fn scale_and_shift_channels(batch: &Tensor, scale: &[f32], shift: &[f32]) -> Result<Tensor> {
    let channels = batch.dim(3)?;
    if [scale.len(), shift.len()] != [channels; 2] {
        bail!("{channels} channels cannot be scaled by {} numbers", scale.len());
    }
    let from = values(batch)?;
    let mut to = Unwritten::new(from.len());
    let pixels = (BLOCK / channels.max(1)).max(1) * channels;
    to.all().par_chunks_mut(pixels.max(1)).zip(from.par_chunks(pixels.max(1))).for_each(|(to, from)| {
        for (to, from) in zeroed(to).chunks_exact_mut(channels).zip(from.chunks_exact(channels)) {
            let factors = scale.iter().zip(shift);
            to.iter_mut()
                .zip(from)
                .zip(factors)
                .for_each(|((to, from), (scale, shift))| *to = from * scale + shift);
        }
    });
    // SAFETY: every block of pixels was zeros first.
    Tensor::from_vec(unsafe { to.written() }, batch.shape(), &Device::Cpu)
}
