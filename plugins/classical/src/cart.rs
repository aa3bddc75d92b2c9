//! Classification trees: CART with the Gini impurity.

use ndarray::{Array2, ArrayView1, Axis};
use rand::Rng;

/// A feature table prepared for growing trees: every value as its rank in its column.
///
/// Ranks compare as the values do, and sort faster; they are computed once for all trees.
pub(crate) struct RankedTable {
    /// By column, then by row: how many different smaller values the column has.
    ranks: Vec<Vec<u32>>,
    /// By column: the different values, ascending.
    values: Vec<Vec<f32>>,
    /// Class of each row.
    labels: Vec<usize>,
    /// Number of classes.
    classes: usize,
}

impl RankedTable {
    /// From a table of shape `(rows, columns)` and each row's class, less than `classes`.
    pub fn new(table: &Array2<f32>, labels: &[usize], classes: usize) -> Self {
        let (ranks, values) = table.axis_iter(Axis(1)).map(rank).unzip();
        Self { ranks, values, labels: labels.to_vec(), classes }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.labels.len()
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.values.len()
    }
}

/// Each value's rank among the different values, and those values in ascending order.
fn rank(column: ArrayView1<f32>) -> (Vec<u32>, Vec<f32>) {
    let mut values = column.to_vec();
    values.sort_unstable_by(f32::total_cmp);
    values.dedup();
    let ranks = column.iter().map(|value| values.partition_point(|v| v < value) as u32).collect();
    (ranks, values)
}

/// When to stop growing, and where to look for a split.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Growth {
    /// Most splits from the root to a leaf.
    pub max_depth: usize,
    /// Fewest rows in a leaf.
    pub min_samples_leaf: usize,
    /// How many columns, drawn at random, are tried for each split.
    pub features_per_split: usize,
}

/// A grown tree.
pub(crate) struct Tree {
    nodes: Vec<Node>,
    /// Class frequencies of the leaves, `classes` numbers a leaf.
    frequencies: Vec<f32>,
    classes: usize,
}

enum Node {
    /// Values up to `threshold` go to node `left`, greater ones to the node after it.
    Split { column: usize, threshold: f32, left: usize },
    /// Number of the leaf.
    Leaf(usize),
}

impl Tree {
    /// Grows a tree on the rows with a positive weight, which count that many times.
    ///
    /// As scikit-learn's `DecisionTreeClassifier`: a split maximises the decrease of the Gini
    /// impurity, the threshold is half-way between two neighbouring values, columns constant among a
    /// node's rows do not end the search as long as no other column was seen, and
    /// [`Growth::min_samples_leaf`] counts rows, not weights.
    ///
    /// Reference: L. Breiman, J. Friedman, R. Olshen and C. Stone, "Classification and Regression
    /// Trees", Wadsworth, 1984.
    pub fn grow(table: &RankedTable, weights: &[u32], growth: Growth, rng: &mut impl Rng) -> Self {
        let rows: Vec<usize> = (0..table.rows()).filter(|&row| weights[row] > 0).collect();
        let mut tree = Self { nodes: vec![Node::Leaf(0)], frequencies: Vec::new(), classes: table.classes };
        let mut splitter = Splitter {
            table,
            weights,
            growth,
            columns: (0..table.columns()).collect(),
            sorted: Vec::with_capacity(rows.len()),
        };
        let mut rows = rows;
        let mut open = vec![Open { node: 0, first: 0, end: rows.len(), depth: 0 }];
        while let Some(Open { node, first, end, depth }) = open.pop() {
            let rows = &mut rows[first..end];
            let counts = splitter.class_counts(rows);
            let split = if depth < growth.max_depth { splitter.best(rows, &counts, rng) } else { None };
            match split {
                Some(split) => {
                    let ranks = &table.ranks[split.column];
                    let middle = first + partition(rows, |row| ranks[row] <= split.left_rank);
                    let left = tree.nodes.len();
                    tree.nodes.extend([Node::Leaf(0), Node::Leaf(0)]);
                    tree.nodes[node] =
                        Node::Split { column: split.column, threshold: split.threshold(table), left };
                    open.push(Open { node: left + 1, first: middle, end, depth: depth + 1 });
                    open.push(Open { node: left, first, end: middle, depth: depth + 1 });
                }
                None => tree.nodes[node] = tree.leaf(&counts),
            }
        }
        tree
    }

    fn leaf(&mut self, counts: &[u32]) -> Node {
        let total: u32 = counts.iter().sum();
        self.frequencies.extend(counts.iter().map(|&count| count as f32 / total as f32));
        Node::Leaf(self.frequencies.len() / self.classes - 1)
    }

