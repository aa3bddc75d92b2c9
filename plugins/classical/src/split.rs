//! Where to split a node of a classification tree.

use crate::keyed_table::{KeyedTable, key, value};
use crate::product::GoOn;
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
    pub class: u32,
    /// How many times it counts.
    pub weight: u32,
}

/// A place to cut a node's rows in two.
pub(crate) struct SplitRecord {
    pub column: usize,
    /// Greatest value that goes to the left side.
    pub threshold: f32,
    /// The sum of both sides' [`purity`]; greater is better.
    pub purity: f64,
}

/// What the Gini impurity leaves of a number of rows: `Σ count² / Σ count` is `Σ count` less
/// `Σ count · (1 - Σ (count / Σ count)²)`.
pub(crate) fn purity(counts: &[u32]) -> f64 {
    let squares: u64 = counts.iter().map(|&count| u64::from(count).pow(2)).sum();
    let total: u64 = counts.iter().map(|&count| u64::from(count)).sum();
    squares as f64 / total as f64
}

/// Half-way between two values, the first being the smaller.
fn middle(left: f32, right: f32) -> f32 {
    let middle = ((f64::from(left) + f64::from(right)) / 2.0) as f32;
    // Neighbouring floats have nothing between them.
    if middle < right { middle } else { left }
}

/// Searches splits; holds what is reused from node to node.
pub(crate) struct Splitter<'a> {
    table: &'a KeyedTable,
    growth: Growth,
    /// All columns; every search shuffles as many to the front as it needs.
    columns: Vec<usize>,
    /// A node's rows under one column.
    sorted: Vec<Keyed>,
    /// Class counts on the left side of a cut, then those on its right side.
    sides: Vec<u32>,
    go_on: GoOn<'a>,
    /// Work done since it was last called.
    work: usize,
}

/// A row of a node, by its place among them, under one column: packed into one number that sorts by
/// value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Keyed(u64);

impl Keyed {
    fn new(key: u32, at: usize) -> Self {
        Self(u64::from(key) << 32 | at as u64)
    }

    fn key(self) -> u32 {
        (self.0 >> 32) as u32
    }

    fn at(self) -> usize {
        self.0 as u32 as usize
    }
}

impl<'a> Splitter<'a> {
    /// For the rows of a table.
    pub fn new(table: &'a KeyedTable, growth: Growth, go_on: GoOn<'a>) -> Self {
        Self {
            table,
            growth,
            columns: (0..table.columns()).collect(),
            sorted: Vec::with_capacity(table.rows()),
            sides: vec![0; 2 * table.classes],
            go_on,
            work: 0,
        }
    }

    /// How many rows there are of each class.
    pub fn class_counts(&self, rows: &[NodeRow]) -> Vec<u32> {
        let mut counts = vec![0; self.table.classes];
        for row in rows {
            counts[row.class as usize] += row.weight;
        }
        counts
    }

