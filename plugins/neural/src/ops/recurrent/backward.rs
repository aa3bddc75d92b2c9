use super::GROUP;
use super::cell::RecurrentCell;
use super::rows::LastRows;
use crate::geometry::RecurrentSizes;
use crate::ops::cpu::{Panels, Rows, wide, zeros};
use rayon::prelude::*;

/// Steps whose gradients are multiplied at once by what was read in them: sums that are long, of rows that stay in a core's
/// second cache.
const TURNS: usize = 16;

/// What a walk read and made, and the gradient of what it made.
#[derive(Clone, Copy)]
pub(super) struct Walk<'a> {
    pub input: &'a [f32],
    pub saved: &'a [f32],
    pub output: &'a [f32],
    pub gradient: &'a [f32],
}

/// What the gradients of the gates are multiplied by in every step.
struct Weights {
    /// For each of [`crate::geometry::Recurrence::hidden_spans`].
    of_state: Vec<Panels>,
    /// Where the gradient of the input is wanted.
    of_input: Option<Panels>,
}

impl RecurrentSizes {
    /// Backpropagation through time: the gradients of the input, where it is wanted, and of the weights, in the order of
    /// [`RecurrentSizes::weight_dims`].
    pub(super) fn backward<C: RecurrentCell>(
        &self,
        walk: Walk,
        [weight_ih, weight_hh]: [&[f32]; 2],
        wants_input: bool,
    ) -> (Option<Vec<f32>>, Vec<f32>) {
        let (features, hidden) = (self.features, self.hidden);
        let spans = self.recurrence.hidden_spans().iter();
        let packed = Weights {
            of_state: spans
                .map(|span| {
                    let weights = &weight_hh[span.gate * hidden * hidden..];
                    Panels::new(span.gates * hidden, hidden, |gate, k| weights[gate * hidden + k])
                })
                .collect(),
            of_input: wants_input
                .then(|| Panels::new(self.gates(), features, |gate, k| weight_ih[gate * features + k])),
        };
        let group = GROUP * self.steps;
        let mut of_input = wants_input.then(|| zeros(self.rows() * features));
        let parts: Vec<Option<&mut [f32]>> = match &mut of_input {
            Some(of_input) => of_input.chunks_mut(group * features).map(Some).collect(),
            None => (0..self.batch.div_ceil(GROUP)).map(|_| None).collect(),
        };
        let of_weights: Vec<Vec<f32>> = (parts.into_par_iter())
            .zip(walk.input.par_chunks(group * features))
            .zip(walk.saved.par_chunks(group * self.saved()))
            .zip(walk.output.par_chunks(group * hidden))
            .zip(walk.gradient.par_chunks(group * hidden))
            .map(|((((of_input, input), saved), output), gradient)| {
                wide(
                    #[inline(always)]
                    |_| self.walk_back::<C>(Walk { input, saved, output, gradient }, &packed, of_input),
                )
            })
            .collect();
        // In the order of the groups, whichever thread was first.
        let mut total = vec![0.0; self.weights()];
        for of_group in of_weights {
            total.iter_mut().zip(of_group).for_each(|(total, value)| *total += value);
        }
        (of_input, total)
    }

    /// All steps of a group of examples; the gradient of the weights.
    #[inline(always)]
    fn walk_back<C: RecurrentCell>(
        &self,
        walk: Walk,
        weights: &Weights,
        mut of_input: Option<&mut [f32]>,
    ) -> Vec<f32> {
        let (steps, features, hidden, saved_width) = (self.steps, self.features, self.hidden, self.saved());
        let gates = self.gates();
        let examples = walk.output.len() / (steps * hidden);
        let nothing = vec![0.0; hidden];
        let mut by_state = vec![0.0; examples * hidden];
        let mut by_memory = vec![0.0; examples * hidden];
        // What becomes gradients of the gates, and what was read, of the last steps and all examples.
        let mut by_gates = vec![0.0; TURNS * examples * saved_width];
        let mut inputs = LastRows::new(TURNS * examples, features);
        let mut states = LastRows::new(TURNS * examples, hidden);
        let mut sums = vec![0.0; saved_width];
        let mut of_weights = vec![0.0; self.weights()];
        let (of_ih, rest) = of_weights.split_at_mut(gates * features);
        let (of_hh, rest) = rest.split_at_mut(gates * hidden);
        let (of_bias_ih, of_bias_hh) = rest.split_at_mut(gates);

        for first in (0..steps).step_by(TURNS).rev() {
            let turns = first..steps.min(first + TURNS);
            inputs.clear();
            states.clear();
            for (turn, by_gates) in turns.rev().zip(by_gates.chunks_exact_mut(examples * saved_width)) {
                let time = self.time(turn);
                for example in 0..examples {
                    let row = example * steps + time;
                    let before = match turn {
                        0 => &nothing,
                        _ => &walk.output[(example * steps + self.time(turn - 1)) * hidden..][..hidden],
                    };
                    let by_state = &mut by_state[example * hidden..][..hidden];
                    by_state
                        .iter_mut()
                        .zip(&walk.gradient[row * hidden..][..hidden])
                        .for_each(|(sum, &value)| *sum += value);
                    let by_memory = &mut by_memory[example * hidden..][..hidden];
                    let by_gates = &mut by_gates[example * saved_width..][..saved_width];
                    let saved = &walk.saved[row * saved_width..][..saved_width];
                    by_gates.iter_mut().zip(saved).for_each(|(by_gates, saved)| *by_gates = *saved);
                    C::backward(by_gates, before, by_state, by_memory);
                    sums.iter_mut().zip(by_gates).for_each(|(sum, value)| *sum += *value);
                    inputs.push(&walk.input[row * features..][..features]);
                    states.push(before);
                }
                for (span, weights) in self.recurrence.hidden_spans().iter().zip(&weights.of_state) {
                    let rows =
                        Rows { numbers: &by_gates[span.block * hidden..], step: saved_width, along: 1 };
                    weights.add_product(rows, examples, &mut by_state, hidden);
                }
                if let (Some(of_input), Some(weights)) = (&mut of_input, &weights.of_input) {
                    let rows = Rows { numbers: by_gates, step: saved_width, along: 1 };
                    let of_input = &mut of_input[time * features..];
                    weights.add_product(rows, examples, of_input, steps * features);
                }
            }
            inputs.add_product(&by_gates, saved_width, 0..gates, of_ih);
            for span in self.recurrence.hidden_spans() {
                let of_hh = &mut of_hh[span.gate * hidden * hidden..];
                let columns = span.block * hidden..(span.block + span.gates) * hidden;
                states.add_product(&by_gates, saved_width, columns, of_hh);
            }
        }
        of_bias_ih.copy_from_slice(&sums[..gates]);
        for span in self.recurrence.hidden_spans() {
            let (first, count) = (span.gate * hidden, span.gates * hidden);
            of_bias_hh[first..][..count].copy_from_slice(&sums[span.block * hidden..][..count]);
        }
        of_weights
    }
}
