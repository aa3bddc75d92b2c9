//! How much each column counts.

/// What each column contributed as shares that add up to 1; nothing where no column contributed.
///
/// Contributions are not negative but for rounding.
pub(crate) fn shares(contributions: &[f64]) -> Vec<f64> {
    let total: f64 = contributions.iter().map(|c| c.max(0.0)).sum();
    if total > 0.0 { contributions.iter().map(|c| c.max(0.0) / total).collect() } else { Vec::new() }
}

/// The mean over trees of each column's shares, again as shares; trees that have none are left out.
pub(crate) fn mean_shares(trees: impl Iterator<Item = Vec<f64>>) -> Vec<f64> {
    let sums = trees.filter(|tree| !tree.is_empty()).reduce(|mut sums, tree| {
        sums.iter_mut().zip(&tree).for_each(|(sum, share)| *sum += share);
        sums
    });
    shares(&sums.unwrap_or_default())
}
