//! The linear maps of F(4×4, 3×3): four outputs of three taps are six products, along each axis (A. Lavin and S. Gray, "Fast
//! algorithms for convolutional neural networks", CVPR 2016, with their points 0, ±1, ±2 and ∞).

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

/// What a tile sees, before the products: Bᵀ in the paper.
#[inline(always)]
pub(super) fn seen([a, b, c, d, e, f]: [f32; POINTS]) -> [f32; POINTS] {
    let (even, odd) = (e - 4.0 * c, d - 4.0 * b);
    let (even_of_2, odd_of_2) = (e - c, 2.0 * (d - b));
    [
        4.0 * a - 5.0 * c + e,
        even + odd,
        even - odd,
        even_of_2 + odd_of_2,
        even_of_2 - odd_of_2,
        4.0 * b - 5.0 * d + f,
    ]
}

/// Taps, before the products: G.
#[inline(always)]
pub(super) fn taps([a, b, c]: [f32; TAPS]) -> [f32; POINTS] {
    let (even, odd) = ((a + c) * (-1.0 / 6.0), b * (-1.0 / 6.0));
    let (even_of_2, odd_of_2) = ((a + 4.0 * c) * (1.0 / 24.0), b * (1.0 / 12.0));
    [a * 0.25, even + odd, even - odd, even_of_2 + odd_of_2, even_of_2 - odd_of_2, c]
}

/// Outputs of the products: Aᵀ.
#[inline(always)]
pub(super) fn outputs([a, b, c, d, e, f]: [f32; POINTS]) -> [f32; OUTPUTS] {
    let (sum, difference) = (b + c, b - c);
    let (sum_of_2, difference_of_2) = (d + e, d - e);
    [
        a + sum + sum_of_2,
        difference + 2.0 * difference_of_2,
        sum + 4.0 * sum_of_2,
        difference + 8.0 * difference_of_2 + f,
    ]
}

/// Gradients of the products, of those of the outputs: the transposed of [`outputs`].
#[inline(always)]
pub(super) fn output_gradients([a, b, c, d]: [f32; OUTPUTS]) -> [f32; POINTS] {
    let (even, odd) = (a + c, b + d);
    let (even_of_2, odd_of_2) = (a + 4.0 * c, 2.0 * b + 8.0 * d);
    [a, even + odd, even - odd, even_of_2 + odd_of_2, even_of_2 - odd_of_2, d]
}

/// Gradients of the taps: the transposed of [`taps`].
#[inline(always)]
pub(super) fn tap_gradients([a, b, c, d, e, f]: [f32; POINTS]) -> [f32; TAPS] {
    let (sum, difference) = ((b + c) * (-1.0 / 6.0), (c - b) * (1.0 / 6.0));
    let (sum_of_2, difference_of_2) = ((d + e) * (1.0 / 24.0), (d - e) * (1.0 / 12.0));
    [a * 0.25 + sum + sum_of_2, difference + difference_of_2, sum + 4.0 * sum_of_2 + f]
}
