//! A feature table prepared for growing trees on the order of values.

use crate::float_order::{key, value};
use crate::need::Need;
use crate::node::NodeRow;
use crate::product::GoOn;
use crate::radix::{Keyed, sort};
use genre_bench_api::{FitShape, Result};
use ndarray::parallel::prelude::*;
use ndarray::{Array2, ArrayView1, Axis};
use rayon::slice::ParallelSliceMut;

/// How many codes there are.
const CODES: usize = 1 << 16;

/// Bytes that a node's rows may take to be read by row: the columns of a row share lines of the processor's cache, in which all
/// descendants of the node find them again. Larger nodes read by column, where neighbouring rows share a line.
pub(crate) const CACHED: usize = 1 << 20;

/// A feature table with every value as a code.
///
/// A code is how many of the rows have smaller values, of all rows as of [`CODES`]. Codes compare as the values do: different values
/// of a column have different codes, but among more rows than codes a few neighbours share one. They take few bits, of which
/// the highest are the value's quantile.
pub(crate) struct RankedTable {
    /// Codes by column, then by row.
    by_column: Vec<Vec<u16>>,
    /// The same by row, then by column.
    by_row: Vec<Line>,
    /// By column: the values in ascending order.
    sorted: Vec<Vec<f32>>,
}

/// Codes that fill a line of the cache.
#[derive(Clone, Copy, Default)]
#[repr(align(64))]
pub(crate) struct Line([u16; Line::CODES]);

impl Line {
    const CODES: usize = 32;
}

impl RankedTable {
    /// From a table of shape `(rows, columns)`.
    ///
    /// # Errors
    ///
    /// Whatever `go_on` returns.
    pub fn new(table: &Array2<f32>, go_on: GoOn) -> Result<Self> {
        let coded = |column| {
            go_on()?;
            Ok(coded(column))
        };
        let columns: Vec<_> = table.axis_iter(Axis(1)).into_par_iter().map(coded).collect::<Result<_>>()?;
        let (by_column, sorted): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        let by_row = by_row(&by_column, table.nrows());
        Ok(Self { by_column, by_row, sorted })
    }

    /// What it needs.
    pub fn memory(shape: &FitShape) -> u64 {
        let sorting = Need::of(shape.rows, 2 * shape.threads);
        let by_row = (shape.rows * lines(shape.columns) * size_of::<Line>()) as u64;
        Need::table(shape) * 3 / 4 + by_row + Need::of(shape.columns, 6) + sorting
    }

    /// How to look up the codes that a node of so many rows has in a column.
    pub fn column(&self, column: usize, rows: usize) -> CodedColumn<'_> {
        let step = lines(self.by_column.len());
        if rows * step * size_of::<Line>() > CACHED {
            return CodedColumn::All(&self.by_column[column]);
        }
        // Without rows there is nothing to look up.
        let lines = self.by_row.get(column / Line::CODES..).unwrap_or_default();
        CodedColumn::Every { lines, step, at: column % Line::CODES }
    }

    /// The value half-way between those of two codes that a node has one after the other in a column.
    pub fn between(&self, column: usize, left: u32, right: u32) -> f32 {
        let sorted = &self.sorted[column];
        middle(sorted[self.below(left + 1) - 1], sorted[self.below(right)])
    }

    /// The value half-way between that of a code, or the greatest one below it that a column has, and the next that it has.
    pub fn after(&self, column: usize, code: u32) -> f32 {
        let (left, right) = self.sorted[column].split_at(self.below(code + 1));
        let Some(&smaller) = left.last() else { return f32::NEG_INFINITY };
        // Not always the first of the others: rows of one value may be on both sides.
        let next = right.partition_point(|&value| value <= smaller);
        right.get(next).map_or(smaller, |&larger| middle(smaller, larger))
    }

    /// How many rows have smaller codes, but for rows of the same value of which some are among them.
    fn below(&self, code: u32) -> usize {
        let rows = self.sorted.first().map_or(0, Vec::len);
        (code as usize * rows).div_ceil(CODES)
    }
}

/// The codes of a column.
#[derive(Clone, Copy)]
pub(crate) enum CodedColumn<'a> {
    /// One after the other.
    All(&'a [u16]),
    /// At this place of one line after so many.
    Every { lines: &'a [Line], step: usize, at: usize },
}

impl CodedColumn<'_> {
    /// Hands over every row and its code.
    #[inline(always)]
    pub fn each(self, rows: &[NodeRow], mut take: impl FnMut(NodeRow, u32)) {
        // One loop for each way, so that it is not asked for at every row.
        match self {
            Self::All(codes) => rows.iter().for_each(|&row| take(row, codes[row.number as usize].into())),
            Self::Every { lines, step, at } => {
                rows.iter().for_each(|&row| take(row, lines[row.number as usize * step].0[at].into()));
            }
        }
    }

    /// Replaces what is in a list by what is made of every row and its code.
    #[inline(always)]
    pub fn map<T>(self, rows: &[NodeRow], to: &mut Vec<T>, make: impl Fn(NodeRow, u16) -> T) {
        to.clear();
        match self {
            Self::All(codes) => to.extend(rows.iter().map(|&row| make(row, codes[row.number as usize]))),
            Self::Every { lines, step, at } => {
                to.extend(rows.iter().map(|&row| make(row, lines[row.number as usize * step].0[at])));
            }
        }
    }

    /// That of a row.
    #[inline(always)]
    pub fn of(self, row: u32) -> u32 {
        match self {
            Self::All(codes) => codes[row as usize].into(),
            Self::Every { lines, step, at } => lines[row as usize * step].0[at].into(),
        }
    }
}

