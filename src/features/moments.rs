//! Mean and variance.

/// Mean and population variance (divided by the count, not by one less), both in `f64`.
///
/// NaN of nothing.
pub fn mean_var<T: Copy + Into<f64>>(values: impl Iterator<Item = T> + Clone) -> [f64; 2] {
    let (count, sum) = values.clone().fold((0usize, 0.0), |(n, sum), x| (n + 1, sum + x.into()));
    let mean = sum / count as f64;
    let squares: f64 = values.map(|x| (x.into() - mean).powi(2)).sum();
    [mean, squares / count as f64]
}
