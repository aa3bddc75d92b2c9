//! A feature table prepared for growing trees on values, not bins.

use crate::need::Need;
use crate::product::GoOn;
use genre_bench_api::{FitShape, Result};
use ndarray::{Array2, ArrayView1, Axis};

/// A feature table with every value as its [`key`], column after column, and the rows' classes.
pub(crate) struct KeyedTable {
    /// By column, then by row.
    pub keys: Vec<Vec<u32>>,
    /// Class of each row.
    pub labels: Vec<usize>,
    /// Number of classes.
    pub classes: usize,
}

impl KeyedTable {
    /// From a table of shape `(rows, columns)` and each row's class, less than `classes`.
    ///
    /// # Errors
    ///
    /// Whatever `go_on` returns.
    pub fn new(table: &Array2<f32>, labels: &[usize], classes: usize, go_on: GoOn) -> Result<Self> {
        let keys = |(at, column): (usize, ArrayView1<f32>)| {
            if at.is_multiple_of(1024) {
                go_on()?;
            }
            Ok(column.iter().map(|&v| key(v)).collect())
        };
        let keys = table.axis_iter(Axis(1)).enumerate().map(keys).collect::<Result<_>>()?;
        Ok(Self { keys, labels: labels.to_vec(), classes })
    }

    /// What it needs.
    pub fn memory(shape: &FitShape) -> u64 {
        Need::table(shape) / 2 + Need::of(shape.columns, 5) + Need::of(shape.rows, 1)
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.labels.len()
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.keys.len()
    }
}

const SIGN: u32 = 1 << 31;

/// A whole number that compares with others as the values do, and sorts faster.
pub(crate) fn key(value: f32) -> u32 {
    // Adding zero makes one zero of the two.
    let bits = (value + 0.0).to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

/// The value that a key stands for.
pub(crate) fn value(key: u32) -> f32 {
    f32::from_bits(if key & SIGN == 0 { !key } else { key ^ SIGN })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_compare_as_values_do() {
        let ascending = [f32::MIN, -1.5, -1.0, -f32::MIN_POSITIVE, 0.0, 1e-45, 1.0, 1.5, f32::MAX];
        for (a, b) in ascending.iter().zip(&ascending[1..]) {
            assert!(key(*a) < key(*b), "{a} and {b}");
        }
        assert_eq!(key(-0.0), key(0.0));
    }

    #[test]
    fn a_key_stands_for_its_value() {
        for number in [f32::MIN, -1.5, -0.0, 0.0, 1e-45, 7.25, f32::MAX] {
            assert_eq!(value(key(number)), number);
        }
    }
}
