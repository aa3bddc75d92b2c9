//! A feature table prepared for growing trees on values, not bins.

use crate::need::Need;
use crate::product::GoOn;
use crate::quantiles::Quantiles;
use crate::radix::{Keyed, sort};
use crate::split::SplitStrategy;
use genre_bench_api::{Error, FitShape, Result};
use ndarray::parallel::prelude::*;
use ndarray::{Array2, ArrayView1, Axis};
use rayon::slice::ParallelSliceMut;

/// Most classes: a row's class and how often it counts share one number.
const MOST_CLASSES: usize = 1 << 24;

/// Nodes of more rows read ranks by column, where neighbouring rows share a line of the processor's cache; smaller ones by row, as the
/// columns of a row do, and all their descendants find them in the cache.
const LARGE: usize = 256;

/// A feature table with every value as its rank among the different values of its column, and the rows' classes.
///
/// Ranks compare as the values do, and take few bits: they sort fast.
pub(crate) struct RankedTable {
    /// By column, then by row.
    by_column: Vec<Vec<u32>>,
    /// The same by row, then by column.
    by_row: ByRow,
    /// By column: the [`key`] that each rank stands for; none where it is the key itself.
    keys: Option<Vec<Vec<u32>>>,
    /// For [`SplitStrategy::Quantiles`], where the table was prepared for it and is large enough.
    pub quantiles: Option<Quantiles>,
    /// Class of each row.
    pub labels: Vec<usize>,
    /// Number of classes.
    pub classes: usize,
}

impl RankedTable {
    /// From a table of shape `(rows, columns)` and each row's class, less than `classes`, for trees that are cut in this way.
    ///
    /// For cuts at random, which need values more often than an order, a rank is a value's [`key`].
    ///
    /// # Errors
    ///
    /// More classes than trees can count, and whatever `go_on` returns.
    pub fn new(
        table: &Array2<f32>,
        labels: &[usize],
        classes: usize,
        strategy: SplitStrategy,
        go_on: GoOn,
    ) -> Result<Self> {
        if classes > MOST_CLASSES {
            return Err(Error::failed(format!("trees take at most {MOST_CLASSES} classes")));
        }
        let labels = labels.to_vec();
        let columns = table.axis_iter(Axis(1)).into_par_iter();
        if strategy == SplitStrategy::Random {
            let keys = |column: ArrayView1<f32>| {
                go_on()?;
                Ok(column.iter().map(|&value| key(value)).collect())
            };
            let by_column = columns.map(keys).collect::<Result<Vec<_>>>()?;
            let by_row = ByRow::Keys(by_row(&by_column, table.nrows(), |key| key));
            return Ok(Self { by_column, by_row, keys: None, quantiles: None, labels, classes });
        }
        let ranked = |column| {
            go_on()?;
            Ok(ranks(column))
        };
        let columns: Vec<(Vec<u32>, Vec<u32>)> = columns.map(ranked).collect::<Result<_>>()?;
        let (by_column, keys): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        let fits = keys.iter().all(|keys: &Vec<u32>| keys.len() <= 1 << 16);
        let by_row = match fits {
            true => ByRow::Ranks(by_row(&by_column, table.nrows(), |rank| rank as u16)),
            false => ByRow::Nothing,
        };
        let is_binned = strategy == SplitStrategy::Quantiles;
        let quantiles = if is_binned { Quantiles::new(&by_column) } else { None };
        Ok(Self { by_column, by_row, keys: Some(keys), quantiles, labels, classes })
    }

    /// What it needs.
    pub fn memory(shape: &FitShape) -> u64 {
        let sorting = Need::of(shape.rows, 2 * shape.threads);
        Need::table(shape) * 5 / 4
            + Need::of(shape.columns, 9)
            + Need::of(shape.rows, 1)
            + sorting
            + Quantiles::memory(shape.rows, shape.columns)
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.labels.len()
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.by_column.len()
    }

    /// How to look up the ranks that a node of so many rows has in a column.
    pub fn column(&self, column: usize, rows: usize) -> RankedColumn<'_> {
        let step = self.columns();
        // Without rows there is nothing to look up.
        match &self.by_row {
            ByRow::Ranks(ranks) if rows <= LARGE => {
                RankedColumn::Every { ranks: ranks.get(column..).unwrap_or_default(), step }
            }
            ByRow::Keys(keys) if rows <= LARGE => {
                RankedColumn::EveryKey { keys: keys.get(column..).unwrap_or_default(), step }
            }
            _ => RankedColumn::All(&self.by_column[column]),
        }
    }

    /// The value of a rank in a column.
    pub fn value(&self, column: usize, rank: u32) -> f32 {
        value(self.keys.as_ref().map_or(rank, |keys| keys[column][rank as usize]))
    }

    /// The greatest rank in a column whose value is no more than a threshold, which is no less than the smallest value.
    pub fn rank(&self, column: usize, threshold: f32) -> u32 {
        let limit = key(threshold);
        match &self.keys {
            Some(keys) => (keys[column].partition_point(|&key| key <= limit) as u32).saturating_sub(1),
            None => limit,
        }
    }
}

