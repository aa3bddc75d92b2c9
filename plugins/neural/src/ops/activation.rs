use super::cpu::{map, map_pairs, values, wide};
use super::operation::{Backward, BackwardReads, Gradients, Operation};
use crate::kernels;
use candle_core::{Device, Result, Tensor};

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
    /// `min(max(0, x), 6)`: PyTorch's `ReLU6`, for networks on small devices.
    Relu6,
    /// `1 / (1 + exp(−x))`.
    Sigmoid,
    /// `min(max(0, x / 6 + 1/2), 1)`: PyTorch's `Hardsigmoid` and Keras 3's `hard_sigmoid`.
    HardSigmoid,
    /// `x` times its sigmoid: PyTorch's `SiLU`, or swish (P. Ramachandran, B. Zoph and Q. Le, 2017).
    Silu,
    /// `x` times its hard sigmoid: PyTorch's `Hardswish` (A. Howard and others, "Searching for MobileNetV3", ICCV 2019).
    HardSwish,
}

impl Activation {
    /// Its number in kernels/source/elementwise.cu, and its parameter.
    pub(super) fn number(self) -> (usize, f32) {
        match self {
            Self::Relu => (0, 0.0),
            Self::Elu(alpha) => (1, alpha),
            Self::LeakyRelu(slope) => (2, slope),
            Self::Relu6 => (3, 0.0),
            Self::Sigmoid => (4, 0.0),
            Self::HardSigmoid => (5, 0.0),
            Self::Silu => (6, 0.0),
            Self::HardSwish => (7, 0.0),
        }
    }

    /// Whether its slope is not told from its value alone: two inputs may have the same.
    pub(crate) fn is_gated(self) -> bool {
        matches!(self, Self::Silu | Self::HardSwish)
    }

    /// Whether it never falls and its slope is told from its value: the largest of what it makes is what it makes of the largest.
    pub(crate) fn keeps_order(self) -> bool {
        match self {
            Self::Elu(factor) | Self::LeakyRelu(factor) => factor >= 0.0,
            _ => !self.is_gated(),
        }
    }

    /// Puts the function of every number in its place.
    pub(crate) fn change(self, numbers: &mut [f32]) {
        self.of(numbers);
    }

    /// The function, in place of numbers or beside them.
    fn of<N: Numbers>(self, numbers: N) -> N::Made {
        // Not `max` and `min`, which would make a number of what is none.
        match self {
            Self::Relu => numbers.map(|x| if x < 0.0 { 0.0 } else { x }),
            Self::Elu(alpha) => numbers.map(move |x| if x > 0.0 { x } else { alpha * exp_m1(x) }),
            Self::LeakyRelu(slope) => numbers.map(move |x| if x > 0.0 { x } else { slope * x }),
            Self::Relu6 => numbers.map(|x| between(x, 0.0, 6.0)),
            Self::Sigmoid => numbers.map(sigmoid),
            Self::HardSigmoid => numbers.map(hard_sigmoid),
            Self::Silu => numbers.map(|x| x * sigmoid(x)),
            Self::HardSwish => numbers.map(|x| x * hard_sigmoid(x)),
        }
    }

    /// Puts gradients times the slope in place of what the slope is told from: the output, or of the gated ones the input.
    pub(super) fn slope_times(self, from: &mut [f32], gradients: &[f32]) {
        self.gradients((from, gradients));
    }

    /// The same, in place of numbers or beside them.
    fn gradients<N: Pairs>(self, pairs: N) -> N::Made {
        let inside = |y: f32, low: f32, high: f32| y > low && y < high;
        match self {
            Self::Relu => multiply(pairs, |y| if y > 0.0 { 1.0 } else { 0.0 }),
            Self::Elu(alpha) => multiply(pairs, move |y| if y > 0.0 { 1.0 } else { y + alpha }),
            Self::LeakyRelu(slope) => multiply(pairs, move |y| if y > 0.0 { 1.0 } else { slope }),
            Self::Relu6 => multiply(pairs, |y| if inside(y, 0.0, 6.0) { 1.0 } else { 0.0 }),
            Self::Sigmoid => multiply(pairs, |y| y * (1.0 - y)),
            Self::HardSigmoid => multiply(pairs, |y| if inside(y, 0.0, 1.0) { 1.0 / 6.0 } else { 0.0 }),
            Self::Silu => multiply(pairs, |x| {
                let gate = sigmoid(x);
                gate * (1.0 + x * (1.0 - gate))
            }),
            Self::HardSwish => multiply(pairs, |x| {
                if x >= 3.0 {
                    1.0
                } else if x <= -3.0 {
                    0.0
                } else {
                    x / 3.0 + 0.5
                }
            }),
        }
    }
}

