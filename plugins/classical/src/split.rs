//! Where to split a node of a classification tree.

use crate::product::GoOn;
use crate::quantiles::{BinSearch, Quantiles};
use crate::radix::{Keyed, sort};
use crate::ranked_table::RankedTable;
use crate::sweep::{Counted, Sweep, purity};
use genre_bench_api::Result;
use rand::Rng;

/// When to stop growing, and where to look for a split.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Growth {
    /// Most splits from the root to a leaf.
    pub max_depth: usize,
    /// Fewest rows in a leaf.
    pub min_samples_leaf: usize,
    /// How many columns, drawn at random, are tried for each split.
    pub features_per_split: usize,
    /// Where a column that is tried is cut.
    pub strategy: SplitStrategy,
}

/// Where to cut a column, as scikit-learn's `splitter`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SplitStrategy {
    /// Where the sides are purest, half-way between two neighbouring values.
    Best,
    /// The same, but large nodes are only cut between [`Quantiles`] of all rows.
    Quantiles,
    /// Anywhere between a node's smallest and largest value, at random.
    Random,
}

/// Rows looked at, and classes counted, between two calls of [`GoOn`].
const PAUSE: usize = 1 << 19;

/// A row of the table on its way through a tree, with what every search for a split asks of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NodeRow {
    /// Its number in the table.
    pub number: u32,
    pub counted: Counted,
}

/// Where a column is cut.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    /// Between a rank and the next.
    After(u32),
    /// Between two ranks that a node has one after the other.
    Between(u32, u32),
    /// At a value; the greatest rank of those up to it is given first.
    At(u32, f32),
}

impl Place {
    /// The greatest rank that goes to the left side.
    pub fn rank(self) -> u32 {
        let (Self::After(rank) | Self::Between(rank, _) | Self::At(rank, _)) = self;
        rank
    }

    /// The greatest value that goes there.
    pub fn threshold(self, table: &RankedTable, column: usize) -> f32 {
        let between = |ranks: [u32; 2]| {
            let [smaller, larger] = ranks.map(|rank| table.value(column, rank));
            middle(smaller, larger)
        };
        match self {
            Self::After(rank) => between([rank, rank + 1]),
            Self::Between(left, right) => between([left, right]),
            Self::At(_, value) => value,
        }
    }
}

/// A place to cut a node's rows in two.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SplitRecord {
    pub column: usize,
    pub place: Place,
    /// The sum of both sides' [`purity`]; greater is better.
    pub purity: f64,
}

/// Half-way between two values, the first being the smaller.
fn middle(left: f32, right: f32) -> f32 {
    let middle = ((f64::from(left) + f64::from(right)) / 2.0) as f32;
    // Neighbouring floats have nothing between them.
    if middle < right { middle } else { left }
}

/// Searches splits; holds what is reused from node to node.
pub(crate) struct Splitter<'a> {
    table: &'a RankedTable,
    growth: Growth,
    /// All columns; every search shuffles as many to the front as it needs.
    columns: Vec<usize>,
    /// A node's rows under one column, by rank.
    ranked: Vec<Keyed>,
    /// Room to sort them.
    spare: Vec<Keyed>,
    sweep: Sweep,
    bin_search: BinSearch,
    /// Class counts on the left side of a cut, then those on its right side.
    sides: Vec<u32>,
    go_on: GoOn<'a>,
    /// Work done since it was last called.
    work: usize,
}

impl<'a> Splitter<'a> {
    /// For the rows of a table.
    pub fn new(table: &'a RankedTable, growth: Growth, go_on: GoOn<'a>) -> Self {
        Self {
            table,
            growth,
            columns: (0..table.columns()).collect(),
            ranked: Vec::with_capacity(table.rows()),
            spare: Vec::with_capacity(table.rows()),
            sweep: Sweep::new(),
            bin_search: BinSearch::new(table.classes),
            sides: vec![0; 2 * table.classes],
            go_on,
            work: 0,
        }
    }

    /// The purest split among randomly drawn columns, the one drawn first where several are; none
    /// if the rows are all of one class, too few or all alike. `counts` are how often their classes count.
    ///
    /// # Errors
    ///
    /// Whatever [`GoOn`] returns.
    pub fn best(
        &mut self,
        rows: &[NodeRow],
        counts: &[u32],
        rng: &mut impl Rng,
    ) -> Result<Option<SplitRecord>> {
        let is_pure = counts.iter().filter(|&&count| count > 0).count() < 2;
        if is_pure || rows.len() < 2 * self.growth.min_samples_leaf {
            return Ok(None);
        }
        let quantiles = self.table.quantiles.as_ref().filter(|_| self.bin_search.suits(rows.len(), counts));
        let mut best: Option<SplitRecord> = None;
        let mut all_constant = true;
        for drawn in 0..self.columns.len() {
            if drawn >= self.growth.features_per_split && !all_constant {
                break;
            }
            self.work += rows.len() + counts.len();
            if self.work > PAUSE {
                (self.go_on)()?;
                self.work = 0;
            }
            let chosen = rng.gen_range(drawn..self.columns.len());
            self.columns.swap(drawn, chosen);
            let column = self.columns[drawn];
            let mut cut =
                quantiles.and_then(|quantiles| self.cut_between_bins(quantiles, column, rows, counts));
            if cut.is_some() {
                all_constant = false;
            } else {
                // Rows of one bin may still differ.
                let (least, greatest) = self.rank(rows, column);
                if least < greatest {
                    all_constant = false;
                    cut = match self.growth.strategy {
                        SplitStrategy::Best | SplitStrategy::Quantiles => {
                            self.best_cut(column, (least, greatest), counts)
                        }
                        SplitStrategy::Random => self.random_cut(column, (least, greatest), rng),
                    };
                }
            }
            if let Some(cut) = cut
                && best.is_none_or(|best| cut.purity > best.purity)
            {
                best = Some(cut);
            }
        }
        Ok(best)
    }