/// Ranks by row, then by column.
enum ByRow {
    /// Where all fit.
    Ranks(Vec<u16>),
    /// Where a rank is a value's [`key`].
    Keys(Vec<u32>),
    Nothing,
}

/// The ranks of a column.
#[derive(Clone, Copy)]
pub(crate) enum RankedColumn<'a> {
    /// One after the other.
    All(&'a [u32]),
    /// One after so many of all columns.
    Every { ranks: &'a [u16], step: usize },
    /// Likewise of keys.
    EveryKey { keys: &'a [u32], step: usize },
}

impl RankedColumn<'_> {
    /// That of a row.
    #[inline(always)]
    pub fn of(self, row: u32) -> u32 {
        match self {
            Self::All(ranks) => ranks[row as usize],
            Self::Every { ranks, step } => ranks[row as usize * step].into(),
            Self::EveryKey { keys, step } => keys[row as usize * step],
        }
    }
}

/// By row, then by column, what is by column, then by row.
fn by_row<T: Copy + Default + Send>(
    by_column: &[Vec<u32>],
    rows: usize,
    fit: impl Fn(u32) -> T + Sync,
) -> Vec<T> {
    let mut by_row = vec![T::default(); rows * by_column.len()];
    by_row.par_chunks_mut(by_column.len().max(1)).enumerate().for_each(|(row, ranks)| {
        ranks.iter_mut().zip(by_column).for_each(|(rank, column)| *rank = fit(column[row]));
    });
    by_row
}

/// Each row's rank, and the key of each rank.
fn ranks(column: ArrayView1<f32>) -> (Vec<u32>, Vec<u32>) {
    let mut sorted: Vec<Keyed> =
        column.iter().enumerate().map(|(row, &value)| Keyed::new(key(value), row as u32)).collect();
    sort(&mut sorted, &mut Vec::new(), (0, u32::MAX));
    let mut ranks = vec![0; column.len()];
    let mut keys = Vec::new();
    for item in sorted {
        if keys.last() != Some(&item.key()) {
            keys.push(item.key());
        }
        ranks[item.payload() as usize] = keys.len() as u32 - 1;
    }
    // Of few rows, the room that grew with them is as much as they are.
    keys.shrink_to_fit();
    (ranks, keys)
}

const SIGN: u32 = 1 << 31;

/// A whole number that compares with others as the values do.
fn key(value: f32) -> u32 {
    // Adding zero makes one zero of the two.
    let bits = (value + 0.0).to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

/// The value that a key stands for.
fn value(key: u32) -> f32 {
    f32::from_bits(if key & SIGN == 0 { !key } else { key ^ SIGN })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]

    use super::*;
    use ndarray::array;

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

    #[test]
    fn ranks_stand_for_values_by_row_and_by_column() {
        let table = array![[3.0, 1.0], [-2.0, 1.0], [0.0, 1.0], [-0.0, 5.0], [3.0, 1.0]];
        let ranked = RankedTable::new(&table, &[0; 5], 1, SplitStrategy::Best, &|| Ok(())).unwrap();
        for rows in [5, LARGE + 1] {
            let of =
                |column: usize| (0..5).map(|row| ranked.column(column, rows).of(row)).collect::<Vec<_>>();
            assert_eq!(of(0), [2, 0, 1, 1, 2], "as for {rows} rows");
            assert_eq!(of(1), [0, 0, 0, 1, 0], "as for {rows} rows");
        }
        assert_eq!([0, 1, 2].map(|rank| ranked.value(0, rank)), [-2.0, 0.0, 3.0]);
        assert_eq!([-2.0, -1.0, 0.0, 2.9, 3.0, 4.0].map(|value| ranked.rank(0, value)), [0, 0, 1, 1, 2, 2]);
        let keyed = RankedTable::new(&table, &[0; 5], 1, SplitStrategy::Random, &|| Ok(())).unwrap();
        for (row, rows) in (0..5).flat_map(|row| [(row, 5), (row, LARGE + 1)]) {
            let rank = keyed.column(0, rows).of(row);
            assert_eq!(keyed.value(0, rank), table[[row as usize, 0]]);
            assert_eq!(keyed.rank(0, table[[row as usize, 0]]), rank);
        }
    }
}
