//! Regression trees that take a Newton step on a loss: what boosting is made of.

use crate::bins::BinnedTable;
use crate::histogram::{Histogram, Sums, Unit};
use crate::split::partition;
use ndarray::{ArrayView1, ArrayViewMut1};

/// Smallest sum of hessians on a side of a split.
const MIN_HESSIAN: f64 = 1e-3;

/// When to stop growing, and how far a leaf steps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BoostingGrowth {
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
    growth: BoostingGrowth,
    unit: Unit,
    /// All rows, each node's together.
    rows: Vec<u32>,
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
    split: Option<(HistogramSplit, Histogram)>,
}

/// A place to cut a node's rows in two.
struct HistogramSplit {
    column: usize,
    /// Last bin on the left side.
    bin: u8,
    left: Sums,
    /// How much the split lowers the loss, times 2, in fixed point.
    gain: f64,
}

impl<'a> Grower<'a> {
    /// For a table that does not change from tree to tree.
    pub fn new(table: &'a BinnedTable, growth: BoostingGrowth, unit: Unit) -> Self {
        Self { table, growth, unit, rows: Vec::new(), spare: Vec::new() }
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

            nodes[parent.node] = Node::Split {
                column: split.column as u32,
                left: nodes.len() as u32,
                threshold: self.table.thresholds(split.column)[usize::from(split.bin)],
            };
            let middle = self.divide(parent.first, parent.end, &split);
            let child = |node, first, end, sums| Open { node, first, end, sums, split: None };
            let mut left = child(nodes.len(), parent.first, middle, split.left);
            let mut right = child(nodes.len() + 1, middle, parent.end, parent.sums - split.left);
            nodes.extend([Node::Leaf(0.0), Node::Leaf(0.0)]);
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

    /// Reorders the rows `first..end` of [`Grower::rows`] so that those of the left side come first,
    /// and returns where the right side begins.
    fn divide(&mut self, first: usize, end: usize, split: &HistogramSplit) -> usize {
        let bins = self.table.column(split.column);
        first + partition(&mut self.rows[first..end], |row| bins[row as usize] <= split.bin)
    }

    /// Where the loss of these rows would be lowest if it were its second-order expansion,
    /// shortened by the learning rate.
    fn newton_step(&self, sums: Sums) -> f64 {
        -self.growth.learning_rate * sums.gradient() / (sums.hessian() + self.l2())
    }

    fn l2(&self) -> f64 {
        self.unit.of(self.growth.l2)
    }

    /// The histogram of the rows `first..end` of [`Grower::rows`].
    fn count(&mut self, first: usize, end: usize, derivatives: &[Sums]) -> Histogram {
        let mut histogram = self.spare.pop().unwrap_or_else(|| Histogram::new(self.table.columns()));
        histogram.count(self.table, &self.rows[first..end], derivatives);
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
        if self.is_large_enough(smaller) {
            let part = self.count(smaller.first, smaller.end, derivatives);
            histogram.take_out(&part);
            self.find_split(smaller, part);
        } else {
            let rows = &self.rows[smaller.first..smaller.end];
            histogram.take_out_rows(self.table, rows, derivatives);
        }
        self.find_split(larger, histogram);
    }

    /// Whether a node has enough rows for two leaves.
    fn is_large_enough(&self, node: &Open) -> bool {
        node.end - node.first >= 2 * self.growth.min_samples_leaf
    }

    /// Finds a node's best split, the one in the lowest column and bin where several are.
    fn find_split(&mut self, node: &mut Open, histogram: Histogram) {
        let mut best: Option<HistogramSplit> = None;
        if self.is_large_enough(node) {
            for column in 0..self.table.columns() {
                let bins = &histogram.column(column)[..=self.table.thresholds(column).len()];
                let least = best.as_ref().map_or(0.0, |best| best.gain);
                best = self.best_cut(column, bins, node.sums, least).or(best);
            }
        }
        // Now with what is the same for all cuts of the node; without a penalty only the first quotient.
        let (gradient, hessian) = (node.sums.gradient(), node.sums.hessian());
        let both_sides = hessian + 2.0 * self.l2();
        let gain_of = |split: &HistogramSplit| {
            split.gain / both_sides + gradient * gradient / both_sides
                - gradient * gradient / (hessian + self.l2())
        };
        match best
            .map(|split| HistogramSplit { gain: gain_of(&split), ..split })
            .filter(|split| split.gain > 0.0)
        {
            Some(split) => node.split = Some((split, histogram)),
            None => self.spare.push(histogram),
        }
    }

    /// Where to cut a column's bins best, if that gains more than `least`; `total` is their sum.
    ///
    /// With `g` and `h` for the sides' sums of gradients and of hessians with the penalty, and `G`
    /// and `H` for the sums over both sides, Newton steps on the sides lower the loss by half of
    /// `g₁² / h₁ + g₂² / h₂ = G² / H + (g₁ H - G h₁)² / (h₁ h₂ H)`.
    /// Here the gain is `(g₁ H - G h₁)² / (h₁ h₂)`, as the rest is the same for all cuts of a node.
    fn best_cut(&self, column: usize, bins: &[Sums], total: Sums, least: f64) -> Option<HistogramSplit> {
        let allows = |side: Sums| {
            side.count() >= self.growth.min_samples_leaf && side.hessian() >= self.unit.of(MIN_HESSIAN)
        };
        // Sums only grow from bin to bin, so all allowed cuts are neighbours.
        let (mut before, mut first) = (Sums::default(), 0);
        while !allows(before + bins[first]) {
            before += bins[first];
            first += 1;
            if first == bins.len() {
                return None;
            }
        }
        let (mut after, mut end) = (Sums::default(), bins.len());
        while !allows(after) {
            end -= 1;
            if end == first {
                return None;
            }
            after += bins[end];
        }

        let (gradient, hessian) = (total.gradient(), total.hessian() + 2.0 * self.l2());
        let (mut most, mut best) = (least, None);
        let mut left = before;
        for (bin, &sums) in bins[..end].iter().enumerate().skip(first) {
            left += sums;
            let left_hessian = left.hessian() + self.l2();
            let difference = left.gradient() * hessian - gradient * left_hessian;
            let both_hessians = left_hessian * (hessian - left_hessian);
            // Divisions are slow: only where it is worth it.
            if difference * difference > most * both_hessians {
                let gain = difference * difference / both_hessians;
                if gain > most {
                    most = gain;
                    best = Some((bin as u8, left));
                }
            }
        }
        best.map(|(bin, left)| HistogramSplit { column, bin, left, gain: most })
    }
}

/// The node whose split lowers the loss most, the first where several do.
fn most_worth_splitting(open: &[Open]) -> Option<usize> {
    let gain = |at: usize| open[at].split.as_ref().map(|(split, _)| split.gain);
    (0..open.len())
        .filter_map(|at| gain(at).map(|gain| (at, gain)))
        .reduce(|best, other| if other.1 > best.1 { other } else { best })
        .map(|(at, _)| at)
}
