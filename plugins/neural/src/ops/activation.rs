use super::cpu::{BLOCK, values, zeros};
use super::operation::{Backward, BackwardReads, Gradients, Operation};
use crate::kernels;
use candle_core::{Device, Result, Tensor};
use rayon::prelude::*;

/// A function that every number of a batch goes through; as a layer, an activation without weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Activation {
    /// `max(0, x)`: PyTorch's `ReLU`.
    Relu,
    /// `x` above zero, `α (exp(x) − 1)` below (D.-A. Clevert, T. Unterthiner and S. Hochreiter, ICLR 2016);
    /// PyTorch's α is 1.
    Elu(f32),
    /// `x` above zero, a small slope times `x` below; PyTorch's slope is 0.01, Keras's 0.3.
    LeakyRelu(f32),
}

impl Activation {
    /// Its number in kernels/source/elementwise.cu, and its parameter.
    fn number(self) -> (usize, f32) {
        match self {
            Self::Relu => (0, 0.0),
            Self::Elu(alpha) => (1, alpha),
            Self::LeakyRelu(slope) => (2, slope),
        }
    }
}

/// The slopes are told from the values: nothing but the output needs to be kept.
impl Operation<1> for Activation {
    type Saved = ();
    const READS: BackwardReads = BackwardReads::OUTPUT;

    fn forward_cpu(&self, [input]: [&Tensor; 1]) -> Result<(Tensor, ())> {
        let output = match *self {
            // Not `max`, which would make a number of what is none.
            Self::Relu => map(input, |x| if x < 0.0 { 0.0 } else { x }),
            Self::Elu(alpha) => map(input, move |x| if x > 0.0 { x } else { alpha * exp_m1(x) }),
            Self::LeakyRelu(slope) => map(input, move |x| if x > 0.0 { x } else { slope * x }),
        };
        Ok((output?, ()))
    }

    fn forward_cuda(&self, [input]: [&Tensor; 1]) -> Result<(Tensor, ())> {
        Ok((kernels::activate(self.number(), input)?, ()))
    }

    fn backward_cpu(&self, of: Backward<'_, 1>, (): ()) -> Result<Gradients<1>> {
        let Backward { output, gradient, .. } = of;
        let of_input = match *self {
            Self::Relu => map_both(output, gradient, |y, g| if y > 0.0 { g } else { 0.0 }),
            Self::Elu(alpha) => {
                map_both(output, gradient, move |y, g| if y > 0.0 { g } else { (y + alpha) * g })
            }
            Self::LeakyRelu(slope) => {
                map_both(output, gradient, move |y, g| if y > 0.0 { g } else { slope * g })
            }
        };
        Ok([Some(of_input?)])
    }

    fn backward_cuda(&self, of: Backward<'_, 1>, (): ()) -> Result<Gradients<1>> {
        Ok([Some(kernels::activate_backward(self.number(), of.output, of.gradient)?)])
    }
}

/// `f` of every number; candle's own operations use one thread.
fn map(input: &Tensor, f: impl Fn(f32) -> f32 + Sync) -> Result<Tensor> {
    let from = values(input)?;
    let mut to = zeros(from.len());
    to.par_chunks_mut(BLOCK).zip(from.par_chunks(BLOCK)).for_each(|(to, from)| {
        to.iter_mut().zip(from).for_each(|(to, from)| *to = f(*from));
    });
    Tensor::from_vec(to, input.shape(), &Device::Cpu)
}

/// The same of the numbers of two tensors.
fn map_both(a: &Tensor, b: &Tensor, f: impl Fn(f32, f32) -> f32 + Sync) -> Result<Tensor> {
    let (from, with) = (values(a)?, values(b)?);
    let mut to = zeros(from.len());
    let blocks = from.par_chunks(BLOCK).zip(with.par_chunks(BLOCK));
    to.par_chunks_mut(BLOCK).zip(blocks).for_each(|(to, (from, with))| {
        to.iter_mut().zip(from.iter().zip(with)).for_each(|(to, (a, b))| *to = f(*a, *b));
    });
    Tensor::from_vec(to, a.shape(), &Device::Cpu)
}

/// `exp(x) − 1` for `x ≤ 0`, written without branches and calls so that the CPU works on many numbers
/// at once.
///
/// With `x = n ln 2 + r`, `exp(x) − 1 = 2ⁿ (exp(r) − 1) + (2ⁿ − 1)`, and `exp(r) − 1` by its Taylor series:
/// `r` is at most 0.35, and the terms after the seventh are below the last bit.
fn exp_m1(x: f32) -> f32 {
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    // Adding and taking away 1.5 · 2²³ rounds to a whole number.
    const ROUND: f32 = 12_582_912.0;
    // Below this, 2ⁿ is no longer a normal number, and the result −1 to the last bit long before.
    let x = if x < -80.0 { -80.0 } else { x };
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = x - n * LN_2_HIGH - n * LN_2_LOW;
    let series = [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0];
    let expm1 = r * series.into_iter().fold(1.0 / 5040.0, |sum, factor| sum * r + factor);
    // The last bits of the sum with 1.5 · 2²³ are n itself.
    let power = f32::from_bits((rounded.to_bits() << 23).wrapping_add(127 << 23));
    power * expm1 + (power - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_m1_is_correct_to_the_last_bits() {
        for step in 0..100_000 {
            let x = -(step as f32) * 1e-3;
            let exact = f64::from(x).exp_m1();
            assert!((f64::from(exp_m1(x)) - exact).abs() <= 2e-7 * exact.abs(), "{x}");
        }
        assert!(exp_m1(f32::NAN).is_nan());
    }
}
