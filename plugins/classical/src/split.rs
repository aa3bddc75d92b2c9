//! Where to split a node of a classification tree.

use crate::few::{self, FEW};
use crate::float_order::{key, value};
use crate::node::{NodeRow, Run, partition};
use crate::product::GoOn;
use crate::quantiles;
use crate::radix::{Keyed, sort};
use crate::random_cut::{extremes, purity_at};
use crate::ranked_table::RankedTable;
use crate::sweep::Sweep;
use crate::tree_table::{Cells, TreeTable};
use crate::value_table::ValueTable;
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
    /// The same, but large nodes are only cut between [quantiles](crate::quantiles) of all rows.
    Quantiles,
    /// Anywhere between a node's smallest and largest value, at random. Rows count once each.
    Random,
}

/// Rows looked at, and classes counted, between two calls of [`GoOn`].
const PAUSE: usize = 1 << 19;

/// A place to cut a node's rows in two.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SplitRecord {
    pub column: usize,
    /// The greatest code that goes to the left side, or the key of such a value.
    pub limit: u32,
    /// The code that comes next in the node; none for the next that the table has.
    pub next: Option<u32>,
    /// The sum of both sides' [`purity`](crate::sweep::purity); greater is better.
    pub purity: f64,
}

impl SplitRecord {
    /// Puts the rows of a node that go left before the others, and returns how many do.
    pub fn part(&self, table: &TreeTable, rows: &mut [NodeRow], spare: &mut Vec<NodeRow>) -> usize {
        match &table.cells {
            Cells::Values(values) => {
                let values = values.column(self.column, rows.len());
                partition(rows, spare, |row| values.key(row) <= self.limit)
            }
            Cells::Codes(codes) => {
                let codes = codes.column(self.column, rows.len());
                partition(rows, spare, |row| codes.of(row.number) <= self.limit)
            }
        }
    }
}

/// Searches splits; holds what is reused from node to node.
pub(crate) struct Splitter<'a> {
    table: &'a TreeTable<'a>,
    growth: Growth,
    /// All columns; every search shuffles as many to the front as it needs.
    columns: Vec<usize>,
    /// A node's rows under one column, by code.
    ranked: Vec<Keyed>,
    /// Room to sort them.
    spare: Vec<Keyed>,
    sweep: Sweep,
    /// How often a node's rows count, where they are few.
    weights: Vec<u16>,
    /// A node's codes in one column, or the keys of its values.
    codes: Vec<u16>,
    keys: Vec<u32>,
    go_on: GoOn<'a>,
    /// Work done since it was last called.
    work: usize,
}

impl<'a> Splitter<'a> {
    /// For the rows of a table.
    pub fn new(table: &'a TreeTable<'a>, growth: Growth, go_on: GoOn<'a>) -> Self {
        Self {
            table,
            growth,
            columns: (0..table.columns).collect(),
            ranked: Vec::new(),
            spare: Vec::new(),
            sweep: Sweep::new(),
            weights: Vec::new(),
            codes: Vec::new(),
            keys: Vec::new(),
            go_on,
            work: 0,
        }
    }

