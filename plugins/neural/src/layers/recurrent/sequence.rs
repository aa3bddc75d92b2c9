//! One direction of one recurrent layer over whole sequences, as a single operation of candle's graph.
//!
//! What does not depend on the step before it is done for all steps in one matrix product: the input's part
//! of the gates forwards, the gradients of the weights and of the input backwards. The rest walks through
//! time, in parallel over groups of examples, which know nothing of each other.

use super::cell::{Cell, Span};
use super::product::{Packed, wide};
use crate::layers::buffer::zeros;
use crate::layers::kernels::{self, Walk};
use crate::layers::matrix::{Matrix, MatrixMut};
use crate::layers::operation::Operation;
use crate::layers::values::values;
use candle_core::{DType, Device, Result, Shape, Tensor, bail};
use gemm::Parallelism;
use rayon::prelude::*;
use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};

/// Examples that walk through time together: enough to use every weight more than once when it is loaded, few
/// enough that a small batch occupies several threads.
const GROUP: usize = 8;

/// The operation: the input, `(batch, steps, features)`, and the weights, flat as [`Sizes::weights`] says,
/// make the states of all steps, `(batch, steps, hidden)`.
pub(super) struct Sequence<C> {
    hidden: usize,
    reverse: bool,
    /// What the way forwards leaves for the way back.
    kept: Mutex<Option<Kept>>,
    cell: PhantomData<C>,
}

enum Kept {
    Slice(Vec<f32>),
    Device(Tensor),
}

impl<C: Cell> Sequence<C> {
    /// With states of `hidden` numbers; `reverse` walks from the last step to the first.
    pub(super) fn new(hidden: usize, reverse: bool) -> Self {
        Self { hidden, reverse, kept: Mutex::default(), cell: PhantomData }
    }

    fn sizes(&self, input: &Shape, weights: &Shape) -> Result<Sizes<C>> {
        let (batch, steps, features) = input.dims3()?;
        let sizes =
            Sizes { batch, steps, features, hidden: self.hidden, reverse: self.reverse, cell: PhantomData };
        if batch * steps * features * self.hidden == 0 {
            bail!("{}: nothing to compute from {input:?} with states of {}", C::NAME, self.hidden);
        }
        if weights.dims() != [sizes.weights()] {
            bail!(
                "{}: {} weights needed for an input of {input:?}, not {weights:?}",
                C::NAME,
                sizes.weights()
            );
        }
        Ok(sizes)
    }
}

impl<C: Cell> Operation<2> for Sequence<C> {
    fn forward(&self, [input, weights]: [&Tensor; 2]) -> Result<Tensor> {
        let sizes = self.sizes(input.shape(), weights.shape())?;
        let (kept, output) = if kernels::run_on(input.device()) {
            // A sum over many steps needs all digits.
            let (output, kept) = kernels::walk(&sizes.on_device(), &input.to_dtype(DType::F32)?, weights)?;
            (Kept::Device(kept), output.to_dtype(input.dtype())?)
        } else {
            let (kept, output) = sizes.forward(&values(input)?, &sizes.split(&values(weights)?));
            let shape = (sizes.batch, sizes.steps, sizes.hidden);
            (Kept::Slice(kept), Tensor::from_vec(output, shape, &Device::Cpu)?)
        };
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        Ok(output)
    }

    fn backward(
        &self,
        [input, weights]: [&Tensor; 2],
        output: &Tensor,
        gradient: &Tensor,
    ) -> Result<[Option<Tensor>; 2]> {
        let sizes = self.sizes(input.shape(), weights.shape())?;
        let mut kept = match self.kept.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(Kept::Slice(kept)) => kept,
            Some(Kept::Device(kept)) => {
                let [x, h, g] = [input, output, gradient].map(|t| t.detach().to_dtype(DType::F32));
                let weights = weights.detach();
                let walk = sizes.on_device();
                let (by_input, by_weights) =
                    kernels::walk_back(&walk, &x?, &weights, &h?, &kept, &g?, input.track_op())?;
                let by_input = by_input.map(|by_input| by_input.to_dtype(input.dtype())).transpose()?;
                return Ok([by_input, Some(by_weights)]);
            }
            None => bail!("{}: there is one way back for each way forwards", C::NAME),
        };
        let (x, flat, output) = (values(input)?, values(weights)?, values(output)?);
        let w = sizes.split(&flat);
        let sums = sizes.walk_back(&mut kept, &w, &output, &values(gradient)?);

