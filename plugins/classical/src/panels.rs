//! A table laid out for products of one row with all.

use crate::kernel::squared_norms;
use genre_bench_api::wide;
use ndarray::{Array1, ArrayView1, ArrayView2, Axis};

/// Rows next to each other: as many sums as a processor holds in its registers.
const LANES: usize = 16;

/// Rows in panels of [`LANES`], a panel one column after the other; the last one filled up with zeros.
///
/// A product of matrices puts them in such an order first, which for a single row takes longer than to multiply. Features come in
/// single precision, so that they are held in it: half of what has to be read for every row. Sums are taken in double precision.
pub(crate) struct Panels {
    values: Vec<f32>,
    columns: usize,
    /// Squared norm of every row.
    norms: Array1<f64>,
}

impl Panels {
    pub fn new(table: ArrayView2<f64>) -> Self {
        let mut values = vec![0.0; table.nrows().div_ceil(LANES) * LANES * table.ncols()];
        for (panel, rows) in
            values.chunks_mut((LANES * table.ncols()).max(1)).zip(table.axis_chunks_iter(Axis(0), LANES))
        {
            for (lane, row) in rows.rows().into_iter().enumerate() {
                for (column, &value) in row.iter().enumerate() {
                    panel[column * LANES + lane] = value as f32;
                }
            }
        }
        Self { values, columns: table.ncols(), norms: squared_norms(table) }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.norms.len()
    }

    /// Squared norm of a row.
    pub fn norm(&self, row: usize) -> f64 {
        self.norms[row]
    }

    /// What comes of each row's squared norm and its product with this one, in order.
    pub fn with(&self, other: ArrayView1<f64>, to: &mut [f32], value: impl Fn(f64, f64) -> f32) {
        let norms = self.norms.as_slice().unwrap_or_default();
        let panels = self.values.chunks((LANES * self.columns).max(1));
        for ((to, norms), panel) in to.chunks_mut(LANES).zip(norms.chunks(LANES)).zip(panels) {
            let sums = wide(
                #[inline(always)]
                || products(panel, other),
            );
            for ((to, &norm), &sum) in to.iter_mut().zip(norms).zip(&sums) {
                *to = value(norm, sum);
            }
        }
    }
}

/// The products of the rows of a panel with another.
#[inline(always)]
fn products(panel: &[f32], other: ArrayView1<f64>) -> [f64; LANES] {
    let mut sums = [0.0; LANES];
    for (&other, values) in other.iter().zip(panel.chunks_exact(LANES)) {
        for (sum, &value) in sums.iter_mut().zip(values) {
            *sum += other * f64::from(value);
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn products_are_those_of_the_table() {
        for rows in [1, LANES - 1, LANES, 3 * LANES + 2] {
            let table =
                Array2::from_shape_fn((rows, 5), |(row, column)| (row * 7 + column * 3) as f64 % 11.0);
            let panels = Panels::new(table.view());
            let other = Array1::from_shape_fn(5, |column| column as f64 - 1.5);
            let mut found = vec![0.0; rows];
            panels.with(other.view(), &mut found, |norm, product| (norm + 1000.0 * product) as f32);
            let expected: Vec<f32> = (table.rows().into_iter())
                .map(|row| (row.dot(&row) + 1000.0 * row.dot(&other)) as f32)
                .collect();
            assert_eq!(found, expected, "{rows} rows");
            assert_eq!(panels.len(), rows);
        }
    }
}
