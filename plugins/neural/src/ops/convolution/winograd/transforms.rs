//! The linear maps of F(4×4, 3×3): four outputs of three taps are six products, along each axis (A. Lavin and S. Gray, "Fast
//! algorithms for convolutional neural networks", CVPR 2016, with their points 0, ±1, ±2 and ∞).

use crate::ops::cpu::multiply_add;

/// Outputs of a tile along an axis, taps, and the numbers that it sees, which are as many as its products.
pub(super) const OUTPUTS: usize = 4;
pub(super) const TAPS: usize = 3;
pub(super) const POINTS: usize = 6;
/// Products of a tile.
pub(super) const PRODUCTS: usize = POINTS * POINTS;

/// Tiles, or channels of a tile, that are mapped at once.
pub(super) const LANES: usize = 16;
/// A number of each of them.
pub(super) type Lanes = [f32; LANES];
/// Rows and columns of each of them.
pub(super) type Patch<const SIDE: usize> = [[Lanes; SIDE]; SIDE];

/// The numbers of [`LANES`] at a place.
#[inline(always)]
pub(super) fn lanes(numbers: &[f32], at: usize) -> &Lanes {
    match numbers[at..].first_chunk() {
        Some(lanes) => lanes,
        None => panic!("{LANES} numbers at {at}, where there are {}", numbers.len()),
    }
}

/// A map along both axes, rows first, of the numbers at every row and column.
#[inline(always)]
pub(super) fn both_axes<'a, const FROM: usize, const TO: usize>(
    from: impl Fn(usize, usize) -> &'a Lanes,
    map: impl Fn([f32; FROM]) -> [f32; TO],
) -> Patch<TO> {
    let mut half = [[[0.0; LANES]; TO]; FROM];
    for row in 0..FROM {
        for lane in 0..LANES {
            let mut numbers = [0.0; FROM];
            for at in 0..FROM {
                numbers[at] = from(row, at)[lane];
            }
            let mapped = map(numbers);
            for at in 0..TO {
                half[row][at][lane] = mapped[at];
            }
        }
    }
    let mut to = [[[0.0; LANES]; TO]; TO];
    for column in 0..TO {
        for lane in 0..LANES {
            let mut numbers = [0.0; FROM];
            for at in 0..FROM {
                numbers[at] = half[at][column][lane];
            }
            let mapped = map(numbers);
            for at in 0..TO {
                to[at][column][lane] = mapped[at];
            }
        }
    }
    to
}

/// What a tile sees, before the products: Bᵀ in the paper. Of this and the other maps, `fused` is what [`wide`] says.
///
/// [`wide`]: crate::ops::cpu::wide
#[inline(always)]
pub(super) fn seen(fused: bool) -> impl Fn([f32; POINTS]) -> [f32; POINTS] {
    #[inline(always)]
    move |[a, b, c, d, e, f]| {
        let plus = |factor, number, to| multiply_add(fused, factor, number, to);
        let (even, odd) = (plus(-4.0, c, e), plus(-4.0, b, d));
        let (even_of_2, odd_of_2) = (e - c, d - b);
        [
            plus(4.0, a, plus(-5.0, c, e)),
            even + odd,
            even - odd,
            plus(2.0, odd_of_2, even_of_2),
            plus(-2.0, odd_of_2, even_of_2),
            plus(4.0, b, plus(-5.0, d, f)),
        ]
    }
}

/// Taps, before the products: G.
#[inline(always)]
pub(super) fn taps(fused: bool) -> impl Fn([f32; TAPS]) -> [f32; POINTS] {
    #[inline(always)]
    move |[a, b, c]| {
        let plus = |factor, number, to| multiply_add(fused, factor, number, to);
        let (even, even_of_2) = ((a + c) * (-1.0 / 6.0), plus(4.0, c, a) * (1.0 / 24.0));
        let (odd, odd_of_2) = (1.0 / 6.0, 1.0 / 12.0);
        [
            a * 0.25,
            plus(-odd, b, even),
            plus(odd, b, even),
            plus(odd_of_2, b, even_of_2),
            plus(-odd_of_2, b, even_of_2),
            c,
        ]
    }
}

/// Outputs of the products: Aᵀ.
#[inline(always)]
pub(super) fn outputs(fused: bool) -> impl Fn([f32; POINTS]) -> [f32; OUTPUTS] {
    #[inline(always)]
    move |[a, b, c, d, e, f]| {
        let plus = |factor, number, to| multiply_add(fused, factor, number, to);
        let (sum, difference) = (b + c, b - c);
        let (sum_of_2, difference_of_2) = (d + e, d - e);
        [
            a + sum + sum_of_2,
            plus(2.0, difference_of_2, difference),
            plus(4.0, sum_of_2, sum),
            plus(8.0, difference_of_2, difference + f),
        ]
    }
}

/// Gradients of the products, of those of the outputs: the transposed of [`outputs`].
#[inline(always)]
pub(super) fn output_gradients(fused: bool) -> impl Fn([f32; OUTPUTS]) -> [f32; POINTS] {
    #[inline(always)]
    move |[a, b, c, d]| {
        let plus = |factor, number, to| multiply_add(fused, factor, number, to);
        let (even, odd) = (a + c, b + d);
        let (even_of_2, odd_of_2) = (plus(4.0, c, a), plus(4.0, d, b));
        [a, even + odd, even - odd, plus(2.0, odd_of_2, even_of_2), plus(-2.0, odd_of_2, even_of_2), d]
    }
}

/// Gradients of the taps: the transposed of [`taps`].
#[inline(always)]
pub(super) fn tap_gradients(fused: bool) -> impl Fn([f32; POINTS]) -> [f32; TAPS] {
    #[inline(always)]
    move |[a, b, c, d, e, f]| {
        let plus = |factor, number, to| multiply_add(fused, factor, number, to);
        let (sum, sum_of_2) = ((b + c) * (-1.0 / 6.0), (d + e) * (1.0 / 24.0));
        let difference = (c - b) * (1.0 / 6.0);
        [plus(0.25, a, sum + sum_of_2), plus(1.0 / 12.0, d - e, difference), plus(4.0, sum_of_2, sum + f)]
    }
}
