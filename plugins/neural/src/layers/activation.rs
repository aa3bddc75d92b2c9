use super::elementwise::Elementwise;
use super::tape::Keep;
use super::{Layer, Pass};
use candle_core::{Result, Tensor};

/// A function that every number of a batch goes through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Activation {
    /// `max(0, x)`.
    Relu,
    /// `x` above zero, `α (exp(x) − 1)` below (D.-A. Clevert, T. Unterthiner and S. Hochreiter, ICLR 2016);
    /// PyTorch's α is 1.
    Elu(f32),
    /// `x` above zero, a small slope times `x` below; PyTorch's slope is 0.01, Keras's 0.3.
    LeakyRelu(f32),
}

impl Layer for Activation {
    fn forward(&self, batch: &Tensor, pass: &Pass) -> Result<Tensor> {
        let batch = batch.contiguous()?;
        match *self {
            // Not `max`, which would make a number of what is none.
            Self::Relu => pass.apply1(
                &batch,
                Elementwise {
                    name: "relu",
                    value: |x: f32| if x < 0.0 { 0.0 } else { x },
                    slope: |y: f32| if y > 0.0 { 1.0 } else { 0.0 },
                },
                Keep::OUTPUT,
            ),
            Self::Elu(alpha) => pass.apply1(
                &batch,
                Elementwise {
                    name: "elu",
                    value: move |x: f32| if x > 0.0 { x } else { alpha * exp_m1(x) },
                    slope: move |y: f32| if y > 0.0 { 1.0 } else { y + alpha },
                },
                Keep::OUTPUT,
            ),
            Self::LeakyRelu(slope) => pass.apply1(
                &batch,
                Elementwise {
                    name: "leaky relu",
                    value: move |x: f32| if x > 0.0 { x } else { slope * x },
                    slope: move |y: f32| if y > 0.0 { 1.0 } else { slope },
                },
                Keep::OUTPUT,
            ),
        }
    }
}

/// `exp(x) − 1` for `x ≤ 0`, written without branches and calls so that the processor works on many numbers
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
    fn exp_m1_is_right_to_the_last_bits() {
        for step in 0..100_000 {
            let x = -(step as f32) * 1e-3;
            let exact = f64::from(x).exp_m1();
            assert!((f64::from(exp_m1(x)) - exact).abs() <= 2e-7 * exact.abs(), "{x}");
        }
        assert!(exp_m1(f32::NAN).is_nan());
    }
}
