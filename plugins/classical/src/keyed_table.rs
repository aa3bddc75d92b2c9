//! A feature table prepared for growing trees on values, not bins.

use ndarray::{Array2, Axis};

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
    pub fn new(table: &Array2<f32>, labels: &[usize], classes: usize) -> Self {
        let keys = table.axis_iter(Axis(1)).map(|column| column.iter().map(|&v| key(v)).collect()).collect();
        Self { keys, labels: labels.to_vec(), classes }
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
