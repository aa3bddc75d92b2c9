use super::cell::RecurrentCell;
use super::product::Packed;
use super::{GROUP, RecurrentWeights, threads};
use crate::geometry::RecurrentSizes;
use crate::ops::cpu::{Matrix, MatrixMut, wide, zeros};
use rayon::prelude::*;

impl RecurrentSizes {
    /// The saved rows and the states, for all examples and steps.
    pub(super) fn forward<C: RecurrentCell>(
        &self,
        input: &[f32],
        weights: &RecurrentWeights,
    ) -> (Vec<f32>, Vec<f32>) {
        let (rows, gates, saved_width) = (self.rows(), self.gates(), self.saved());
        let mut saved = zeros(rows * saved_width);
        saved
            .par_chunks_exact_mut(saved_width)
            .with_min_len(256)
            .for_each(|row| row[..gates].copy_from_slice(weights.bias_ih));
        let w = Matrix::new(weights.weight_ih, gates, self.features).transposed();
        let x = Matrix::new(input, rows, self.features);
        MatrixMut::part(&mut saved, rows, gates, saved_width).add_product(x, w, threads());

        let packed = Packed::new(self.hidden, gates, |k, gate| weights.weight_hh[gate * self.hidden + k]);
        let mut output = zeros(rows * self.hidden);
        let group = GROUP * self.steps;
        saved.par_chunks_mut(group * saved_width).zip(output.par_chunks_mut(group * self.hidden)).for_each(
            |(saved, output)| {
                wide(
                    #[inline(always)]
                    |_| self.walk::<C>(saved, output, &packed, weights.bias_hh),
                );
            },
        );
        (saved, output)
    }

    /// All steps of a group of examples.
    #[inline(always)]
    fn walk<C: RecurrentCell>(&self, saved: &mut [f32], output: &mut [f32], weights: &Packed, bias: &[f32]) {
        let (hidden, saved_width, width) = (self.hidden, self.saved(), Packed::width(self.gates()));
        let examples = output.len() / (self.steps * hidden);
        let mut state = vec![0.0; examples * hidden];
        let mut memory = vec![0.0; examples * hidden];
        let mut gates = vec![0.0; examples * width];
        for turn in 0..self.steps {
            for gates in gates.chunks_exact_mut(width) {
                gates[..bias.len()].copy_from_slice(bias);
            }
            weights.multiply_add(&state, hidden, &mut gates);
            for example in 0..examples {
                let row = example * self.steps + self.time(turn);
                let state = &mut state[example * hidden..][..hidden];
                let memory = &mut memory[example * hidden..][..hidden];
                C::forward(
                    &mut saved[row * saved_width..][..saved_width],
                    &gates[example * width..],
                    state,
                    memory,
                );
                output[row * hidden..][..hidden].copy_from_slice(state);
            }
        }
    }
}
