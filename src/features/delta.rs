//! Delta features: the slope of each feature over time.

use super::FeatureError;
use ndarray::{Array2, ArrayView2};

/// Derivative over time of each column of `features`, shape `(frames, columns)`.
///
/// A polynomial of degree `order` is fitted to the `width` frames (odd; librosa's default is 9) around
/// each frame by least squares, and its `order`-th derivative (1 for delta, 2 for delta-delta) is
/// taken there. The first and last `width / 2` frames take it from the first and last polynomial.
///
/// Reference: A. Savitzky and M. Golay, *Smoothing and differentiation of data by simplified least
/// squares procedures*, Analytical Chemistry 36 (1964); `librosa.feature.delta` with `mode="interp"`.
///
/// # Errors
///
/// [`FeatureError`] where `width` is even, below 3 or above the number of frames, or `order` is not between
/// 1 and `min(width − 1, 8)`.
pub fn delta(features: ArrayView2<f32>, width: usize, order: usize) -> Result<Array2<f32>, FeatureError> {
    let frames = features.nrows();
    let odd = width >= 3 && !width.is_multiple_of(2) && width <= frames;
    FeatureError::unless(
        odd,
        "width",
        format!("{width}: must be odd, from 3 to the number of frames, {frames}"),
    )?;
    let fits = (1..=8.min(width - 1)).contains(&order);
    FeatureError::unless(fits, "order", format!("{order}: must be from 1 to min(width - 1, 8)"))?;
    // The order-th derivative of a polynomial of that degree is the same everywhere, so the edges,
    // which take it from the nearest whole window, repeat its value.
    let weights = highest_derivative(width, order);
    let half = width / 2;
    Ok(Array2::from_shape_fn(features.dim(), |(t, column)| {
        let first = t.clamp(half, frames - 1 - half) - half;
        weights.iter().zip(first..).map(|(w, t)| w * f64::from(features[[t, column]])).sum::<f64>() as f32
    }))
}

/// Weights that give, from `width` equally spaced values, the `order`-th derivative of the polynomial
/// of that degree that fits them best.
///
/// It is `order!` times the leading coefficient, and that is the projection on the discrete orthogonal
/// polynomial of that degree, which Gram and Schmidt's process gives from the powers.
fn highest_derivative(width: usize, order: usize) -> Vec<f64> {
    let places: Vec<f64> = (0..width).map(|i| i as f64 - (width / 2) as f64).collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for degree in 0..=order {
        let mut next: Vec<f64> = places.iter().map(|x| x.powi(degree as i32)).collect();
        // Twice, for what rounding left over.
        for _ in 0..2 {
            for lower in &basis {
                let part = dot(&next, lower) / dot(lower, lower);
                next.iter_mut().zip(lower).for_each(|(x, l)| *x -= part * l);
            }
        }
        basis.push(next);
    }
    let top = &basis[order];
    let scale = (1..=order).map(|i| i as f64).product::<f64>() / dot(top, top);
    top.iter().map(|x| x * scale).collect()
}