/// Lines that a row's codes take.
fn lines(columns: usize) -> usize {
    columns.div_ceil(Line::CODES)
}

/// By row, then by column, what is by column, then by row.
fn by_row(by_column: &[Vec<u16>], rows: usize) -> Vec<Line> {
    let lines = lines(by_column.len());
    let mut by_row = vec![Line::default(); rows * lines];
    by_row.par_chunks_mut(lines.max(1)).enumerate().for_each(|(row, lines)| {
        for (line, columns) in lines.iter_mut().zip(by_column.chunks(Line::CODES)) {
            line.0.iter_mut().zip(columns).for_each(|(code, column)| *code = column[row]);
        }
    });
    by_row
}

/// Each row's code, and the values in ascending order.
fn coded(column: ArrayView1<f32>) -> (Vec<u16>, Vec<f32>) {
    let mut sorted: Vec<Keyed> =
        column.iter().enumerate().map(|(row, &value)| Keyed::new(key(value), row as u32)).collect();
    sort(&mut sorted, &mut Vec::new(), (0, u32::MAX));
    let mut codes = vec![0; column.len()];
    let (mut before, mut last) = (0, None);
    for (at, item) in sorted.iter().enumerate() {
        if last.replace(item.key()) != Some(item.key()) {
            before = at;
        }
        codes[item.payload() as usize] = (before * CODES / sorted.len()) as u16;
    }
    (codes, sorted.iter().map(|item| value(item.key())).collect())
}

/// Half-way between two values, the first being the smaller.
fn middle(left: f32, right: f32) -> f32 {
    let middle = ((f64::from(left) + f64::from(right)) / 2.0) as f32;
    // Neighbouring floats have nothing between them.
    if middle < right { middle } else { left }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]

    use super::*;
    use ndarray::array;

    #[test]
    fn codes_stand_for_values_by_row_and_by_column() {
        let table = array![[3.0, 1.0], [-2.0, 1.0], [0.0, 1.0], [-0.0, 5.0], [3.0, 1.0]];
        let ranked = RankedTable::new(&table, &|| Ok(())).unwrap();
        let code = |before: usize| (before * CODES / 5) as u32;
        for rows in [5, CACHED] {
            let of =
                |column: usize| (0..5).map(|row| ranked.column(column, rows).of(row)).collect::<Vec<_>>();
            assert_eq!(of(0), [3, 0, 1, 1, 3].map(code), "as for {rows} rows");
            assert_eq!(of(1), [0, 0, 0, 4, 0].map(code), "as for {rows} rows");
        }
        assert_eq!(ranked.between(0, code(0), code(3)), 0.5);
        assert_eq!(
            [code(0), code(1), code(2), code(3)].map(|code| ranked.after(0, code)),
            [-1.0, 1.5, 1.5, 3.0]
        );
    }

    /// Whatever the codes that a column is cut between, values part as codes do.
    #[test]
    fn thresholds_part_values_as_codes_part_rows() {
        let rows = 3 * CODES / 2;
        for distinct in [rows, 40_000, 7] {
            let table = Array2::from_shape_fn((rows, 1), |(row, _)| (row * 7919 % rows % distinct) as f32);
            let ranked = RankedTable::new(&table, &|| Ok(())).unwrap();
            let codes = ranked.column(0, rows);
            let mut some: Vec<u32> = (0..rows as u32).step_by(5000).map(|row| codes.of(row)).collect();
            some.sort_unstable();
            some.dedup();
            for pair in some.windows(2) {
                for (limit, threshold) in
                    [(pair[0], ranked.after(0, pair[0])), (pair[0], ranked.between(0, pair[0], pair[1]))]
                {
                    let goes_left = |row: usize| table[[row, 0]] <= threshold;
                    let (left, right): (Vec<usize>, Vec<usize>) = (0..rows).partition(|&row| goes_left(row));
                    assert!(right.iter().all(|&row| codes.of(row as u32) > limit), "{distinct} values");
                    let beyond =
                        |row: &usize| codes.of(*row as u32) <= limit || codes.of(*row as u32) < pair[1];
                    assert!(left.iter().all(beyond), "{distinct} values");
                }
            }
        }
    }
}
