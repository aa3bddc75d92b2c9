//! The linear maps that make few products of many (S. Winograd, "Arithmetic complexity of computations", 1980; for networks A. Lavin
//! and S. Gray, "Fast algorithms for convolutional neural networks", CVPR 2016).

/// Tiles, or channels of a tile, that are mapped at once.
pub(super) const LANES: usize = 16;
/// A number of each of them.
pub(super) type Lanes = [f32; LANES];
/// Rows and columns of each of them.
pub(super) type Patch<const SIDE: usize> = [[Lanes; SIDE]; SIDE];

/// F(`OUTPUTS`, `TAPS`): a tile of so many outputs of so many taps sees `POINTS` numbers, and is as many products, along each axis.
///
/// `fused` is what [`wide`] says.
///
/// [`wide`]: crate::ops::cpu::wide
pub(super) trait Maps<const POINTS: usize, const TAPS: usize, const OUTPUTS: usize> {
    /// What a tile sees, before the products: Bᵀ in the paper.
    fn seen(fused: bool) -> impl Fn([f32; POINTS]) -> [f32; POINTS];

    /// Taps, before the products: G.
    fn taps(fused: bool) -> impl Fn([f32; TAPS]) -> [f32; POINTS];

    /// Outputs of the products: Aᵀ.
    fn outputs(fused: bool) -> impl Fn([f32; POINTS]) -> [f32; OUTPUTS];

    /// Gradients of the products, of those of the outputs: the transposed of [`Maps::outputs`].
    fn output_gradients(fused: bool) -> impl Fn([f32; OUTPUTS]) -> [f32; POINTS];

    /// Gradients of the taps: the transposed of [`Maps::taps`].
    fn tap_gradients(fused: bool) -> impl Fn([f32; POINTS]) -> [f32; TAPS];
}

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
#[allow(
    clippy::needless_range_loop,
    reason = "lanes are the last axis, and such loops over them become wide instructions"
)]
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
