//! The two functions of a gate, written so that the compiler makes vector instructions of a loop over them.

/// `1 / (1 + e⁻ˣ)`.
#[inline(always)]
pub(super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// `eˣ` for `x` between -87 and 87, and the nearer end's value beyond: 2ⁿ·eʳ with |r| ≤ ln 2 / 2, and for eʳ
/// the polynomial of the Cephes library's `expf` (S. L. Moshier).
#[inline(always)]
fn exp(x: f32) -> f32 {
    /// Adding it to a number of at most 22 bits leaves the nearest whole number in the low bits of the
    /// mantissa.
    const ROUND: f32 = 12_582_912.0;
    /// ln 2 in two parts, the first of so few bits that its products with n are exact.
    const LN_2: (f32, f32) = (0.693_359_4, -2.121_944_4e-4);

    let x = x.clamp(-87.0, 87.0);
    let rounded = x.mul_add(std::f32::consts::LOG2_E, ROUND);
    let n = rounded - ROUND;
    let r = n.mul_add(-LN_2.1, n.mul_add(-LN_2.0, x));
    let mut tail = 1.987_569_1e-4_f32;
    for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        tail = tail.mul_add(r, coefficient);
    }
    let two_to_n = f32::from_bits(rounded.to_bits().wrapping_add(127) << 23);
    (tail * r).mul_add(r, r + 1.0) * two_to_n
}

/// The hyperbolic tangent, as the quotient of polynomials that the Eigen library uses.
#[inline(always)]
pub(super) fn tanh(x: f32) -> f32 {
    let x = x.clamp(-7.905_311, 7.905_311);
    let square = x * x;
    let mut above = -2.760_768_5e-16_f32;
    for coefficient in
        [2.000_188e-13, -8.604_672e-11, 5.122_297e-8, 1.485_722_4e-5, 6.372_619_3e-4, 4.893_524_6e-3]
    {
        above = above.mul_add(square, coefficient);
    }
    let mut below = 1.198_258_4e-6_f32;
    for coefficient in [1.185_347e-4, 2.268_434_6e-3, 4.893_525e-3] {
        below = below.mul_add(square, coefficient);
    }
    x * above / below
}

#[cfg(test)]
mod tests {
    use super::*;

    fn largest_error(ours: fn(f32) -> f32, exact: fn(f64) -> f64) -> f64 {
        (-20_000..=20_000)
            .map(|i| i as f32 / 1000.0)
            .map(|x| (f64::from(ours(x)) - exact(f64::from(x))).abs() / exact(f64::from(x)).abs().max(1e-30))
            .fold(0.0, f64::max)
    }

    #[test]
    fn functions_are_as_good_as_single_precision() {
        let (sigmoid, tanh) =
            (largest_error(sigmoid, |x| 1.0 / (1.0 + (-x).exp())), largest_error(tanh, f64::tanh));
        assert!(sigmoid < 3e-7, "sigmoid is off by {sigmoid}");
        assert!(tanh < 5e-7, "tanh is off by {tanh}");
    }

    #[test]
    fn extremes_keep_their_meaning() {
        assert!(sigmoid(f32::NAN).is_nan() && tanh(f32::NAN).is_nan());
        assert_eq!(sigmoid(f32::INFINITY), 1.0);
        assert!(sigmoid(f32::NEG_INFINITY) < 1e-37);
        assert!((tanh(f32::INFINITY) - 1.0).abs() < 1e-6 && (tanh(f32::NEG_INFINITY) + 1.0).abs() < 1e-6);
    }
}
