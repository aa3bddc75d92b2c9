//! A feature table prepared for growing trees.

use crate::need::Need;
use crate::node::NodeRow;
use crate::product::GoOn;
use crate::radix::{Keyed, sort};
use genre_bench_api::{Error, FitShape, Result};
use ndarray::parallel::prelude::*;
use ndarray::{Array2, ArrayView1, Axis};
use rayon::slice::ParallelSliceMut;
use std::borrow::Cow;

/// Most classes: a row's class and how often it counts share one number.
const MOST_CLASSES: usize = 1 << 24;

/// How many codes there are.
const CODES: usize = 1 << 16;

/// Bytes that a node's rows may take to be read by row: the columns of a row share lines of the processor's cache, in which all
/// descendants of the node find them again. Larger nodes read by column, where neighbouring rows share a line.
const CACHED: usize = 1 << 19;

/// Likewise of values instead of codes.
const CACHED_VALUES: usize = 1 << 16;

/// Values from one mark to the next: they fill a line of the cache.
const STEP: usize = 16;

/// A feature table with every value as a code, and the rows' classes.
///
/// A code is how many of the rows have smaller values, of all rows as of [`CODES`]. Codes compare as the values do: different values
/// of a column have different codes, but among more rows than codes a few neighbours share one. They take few bits, of which
/// the highest are the value's quantile.
pub(crate) struct RankedTable<'a> {
    /// By row, then by column.
    values: Cow<'a, [f32]>,
    /// Codes by column, then by row.
    by_column: Vec<Vec<u16>>,
    /// The same by row, then by column.
    by_row: Vec<Line>,
    /// By column: the values in ascending order.
    sorted: Vec<Vec<f32>>,
    /// By column: of these the first, and those that so many come before: a search among them stays in the cache.
    marks: Vec<Vec<f32>>,
    /// Class of each row.
    pub labels: Vec<usize>,
    /// The rows' numbers, class by class.
    pub by_class: Vec<u32>,
    /// Number of classes.
    pub classes: usize,
}

/// Codes that fill a line of the cache.
#[derive(Clone, Copy, Default)]
#[repr(align(64))]
pub(crate) struct Line([u16; Line::CODES]);

impl Line {
    const CODES: usize = 32;
}

impl<'a> RankedTable<'a> {
    /// From a table of shape `(rows, columns)` and each row's class, less than `classes`.
    ///
    /// # Errors
    ///
    /// More classes than trees can count, and whatever `go_on` returns.
    pub fn new(table: &'a Array2<f32>, labels: &[usize], classes: usize, go_on: GoOn) -> Result<Self> {
        if classes > MOST_CLASSES {
            return Err(Error::failed(format!("trees take at most {MOST_CLASSES} classes")));
        }
        let coded = |column| {
            go_on()?;
            Ok(coded(column))
        };
        let columns: Vec<_> = table.axis_iter(Axis(1)).into_par_iter().map(coded).collect::<Result<_>>()?;
        let (by_column, sorted): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        let by_row = by_row(&by_column, table.nrows());
        let marks = sorted.iter().map(|sorted| sorted.iter().copied().step_by(STEP).collect()).collect();
        let mut by_class: Vec<u32> = (0..labels.len() as u32).collect();
        by_class.sort_by_key(|&row| labels[row as usize]);
        let values = table.as_slice().map_or_else(|| table.iter().copied().collect(), Cow::Borrowed);
        Ok(Self { values, by_column, by_row, sorted, marks, labels: labels.to_vec(), by_class, classes })
    }

    /// What it needs.
    pub fn memory(shape: &FitShape) -> u64 {
        let sorting = Need::of(shape.rows, 2 * shape.threads);
        let by_row = (shape.rows * lines(shape.columns) * size_of::<Line>()) as u64;
        Need::table(shape) * 13 / 16 + by_row + Need::of(shape.columns, 9) + Need::of(shape.rows, 2) + sorting
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.labels.len()
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.by_column.len()
    }

