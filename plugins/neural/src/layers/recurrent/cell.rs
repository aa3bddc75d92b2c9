//! What one step of a recurrence computes for one example, forwards and backwards.
//!
//! A row of "kept" numbers belongs to an example and a step. It starts as the input's part of the gates,
//! `W_ih·x + b_ih`; the step forwards leaves in it what the step backwards needs; the step backwards leaves in it the
//! gradients with respect to the gates. It is made of blocks as long as the state.

use super::activation::{sigmoid, tanh};

/// A kind of recurrence. Slices named `state`, `memory` and `gradient…` are as long as the state.
pub(super) trait Cell: Send + Sync + 'static {
    /// For error messages.
    const NAME: &'static str;
    /// Blocks of rows in the weights.
    const GATES: usize;
    /// Blocks in a kept row; the first [`Cell::GATES`] end as gradients of `W_ih·x + b_ih`.
    const KEPT: usize;
    /// Where the gradients of `W_hh·h + b_hh` end.
    const HIDDEN: &'static [Span];

    /// One step forwards: `kept` as above, `hidden` is `W_hh·h + b_hh`, `state` is h and `memory` what else the cell hands
    /// to the next step.
    fn step(kept: &mut [f32], hidden: &[f32], state: &mut [f32], memory: &mut [f32]);

    /// One step backwards: `before` is the state before the step. The gradients come with respect to state and memory
    /// after the step and leave with respect to those before it, without the way through `W_hh·h`.
    fn back(kept: &mut [f32], before: &[f32], gradient: &mut [f32], gradient_memory: &mut [f32]);
}

/// Gates that lie together in the kept rows.
pub(super) struct Span {
    /// The first gate, in the order of the weights.
    pub gate: usize,
    /// How many.
    pub gates: usize,
    /// The first one's block in the kept row.
    pub block: usize,
}

/// Splits a row into its blocks.
#[inline(always)]
fn blocks<const N: usize>(row: &[f32], length: usize) -> [&[f32]; N] {
    std::array::from_fn(|block| &row[block * length..][..length])
}

/// Splits a row into its blocks.
#[inline(always)]
fn blocks_mut<const N: usize>(mut row: &mut [f32], length: usize) -> [&mut [f32]; N] {
    std::array::from_fn(|_| {
        let (block, rest) = std::mem::take(&mut row).split_at_mut(length);
        row = rest;
        block
    })
}

/// `h' = tanh(W_ih·x + b_ih + W_hh·h + b_hh)` (J. L. Elman, "Finding Structure in Time", 1990). Kept: h'.
pub(super) struct Tanh;

impl Cell for Tanh {
    const NAME: &'static str = "rnn";
    const GATES: usize = 1;
    const KEPT: usize = 1;
    const HIDDEN: &'static [Span] = &[Span { gate: 0, gates: 1, block: 0 }];

    #[inline(always)]
    fn step(kept: &mut [f32], hidden: &[f32], state: &mut [f32], _memory: &mut [f32]) {
        for ((kept, &hidden), state) in kept.iter_mut().zip(hidden).zip(state) {
            *kept = tanh(*kept + hidden);
            *state = *kept;
        }
    }

    #[inline(always)]
    fn back(kept: &mut [f32], _before: &[f32], gradient: &mut [f32], _gradient_memory: &mut [f32]) {
        for (kept, gradient) in kept.iter_mut().zip(gradient) {
            *kept = *gradient * (1.0 - *kept * *kept);
            *gradient = 0.0;
        }
    }
}

/// Long short-term memory (S. Hochreiter and J. Schmidhuber, 1997; forget gate by F. Gers et al., 2000):
/// `c' = f·c + i·g`, `h' = o·tanh(c')` with the gates in PyTorch's order i, f, g, o. Kept: the gates, c.
pub(super) struct Lstm;

impl Cell for Lstm {
    const NAME: &'static str = "lstm";
    const GATES: usize = 4;
    const KEPT: usize = 5;
    const HIDDEN: &'static [Span] = &[Span { gate: 0, gates: 4, block: 0 }];

