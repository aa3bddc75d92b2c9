//! A feature table with its values put into bins.

use crate::product::GoOn;
use genre_bench_api::Result;
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
    ///
    /// # Errors
    ///
    /// Whatever `go_on` returns.
    pub fn new(table: &Array2<f64>, max_bins: usize, go_on: GoOn) -> Result<Self> {
        let binned = |column: ArrayView1<f64>| {
            go_on()?;
            let thresholds = thresholds(column, max_bins);
            let bins = column.iter().map(|value| thresholds.partition_point(|t| t < value) as u8);
            Ok((bins.collect(), thresholds))
        };
        let columns: Vec<(Vec<u8>, Vec<f64>)> =
            table.axis_iter(Axis(1)).into_par_iter().map(binned).collect::<Result<_>>()?;
        let (bins, thresholds) = columns.into_iter().unzip();
        Ok(Self { bins, thresholds, rows: table.nrows() })
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
/// where it is exactly that share (numpy's rounding can make it miss that it is).
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]

    use super::*;
    use ndarray::{Array1, array};

    /// Sixteen different values among twenty.
    fn column() -> Array1<f64> {
        array![
            3.0, -1.5, 0.0, 2.0, 2.0, 7.0, 10.0, -4.0, 0.5, 1.0, 8.0, 9.0, 2.0, 2.0, 6.0, -3.0, 5.0, 4.0,
            2.0, 12.0
        ]
    }

    /// The expected numbers are what scikit-learn 1.9.1's `_find_binning_thresholds` returns.
    #[test]
    fn thresholds_are_those_of_scikit_learn() {
        let column = column();
        assert_eq!(thresholds(column.view(), 4), [0.75, 2.0, 6.5]);
        assert_eq!(thresholds(column.view(), 7), [-1.5, 1.0, 2.0, 3.0, 6.0, 9.0]);
        assert_eq!(thresholds(column.view(), 10), [-2.25, 0.25, 1.5, 2.0, 3.5, 5.5, 7.5, 9.5]);
        let between = [-3.5, -2.25, -0.75, 0.25, 0.75, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5, 11.0];
        assert_eq!(thresholds(column.view(), 255), between);
        assert_eq!(thresholds(column.view(), 16), between);
        assert!(thresholds(array![2.0, 2.0, 2.0].view(), 255).is_empty());
    }

    #[test]
    fn a_bin_ends_with_its_threshold() {
        let table = BinnedTable::new(&column().insert_axis(Axis(1)), 4, &|| Ok(())).unwrap();
        assert_eq!(table.column(0), [2, 0, 0, 1, 1, 3, 3, 0, 0, 1, 3, 3, 1, 1, 2, 0, 2, 2, 1, 3]);
    }
}
