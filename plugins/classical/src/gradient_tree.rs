//! Regression trees that take a Newton step on a loss: what boosting is made of.

use crate::bins::BinnedTable;
use crate::cart::partition;
use crate::histogram::{Histogram, Sums, Unit};
use ndarray::{ArrayView1, ArrayViewMut1};

/// Smallest sum of hessians on a side of a split.
const MIN_HESSIAN: f64 = 1e-3;

/// When to stop growing, and how far a leaf steps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Growth {
    /// Most leaves of a tree.
    pub max_leaves: usize,
    /// Fewest rows in a leaf.
    pub min_samples_leaf: usize,
    /// Penalty on the squared values of leaves.
    pub l2: f64,
    /// What the leaves' Newton steps are shortened to.
    pub learning_rate: f64,
}

/// A grown tree.
pub(crate) struct GradientTree {
    nodes: Vec<Node>,
}

enum Node {
    /// Values up to `threshold` go to node `left`, greater ones to the node after it.
    Split { column: u32, left: u32, threshold: f64 },
    /// What the tree says.
    Leaf(f64),
}

impl GradientTree {
    /// What the tree says of an example.
    pub fn value(&self, example: ArrayView1<f32>) -> f64 {
        let mut node = 0;
        loop {
            match self.nodes[node] {
                Node::Split { column, left, threshold } => {
                    let goes_right = f64::from(example[column as usize]) > threshold;
                    node = left as usize + usize::from(goes_right);
                }
                Node::Leaf(value) => return value,
            }
        }
    }
}

/// Grows one tree after the other on the same table, reusing memory.
///
/// As scikit-learn's `HistGradientBoostingClassifier`: of all nodes the one whose best split lowers
/// the loss most is split first, the search for it goes through bins instead of values, and of two
/// children only the smaller one's rows are counted, the other's being the difference to the
/// parent's.
///
/// References: T. Chen and C. Guestrin, "XGBoost: a scalable tree boosting system", KDD 2016, for
/// the gain of a split; G. Ke and others, "LightGBM: a highly efficient gradient boosting decision
/// tree", NIPS 2017, for the histograms.
pub(crate) struct Grower<'a> {
    table: &'a BinnedTable,
    growth: Growth,
    unit: Unit,
    /// All rows, each node's together.
    rows: Vec<u32>,
    /// The derivatives of a node's rows, in the order of `rows`.
    derivatives: Vec<Sums>,
    /// Histograms not in use.
    spare: Vec<Histogram>,
}

/// A node that is not split so far: its rows are `first..end` of [`Grower::rows`].
struct Open {
    node: usize,
    first: usize,
    end: usize,
    sums: Sums,
    /// Where to split it best, with what its children's histograms are made from; none where it
    /// cannot be split, or was not looked at because the tree is large enough.
    split: Option<(Split, Histogram)>,
}

/// A place to cut a node's rows in two.
struct Split {
    column: usize,
    /// Last bin on the left side.
    bin: u8,
    left: Sums,
    /// How much the split lowers the loss, times 2, in fixed point.
    gain: f64,
}

impl<'a> Grower<'a> {
    /// For a table that does not change from tree to tree.
    pub fn new(table: &'a BinnedTable, growth: Growth, unit: Unit) -> Self {
        Self { table, growth, unit, rows: Vec::new(), derivatives: Vec::new(), spare: Vec::new() }
    }

    /// Grows a tree on every row's derivatives. Adds what it says of each row to `predictions`, and
    /// how much each column's splits lower the loss, up to a factor, to `gains`.
    pub fn grow(
        &mut self,
        derivatives: &[Sums],
        mut predictions: ArrayViewMut1<f64>,
        gains: &mut [f64],
    ) -> GradientTree {
        self.rows.clear();
        self.rows.extend(0..self.table.rows() as u32);
        let histogram = self.count(0, self.rows.len(), derivatives);
        let mut root = Open { node: 0, first: 0, end: self.rows.len(), sums: histogram.total(), split: None };
        self.find_split(&mut root, histogram);
        let mut nodes = vec![Node::Leaf(0.0)];
        let mut open = vec![root];
        while open.len() < self.growth.max_leaves {
            let Some(best) = most_worth_splitting(&open) else { break };
            let parent = open.swap_remove(best);
            let Some((split, histogram)) = parent.split else { break };
            gains[split.column] += split.gain;

            let bins = self.table.column(split.column);
            let rows = &mut self.rows[parent.first..parent.end];
            let middle = parent.first + partition(rows, |row| bins[row as usize] <= split.bin);
            let child = nodes.len();
            nodes.extend([Node::Leaf(0.0), Node::Leaf(0.0)]);
            nodes[parent.node] = Node::Split {
                column: split.column as u32,
                left: child as u32,
                threshold: self.table.thresholds(split.column)[usize::from(split.bin)],
            };
            let mut left =
                Open { node: child, first: parent.first, end: middle, sums: split.left, split: None };
            let right_sums = parent.sums - split.left;
            let mut right =
                Open { node: child + 1, first: middle, end: parent.end, sums: right_sums, split: None };
            if open.len() + 2 < self.growth.max_leaves {
                self.find_splits(&mut left, &mut right, histogram, derivatives);
            } else {
                self.spare.push(histogram);
            }
            open.extend([left, right]);
        }
        // A tree that could not split its root says nothing.
        if open.len() > 1 {
            for leaf in &open {
                let value = self.newton_step(leaf.sums);
                nodes[leaf.node] = Node::Leaf(value);
                for &row in &self.rows[leaf.first..leaf.end] {
                    predictions[row as usize] += value;
                }
            }
        }
        self.spare.extend(open.into_iter().filter_map(|node| node.split).map(|(_, histogram)| histogram));
        GradientTree { nodes }
    }

