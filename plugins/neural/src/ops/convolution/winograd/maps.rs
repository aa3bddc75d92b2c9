//! The linear maps that make few products of many (S. Winograd, "Arithmetic complexity of computations", 1980; for networks A. Lavin
//! and S. Gray, "Fast algorithms for convolutional neural networks", CVPR 2016).

use super::eight::Eight;

/// Tiles, channels or filters that lie next to each other, to be mapped and multiplied at once.
pub(super) const LANES: usize = 16;

/// F(`OUTPUTS`, `TAPS`): a tile of so many outputs of so many taps sees `POINTS` numbers, and is as many products, along each axis.
pub(super) trait Maps<const POINTS: usize, const TAPS: usize, const OUTPUTS: usize> {
    /// What a tile sees, before the products: Bᵀ in the paper.
    fn seen<N: Eight>(numbers: [N; POINTS]) -> [N; POINTS];

    /// Taps, before the products: G.
    fn taps<N: Eight>(taps: [N; TAPS]) -> [N; POINTS];

    /// Outputs of the products: Aᵀ.
    fn outputs<N: Eight>(products: [N; POINTS]) -> [N; OUTPUTS];

    /// Gradients of the products, of those of the outputs: the transposed of [`Maps::outputs`].
    fn output_gradients<N: Eight>(gradients: [N; OUTPUTS]) -> [N; POINTS];

    /// Gradients of the taps: the transposed of [`Maps::taps`].
    fn tap_gradients<N: Eight>(gradients: [N; POINTS]) -> [N; TAPS];
}

/// A map along both axes, of rows first, and where what becomes of it is put by row and column.
#[inline(always)]
#[allow(
    clippy::needless_range_loop,
    reason = "of plain loops, all is inlined where the wide instructions are allowed"
)]
pub(super) fn both_axes<N: Eight, const FROM: usize, const TO: usize>(
    row: impl Fn(usize) -> [N; FROM],
    map: impl Fn([N; FROM]) -> [N; TO],
    mut put: impl FnMut(usize, usize, N),
) {
    let mut half = [[N::all(0.0); FROM]; TO];
    for at in 0..FROM {
        let mapped = map(row(at));
        for column in 0..TO {
            half[column][at] = mapped[column];
        }
    }
    for column in 0..TO {
        let mapped = map(half[column]);
        for row in 0..TO {
            put(row, column, mapped[row]);
        }
    }
}

/// The rows of a patch of which each number's [`LANES`] begin at a place that goes by row and column: eight of them, the first or the
/// second.
#[inline(always)]
pub(super) fn patch<N: Eight, const SIDE: usize>(
    numbers: &[f32],
    half: usize,
    place: impl Fn(usize, usize) -> usize,
) -> impl Fn(usize) -> [N; SIDE] {
    #[inline(always)]
    move |row| {
        let mut columns = [N::all(0.0); SIDE];
        for (column, to) in columns.iter_mut().enumerate() {
            *to = N::load(eight(numbers, place(row, column), half));
        }
        columns
    }
}

/// Eight numbers of the [`LANES`] at a place: the first or the second.
#[inline(always)]
fn eight(numbers: &[f32], at: usize, half: usize) -> &[f32; 8] {
    match numbers[at + half * 8..].first_chunk() {
        Some(numbers) => numbers,
        None => panic!("{LANES} numbers at {at}, where there are {}", numbers.len()),
    }
}

/// The same, to write to.
#[inline(always)]
pub(super) fn eight_mut(numbers: &mut [f32], at: usize, half: usize) -> &mut [f32; 8] {
    let count = numbers.len();
    match numbers[at + half * 8..].first_chunk_mut() {
        Some(numbers) => numbers,
        None => panic!("{LANES} numbers at {at}, where there are {count}"),
    }
}

/// From a product's numbers to the next one's, of so many each. [`LANES`] more than these: places so many pages apart share a few lines of
/// the CPU's caches.
pub(super) fn apart(numbers: usize) -> usize {
    numbers + LANES
}
