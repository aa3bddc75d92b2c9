use super::wide;

/// Sums side by side: enough for the CPU's widest registers to work on.
const LANES: usize = 16;
/// Numbers that are summed in 32 bits before the sum goes on in 64.
const BLOCK: usize = 4096;

/// Σ of(value), always in the same order.
pub(crate) fn sum(values: &[f32], of: impl Fn(f32) -> f32) -> f64 {
    sum_pairs(values, values, |value, _| of(value))
}

/// Σ of(left, right), always in the same order.
pub(crate) fn sum_pairs(left: &[f32], right: &[f32], of: impl Fn(f32, f32) -> f32) -> f64 {
    wide(
        #[inline(always)]
        |_| {
            // A loop and no iterator's sum, which would be a function without wide instructions.
            let mut all = 0.0;
            for (left, right) in left.chunks(BLOCK).zip(right.chunks(BLOCK)) {
                all += sum_of_block(left, right, &of);
            }
            all
        },
    )
}

#[inline(always)]
fn sum_of_block(left: &[f32], right: &[f32], of: impl Fn(f32, f32) -> f32) -> f64 {
    let mut lanes = [0.0f32; LANES];
    let (left, left_rest) = left.as_chunks::<LANES>();
    let (right, right_rest) = right.as_chunks::<LANES>();
    for (left, right) in left.iter().zip(right) {
        for lane in 0..LANES {
            lanes[lane] += of(left[lane], right[lane]);
        }
    }
    let rest = left_rest.iter().zip(right_rest).map(|(left, right)| of(*left, *right));
    lanes.into_iter().chain(rest).map(f64::from).sum::<f64>()
}