    /// Class frequencies of the leaf that an example falls into.
    pub fn frequencies(&self, example: ArrayView1<f32>) -> &[f32] {
        let mut node = 0;
        loop {
            match self.nodes[node] {
                Node::Split { column, threshold, left } => {
                    node = if example[column] <= threshold { left } else { left + 1 };
                }
                Node::Leaf(leaf) => return &self.frequencies[leaf * self.classes..][..self.classes],
            }
        }
    }
}

/// A node still to be split: its rows are `first..end` of the tree's list.
struct Open {
    node: usize,
    first: usize,
    end: usize,
    depth: usize,
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

/// A place to cut a node's rows in two.
struct Split {
    column: usize,
    /// Greatest rank on the left side.
    left_rank: u32,
    /// Smallest rank on the right side.
    right_rank: u32,
    /// Greater is better; see [`Sides::purity`].
    purity: f64,
}

impl Split {
    /// Half-way between the two sides' nearest values.
    fn threshold(&self, table: &RankedTable) -> f32 {
        let values = &table.values[self.column];
        let (left, right) = (values[self.left_rank as usize], values[self.right_rank as usize]);
        let middle = ((f64::from(left) + f64::from(right)) / 2.0) as f32;
        // Neighbouring floats have nothing between them.
        if middle < right { middle } else { left }
    }
}

/// Searches splits; holds what is reused from node to node.
struct Splitter<'a> {
    table: &'a RankedTable,
    weights: &'a [u32],
    growth: Growth,
    /// All columns; every search shuffles as many to the front as it needs.
    columns: Vec<usize>,
    sorted: Vec<Ranked>,
}

/// A row under one column, packed into one number that sorts by rank.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Ranked(u64);

impl Ranked {
    fn new(rank: u32, row: usize) -> Self {
        Self(u64::from(rank) << 32 | row as u64)
    }

    fn rank(self) -> u32 {
        (self.0 >> 32) as u32
    }

    fn row(self) -> usize {
        self.0 as u32 as usize
    }
}

impl Splitter<'_> {
    fn class_counts(&self, rows: &[usize]) -> Vec<u32> {
        let mut counts = vec![0; self.table.classes];
        for &row in rows {
            counts[self.table.labels[row]] += self.weights[row];
        }
        counts
    }

    /// The purest split among randomly drawn columns, the one drawn first where several are; none
    /// if the rows are all of one class, too few or all alike.
    fn best(&mut self, rows: &[usize], counts: &[u32], rng: &mut impl Rng) -> Option<Split> {
        let is_pure = counts.iter().filter(|&&count| count > 0).count() < 2;
        if is_pure || rows.len() < 2 * self.growth.min_samples_leaf {
            return None;
        }
        let mut best: Option<Split> = None;
        let mut all_constant = true;
        for drawn in 0..self.columns.len() {
            if drawn >= self.growth.features_per_split && !all_constant {
                break;
            }
            let chosen = rng.gen_range(drawn..self.columns.len());
            self.columns.swap(drawn, chosen);
            let column = self.columns[drawn];
            if self.sort(rows, column) {
                all_constant = false;
                if let Some(split) = self.best_cut(column, counts)
                    && best.as_ref().is_none_or(|best| split.purity > best.purity)
                {
                    best = Some(split);
                }
            }
        }
        best
    }

    /// Sorts the rows by a column; false, and not sorted, if it is constant among them.
    fn sort(&mut self, rows: &[usize], column: usize) -> bool {
        let ranks = &self.table.ranks[column];
        self.sorted.clear();
        self.sorted.extend(rows.iter().map(|&row| Ranked::new(ranks[row], row)));
        let varies = self.sorted.iter().any(|ranked| ranked.rank() != self.sorted[0].rank());
        if varies {
            self.sorted.sort_unstable();
        }
        varies
    }

    /// The purest cut of the sorted rows, the lowest where several are.
    fn best_cut(&self, column: usize, counts: &[u32]) -> Option<Split> {
        let mut sides = Sides::all_right(counts);
        let mut best: Option<Split> = None;
        for (at, pair) in self.sorted.windows(2).enumerate() {
            let [here, next] = [pair[0], pair[1]];
            sides.move_left(self.table.labels[here.row()], self.weights[here.row()]);
            let smaller_side = (at + 1).min(self.sorted.len() - at - 1);
            if here.rank() == next.rank() || smaller_side < self.growth.min_samples_leaf {
                continue;
            }
            let purity = sides.purity();
            if best.as_ref().is_none_or(|best| purity > best.purity) {
                best = Some(Split { column, left_rank: here.rank(), right_rank: next.rank(), purity });
            }
        }
        best
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

    /// The sum over sides of `Σ count² / total`: what the weighted Gini impurity
    /// `Σ total · (1 - Σ (count / total)²)` leaves of the node's total.
    fn purity(&self) -> f64 {
        self.left_squares as f64 / self.left_total as f64
            + self.right_squares as f64 / self.right_total as f64
    }
}