    #[inline(always)]
    fn step(kept: &mut [f32], hidden: &[f32], state: &mut [f32], memory: &mut [f32]) {
        let n = state.len();
        let [i, f, g, o, c] = blocks_mut(kept, n);
        let [hidden_i, hidden_f, hidden_g, hidden_o] = blocks(hidden, n);
        let memory = &mut memory[..n];
        for k in 0..n {
            i[k] = sigmoid(i[k] + hidden_i[k]);
            f[k] = sigmoid(f[k] + hidden_f[k]);
            g[k] = tanh(g[k] + hidden_g[k]);
            o[k] = sigmoid(o[k] + hidden_o[k]);
            c[k] = memory[k];
            memory[k] = f[k].mul_add(c[k], i[k] * g[k]);
            state[k] = o[k] * tanh(memory[k]);
        }
    }

    #[inline(always)]
    fn back(kept: &mut [f32], _before: &[f32], gradient: &mut [f32], gradient_memory: &mut [f32]) {
        let n = gradient.len();
        let [i, f, g, o, c] = blocks_mut(kept, n);
        let gradient_memory = &mut gradient_memory[..n];
        for k in 0..n {
            let (i_k, f_k, g_k, o_k, c_k) = (i[k], f[k], g[k], o[k], c[k]);
            let squashed = tanh(f_k.mul_add(c_k, i_k * g_k));
            let from_state = gradient[k] * o_k * (1.0 - squashed * squashed);
            let gradient_c = gradient_memory[k] + from_state;
            i[k] = gradient_c * g_k * i_k * (1.0 - i_k);
            f[k] = gradient_c * c_k * f_k * (1.0 - f_k);
            g[k] = gradient_c * i_k * (1.0 - g_k * g_k);
            o[k] = gradient[k] * squashed * o_k * (1.0 - o_k);
            gradient_memory[k] = gradient_c * f_k;
            gradient[k] = 0.0;
        }
    }
}

/// Gated recurrent unit (K. Cho et al., 2014) in PyTorch's form, which resets after the product:
/// `n = tanh(W_in·x + b_in + r·(W_hn·h + b_hn))`, `h' = (1 - z)·n + z·h` with the gates in the order r, z, n.
/// Kept: r, z, n, `W_hn·h + b_hn`.
pub(super) struct Gru;

impl Cell for Gru {
    const NAME: &'static str = "gru";
    const GATES: usize = 3;
    const KEPT: usize = 4;
    const HIDDEN: &'static [Span] =
        &[Span { gate: 0, gates: 2, block: 0 }, Span { gate: 2, gates: 1, block: 3 }];

    #[inline(always)]
    fn step(kept: &mut [f32], hidden: &[f32], state: &mut [f32], _memory: &mut [f32]) {
        let length = state.len();
        let [r, z, n, product] = blocks_mut(kept, length);
        let [hidden_r, hidden_z, hidden_n] = blocks(hidden, length);
        for k in 0..length {
            r[k] = sigmoid(r[k] + hidden_r[k]);
            z[k] = sigmoid(z[k] + hidden_z[k]);
            n[k] = tanh(r[k].mul_add(hidden_n[k], n[k]));
            product[k] = hidden_n[k];
            state[k] = z[k].mul_add(state[k] - n[k], n[k]);
        }
    }

    #[inline(always)]
    fn back(kept: &mut [f32], before: &[f32], gradient: &mut [f32], _gradient_memory: &mut [f32]) {
        let length = gradient.len();
        let [r, z, n, product] = blocks_mut(kept, length);
        let before = &before[..length];
        for k in 0..length {
            let (r_k, z_k, n_k, product_k) = (r[k], z[k], n[k], product[k]);
            n[k] = gradient[k] * (1.0 - z_k) * (1.0 - n_k * n_k);
            z[k] = gradient[k] * (before[k] - n_k) * z_k * (1.0 - z_k);
            r[k] = n[k] * product_k * r_k * (1.0 - r_k);
            product[k] = n[k] * r_k;
            gradient[k] *= z_k;
        }
    }
}