    /// Where the loss of these rows would be lowest if it were its second-order expansion,
    /// shortened by the learning rate.
    fn newton_step(&self, sums: Sums) -> f64 {
        // What is added in the end only keeps 0 / 0 from being a number.
        -self.growth.learning_rate * sums.gradient() / (sums.hessian() + self.l2() + f64::MIN_POSITIVE)
    }

    fn l2(&self) -> f64 {
        self.unit.of(self.growth.l2)
    }

    /// The histogram of the rows `first..end` of [`Grower::rows`].
    fn count(&mut self, first: usize, end: usize, derivatives: &[Sums]) -> Histogram {
        let mut histogram = self.spare.pop().unwrap_or_else(|| Histogram::new(self.table.columns()));
        let rows = &self.rows[first..end];
        self.derivatives.clear();
        self.derivatives.extend(rows.iter().map(|&row| derivatives[row as usize]));
        histogram.count(self.table, rows, &self.derivatives);
        histogram
    }

    /// Finds the best splits of two siblings, whose rows together `histogram` counts.
    fn find_splits(
        &mut self,
        left: &mut Open,
        right: &mut Open,
        mut histogram: Histogram,
        derivatives: &[Sums],
    ) {
        let left_is_smaller = left.end - left.first < right.end - right.first;
        let (smaller, larger) = if left_is_smaller { (left, right) } else { (right, left) };
        if !self.is_large_enough(larger) {
            self.spare.push(histogram);
            return;
        }
        let part = self.count(smaller.first, smaller.end, derivatives);
        histogram.take_out(&part);
        self.find_split(smaller, part);
        self.find_split(larger, histogram);
    }

    /// Whether a node has enough rows for two leaves.
    fn is_large_enough(&self, node: &Open) -> bool {
        node.end - node.first >= 2 * self.growth.min_samples_leaf
    }

    /// Finds a node's best split, the one in the lowest column and bin where several are.
    fn find_split(&mut self, node: &mut Open, histogram: Histogram) {
        let mut best = None;
        if self.is_large_enough(node) {
            // Twice the loss that the node has as a leaf is minus this.
            let whole = gain_of(node.sums.gradient(), node.sums.hessian() + self.l2());
            let mut most = whole;
            for column in 0..self.table.columns() {
                let bins = &histogram.column(column)[..self.table.thresholds(column).len()];
                if let Some((bin, left, gain)) = self.best_cut(bins, node.sums, most) {
                    most = gain;
                    best = Some(Split { column, bin, left, gain: gain - whole });
                }
            }
        }
        match best {
            Some(split) => node.split = Some((split, histogram)),
            None => self.spare.push(histogram),
        }
    }

    /// The bin after which to cut best, with the sums up to there and the sides' gains, if these are
    /// more than `most`. `bins` are all of the column but the last.
    fn best_cut(&self, bins: &[Sums], total: Sums, mut most: f64) -> Option<(u8, Sums, f64)> {
        let (l2, min_hessian) = (self.l2(), self.unit.of(MIN_HESSIAN));
        let min_count = self.growth.min_samples_leaf;
        let mut best = None;
        let mut left = Sums::default();
        for (bin, &sums) in bins.iter().enumerate() {
            left += sums;
            if left.count() < min_count || left.hessian() < min_hessian {
                continue;
            }
            let right = total - left;
            if right.count() < min_count || right.hessian() < min_hessian {
                break;
            }
            let (left_gradient, left_hessian) = (left.gradient(), left.hessian() + l2);
            let (right_gradient, right_hessian) = (right.gradient(), right.hessian() + l2);
            // Divisions are slow, so they are only made where the sum of the sides' gains, times both
            // hessians, is promising.
            let scaled = left_gradient * left_gradient * right_hessian
                + right_gradient * right_gradient * left_hessian;
            if scaled > most * (left_hessian * right_hessian) {
                let gain = gain_of(left_gradient, left_hessian) + gain_of(right_gradient, right_hessian);
                if gain > most {
                    most = gain;
                    best = Some((bin as u8, left, gain));
                }
            }
        }
        best
    }
}

/// Twice what a Newton step lowers the loss by: `gradient² / hessian`.
fn gain_of(gradient: f64, hessian: f64) -> f64 {
    gradient * gradient / hessian
}

/// The node whose split lowers the loss most, the first where several do.
fn most_worth_splitting(open: &[Open]) -> Option<usize> {
    let gain = |at: usize| open[at].split.as_ref().map(|(split, _)| split.gain);
    (0..open.len())
        .filter_map(|at| gain(at).map(|gain| (at, gain)))
        .reduce(|best, other| if other.1 > best.1 { other } else { best })
        .map(|(at, _)| at)
}