        let by_input = input.track_op().then(|| sizes.input_gradient(&kept, &w));
        let by_input =
            by_input.map(|values| Tensor::from_vec(values, input.shape(), &Device::Cpu)).transpose()?;
        let by_weights = sizes.weight_gradient(&mut kept, &x, &output, &sums);
        Ok([by_input, Some(Tensor::from_vec(by_weights, weights.shape(), &Device::Cpu)?)])
    }
}

/// All threads that the surroundings allow.
fn threads() -> Parallelism {
    Parallelism::Rayon(rayon::current_num_threads())
}

/// The lengths of everything.
struct Sizes<C> {
    batch: usize,
    steps: usize,
    features: usize,
    hidden: usize,
    reverse: bool,
    cell: PhantomData<C>,
}

/// The weights of one direction: matrices with rows for the gates, and the biases.
struct Split<'a> {
    from_input: &'a [f32],
    from_hidden: &'a [f32],
    bias_input: &'a [f32],
    bias_hidden: &'a [f32],
}

impl<C: Cell> Sizes<C> {
    /// Length of all gates.
    fn gates(&self) -> usize {
        C::GATES * self.hidden
    }

    /// Length of a kept row.
    fn kept(&self) -> usize {
        C::KEPT * self.hidden
    }

    /// How many weights: `W_ih (gates, features)`, `W_hh (gates, hidden)`, `b_ih (gates)`, `b_hh (gates)`.
    fn weights(&self) -> usize {
        self.gates() * (self.features + self.hidden + 2)
    }

    /// The same for a device.
    fn on_device(&self) -> Walk {
        let Self { batch, steps, features, hidden, reverse, .. } = *self;
        let (gates, kept) = (self.gates(), self.kept());
        Walk { kind: C::KIND, batch, steps, features, hidden, reverse, gates, kept, spans: C::HIDDEN }
    }

