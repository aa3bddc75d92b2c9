//! Regression trees that take a Newton step on a loss: what boosting is made of.

use crate::bins::BinnedTable;
use crate::histogram::{Histogram, Sums, Unit, count};
use crate::node::partition;
use crate::product::GoOn;
use crate::tree::{BinaryTree, Node};
use genre_bench_api::Result;
use ndarray::ArrayViewMut1;
use std::collections::BTreeMap;

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

impl BoostingGrowth {
    /// Leaves that a tree on so many rows has at most.
    pub fn most_leaves(&self, rows: usize) -> usize {
        self.max_leaves.min(rows / self.min_samples_leaf.max(1)).max(1)
    }
}

/// A grown tree, whose leaves hold what it says.
pub(crate) type GradientTree = BinaryTree<f64, f64>;

/// Grows one tree after the other on the same table, reusing memory.
///
/// As scikit-learn's `HistGradientBoostingClassifier`: of all nodes the one whose best split lowers
/// the loss most is split first, the search for it goes through bins instead of values, and of two
/// children only the smaller one's rows are counted, the other's being the difference to the
/// parent's. Where the histograms of all open nodes would take too much memory, none is kept and every node's rows are
/// counted, column after column: sums are exact, so the trees are the same.
///
/// References: T. Chen and C. Guestrin, "XGBoost: a scalable tree boosting system", KDD 2016, for
/// the gain of a split; G. Ke and others, "LightGBM: a highly efficient gradient boosting decision
/// tree", NIPS 2017, for the histograms.
pub(crate) struct Grower<'a> {
    table: &'a BinnedTable,
    growth: BoostingGrowth,
    unit: Unit,
    keeps_histograms: bool,
    /// All rows, each node's together.
    rows: Vec<u32>,
    /// Room to divide them.
    spare_rows: Vec<u32>,
    /// Histograms not in use.
    spare: Vec<Histogram>,
    go_on: GoOn<'a>,
}

/// Rows counted, and bins looked at, between two calls of [`GoOn`].
const PAUSE: usize = 1 << 22;

/// A node that is not split so far: its rows are `first..end` of [`Grower::rows`].
struct Open {
    node: usize,
    first: usize,
    end: usize,
    sums: Sums,
    /// Where to split it best, with what its children's histograms are made from, if histograms are kept; none where it
    /// cannot be split, or was not looked at because the tree is large enough.
    split: Option<(HistogramSplit, Option<Histogram>)>,
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

/// By column that a split cuts: how much its splits lower the loss, up to a factor.
pub(crate) type Gains = BTreeMap<u32, f64>;

impl<'a> Grower<'a> {
    /// For a table that does not change from tree to tree.
    pub fn new(
        table: &'a BinnedTable,
        growth: BoostingGrowth,
        unit: Unit,
        keeps_histograms: bool,
        go_on: GoOn<'a>,
    ) -> Self {
        Self {
            table,
            growth,
            unit,
            keeps_histograms,
            rows: Vec::new(),
            spare_rows: Vec::new(),
            spare: Vec::new(),
            go_on,
        }
    }

