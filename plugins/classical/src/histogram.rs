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
type Bins = [Sums; 256];

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
            sums.fill(Sums::default());
            let bins = table.column(column);
            for &row in rows {
                sums[usize::from(bins[row as usize])] += derivatives[row as usize];
            }
        }
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

    /// The sums over all rows.
    pub fn total(&self) -> Sums {
        self.columns[0].iter().fold(Sums::default(), |total, &sums| total + sums)
    }
}
