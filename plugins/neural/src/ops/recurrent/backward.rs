use super::cell::RecurrentCell;
use super::product::Packed;
use super::{GROUP, RecurrentWeights, threads};
use crate::geometry::{GateSpan, RecurrentSizes};
use crate::ops::cpu::{Matrix, MatrixMut, wide, zeros};
use rayon::prelude::*;

impl RecurrentSizes {
    /// Backpropagation through time: leaves the gradients of the gates in the saved rows. Returns the sum of
    /// these rows.
    pub(super) fn walk_backward<C: RecurrentCell>(
        &self,
        saved: &mut [f32],
        weights: &RecurrentWeights,
        output: &[f32],
        gradient: &[f32],
    ) -> Vec<f32> {
        let (hidden, saved_width, group) = (self.hidden, self.saved(), GROUP * self.steps);
        let pack = |span: &GateSpan| {
            let weights = &weights.weight_hh[span.gate * hidden * hidden..];
            Packed::new(span.gates * hidden, hidden, |gate, k| weights[gate * hidden + k])
        };
        let packed: Vec<Packed> = self.recurrence.hidden_spans().iter().map(pack).collect();
        let groups = saved.par_chunks_mut(group * saved_width).zip(output.par_chunks(group * hidden));
        let sums: Vec<Vec<f32>> = groups
            .zip(gradient.par_chunks(group * hidden))
            .map(|((saved, output), gradient)| {
                wide(
                    #[inline(always)]
                    |_| self.walk_group_backward::<C>(saved, &packed, output, gradient),
                )
            })
            .collect();
        // In the order of the groups, whichever thread was first.
        let mut total = vec![0.0; saved_width];
        for sum in sums {
            total.iter_mut().zip(sum).for_each(|(total, value)| *total += value);
        }
        total
    }

    #[inline(always)]
    fn walk_group_backward<C: RecurrentCell>(
        &self,
        saved: &mut [f32],
        weights: &[Packed],
        output: &[f32],
        gradient: &[f32],
    ) -> Vec<f32> {
        let (hidden, saved_width, width) = (self.hidden, self.saved(), Packed::width(self.hidden));
        let examples = output.len() / (self.steps * hidden);
        let nothing = vec![0.0; hidden];
        let mut by_state = vec![0.0; examples * width];
        let mut by_memory = vec![0.0; examples * hidden];
        let mut sums = vec![0.0; saved_width];
        for turn in (0..self.steps).rev() {
            let time = self.time(turn);
            for example in 0..examples {
                let row = example * self.steps + time;
                let before = match turn {
                    0 => &nothing,
                    _ => &output[(example * self.steps + self.time(turn - 1)) * hidden..][..hidden],
                };
                let by_state = &mut by_state[example * width..][..hidden];
                by_state
                    .iter_mut()
                    .zip(&gradient[row * hidden..][..hidden])
                    .for_each(|(sum, &value)| *sum += value);
                let by_memory = &mut by_memory[example * hidden..][..hidden];
                let saved = &mut saved[row * saved_width..][..saved_width];
                C::backward(saved, before, by_state, by_memory);
                sums.iter_mut().zip(saved).for_each(|(sum, value)| *sum += *value);
            }
            for (span, weights) in self.recurrence.hidden_spans().iter().zip(weights) {
                let first = time * saved_width + span.block * hidden;
                weights.multiply_add(&saved[first..], self.steps * saved_width, &mut by_state);
            }
        }
        sums
    }

    /// Gradient of the input, from the gradients of the gates.
    pub(super) fn input_gradient(&self, saved: &[f32], weights: &RecurrentWeights) -> Vec<f32> {
        let rows = self.rows();
        let mut gradient = zeros(rows * self.features);
        let gates = Matrix::part(saved, rows, self.gates(), self.saved());
        let w = Matrix::new(weights.weight_ih, self.gates(), self.features);
        MatrixMut::new(&mut gradient, rows, self.features).set_product(gates, w, threads());
        gradient
    }

    /// Gradient of the weights, in the order of [`RecurrentSizes::weights`]. `sums` is what [`RecurrentSizes::walk_backward`] returned.
    pub(super) fn weight_gradient(
        &self,
        saved: &mut [f32],
        input: &[f32],
        output: &[f32],
        sums: &[f32],
    ) -> Vec<f32> {
        let (rows, hidden, gates, saved_width) = (self.rows(), self.hidden, self.gates(), self.saved());
        let mut gradient = vec![0.0; self.weights()];
        let (by_input, rest) = gradient.split_at_mut(gates * self.features);
        let (by_hidden, rest) = rest.split_at_mut(gates * hidden);
        let (by_bias_input, by_bias_hidden) = rest.split_at_mut(gates);

        let x = Matrix::new(input, rows, self.features);
        let by_gates = Matrix::part(saved, rows, gates, saved_width).transposed();
        MatrixMut::new(by_input, gates, self.features).set_product(by_gates, x, threads());
        by_bias_input.copy_from_slice(&sums[..gates]);

        // The state before a step is one row up or down in the output, except before the first step of a
        // walk: that state is zero, and with the gradient's row set to zero as well, any other can stand in
        // for it.
        for example in saved.chunks_exact_mut(self.steps * saved_width) {
            example[self.time(0) * saved_width..][..saved_width].fill(0.0);
        }
        let (above, below) = if self.reverse { (0, 1) } else { (1, 0) };
        let states = Matrix::new(&output[below * hidden..], rows - 1, hidden);
        for span in self.recurrence.hidden_spans() {
            let (first, count) = (span.gate * hidden, span.gates * hidden);
            if self.steps > 1 {
                let saved = &saved[above * saved_width + span.block * hidden..];
                let by_gates = Matrix::part(saved, rows - 1, count, saved_width).transposed();
                MatrixMut::new(&mut by_hidden[first * hidden..], count, hidden).set_product(
                    by_gates,
                    states,
                    threads(),
                );
            }
            by_bias_hidden[first..][..count].copy_from_slice(&sums[span.block * hidden..][..count]);
        }
        gradient
    }
}
