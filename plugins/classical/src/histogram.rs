//! Sums of a loss's derivatives over the bins of a table.

use crate::bins::BinnedTable;
use std::ops::{Add, AddAssign, Sub, SubAssign};

/// Most examples that [`Sums`] can count.
pub(crate) const MAX_ROWS: usize = (1 << (u64::BITS - HESSIAN_BITS)) - 1;

/// Low bits of [`Sums::weight`] that hold the hessian; the others hold the count.
const HESSIAN_BITS: u32 = 40;

/// First and second derivatives of the loss summed over some examples, and how many these are.
///
/// The sums are kept in fixed point: unlike floating point they are exact, whatever the order. So a
/// histogram that is the difference of two others is exact too, and so are comparisons between
/// columns that cut a node in the same way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    /// Sum of gradients, in units of [`Unit`].
    gradient: i64,
    /// Sum of hessians, in units of [`Unit`], below the count: one addition for both.
    weight: u64,
}

/// What 1 is in fixed point.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unit(f64);

impl Unit {
    /// The finest in which a table of so many rows, at most [`MAX_ROWS`], cannot overflow: gradients
    /// are between -1 and 1, and hessians between 0 and 1/4.
    pub fn for_rows(rows: usize) -> Self {
        let bits = usize::BITS - rows.leading_zeros();
        Self(f64::from(HESSIAN_BITS + 1 - bits).exp2())
    }

    /// A number in fixed point.
    pub fn of(self, value: f64) -> f64 {
        value * self.0
    }
}

impl Sums {
    /// One example's.
    pub fn of(gradient: f64, hessian: f64, unit: Unit) -> Self {
        let hessian = unit.of(hessian).round() as u64;
        Self { gradient: unit.of(gradient).round() as i64, weight: 1 << HESSIAN_BITS | hessian }
    }

    /// Sum of gradients, in fixed point.
    pub fn gradient(self) -> f64 {
        self.gradient as f64
    }

    /// Sum of hessians, in fixed point.
    pub fn hessian(self) -> f64 {
        // Converting a signed number is the faster.
        (self.weight & ((1 << HESSIAN_BITS) - 1)) as i64 as f64
    }

    /// Number of examples.
    pub fn count(self) -> usize {
        (self.weight >> HESSIAN_BITS) as usize
    }
}

impl Add for Sums {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { gradient: self.gradient + other.gradient, weight: self.weight + other.weight }
    }
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Sums {
    type Output = Self;

    /// Without a part of what is summed up.
    fn sub(self, part: Self) -> Self {
        Self { gradient: self.gradient - part.gradient, weight: self.weight - part.weight }
    }
}

impl SubAssign for Sums {
    fn sub_assign(&mut self, part: Self) {
        *self = *self - part;
    }
}

/// Bins of a column; a `u8` is always the number of one.
pub(crate) type Bins = [Sums; 256];

/// Counts into `sums` these rows of a column and no others. `derivatives` are all rows'.
pub(crate) fn count(sums: &mut Bins, bins: &[u8], rows: &[u32], derivatives: &[Sums]) {
    sums.fill(Sums::default());
    for &row in rows {
        sums[usize::from(bins[row as usize])] += derivatives[row as usize];
    }
}

/// For every column and bin the sums over a node's rows that fall into it.
pub(crate) struct Histogram {
    columns: Vec<Bins>,
}

impl Histogram {
    /// Of no rows.
    pub fn new(columns: usize) -> Self {
        Self { columns: vec![[Sums::default(); 256]; columns] }
    }

    /// Counts these rows and no others. `derivatives` are all rows'.
    pub fn count(&mut self, table: &BinnedTable, rows: &[u32], derivatives: &[Sums]) {
        for (column, sums) in self.columns.iter_mut().enumerate() {
            count(sums, table.column(column), rows, derivatives);
        }
    }

    /// Bytes of one of so many columns.
    pub fn memory(columns: usize) -> usize {
        columns.saturating_mul(size_of::<Bins>())
    }

    /// Takes out some of the rows counted. `derivatives` are all rows'.
    pub fn take_out_rows(&mut self, table: &BinnedTable, rows: &[u32], derivatives: &[Sums]) {
        for (column, sums) in self.columns.iter_mut().enumerate() {
            let bins = table.column(column);
            for &row in rows {
                sums[usize::from(bins[row as usize])] -= derivatives[row as usize];
            }
        }
    }

    /// Takes out the rows of another histogram, all of which this one counts.
    pub fn take_out(&mut self, part: &Self) {
        for (bins, part) in self.columns.iter_mut().zip(&part.columns) {
            for (sums, part) in bins.iter_mut().zip(part) {
                *sums -= *part;
            }
        }
    }

    /// A column's bins.
    pub fn column(&self, column: usize) -> &Bins {
        &self.columns[column]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]

    use super::*;
    use ndarray::Array2;

    #[test]
    fn sums_hold_what_was_added_to_within_their_unit() {
        for rows in [1_usize, 1000, 9990] {
            let unit = Unit::for_rows(rows);
            // The largest derivatives there are.
            let sums = (0..rows).fold(Sums::default(), |sums, _| sums + Sums::of(-1.0, 0.25, unit));
            assert_eq!(sums.count(), rows);
            assert_eq!(sums.gradient() / unit.of(1.0), -(rows as f64));
            assert_eq!(sums.hessian() / unit.of(1.0), 0.25 * rows as f64);
            let third = Sums::of(1.0 / 3.0, 0.1, unit);
            assert!((third.gradient() / unit.of(1.0) - 1.0 / 3.0).abs() < 1e-7, "{rows} rows");
        }
    }

    #[test]
    fn the_largest_table_does_not_overflow() {
        let unit = Unit::for_rows(MAX_ROWS);
        let hessians = (unit.of(0.25).round() as u64) * MAX_ROWS as u64;
        assert!(hessians < 1 << HESSIAN_BITS);
        let gradients = (unit.of(1.0).round() as i64).checked_mul(MAX_ROWS as i64);
        assert!(gradients.is_some());
    }

    #[test]
    fn what_is_left_is_the_histogram_of_the_others() {
        let table = Array2::from_shape_fn((50, 2), |(i, j)| ((i * 7 + j * 3) % 11) as f64);
        let table = BinnedTable::new(&table, 5, &|| Ok(())).unwrap();
        let unit = Unit::for_rows(50);
        let derivatives: Vec<Sums> =
            (0..50).map(|i| Sums::of((f64::from(i) / 7.0).sin(), f64::from(i) / 300.0, unit)).collect();
        let of = |rows: &[u32]| {
            let mut histogram = Histogram::new(2);
            histogram.count(&table, rows, &derivatives);
            histogram
        };
        let (all, some, others): (Vec<u32>, Vec<u32>, Vec<u32>) =
            ((0..50).collect(), (0..50).step_by(3).collect(), (0..50).filter(|row| row % 3 > 0).collect());
        let (mut by_histogram, mut by_rows) = (of(&all), of(&all));
        by_histogram.take_out(&of(&some));
        by_rows.take_out_rows(&table, &some, &derivatives);
        for column in 0..2 {
            assert_eq!(by_histogram.column(column), of(&others).column(column));
            assert_eq!(by_rows.column(column), of(&others).column(column));
        }
    }
}