    /// The purest split among randomly drawn columns, the one drawn first where several are; none if the rows, which come class by class
    /// in these runs, are all of one class, too few or all alike. `counts` are how often their classes count.
    ///
    /// # Errors
    ///
    /// Whatever [`GoOn`] returns.
    pub fn best(
        &mut self,
        rows: &[NodeRow],
        runs: &[Run],
        counts: &[u32],
        rng: &mut impl Rng,
    ) -> Result<Option<SplitRecord>> {
        if runs.len() < 2 || rows.len() < 2 * self.growth.min_samples_leaf {
            return Ok(None);
        }
        if rows.len() <= FEW {
            self.weights.clear();
            self.weights.extend(rows.iter().map(|row| row.counted.weight() as u16));
        }
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
            let found = match &self.table.cells {
                Cells::Values(values) => self.random_cut(values, column, rows, runs, rng),
                Cells::Codes(codes) if rows.len() <= FEW => self.cut_of_few(codes, column, rows, runs),
                Cells::Codes(codes) => {
                    let is_binned = self.growth.strategy == SplitStrategy::Quantiles;
                    // Where nothing is between bins, rows of one bin may still differ.
                    match is_binned.then(|| self.cut_between_bins(codes, column, rows, runs)).flatten() {
                        Some(cut) => Found::Cut(cut),
                        None => self.best_cut(codes, column, rows, counts),
                    }
                }
            };
            all_constant &= matches!(found, Found::Constant);
            if let Found::Cut(cut) = found
                && best.is_none_or(|best| cut.purity > best.purity)
            {
                best = Some(cut);
            }
        }
        Ok(best)
    }

    /// The purest cut of a column between two of its bins; none where every such cut leaves too few rows on a side.
    fn cut_between_bins(
        &self,
        codes: &RankedTable,
        column: usize,
        rows: &[NodeRow],
        runs: &[Run],
    ) -> Option<SplitRecord> {
        let codes = codes.column(column, rows.len());
        let cut = quantiles::purest(codes, rows, runs, self.growth.min_samples_leaf)?;
        Some(SplitRecord { column, limit: cut.code, next: None, purity: cut.purity })
    }

    /// The purest cut of a column in a node of few rows, the lowest where several are.
    fn cut_of_few(&mut self, codes: &RankedTable, column: usize, rows: &[NodeRow], runs: &[Run]) -> Found {
        codes.column(column, rows.len()).map(rows, &mut self.codes, |_, code| code);
        let (least, greatest) = extremes(&self.codes);
        if least == greatest {
            return Found::Constant;
        }
        let cut = few::purest(&self.codes, &self.weights, runs, self.growth.min_samples_leaf);
        cut.map_or(Found::TooFew, |cut| {
            let [limit, next] = cut.codes.map(u32::from);
            Found::Cut(SplitRecord { column, limit, next: Some(next), purity: cut.purity })
        })
    }

    /// The purest cut of a column, the lowest where several are.
    fn best_cut(&mut self, codes: &RankedTable, column: usize, rows: &[NodeRow], counts: &[u32]) -> Found {
        let keyed = |row: NodeRow, code: u16| Keyed::new(code.into(), row.counted.0);
        codes.column(column, rows.len()).map(rows, &mut self.ranked, keyed);
        let keys = self.ranked.iter().map(|ranked| ranked.key());
        let (least, greatest) = (keys.clone().min().unwrap_or(0), keys.max().unwrap_or(0));
        if least == greatest {
            return Found::Constant;
        }
        sort(&mut self.ranked, &mut self.spare, (least, greatest));
        let cut = self.sweep.purest(&self.ranked, counts, self.growth.min_samples_leaf);
        cut.map_or(Found::TooFew, |cut| {
            let [limit, next] = [cut.rows - 1, cut.rows].map(|at| self.ranked[at].key());
            Found::Cut(SplitRecord { column, limit, next: Some(next), purity: cut.purity })
        })
    }

    /// A cut of a column at a value drawn uniformly between the smallest and the largest.
    fn random_cut(
        &mut self,
        values: &ValueTable,
        column: usize,
        rows: &[NodeRow],
        runs: &[Run],
        rng: &mut impl Rng,
    ) -> Found {
        let values = values.column(column, rows.len());
        self.keys.clear();
        self.keys.extend(rows.iter().map(|&row| values.key(row)));
        let extremes = extremes(&self.keys);
        if extremes.0 == extremes.1 {
            return Found::Constant;
        }
        let [smallest, largest] = [extremes.0, extremes.1].map(value);
        let drawn = f64::from(smallest) + rng.r#gen::<f64>() * (f64::from(largest) - f64::from(smallest));
        // Rounding must not leave the right side empty.
        let limit = key(if (drawn as f32) < largest { drawn as f32 } else { smallest });
        let (purity, left_rows) = purity_at(&self.keys, runs, limit);
        match left_rows.min(rows.len() - left_rows) >= self.growth.min_samples_leaf {
            true => Found::Cut(SplitRecord { column, limit, next: None, purity }),
            false => Found::TooFew,
        }
    }
}

/// What comes of searching a column of a node.
enum Found {
    /// All rows have the same value.
    Constant,
    /// Every cut leaves too few rows on a side.
    TooFew,
    Cut(SplitRecord),
}
