//! What one step of a recurrence computes for one example, forward and backward.
//!
//! A row of saved numbers belongs to an example and a step. It starts as the input's part of the gates,
//! `W_ih·x + b_ih`; the forward step leaves in it what the backward step needs; the backward step leaves
//! in it the gradients with respect to the gates. It is made of blocks as long as the state.
//!
//! Every loop writes to two or three blocks: with more, the compiler finds it too costly to check that the
//! blocks do not overlap, and gives up on vector instructions.

use super::functions::{sigmoid, tanh};

/// A kind of recurrence. Slices named `state`, `memory` and `gradient…` are as long as the state.
pub(super) trait RecurrentCell: Send + Sync + 'static {
    /// One step forward: `saved` as above, `hidden` is `W_hh·h + b_hh`, `state` is h and `memory` what else
    /// the cell hands to the next step.
    fn forward(saved: &mut [f32], hidden: &[f32], state: &mut [f32], memory: &mut [f32]);

    /// One step backward: `before` is the state before the step. The gradients come with respect to state
    /// and memory after the step and leave with respect to those before it, without the path through `W_hh·h`.
    fn backward(saved: &mut [f32], before: &[f32], gradient: &mut [f32], gradient_memory: &mut [f32]);
}

/// Splits a row into its blocks.
#[inline(always)]
fn blocks<const N: usize>(row: &[f32], length: usize) -> [&[f32]; N] {
    std::array::from_fn(|block| &row[block * length..][..length])
}

/// Splits a row into its blocks.
#[inline(always)]
fn blocks_mut<const N: usize>(row: &mut [f32], length: usize) -> [&mut [f32]; N] {
    // Vector instructions need a check that blocks do not overlap. LLVM would make it once for the rows of
    // all examples, where the blocks lie between each other, and fall back to one number after the other.
    let mut row = std::hint::black_box(row);
    std::array::from_fn(|_| {
        let (block, rest) = std::mem::take(&mut row).split_at_mut(length);
        row = rest;
        block
    })
}

/// `gate = f(gate + hidden)`.
#[inline(always)]
fn activate(gate: &mut [f32], hidden: &[f32], f: impl Fn(f32) -> f32) {
    for (gate, hidden) in gate.iter_mut().zip(hidden) {
        *gate = f(*gate + hidden);
    }
}

/// `h' = tanh(W_ih·x + b_ih + W_hh·h + b_hh)` (J. L. Elman, "Finding Structure in Time", 1990). Saved: h'.
pub(super) struct Tanh;

impl RecurrentCell for Tanh {
    #[inline(always)]
    fn forward(saved: &mut [f32], hidden: &[f32], state: &mut [f32], _memory: &mut [f32]) {
        activate(saved, &hidden[..state.len()], tanh);
        state.copy_from_slice(saved);
    }

    #[inline(always)]
    fn backward(saved: &mut [f32], _before: &[f32], gradient: &mut [f32], _gradient_memory: &mut [f32]) {
        for (saved, gradient) in saved.iter_mut().zip(gradient) {
            *saved = *gradient * (1.0 - *saved * *saved);
            *gradient = 0.0;
        }
    }
}

/// Long short-term memory (S. Hochreiter and J. Schmidhuber, 1997; forget gate by F. Gers et al., 2000):
/// `c' = f·c + i·g`, `h' = o·tanh(c')` with the gates in PyTorch's order i, f, g, o. Saved: the gates, c.
pub(super) struct Lstm;

impl RecurrentCell for Lstm {
    #[inline(always)]
    fn forward(saved: &mut [f32], hidden: &[f32], state: &mut [f32], memory: &mut [f32]) {
        let n = state.len();
        let [i, f, g, o, c] = blocks_mut(saved, n);
        let [hidden_i, hidden_f, hidden_g, hidden_o] = blocks(hidden, n);
        let memory = &mut memory[..n];
        activate(i, hidden_i, sigmoid);
        activate(f, hidden_f, sigmoid);
        activate(g, hidden_g, tanh);
        activate(o, hidden_o, sigmoid);
        c.copy_from_slice(memory);
        for k in 0..n {
            memory[k] = f[k].mul_add(c[k], i[k] * g[k]);
        }
        for k in 0..n {
            state[k] = o[k] * tanh(memory[k]);
        }
    }

    #[inline(always)]
    fn backward(saved: &mut [f32], _before: &[f32], gradient: &mut [f32], gradient_memory: &mut [f32]) {
        let n = gradient.len();
        let [i, f, g, o, c] = blocks_mut(saved, n);
        let gradient_memory = &mut gradient_memory[..n];
        for k in 0..n {
            let squashed = tanh(f[k].mul_add(c[k], i[k] * g[k]));
            gradient_memory[k] += gradient[k] * o[k] * (1.0 - squashed * squashed);
            o[k] = gradient[k] * squashed * o[k] * (1.0 - o[k]);
        }
        for k in 0..n {
            let (i_k, g_k) = (i[k], g[k]);
            i[k] = gradient_memory[k] * g_k * i_k * (1.0 - i_k);
            g[k] = gradient_memory[k] * i_k * (1.0 - g_k * g_k);
        }
        for k in 0..n {
            let f_k = f[k];
            f[k] = gradient_memory[k] * c[k] * f_k * (1.0 - f_k);
            gradient_memory[k] *= f_k;
        }
        gradient.fill(0.0);
    }
}

/// Gated recurrent unit (K. Cho et al., 2014) in PyTorch's form, which resets after the product:
/// `n = tanh(W_in·x + b_in + r·(W_hn·h + b_hn))`, `h' = (1 - z)·n + z·h` with the gates in the order r, z, n.
/// Saved: r, z, n, `W_hn·h + b_hn`.
pub(super) struct Gru;

impl RecurrentCell for Gru {
    #[inline(always)]
    fn forward(saved: &mut [f32], hidden: &[f32], state: &mut [f32], _memory: &mut [f32]) {
        let length = state.len();
        let [r, z, n, product] = blocks_mut(saved, length);
        let [hidden_r, hidden_z, hidden_n] = blocks(hidden, length);
        activate(r, hidden_r, sigmoid);
        activate(z, hidden_z, sigmoid);
        product.copy_from_slice(hidden_n);
        for k in 0..length {
            n[k] = tanh(r[k].mul_add(product[k], n[k]));
        }
        for k in 0..length {
            state[k] = z[k].mul_add(state[k] - n[k], n[k]);
        }
    }

    #[inline(always)]
    fn backward(saved: &mut [f32], before: &[f32], gradient: &mut [f32], _gradient_memory: &mut [f32]) {
        let length = gradient.len();
        let [r, z, n, product] = blocks_mut(saved, length);
        let before = &before[..length];
        for k in 0..length {
            let (z_k, n_k) = (z[k], n[k]);
            n[k] = gradient[k] * (1.0 - z_k) * (1.0 - n_k * n_k);
            z[k] = gradient[k] * (before[k] - n_k) * z_k * (1.0 - z_k);
            gradient[k] *= z_k;
        }
        for k in 0..length {
            let r_k = r[k];
            r[k] = n[k] * product[k] * r_k * (1.0 - r_k);
            product[k] = n[k] * r_k;
        }
    }
}
