use super::kernel::{COLUMNS, GRADIENTS, add_gradients};
use super::{Direct, Frames};
use crate::ops::cpu::{Scratch, parts, wide};
use rayon::prelude::*;
use std::ops::Range;

/// Examples whose sums are added up one after the other. Always so many, so that no sum depends on the threads.
const EXAMPLES: usize = 4;

impl Direct {
    /// Gradient of the weights.
    pub fn weight_gradient(&self, input: &[f32], gradient: &[f32]) -> Vec<f32> {
        let of_input = self.channels * self.rows.input * self.columns.input;
        let of_output = self.filters * self.rows.output * self.columns.output;
        let weights = self.filters * self.channels * self.taps();
        let inputs = input.par_chunks(EXAMPLES * of_input);
        let scratch = || (Frames::new(self.channels, self.rows, self.columns), Scratch::default());
        let sums: Vec<Vec<f32>> = inputs
            .zip(gradient.par_chunks(EXAMPLES * of_output))
            .map_init(scratch, |(frames, gradients), (input, gradient)| {
                let mut sums = vec![0.0; weights];
                for (input, gradient) in input.chunks_exact(of_input).zip(gradient.chunks_exact(of_output)) {
                    for rows in frames.parts() {
                        frames.fill(input, &rows);
                        let step = self.lay_out(gradient, &rows, frames.pitch(), gradients);
                        self.add(frames, (gradients, step), &mut sums);
                    }
                }
                sums
            })
            .collect();
        let mut sums = sums.into_iter();
        let mut total = sums.next().unwrap_or_else(|| vec![0.0; weights]);
        sums.for_each(|sums| total.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum));
        total
    }

    /// Puts some rows of the output's gradient as far apart as those of the frames, with zeros between them. Returns how far one filter's
    /// are from another's.
    fn lay_out(&self, gradient: &[f32], rows: &Range<usize>, pitch: usize, to: &mut Scratch) -> usize {
        let width = self.columns.output;
        let step = (rows.len() * pitch).next_multiple_of(COLUMNS);
        to.resize(self.filters * step);
        for (to, plane) in to.chunks_exact_mut(step).zip(gradient.chunks_exact(self.rows.output * width)) {
            let plane = &plane[rows.start * width..rows.end * width];
            for (to, from) in to.chunks_exact_mut(pitch).zip(plane.chunks_exact(width)) {
                let (to, between) = to.split_at_mut(width);
                to.copy_from_slice(from);
                between.fill(0.0);
            }
            to[rows.len() * pitch..].fill(0.0);
        }
        step
    }

    /// Adds what some rows of an example give.
    fn add(&self, frames: &Frames, (gradients, step): (&[f32], usize), sums: &mut [f32]) {
        let (kernel, pitch, of_filter) = (self.columns.kernel, frames.pitch(), self.channels * self.taps());
        wide(
            #[inline(always)]
            |simd| {
                for filters in parts(self.filters, GRADIENTS.0) {
                    let gradients = &gradients[filters.start * step..];
                    for (channel, frame) in frames.numbers().chunks_exact(frames.step()).enumerate() {
                        for row in 0..self.rows.kernel {
                            for columns in parts(kernel, GRADIENTS.1) {
                                let tap = (channel * self.rows.kernel + row) * kernel + columns.start;
                                let sums = &mut sums[filters.start * of_filter + tap..];
                                add_gradients(
                                    (filters.len(), columns.len()),
                                    (gradients, step),
                                    &frame[row * pitch + columns.start..],
                                    step,
                                    (sums, of_filter),
                                    simd,
                                );
                            }
                        }
                    }
                }
            },
        );
    }
}