    /// Grows a tree on every row's derivatives. Adds what it says of each row to `predictions`, and
    /// what each column's splits gain to `gains`.
    ///
    /// # Errors
    ///
    /// Whatever [`GoOn`] returns.
    pub fn grow(
        &mut self,
        derivatives: &[Sums],
        mut predictions: ArrayViewMut1<f64>,
        gains: &mut Gains,
    ) -> Result<GradientTree> {
        (self.go_on)()?;
        self.rows.clear();
        self.rows.extend(0..self.table.rows() as u32);
        let histogram = self.count(0, self.rows.len(), derivatives);
        let sums = derivatives.iter().fold(Sums::default(), |total, &sums| total + sums);
        let mut root = Open { node: 0, first: 0, end: self.rows.len(), sums, split: None };
        self.find_split(&mut root, histogram, derivatives)?;
        let mut nodes = vec![Node::Leaf(0.0)];
        let mut open = vec![root];
        while open.len() < self.growth.max_leaves {
            let Some(best) = most_worth_splitting(&open) else { break };
            let parent = open.swap_remove(best);
            let Some((split, histogram)) = parent.split else { break };
            *gains.entry(split.column as u32).or_default() += split.gain;

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
                self.find_splits(&mut left, &mut right, histogram, derivatives)?;
            } else {
                self.spare.extend(histogram);
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
        let held = open.into_iter().filter_map(|node| node.split);
        self.spare.extend(held.filter_map(|(_, histogram)| histogram));
        Ok(BinaryTree(nodes))
    }

    /// Reorders the rows `first..end` of [`Grower::rows`] so that those of the left side come first,
    /// and returns where the right side begins.
    fn divide(&mut self, first: usize, end: usize, split: &HistogramSplit) -> usize {
        let bins = self.table.column(split.column);
        first
            + partition(&mut self.rows[first..end], &mut self.spare_rows, |row| {
                bins[row as usize] <= split.bin
            })
    }

    /// Where the loss of these rows would be lowest if it were its second-order expansion,
    /// shortened by the learning rate.
    fn newton_step(&self, sums: Sums) -> f64 {
        -self.growth.learning_rate * sums.gradient() / (sums.hessian() + self.l2())
    }

    fn l2(&self) -> f64 {
        self.unit.of(self.growth.l2)
    }

    /// The histogram of the rows `first..end` of [`Grower::rows`], if histograms are kept.
    fn count(&mut self, first: usize, end: usize, derivatives: &[Sums]) -> Option<Histogram> {
        if !self.keeps_histograms {
            return None;
        }
        let mut histogram = self.spare.pop().unwrap_or_else(|| Histogram::new(self.table.columns()));
        histogram.count(self.table, &self.rows[first..end], derivatives);
        Some(histogram)
    }

    /// Finds the best splits of two siblings, whose rows together `histogram` counts.
    fn find_splits(
        &mut self,
        left: &mut Open,
        right: &mut Open,
        histogram: Option<Histogram>,
        derivatives: &[Sums],
    ) -> Result<()> {
        let left_is_smaller = left.end - left.first < right.end - right.first;
        let (smaller, larger) = if left_is_smaller { (left, right) } else { (right, left) };
        let Some(mut histogram) = histogram else {
            self.find_split(smaller, None, derivatives)?;
            return self.find_split(larger, None, derivatives);
        };
        if self.is_large_enough(smaller) {
            let part = self.count(smaller.first, smaller.end, derivatives);
            part.iter().for_each(|part| histogram.take_out(part));
            self.find_split(smaller, part, derivatives)?;
        } else {
            let rows = &self.rows[smaller.first..smaller.end];
            histogram.take_out_rows(self.table, rows, derivatives);
        }
        self.find_split(larger, Some(histogram), derivatives)
    }

    /// Whether a node has enough rows for two leaves.
    fn is_large_enough(&self, node: &Open) -> bool {
        node.end - node.first >= 2 * self.growth.min_samples_leaf
    }

    /// Finds a node's best split, the one in the lowest column and bin where several are.
    fn find_split(
        &mut self,
        node: &mut Open,
        histogram: Option<Histogram>,
        derivatives: &[Sums],
    ) -> Result<()> {
        let mut best: Option<HistogramSplit> = None;
        if self.is_large_enough(node) {
            let rows = &self.rows[node.first..node.end];
            let (mut counted, mut work) = ([Sums::default(); 256], 0);
            for column in 0..self.table.columns() {
                work += rows.len() + counted.len();
                if work > PAUSE {
                    (self.go_on)()?;
                    work = 0;
                }
                let bins = match &histogram {
                    Some(histogram) => histogram.column(column),
                    None => {
                        count(&mut counted, self.table.column(column), rows, derivatives);
                        &counted
                    }
                };
                let bins = &bins[..=self.table.thresholds(column).len()];
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
            None => self.spare.extend(histogram),
        }
        Ok(())
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]

    use super::*;
    use ndarray::{Array1, Array2};

    #[test]
    fn trees_without_histograms_are_the_same() {
        let table = Array2::from_shape_fn((300, 5), |(i, j)| ((i * 7 + j * 31 + i * i * j) % 41) as f64);
        let table = BinnedTable::new(&table, 30, &|| Ok(())).unwrap();
        let unit = Unit::for_rows(300);
        let derivatives: Vec<Sums> = (0..300)
            .map(|i| Sums::of((f64::from(i) * 0.7).sin(), 0.1 + f64::from(i % 7) / 50.0, unit))
            .collect();
        let growth = BoostingGrowth { max_leaves: 12, min_samples_leaf: 8, l2: 0.5, learning_rate: 0.1 };
        let grown = |keeps_histograms| {
            let (mut predictions, mut gains) = (Array1::zeros(300), Gains::new());
            let mut grower = Grower::new(&table, growth, unit, keeps_histograms, &|| Ok(()));
            for _ in 0..2 {
                let tree = grower.grow(&derivatives, predictions.view_mut(), &mut gains).unwrap();
                assert_eq!(tree.0.len(), 23, "all leaves that it may have");
            }
            (predictions, gains)
        };
        assert_eq!(grown(true), grown(false));
    }
}