    /// The purest split among randomly drawn columns, the one drawn first where several are; none
    /// if the rows are all of one class, too few or all alike.
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
            let (least, greatest) = self.extremes(rows, column);
            if least < greatest {
                all_constant = false;
                let split = match self.growth.strategy {
                    SplitStrategy::Best => self.best_cut(rows, column, counts),
                    SplitStrategy::Random => self.random_cut(rows, column, (least, greatest), rng),
                };
                if let Some(split) = split
                    && best.as_ref().is_none_or(|best| split.purity > best.purity)
                {
                    best = Some(split);
                }
            }
        }
        Ok(best)
    }

    /// The smallest and the largest key that rows have in a column.
    fn extremes(&self, rows: &[NodeRow], column: usize) -> (u32, u32) {
        let keys = &self.table.keys[column];
        rows.iter().fold((u32::MAX, 0), |(least, greatest), row| {
            let key = keys[row.number as usize];
            (least.min(key), greatest.max(key))
        })
    }

    /// The purest cut of a column, the lowest where several are; none where every cut leaves too few
    /// rows on a side.
    fn best_cut(&mut self, rows: &[NodeRow], column: usize, counts: &[u32]) -> Option<SplitRecord> {
        let keys = &self.table.keys[column];
        self.sorted.clear();
        let keyed = rows.iter().enumerate().map(|(at, row)| Keyed::new(keys[row.number as usize], at));
        self.sorted.extend(keyed);
        self.sorted.sort_unstable();
        let mut sides = Sides::all_right(counts);
        let mut purest = f64::NEG_INFINITY;
        let mut between = None;
        for (at, pair) in self.sorted.windows(2).enumerate() {
            let [here, next] = [pair[0], pair[1]];
            let row = rows[here.at()];
            sides.move_left(row.class as usize, row.weight);
            if here.key() != next.key() && self.allows(at + 1, rows.len()) {
                let purity = sides.purity();
                if purity > purest {
                    purest = purity;
                    between = Some((here.key(), next.key()));
                }
            }
        }
        let (left, right) = between?;
        Some(SplitRecord { column, threshold: middle(value(left), value(right)), purity: purest })
    }

    /// A cut of a column at a value drawn uniformly between the rows' smallest and largest, whose
    /// keys are given and differ; none where it leaves too few rows on a side.
    fn random_cut(
        &mut self,
        rows: &[NodeRow],
        column: usize,
        (least, greatest): (u32, u32),
        rng: &mut impl Rng,
    ) -> Option<SplitRecord> {
        let (smallest, largest) = (value(least), value(greatest));
        let drawn = f64::from(smallest) + rng.r#gen::<f64>() * (f64::from(largest) - f64::from(smallest));
        // Rounding must not leave the right side empty.
        let threshold = if (drawn as f32) < largest { drawn as f32 } else { smallest };

        let keys = &self.table.keys[column];
        let limit = key(threshold);
        let mut right_rows = 0;
        self.sides.fill(0);
        for row in rows {
            // Without a branch, as nothing predicts the side that a row is on.
            let goes_right = usize::from(keys[row.number as usize] > limit);
            self.sides[goes_right * self.table.classes + row.class as usize] += row.weight;
            right_rows += goes_right;
        }
        let (left, right) = self.sides.split_at(self.table.classes);
        let purity = purity(left) + purity(right);
        self.allows(rows.len() - right_rows, rows.len()).then_some(SplitRecord { column, threshold, purity })
    }

    /// Whether both sides have enough rows with so many of them on the left.
    fn allows(&self, left_rows: usize, rows: usize) -> bool {
        left_rows.min(rows - left_rows) >= self.growth.min_samples_leaf
    }
}

/// Class counts on both sides of a cut that moves to the right, with the sums of their squares.
struct Sides {
    left: Vec<u32>,
    right: Vec<u32>,
    left_total: u64,
    right_total: u64,
    left_squares: u64,
    right_squares: u64,
}

impl Sides {
    fn all_right(counts: &[u32]) -> Self {
        Self {
            left: vec![0; counts.len()],
            right: counts.to_vec(),
            left_total: 0,
            right_total: counts.iter().map(|&count| u64::from(count)).sum(),
            left_squares: 0,
            right_squares: counts.iter().map(|&count| u64::from(count).pow(2)).sum(),
        }
    }

    /// Moves a row from the right side to the left one.
    fn move_left(&mut self, class: usize, weight: u32) {
        let (left, right) = (u64::from(self.left[class]), u64::from(self.right[class]));
        let wide = u64::from(weight);
        // (n + w)² - n² = w (2 n + w), and likewise down.
        self.left_squares += wide * (2 * left + wide);
        self.right_squares -= wide * (2 * right - wide);
        self.left_total += wide;
        self.right_total -= wide;
        self.left[class] += weight;
        self.right[class] -= weight;
    }

    /// The sum of both sides' [`purity`].
    fn purity(&self) -> f64 {
        self.left_squares as f64 / self.left_total as f64
            + self.right_squares as f64 / self.right_total as f64
    }
}

/// Reorders `rows` so that those which go left come first, and returns how many do.
pub(crate) fn partition<T: Copy>(rows: &mut [T], goes_left: impl Fn(T) -> bool) -> usize {
    let mut left = 0;
    for at in 0..rows.len() {
        if goes_left(rows[at]) {
            rows.swap(left, at);
            left += 1;
        }
    }
    left
}
