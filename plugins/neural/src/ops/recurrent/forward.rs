use super::GROUP;
use super::cell::RecurrentCell;
use crate::geometry::RecurrentSizes;
use crate::ops::cpu::{Panels, Rows, Unwritten, made, put, wide};
use rayon::prelude::*;
use std::mem::MaybeUninit;

/// What every step multiplies by.
struct Gates<'a> {
    of_input: Panels,
    of_state: Panels,
    bias_ih: &'a [f32],
    bias_hh: &'a [f32],
}

impl RecurrentSizes {
    /// The saved rows and the states, for all examples and steps.
    pub(super) fn forward<C: RecurrentCell>(
        &self,
        input: &[f32],
        [weight_ih, weight_hh, bias_ih, bias_hh]: [&[f32]; 4],
    ) -> (Vec<f32>, Vec<f32>) {
        let (features, hidden) = (self.features, self.hidden);
        let gates = Gates {
            of_input: Panels::new(features, self.gates(), |k, gate| weight_ih[gate * features + k]),
            of_state: Panels::new(hidden, self.gates(), |k, gate| weight_hh[gate * hidden + k]),
            bias_ih,
            bias_hh,
        };
        let mut saved = Unwritten::new(self.rows() * self.saved());
        let mut output = Unwritten::new(self.rows() * hidden);
        let group = GROUP * self.steps;
        (saved.all().par_chunks_mut(group * self.saved()))
            .zip(output.all().par_chunks_mut(group * hidden))
            .zip(input.par_chunks(group * features))
            .for_each(|((saved, output), input)| {
                wide(
                    #[inline(always)]
                    |_| self.walk::<C>(input, &gates, saved, output),
                );
            });
        // SAFETY: every example is in a group, whose walk writes the rows of all steps.
        unsafe { (saved.written(), output.written()) }
    }

    /// All steps of a group of examples.
    #[inline(always)]
    fn walk<C: RecurrentCell>(
        &self,
        input: &[f32],
        gates: &Gates,
        saved: &mut [MaybeUninit<f32>],
        output: &mut [MaybeUninit<f32>],
    ) {
        let (steps, features, hidden, saved_width) = (self.steps, self.features, self.hidden, self.saved());
        let width = self.gates();
        let examples = input.len() / (steps * features);
        let mut state = vec![0.0; examples * hidden];
        let mut memory = vec![0.0; examples * hidden];
        let mut of_input = vec![0.0; examples * saved_width];
        let mut of_state = vec![0.0; examples * width];
        for turn in 0..steps {
            let time = self.time(turn);
            for (row, of_state) in
                of_input.chunks_exact_mut(saved_width).zip(of_state.chunks_exact_mut(width))
            {
                row[..width].copy_from_slice(gates.bias_ih);
                of_state.copy_from_slice(gates.bias_hh);
            }
            let now = Rows { numbers: &input[time * features..], step: steps * features, along: 1 };
            gates.of_input.add_product(now, examples, &mut of_input, saved_width);
            let before = Rows { numbers: &state, step: hidden, along: 1 };
            gates.of_state.add_product(before, examples, &mut of_state, width);
            for example in 0..examples {
                let row = example * steps + time;
                let saved = &mut saved[row * saved_width..][..saved_width];
                let saved = made(saved, &of_input[example * saved_width..][..saved_width], |number| number);
                let state = &mut state[example * hidden..][..hidden];
                let memory = &mut memory[example * hidden..][..hidden];
                C::forward(saved, &of_state[example * width..][..width], state, memory);
                put(&mut output[row * hidden..][..hidden], state);
            }
        }
    }
}