/// Numbers that each go through a function: in their place, or read for new ones.
trait Numbers {
    type Made;
    fn map(self, f: impl Fn(f32) -> f32 + Sync) -> Self::Made;
}

impl Numbers for &mut [f32] {
    type Made = ();
    #[inline(always)]
    fn map(self, f: impl Fn(f32) -> f32 + Sync) {
        wide(
            #[inline(always)]
            |_| self.iter_mut().for_each(|number| *number = f(*number)),
        );
    }
}

impl Numbers for &[f32] {
    type Made = Vec<f32>;
    #[inline(always)]
    fn map(self, f: impl Fn(f32) -> f32 + Sync) -> Vec<f32> {
        map(self, f)
    }
}

/// Numbers that go through a function by twos: in place of the first, or read for new ones.
trait Pairs {
    type Made;
    fn map(self, f: impl Fn(f32, f32) -> f32 + Sync) -> Self::Made;
}

impl Pairs for (&mut [f32], &[f32]) {
    type Made = ();
    #[inline(always)]
    fn map(self, f: impl Fn(f32, f32) -> f32 + Sync) {
        wide(
            #[inline(always)]
            |_| self.0.iter_mut().zip(self.1).for_each(|(a, b)| *a = f(*a, *b)),
        );
    }
}

impl Pairs for (&[f32], &[f32]) {
    type Made = Vec<f32>;
    #[inline(always)]
    fn map(self, f: impl Fn(f32, f32) -> f32 + Sync) -> Vec<f32> {
        map_pairs(self.0, self.1, f)
    }
}

/// An activation as an operation. What its backward pass reads is known when it is compiled: the output, of which nothing else
/// needs to be kept, or `FROM_INPUT`, for [gated](Activation::is_gated) ones.
pub(crate) struct Activated<const FROM_INPUT: bool>(pub Activation);

impl<const FROM_INPUT: bool> Operation<1> for Activated<FROM_INPUT> {
    type Saved = ();
    const READS: BackwardReads = if FROM_INPUT { BackwardReads::INPUTS } else { BackwardReads::OUTPUT };

    fn forward_cpu(&self, [input]: [&Tensor; 1]) -> Result<(Tensor, ())> {
        let made = self.0.of(&*values(input)?);
        Ok((Tensor::from_vec(made, input.shape(), &Device::Cpu)?, ()))
    }

    fn forward_cuda(&self, [input]: [&Tensor; 1]) -> Result<(Tensor, ())> {
        Ok((kernels::activate(self.0.number(), input)?, ()))
    }

    fn backward_cpu(&self, of: Backward<'_, 1>, (): ()) -> Result<Gradients<1>> {
        let known = if FROM_INPUT { of.inputs[0] } else { of.output };
        let made = self.0.gradients((&*values(known)?, &*values(of.gradient)?));
        Ok([Some(Tensor::from_vec(made, of.gradient.shape(), &Device::Cpu)?)])
    }

    fn backward_cuda(&self, of: Backward<'_, 1>, (): ()) -> Result<Gradients<1>> {
        let known = if FROM_INPUT { of.inputs[0] } else { of.output };
        Ok([Some(kernels::activate_backward(self.0.number(), known, of.gradient)?)])
    }
}

#[inline(always)]
fn multiply<N: Pairs>(pairs: N, slope: impl Fn(f32) -> f32 + Sync) -> N::Made {
    // A gradient that is no number must not come through where the slope is 0.
    pairs.map(|from, gradient| {
        let slope = slope(from);
        if slope == 0.0 { 0.0 } else { slope * gradient }
    })
}

#[inline(always)]
fn between(x: f32, low: f32, high: f32) -> f32 {
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}

#[inline(always)]
fn hard_sigmoid(x: f32) -> f32 {
    between(x / 6.0 + 0.5, 0.0, 1.0)
}

#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    let small = exp_m1(-x.abs()) + 1.0;
    (if x < 0.0 { small } else { 1.0 }) / (1.0 + small)
}

/// `exp(x) − 1` for `x ≤ 0`, written without branches and calls so that the CPU works on many numbers
/// at once.
///
/// With `x = n ln 2 + r`, `exp(x) − 1 = 2ⁿ (exp(r) − 1) + (2ⁿ − 1)`, and `exp(r) − 1` by its Taylor series:
/// `r` is at most 0.35, and the terms after the seventh are below the last bit.
#[inline(always)]
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
