//! Splits of large nodes: between quantiles of a column instead of all its values.

use crate::node::{NodeRow, Run};
use crate::ranked_table::CodedColumn;
use crate::sweep::purity_of;
use genre_bench_api::wide;
use std::ops::{AddAssign, Mul};

/// Bins of a column: of every code the highest bits.
const BINS: usize = 256;

/// How far these are from the lowest.
const SHIFT: u32 = 8;

/// Segments of bins, and bins in each: one after the other in a segment, but all segments at once.
const SEGMENTS: usize = 16;

/// A number for every bin. The first bins of all segments come first.
type ByBin<T> = [T; BINS];

/// Where such numbers have a bin's.
fn place(bin: u8) -> usize {
    bin.rotate_left(4).into()
}

/// A cut after a bin.
pub(crate) struct BinnedCut {
    /// Greatest code that goes to the left side.
    pub code: u32,
    /// The sum of both sides' purity.
    pub purity: f64,
}

/// The purest cut between two bins of a column that leaves at least `fewest` rows on each side, the lowest where several are;
/// none where every cut leaves fewer. The rows come class by class in these runs.
pub(crate) fn purest(
    column: CodedColumn,
    rows: &[NodeRow],
    runs: &[Run],
    fewest: usize,
) -> Option<BinnedCut> {
    let total: u64 = runs.iter().map(|run| u64::from(run.count)).sum();
    // Squares of no greater numbers, and sums of them, fit into 32 bits.
    let mut purities = match total < 1 << 16 {
        true => purities::<u32>(column, rows, runs),
        false => purities::<f64>(column, rows, runs),
    };
    if fewest > 1 {
        let mut of_bins = [0; BINS];
        column.each(rows, |_, code| of_bins[(code >> SHIFT) as usize] += 1);
        let mut left = 0;
        for (bin, of_bin) in (0..=u8::MAX).zip(of_bins) {
            left += of_bin;
            if left.min(rows.len() - left) < fewest {
                purities[place(bin)] = f64::NAN;
            }
        }
    }
    // Where a side is empty the purity is not a number.
    let purest =
        purities.iter().fold(f64::NEG_INFINITY, |most, &purity| if purity > most { purity } else { most });
    let bin = (0..=u8::MAX).find(|&bin| purities[place(bin)] == purest)?;
    Some(BinnedCut { code: ((u32::from(bin) + 1) << SHIFT) - 1, purity: purest })
}

/// The purity of a cut after every bin. Sums of squares of counts are taken in `S`.
fn purities<S>(column: CodedColumn, rows: &[NodeRow], runs: &[Run]) -> ByBin<f64>
where
    S: Copy + Default + From<u32> + Into<f64> + AddAssign + Mul<Output = S>,
{
    // By bin, of a cut after it: `Σ left`, `Σ left²` and `Σ left · total` over the classes.
    let (mut lefts, mut squares, mut products) = ([0; BINS], [S::default(); BINS], [S::default(); BINS]);
    let mut first = 0;
    for run in runs {
        let mut counts = [0_u32; BINS];
        column.each(&rows[first..run.end], |row, code| {
            counts[place((code >> SHIFT) as u8)] += row.counted.weight();
        });
        wide(
            #[inline(always)]
            || {
                add_up(&mut counts);
                for at in 0..BINS {
                    lefts[at] += counts[at];
                    let left = S::from(counts[at]);
                    squares[at] += left * left;
                    products[at] += left * S::from(run.count);
                }
            },
        );
        first = run.end;
    }
    let total: f64 = runs.iter().map(|run| f64::from(run.count)).sum();
    let total_squares: f64 = runs.iter().map(|run| f64::from(run.count) * f64::from(run.count)).sum();
    wide(
        #[inline(always)]
        || {
            let mut purities = [0.0; BINS];
            for (at, purity) in purities.iter_mut().enumerate() {
                let (left, squares) = (f64::from(lefts[at]), squares[at].into());
                // Σ (total - left)².
                let right_squares = total_squares - 2.0 * products[at].into() + squares;
                *purity = purity_of([squares, right_squares], [left, total - left]);
            }
            purities
        },
    )
}

/// Adds to every bin's count those of the bins before.
#[inline(always)]
fn add_up(counts: &mut ByBin<u32>) {
    let mut sums = [0; SEGMENTS];
    for counts in counts.as_chunks_mut::<SEGMENTS>().0 {
        for (sum, count) in sums.iter_mut().zip(counts) {
            *sum += *count;
            *count = *sum;
        }
    }
    let mut before = 0;
    for sum in &mut sums {
        before += std::mem::replace(sum, before);
    }
    for counts in counts.as_chunks_mut::<SEGMENTS>().0 {
        counts.iter_mut().zip(&sums).for_each(|(count, sum)| *count += sum);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]

    use super::*;
    use crate::node::find_runs;
    use crate::ranked_table::RankedTable;
    use crate::sweep::{Counted, purity};
    use genre_bench_api::random_stream;
    use ndarray::Array2;
    use rand::Rng;

    /// Beside all cuts between bins, taken one by one.
    #[test]
    fn the_purest_cut_between_bins_is_found() {
        let mut rng = random_stream(0, "cuts between bins");
        for (classes, distinct, fewest) in [(2, 1000, 1), (10, 1000, 1), (10, 7, 1), (40, 900, 30), (3, 1, 1)]
        {
            let ranks: Vec<u32> = (0..2000_u32).map(|row| row * 7 % distinct).collect();
            let values = Array2::from_shape_fn((2000, 1), |(row, _)| ranks[row] as f32);
            let table = RankedTable::new(&values, &|| Ok(())).unwrap();
            let codes = table.column(0, 2000);
            let mut rows: Vec<NodeRow> = (0..2000)
                .filter(|row| row % 3 != 1)
                .map(|number| {
                    let class = (ranks[number as usize] as usize / 50 + rng.gen_range(0..classes)) % classes;
                    NodeRow { number, counted: Counted::new(class, rng.gen_range(1..4)) }
                })
                .collect();
            rows.sort_by_key(|row| row.counted.class());
            let mut runs = Vec::new();
            find_runs(&rows, &mut runs);
            let counts = |goes_in: &dyn Fn(u32) -> bool| {
                let mut counts = vec![0; classes];
                for row in rows.iter().filter(|row| goes_in(codes.of(row.number))) {
                    counts[row.counted.class()] += row.counted.weight();
                }
                counts
            };
            let mut expected: Option<(u32, f64)> = None;
            for end in (0..BINS as u32).map(|bin| 256 * bin + 255) {
                let left_rows = rows.iter().filter(|row| codes.of(row.number) <= end).count();
                let purity = purity(&counts(&|code| code <= end)) + purity(&counts(&|code| code > end));
                let is_allowed = left_rows.min(rows.len() - left_rows) >= fewest;
                if is_allowed && expected.is_none_or(|(_, best)| purity > best) {
                    expected = Some((end, purity));
                }
            }
            let found = purest(codes, &rows, &runs, fewest);
            let found = found.map(|cut| (cut.code, cut.purity));
            assert_eq!(found, expected, "{classes} classes, {distinct} values");
            // In the other kind of numbers, too.
            let same = |(a, b): (f64, f64)| a == b || a.is_nan() && b.is_nan();
            let (small, large) = (purities::<u32>(codes, &rows, &runs), purities::<f64>(codes, &rows, &runs));
            assert!(small.into_iter().zip(large).all(same));
        }
    }
}
