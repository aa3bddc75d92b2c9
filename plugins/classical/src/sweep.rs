//! The purest of all cuts of sorted rows.

use crate::radix::Keyed;

/// A row's class and how many times it counts, in one number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted(pub u32);

impl Counted {
    /// Of a class less than 2²⁴.
    pub fn new(class: usize, weight: u8) -> Self {
        Self((class as u32) << 8 | u32::from(weight))
    }

    /// The class.
    pub fn class(self) -> usize {
        (self.0 >> 8) as usize
    }

    /// How many times the row counts.
    pub fn weight(self) -> u32 {
        self.0 & 255
    }
}

/// What the Gini impurity leaves of a number of rows: `Σ count² / Σ count` is `Σ count` less
/// `Σ count · (1 - Σ (count / Σ count)²)`.
pub(crate) fn purity(counts: &[u32]) -> f64 {
    squares(counts) as f64 / total(counts) as f64
}

/// The sum of two sides' [`purity`], given their sums of squared counts and of counts.
#[inline(always)]
pub(crate) fn purity_of(squares: [f64; 2], totals: [f64; 2]) -> f64 {
    squares[0] / totals[0] + squares[1] / totals[1]
}

fn squares(counts: &[u32]) -> u64 {
    counts.iter().map(|&count| u64::from(count).pow(2)).sum()
}

fn total(counts: &[u32]) -> u64 {
    counts.iter().map(|&count| u64::from(count)).sum()
}

/// Cuts whose purity is computed at once: divisions of several at a time take as long as one.
const CUTS: usize = 128;

/// Moves a cut through sorted rows; holds what is reused from search to search.
///
/// Counting is one step after the other, dividing is not: so the counts of many cuts are written down first.
pub(crate) struct Sweep {
    /// By class: how often it counts on the left side, and on the right one.
    sides: Vec<[u32; 2]>,
    /// By cut: the sum of squared counts on the left side, that on the right one, and the sum of counts on the left.
    cuts: [[f64; CUTS]; 3],
    /// By cut: how many rows are on the left.
    rows: [usize; CUTS],
    /// By cut.
    purities: [f64; CUTS],
}

/// A cut and its purity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cut {
    /// How many rows are on the left side.
    pub rows: usize,
    /// The sum of both sides' [`purity`].
    pub purity: f64,
}

impl Sweep {
    /// For any rows.
    pub fn new() -> Self {
        Self { sides: Vec::new(), cuts: [[0.0; CUTS]; 3], rows: [0; CUTS], purities: [0.0; CUTS] }
    }

    /// The purest cut between two rows of different keys that leaves at least `fewest`, one or more, on each side; the first where
    /// several are. The rows are sorted, and `counts` are how often their classes count.
    pub fn purest(&mut self, sorted: &[Keyed], counts: &[u32], fewest: usize) -> Option<Cut> {
        self.sides.clear();
        self.sides.extend(counts.iter().map(|&count| [0, count]));
        let total = total(counts) as f64;
        let (mut left_squares, mut right_squares, mut left_total) = (0_i64, squares(counts) as i64, 0_i64);
        let (mut best, mut filled) = (None, 0);
        let last = (sorted.len() + 1).saturating_sub(fewest);
        for (before, pair) in sorted[..last.max(1).min(sorted.len())].windows(2).enumerate() {
            let counted = Counted(pair[0].payload());
            let [left, right] = &mut self.sides[counted.class()];
            // (n + w)² - n² = w (2 n + w), and likewise down.
            let weight = i64::from(counted.weight());
            left_squares += weight * (2 * i64::from(*left) + weight);
            right_squares -= weight * (2 * i64::from(*right) - weight);
            left_total += weight;
            *left += counted.weight();
            *right -= counted.weight();
            // Written down in any case, and kept where it is a cut: without a branch, as nothing predicts it.
            self.cuts[0][filled] = left_squares as f64;
            self.cuts[1][filled] = right_squares as f64;
            self.cuts[2][filled] = left_total as f64;
            self.rows[filled] = before + 1;
            let is_cut = (pair[0].key() != pair[1].key()) & (before + 1 >= fewest);
            filled += usize::from(is_cut);
            if filled == CUTS {
                best = self.purer(best, filled, total);
                filled = 0;
            }
        }
        self.purer(best, filled, total)
    }

    /// The purest among the best so far and as many cuts as are filled in.
    fn purer(&mut self, best: Option<Cut>, filled: usize, total: f64) -> Option<Cut> {
        let [left_squares, right_squares, left_total] = &self.cuts;
        let purities = &mut self.purities[..filled];
        for (at, purity) in purities.iter_mut().enumerate() {
            *purity =
                purity_of([left_squares[at], right_squares[at]], [left_total[at], total - left_total[at]]);
        }
        let least = best.map_or(f64::NEG_INFINITY, |best| best.purity);
        let greatest = purities.iter().fold(least, |most, &purity| if purity > most { purity } else { most });
        let at = (greatest > least).then(|| purities.iter().position(|&purity| purity == greatest)).flatten();
        at.map(|at| Cut { rows: self.rows[at], purity: greatest }).or(best)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use genre_bench_api::random_stream;
    use rand::Rng;

    /// The rule, without the shortcuts.
    fn by_definition(sorted: &[Keyed], classes: usize, fewest: usize) -> Option<Cut> {
        let counts = |rows: &[Keyed]| {
            let mut counts = vec![0; classes];
            for row in rows {
                counts[Counted(row.payload()).class()] += Counted(row.payload()).weight();
            }
            counts
        };
        let cut = |rows: usize| {
            let (left, right) = sorted.split_at(rows);
            Cut { rows, purity: purity(&counts(left)) + purity(&counts(right)) }
        };
        (fewest..=sorted.len().saturating_sub(fewest))
            .filter(|&rows| sorted[rows - 1].key() != sorted[rows].key())
            .map(cut)
            .reduce(|best, cut| if cut.purity > best.purity { cut } else { best })
    }

    #[test]
    fn the_purest_cut_is_found() {
        let mut rng = random_stream(0, "cuts");
        let mut sweep = Sweep::new();
        for rows in [1, 2, 3, 10, CUTS, CUTS + 1, CUTS + 2, 3 * CUTS] {
            for (classes, keys, fewest) in [(2, 1000, 1), (7, 1000, 1), (7, 5, 1), (3, 1000, 4), (3, 1, 1)] {
                let mut sorted: Vec<Keyed> = (0..rows)
                    .map(|_| {
                        let counted = Counted::new(rng.gen_range(0..classes), rng.gen_range(1..4));
                        Keyed::new(rng.gen_range(0..keys), counted.0)
                    })
                    .collect();
                sorted.sort_unstable();
                let mut counts = vec![0; classes];
                for row in &sorted {
                    counts[Counted(row.payload()).class()] += Counted(row.payload()).weight();
                }
                let expected = by_definition(&sorted, classes, fewest);
                let found = sweep.purest(&sorted, &counts, fewest);
                assert_eq!(
                    found, expected,
                    "{rows} rows, {classes} classes, {keys} keys, {fewest} on a side"
                );
            }
        }
    }
}
