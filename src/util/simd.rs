//! Sums in wide registers, by plain loops: see [`wide`].

pub(crate) use genre_bench_api::wide;

/// Independent partial sums: four vectors of eight, enough to hide the latency of an addition.
const LANES: usize = 32;

/// Σ aᵢ·bᵢ over the shorter of the two, in partial sums.
#[inline(always)]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    sum_by(a, b, |x, y| x * y)
}

/// Σ f(aᵢ, bᵢ) over the shorter of the two, in partial sums.
#[inline(always)]
pub(crate) fn sum_by(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
    let length = a.len().min(b.len());
    let (a, b) = (&a[..length], &b[..length]);
    let mut sums = [0f32; LANES];
    let (a_parts, b_parts) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = a_parts.remainder().iter().zip(b_parts.remainder()).map(|(&x, &y)| f(x, y)).sum();
    for (x, y) in a_parts.zip(b_parts) {
        for lane in 0..LANES {
            sums[lane] += f(x[lane], y[lane]);
        }
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
        width /= 2;
    }
    sums[0] + rest
}

/// The largest of `values` and 0. Values must not be NaN.
#[inline(always)]
pub(crate) fn largest(values: &[f32]) -> f32 {
    let mut most = [0f32; LANES];
    let parts = values.chunks_exact(LANES);
    let rest = parts.remainder();
    for part in parts {
        for lane in 0..LANES {
            most[lane] = if most[lane] < part[lane] { part[lane] } else { most[lane] };
        }
    }
    most.iter().chain(rest).fold(0.0, |a, &b| if a < b { b } else { a })
}
