//! How much each column counts.

/// What each column contributed as shares that add up to 1; nothing where no column contributed.
///
/// Contributions are not negative but for rounding.
pub(crate) fn shares(contributions: Vec<f64>) -> Vec<f64> {
    let total: f64 = contributions.iter().map(|c| c.max(0.0)).sum();
    if total > 0.0 { contributions.iter().map(|c| c.max(0.0) / total).collect() } else { Vec::new() }
}