    fn split<'a>(&self, weights: &'a [f32]) -> Split<'a> {
        let (from_input, rest) = weights.split_at(self.gates() * self.features);
        let (from_hidden, rest) = rest.split_at(self.gates() * self.hidden);
        let (bias_input, bias_hidden) = rest.split_at(self.gates());
        Split { from_input, from_hidden, bias_input, bias_hidden }
    }

    /// Where in time the `turn`-th step of the walk is.
    #[inline(always)]
    fn time(&self, turn: usize) -> usize {
        if self.reverse { self.steps - 1 - turn } else { turn }
    }

    /// The kept rows and the states, for all examples and steps.
    fn forward(&self, input: &[f32], weights: &Split) -> (Vec<f32>, Vec<f32>) {
        let (rows, gates, kept_width) = (self.batch * self.steps, self.gates(), self.kept());
        let mut kept = zeros(rows * kept_width);
        kept.par_chunks_exact_mut(kept_width)
            .with_min_len(256)
            .for_each(|row| row[..gates].copy_from_slice(weights.bias_input));
        let w = Matrix::new(weights.from_input, gates, self.features).transposed();
        let x = Matrix::new(input, rows, self.features);
        MatrixMut::part(&mut kept, rows, gates, kept_width).add_product(x, w, threads());

        let packed = Packed::new(self.hidden, gates, |k, gate| weights.from_hidden[gate * self.hidden + k]);
        let mut output = zeros(rows * self.hidden);
        let group = GROUP * self.steps;
        kept.par_chunks_mut(group * kept_width).zip(output.par_chunks_mut(group * self.hidden)).for_each(
            |(kept, output)| {
                wide(
                    #[inline(always)]
                    || self.walk(kept, output, &packed, weights.bias_hidden),
                );
            },
        );
        (kept, output)
    }

    /// All steps of a group of examples.
    #[inline(always)]
    fn walk(&self, kept: &mut [f32], output: &mut [f32], weights: &Packed, bias: &[f32]) {
        let (hidden, kept_width, width) = (self.hidden, self.kept(), Packed::width(self.gates()));
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
                C::step(
                    &mut kept[row * kept_width..][..kept_width],
                    &gates[example * width..],
                    state,
                    memory,
                );
                output[row * hidden..][..hidden].copy_from_slice(state);
            }
        }
    }

    /// Backpropagation through time: leaves the gradients of the gates in the kept rows. Returns the sum of
    /// these rows.
    fn walk_back(&self, kept: &mut [f32], weights: &Split, output: &[f32], gradient: &[f32]) -> Vec<f32> {
        let (hidden, kept_width, group) = (self.hidden, self.kept(), GROUP * self.steps);
        let pack = |span: &Span| {
            let weights = &weights.from_hidden[span.gate * hidden * hidden..];
            Packed::new(span.gates * hidden, hidden, |gate, k| weights[gate * hidden + k])
        };
        let packed: Vec<Packed> = C::HIDDEN.iter().map(pack).collect();
        let groups = kept.par_chunks_mut(group * kept_width).zip(output.par_chunks(group * hidden));
        let sums: Vec<Vec<f32>> = groups
            .zip(gradient.par_chunks(group * hidden))
            .map(|((kept, output), gradient)| {
                wide(
                    #[inline(always)]
                    || self.walk_back_group(kept, &packed, output, gradient),
                )
            })
            .collect();
        // In the order of the groups, whichever thread was first.
        let mut total = vec![0.0; kept_width];
        for sum in sums {
            total.iter_mut().zip(sum).for_each(|(total, value)| *total += value);
        }
        total
    }

    #[inline(always)]
    fn walk_back_group(
        &self,
        kept: &mut [f32],
        weights: &[Packed],
        output: &[f32],
        gradient: &[f32],
    ) -> Vec<f32> {
        let (hidden, kept_width, width) = (self.hidden, self.kept(), Packed::width(self.hidden));
        let examples = output.len() / (self.steps * hidden);
        let nothing = vec![0.0; hidden];
        let mut by_state = vec![0.0; examples * width];
        let mut by_memory = vec![0.0; examples * hidden];
        let mut sums = vec![0.0; kept_width];
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
                let kept = &mut kept[row * kept_width..][..kept_width];
                C::back(kept, before, by_state, by_memory);
                sums.iter_mut().zip(kept).for_each(|(sum, value)| *sum += *value);
            }
            for (span, weights) in C::HIDDEN.iter().zip(weights) {
                let first = time * kept_width + span.block * hidden;
                weights.multiply_add(&kept[first..], self.steps * kept_width, &mut by_state);
            }
        }
        sums
    }

    fn input_gradient(&self, kept: &[f32], weights: &Split) -> Vec<f32> {
        let rows = self.batch * self.steps;
        let mut gradient = zeros(rows * self.features);
        let gates = Matrix::part(kept, rows, self.gates(), self.kept());
        let w = Matrix::new(weights.from_input, self.gates(), self.features);
        MatrixMut::new(&mut gradient, rows, self.features).set_product(gates, w, threads());
        gradient
    }

    /// In the order of [`Sizes::weights`]. `sums` is what [`Sizes::walk_back`] returned.
    fn weight_gradient(&self, kept: &mut [f32], input: &[f32], output: &[f32], sums: &[f32]) -> Vec<f32> {
        let (rows, hidden, gates, kept_width) =
            (self.batch * self.steps, self.hidden, self.gates(), self.kept());
        let mut gradient = vec![0.0; self.weights()];
        let (by_input, rest) = gradient.split_at_mut(gates * self.features);
        let (by_hidden, rest) = rest.split_at_mut(gates * hidden);
        let (by_bias_input, by_bias_hidden) = rest.split_at_mut(gates);

        let x = Matrix::new(input, rows, self.features);
        let by_gates = Matrix::part(kept, rows, gates, kept_width).transposed();
        MatrixMut::new(by_input, gates, self.features).set_product(by_gates, x, threads());
        by_bias_input.copy_from_slice(&sums[..gates]);

        // The state before a step is one row up or down in the output, except before the first step of a
        // walk: that state is zero, and with the gradient's row set to zero as well, any other can stand in
        // for it.
        for example in kept.chunks_exact_mut(self.steps * kept_width) {
            example[self.time(0) * kept_width..][..kept_width].fill(0.0);
        }
        let (above, below) = if self.reverse { (0, 1) } else { (1, 0) };
        let states = Matrix::new(&output[below * hidden..], rows - 1, hidden);
        for span in C::HIDDEN {
            let (first, count) = (span.gate * hidden, span.gates * hidden);
            if self.steps > 1 {
                let kept = &kept[above * kept_width + span.block * hidden..];
                let by_gates = Matrix::part(kept, rows - 1, count, kept_width).transposed();
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
