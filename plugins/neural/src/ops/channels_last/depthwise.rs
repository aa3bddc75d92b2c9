use crate::geometry::WindowAxis;
use crate::ops::cpu::{Simd, multiply_add, wide};

/// Channels that are summed up at once.
const LANES: usize = 32;

/// A convolution of every channel by itself.
pub(super) struct Depthwise<'a> {
    pub rows: WindowAxis,
    pub columns: WindowAxis,
    pub channels: usize,
    /// Of every tap, one of each channel.
    pub weights: &'a [f32],
    pub bias: &'a [f32],
}

impl Depthwise<'_> {
    /// One row of the output of one example, `(columns, channels)`.
    pub fn row(&self, input: &[f32], row: usize, output: &mut [f32]) {
        let (rows, columns, channels) = (self.rows, self.columns, self.channels);
        let seen: Vec<(usize, usize)> = (0..rows.kernel)
            .filter(|tap| rows.outputs(*tap).contains(&row))
            .map(|tap| (tap, rows.position(row, tap) * columns.input * channels))
            .collect();
        let ranges: Vec<_> = (0..columns.kernel).map(|tap| columns.outputs(tap)).collect();
        let mut taps = Vec::with_capacity(rows.kernel * columns.kernel);
        for (column, output) in output.chunks_exact_mut(channels).enumerate() {
            taps.clear();
            for &(kernel_row, start) in &seen {
                for (kernel_column, range) in ranges.iter().enumerate() {
                    if range.contains(&column) {
                        let weights = (kernel_row * columns.kernel + kernel_column) * channels;
                        taps.push((start + columns.position(column, kernel_column) * channels, weights));
                    }
                }
            }
            wide(
                #[inline(always)]
                |simd| self.pixel(simd, input, &taps, output),
            );
        }
    }

    /// All channels of a pixel, from where its taps are in the input and their weights.
    #[inline(always)]
    fn pixel(&self, simd: Simd, input: &[f32], taps: &[(usize, usize)], output: &mut [f32]) {
        let (blocks, rest) = output.as_chunks_mut::<LANES>();
        let done = blocks.len() * LANES;
        for (block, output) in blocks.iter_mut().enumerate() {
            let first = block * LANES;
            let mut sums = [0.0; LANES];
            sums.copy_from_slice(&self.bias[first..first + LANES]);
            for &(from, weights) in taps {
                let seen = &input[from + first..][..LANES];
                let weights = &self.weights[weights + first..][..LANES];
                for lane in 0..LANES {
                    sums[lane] = multiply_add(simd, seen[lane], weights[lane], sums[lane]);
                }
            }
            *output = sums;
        }
        for (channel, output) in (done..).zip(rest) {
            let sum = taps.iter().fold(self.bias[channel], |sum, &(from, weights)| {
                multiply_add(simd, input[from + channel], self.weights[weights + channel], sum)
            });
            *output = sum;
        }
    }
}