    /// How to look up the codes that a node of so many rows has in a column.
    pub fn column(&self, column: usize, rows: usize) -> CodedColumn<'_> {
        let step = lines(self.columns());
        if rows * step * size_of::<Line>() > CACHED {
            return CodedColumn::All(&self.by_column[column]);
        }
        // Without rows there is nothing to look up.
        let lines = self.by_row.get(column / Line::CODES..).unwrap_or_default();
        CodedColumn::Every { lines, step, at: column % Line::CODES }
    }

    /// Whether a node of so many rows had better look up values than codes.
    pub fn reads_values(&self, rows: usize) -> bool {
        rows * self.columns() * size_of::<f32>() <= CACHED_VALUES
    }

    /// How to look up values in a column.
    pub fn values(&self, column: usize) -> ValueColumn<'_> {
        let values = self.values.get(column..).unwrap_or_default();
        ValueColumn { values, step: self.columns() }
    }

    /// The smallest and the largest value of codes that a column has, the first of them no greater than the second.
    pub fn extremes(&self, column: usize, (least, greatest): (u32, u32)) -> [f32; 2] {
        let sorted = &self.sorted[column];
        [sorted[self.below(least)], sorted[self.below(greatest + 1) - 1]]
    }

    /// The value half-way between those of two codes that a node has one after the other in a column.
    pub fn between(&self, column: usize, left: u32, right: u32) -> f32 {
        let [smaller, larger] = self.extremes(column, (right, left));
        middle(larger, smaller)
    }

    /// The value half-way between that of a code, or the greatest one below it that a column has, and the next that it has.
    pub fn after(&self, column: usize, code: u32) -> f32 {
        let (left, right) = self.sorted[column].split_at(self.below(code + 1));
        let Some(&smaller) = left.last() else { return f32::NEG_INFINITY };
        // Not always the first of the others: rows of one value may be on both sides.
        let next = right.partition_point(|&value| value <= smaller);
        right.get(next).map_or(smaller, |&larger| middle(smaller, larger))
    }

    /// The greatest code of those up to a threshold in a column, and the threshold; both are moved where they part values that share a code.
    /// There is a value with the `least` code, and a value above the threshold.
    pub fn cut(&self, column: usize, threshold: f32, least: u32) -> (u32, f32) {
        let sorted = &self.sorted[column];
        let mark = self.marks[column].partition_point(|&value| value <= threshold).saturating_sub(1) * STEP;
        let from_mark = &sorted[mark..sorted.len().min(mark + STEP)];
        let up_to = mark + from_mark.iter().filter(|&&value| value <= threshold).count();
        let next = (up_to * CODES / self.rows()) as u32;
        let limit = next.saturating_sub(1).max(least);
        let largest = sorted[self.below(limit + 1) - 1];
        // As many values are up to the threshold as have codes up to the limit, or the nearest such place is taken.
        let fits = up_to > 0 && sorted[up_to - 1] == largest;
        (limit, if fits { threshold } else { largest })
    }

    /// How many rows have smaller codes, but for rows of the same value of which some are among them.
    fn below(&self, code: u32) -> usize {
        (code as usize * self.rows()).div_ceil(CODES)
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

/// The values of a column: one after so many of all columns.
#[derive(Clone, Copy)]
pub(crate) struct ValueColumn<'a> {
    values: &'a [f32],
    step: usize,
}

impl ValueColumn<'_> {
    /// That of a row.
    #[inline(always)]
    pub fn of(self, row: u32) -> f32 {
        self.values[row as usize * self.step]
    }

    /// Replaces what is in a list by what is made of every row's value.
    #[inline(always)]
    pub fn map<T>(self, rows: &[NodeRow], to: &mut Vec<T>, make: impl Fn(f32) -> T) {
        to.clear();
        to.extend(rows.iter().map(|row| make(self.of(row.number))));
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

const SIGN: u32 = 1 << 31;

/// A whole number that compares with others as the values do.
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
    fn codes_stand_for_values_by_row_and_by_column() {
        let table = array![[3.0, 1.0], [-2.0, 1.0], [0.0, 1.0], [-0.0, 5.0], [3.0, 1.0]];
        let ranked = RankedTable::new(&table, &[1, 0, 1, 0, 0], 2, &|| Ok(())).unwrap();
        assert_eq!(ranked.by_class, [1, 3, 4, 0, 2]);
        let code = |before: usize| (before * CODES / 5) as u32;
        for rows in [5, CACHED] {
            let of =
                |column: usize| (0..5).map(|row| ranked.column(column, rows).of(row)).collect::<Vec<_>>();
            assert_eq!(of(0), [3, 0, 1, 1, 3].map(code), "as for {rows} rows");
            assert_eq!(of(1), [0, 0, 0, 4, 0].map(code), "as for {rows} rows");
        }
        let of_values = (0..5).map(|row| ranked.values(0).of(row)).collect::<Vec<_>>();
        assert_eq!(of_values, table.column(0).to_vec());
        assert!(ranked.reads_values(5) && !ranked.reads_values(CACHED_VALUES));
        assert_eq!(ranked.extremes(0, (code(1), code(3))), [0.0, 3.0]);
        assert_eq!(ranked.between(0, code(0), code(3)), 0.5);
        assert_eq!(
            [code(0), code(1), code(2), code(3)].map(|code| ranked.after(0, code)),
            [-1.0, 1.5, 1.5, 3.0]
        );
        let limit = |threshold| ranked.cut(0, threshold, 0);
        assert_eq!([-2.0, -1.0, 0.0, 2.9].map(limit).map(|(_, threshold)| threshold), [-2.0, -1.0, 0.0, 2.9]);
        for (threshold, left) in
            [(-2.0, vec![1]), (-1.0, vec![1]), (0.0, vec![1, 2, 3]), (2.9, vec![1, 2, 3])]
        {
            let (limit, _) = limit(threshold);
            assert_eq!((0..5).filter(|&row| ranked.column(0, 5).of(row) <= limit).collect::<Vec<_>>(), left);
        }
    }

    /// Whatever the threshold, the codes up to the limit are those of the values up to the threshold that comes back.
    #[test]
    fn a_cut_parts_codes_as_it_parts_values() {
        let rows = 3 * CODES / 2;
        for distinct in [rows, 40_000, 7] {
            let table = Array2::from_shape_fn((rows, 1), |(row, _)| (row * 7919 % rows % distinct) as f32);
            let ranked = RankedTable::new(&table, &vec![0; rows], 1, &|| Ok(())).unwrap();
            let codes = ranked.column(0, rows);
            let middle = codes.of(5);
            for (least, threshold) in (0..40).flat_map(|step| {
                let threshold = (distinct - 1) as f32 * step as f32 / 40.0;
                [(0, threshold), (middle, threshold.max(table[[5, 0]]))]
            }) {
                let (limit, moved) = ranked.cut(0, threshold, least);
                assert!(limit >= least);
                let parts_alike = |row: usize| (codes.of(row as u32) <= limit) == (table[[row, 0]] <= moved);
                assert!((0..rows).all(parts_alike), "{distinct} values, {threshold} from {least}");
            }
        }
    }
}
