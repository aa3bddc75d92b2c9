//! A feature table with its values put into bins.

use ndarray::parallel::prelude::*;
use ndarray::{Array2, ArrayView1, Axis};

/// Most bins a column can have, as in scikit-learn.
pub(crate) const MAX_BINS: usize = 255;

/// A feature table with every value replaced by the number of its bin, column after column.
///
/// Bin `b` of a column holds the values above its threshold `b - 1` and up to its threshold `b`.
pub(crate) struct BinnedTable {
    /// By column, then by row.
    bins: Vec<Vec<u8>>,
    /// By column: ascending, one fewer than there are bins.
    thresholds: Vec<Vec<f64>>,
    rows: usize,
}

impl BinnedTable {
    /// From a table of shape `(rows, columns)`, at most `max_bins` (up to [`MAX_BINS`]) bins a
    /// column.
    pub fn new(table: &Array2<f64>, max_bins: usize) -> Self {
        let (bins, thresholds) = table
            .axis_iter(Axis(1))
            .into_par_iter()
            .map(|column| {
                let thresholds = thresholds(column, max_bins);
                let bins = column.iter().map(|value| thresholds.partition_point(|t| t < value) as u8);
                (bins.collect(), thresholds)
            })
            .unzip();
        Self { bins, thresholds, rows: table.nrows() }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.bins.len()
    }

    /// The bin of each row in a column.
    pub fn column(&self, column: usize) -> &[u8] {
        &self.bins[column]
    }

    /// The thresholds between a column's bins.
    pub fn thresholds(&self, column: usize) -> &[f64] {
        &self.thresholds[column]
    }
}

/// Where a column's bins end: half-way between neighbouring values where there are at most
/// `max_bins` different ones, otherwise at the quantiles `1 / max_bins`, `2 / max_bins`, …
///
/// As scikit-learn's `_BinMapper`, with numpy's quantile method `averaged_inverted_cdf`: the
/// smallest value that the wanted share of rows does not exceed, or the mean of it and the next one
/// where it is exactly that share.
fn thresholds(column: ArrayView1<f64>, max_bins: usize) -> Vec<f64> {
    let mut sorted = column.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut distinct = sorted.clone();
    distinct.dedup();
    if distinct.len() <= max_bins {
        return distinct.windows(2).map(|pair| f64::midpoint(pair[0], pair[1])).collect();
    }
    let quantile = |part: usize| {
        let below = sorted.len() * part / max_bins;
        let is_exact = (sorted.len() * part).is_multiple_of(max_bins);
        if is_exact { f64::midpoint(sorted[below - 1], sorted[below]) } else { sorted[below] }
    };
    let mut thresholds: Vec<f64> = (1..max_bins).map(quantile).collect();
    thresholds.dedup();
    thresholds
}