    /// The purest cut of a column between two of its bins; none where every such cut leaves too few rows on a side.
    fn cut_between_bins(
        &mut self,
        quantiles: &Quantiles,
        column: usize,
        rows: &[NodeRow],
        counts: &[u32],
    ) -> Option<SplitRecord> {
        let cut = self.bin_search.purest(quantiles, column, rows, counts, self.growth.min_samples_leaf)?;
        Some(SplitRecord { column, place: Place::After(cut.rank), purity: cut.purity })
    }

    /// Looks up the rows' ranks in a column, and returns the least and the greatest.
    fn rank(&mut self, rows: &[NodeRow], column: usize) -> (u32, u32) {
        self.ranked.clear();
        let ranks = self.table.column(column, rows.len());
        let (mut least, mut greatest) = (u32::MAX, 0);
        self.ranked.extend(rows.iter().map(|row| {
            let rank = ranks.of(row.number);
            (least, greatest) = (least.min(rank), greatest.max(rank));
            Keyed::new(rank, row.counted.0)
        }));
        (least, greatest)
    }

    /// The purest cut of a column whose ranks were just looked up, the lowest where several are; none where every cut leaves
    /// too few rows on a side.
    fn best_cut(&mut self, column: usize, extremes: (u32, u32), counts: &[u32]) -> Option<SplitRecord> {
        sort(&mut self.ranked, &mut self.spare, extremes);
        let cut = self.sweep.purest(&self.ranked, counts, self.growth.min_samples_leaf)?;
        let [left, right] = [cut.rows - 1, cut.rows].map(|at| self.ranked[at].key());
        Some(SplitRecord { column, place: Place::Between(left, right), purity: cut.purity })
    }

    /// A cut of a column whose ranks were just looked up at a value drawn uniformly between the smallest and the largest, whose
    /// ranks are given and differ; none where it leaves too few rows on a side.
    fn random_cut(
        &mut self,
        column: usize,
        (least, greatest): (u32, u32),
        rng: &mut impl Rng,
    ) -> Option<SplitRecord> {
        let [smallest, largest] = [least, greatest].map(|rank| self.table.value(column, rank));
        let drawn = f64::from(smallest) + rng.r#gen::<f64>() * (f64::from(largest) - f64::from(smallest));
        // Rounding must not leave the right side empty.
        let threshold = if (drawn as f32) < largest { drawn as f32 } else { smallest };

        let limit = self.table.rank(column, threshold);
        let mut right_rows = 0;
        self.sides.fill(0);
        for row in &self.ranked {
            // Without a branch, as nothing predicts the side that a row is on.
            let goes_right = usize::from(row.key() > limit);
            let counted = Counted(row.payload());
            self.sides[goes_right * self.table.classes + counted.class()] += counted.weight();
            right_rows += goes_right;
        }
        let left_rows = self.ranked.len() - right_rows;
        let (left, right) = self.sides.split_at(self.table.classes);
        let purity = purity(left) + purity(right);
        (left_rows.min(right_rows) >= self.growth.min_samples_leaf).then_some(SplitRecord {
            column,
            place: Place::At(limit, threshold),
            purity,
        })
    }
}

/// Reorders `rows` so that those which go left come first, and returns how many do; either keep their order. `spare` is room to
/// work in.
pub(crate) fn partition<T: Copy>(rows: &mut [T], spare: &mut Vec<T>, goes_left: impl Fn(T) -> bool) -> usize {
    let Some(&any) = rows.first() else { return 0 };
    if spare.len() < rows.len() {
        spare.resize(rows.len(), any);
    }
    let spare = &mut spare[..rows.len()];
    let (mut left, mut right) = (0, 0);
    for at in 0..rows.len() {
        // Written to both sides, and kept on one: without a branch, as nothing predicts the side.
        let row = rows[at];
        let is_left = goes_left(row);
        rows[left] = row;
        spare[right] = row;
        left += usize::from(is_left);
        right += usize::from(!is_left);
    }
    rows[left..].copy_from_slice(&spare[..right]);
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_keep_their_order() {
        let mut spare = Vec::new();
        for (mut rows, left) in
            [(vec![5, 2, 9, 4, 4, 7], 3), (vec![1, 3], 0), (vec![8, 6, 2], 3), (vec![], 0)]
        {
            let mut expected = rows.clone();
            expected.sort_by_key(|row| row % 2);
            assert_eq!(partition(&mut rows, &mut spare, |row| row % 2 == 0), left);
            assert_eq!(rows, expected);
        }
    }
}
