use super::kernel::{COLUMNS, Taps, convolve, filters};
use super::{Direct, Frames};
use crate::ops::cpu::{Scratch, Unwritten, parts, put};
use rayon::prelude::*;
use std::ops::Range;

/// Kernels in the order in which they are used.
struct Packed {
    /// Filters that are summed up together. Their weights follow each other, tap after tap.
    blocks: Vec<Range<usize>>,
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl Packed {
    fn new(count: usize, taps: usize, bias: Option<&[f32]>, weight: impl Fn(usize, usize) -> f32) -> Self {
        let blocks: Vec<_> = parts(count, filters()).collect();
        let mut weights = Vec::with_capacity(count * taps);
        for filters in &blocks {
            (0..taps).for_each(|tap| weights.extend(filters.clone().map(|filter| weight(filter, tap))));
        }
        Self { blocks, weights, bias: bias.map_or_else(|| vec![0.0; count], <[f32]>::to_vec) }
    }
}

impl Direct {
    /// The output by weights `(filter, tap)`, the taps of one channel after those of another; every thread takes examples of
    /// the batch.
    pub(super) fn convolve(
        &self,
        input: &[f32],
        bias: Option<&[f32]>,
        weight: impl Fn(usize, usize) -> f32,
    ) -> Vec<f32> {
        let taps = self.channels * self.taps();
        let packed = Packed::new(self.filters, taps, bias, weight);
        let (width, plane) = (self.columns.output, self.rows.output * self.columns.output);
        let mut output = Unwritten::new(self.batch * self.filters * plane);
        let inputs = input.par_chunks_exact(self.channels * self.rows.input * self.columns.input);
        let outputs = output.all().par_chunks_exact_mut(self.filters * plane);
        let scratch = || {
            let frames = Frames::new(self.channels, self.rows, self.columns);
            let places = self.places(&frames);
            (frames, places, Scratch::default())
        };
        outputs.zip(inputs).for_each_init(scratch, |(frames, places, sums), (output, input)| {
            let pitch = frames.pitch();
            for rows in frames.parts() {
                frames.fill(input, &rows);
                let count = rows.len() * pitch;
                let step = count.next_multiple_of(COLUMNS);
                sums.resize(filters() * step);
                for filters in &packed.blocks {
                    let taps = Taps {
                        weights: &packed.weights[filters.start * taps..filters.end * taps],
                        places,
                        bias: &packed.bias[filters.clone()],
                    };
                    convolve(frames.numbers(), taps, count, sums, step);
                    for (filter, sums) in filters.clone().zip(sums.chunks_exact(step)) {
                        let to = &mut output[filter * plane + rows.start * width..][..rows.len() * width];
                        let rows = to.chunks_exact_mut(width).zip(sums.chunks_exact(pitch));
                        rows.for_each(|(to, sums)| put(to, sums));
                    }
                }
            }
        });
        // SAFETY: every row of every filter of every example was written.
        unsafe { output.written() }
    }

    /// Where each tap lies from its output in the frames.
    fn places(&self, frames: &Frames) -> Vec<usize> {
        let place = |tap: usize| {
            let (channel, tap) = (tap / self.taps(), tap % self.taps());
            let (row, column) = (tap / self.columns.kernel, tap % self.columns.kernel);
            channel * frames.step() + row * frames.pitch() + column
        };
        (0..self.channels * self.taps()).map(place).collect()
    }
}
