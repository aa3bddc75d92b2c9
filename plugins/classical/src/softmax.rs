//! From log-probabilities to probabilities.

use ndarray::{Array2, ArrayViewMut1};

/// Replaces every row by `exp(row) / sum(exp(row))` in place, shape `(examples, classes)`.
pub(crate) fn softmax_rows(scores: &mut Array2<f64>) {
    for row in scores.rows_mut() {
        softmax(row);
    }
}

/// Replaces a row by `exp(row) / sum(exp(row))` and returns `ln(sum(exp(row)))`.
///
/// The row's maximum is taken out first, so that nothing overflows and at least one term does not
/// vanish.
pub(crate) fn softmax(mut row: ArrayViewMut1<f64>) -> f64 {
    let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    row.mapv_inplace(|value| (value - max).exp());
    let sum = row.sum();
    row /= sum;
    max + sum.ln()
}
