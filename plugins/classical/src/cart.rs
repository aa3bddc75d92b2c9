//! Classification trees: CART with the Gini impurity.

use crate::importances::shares;
use crate::keyed_table::{KeyedTable, key};
use crate::need::Need;
use crate::product::GoOn;
use crate::split::{Growth, NodeRow, Splitter, partition, purity};
use genre_bench_api::{FitShape, Result};
use ndarray::ArrayView1;
use rand::Rng;

/// A grown tree.
pub(crate) struct Tree {
    nodes: Vec<Node>,
    /// Where the frequencies of each leaf begin, and where those of the last one end.
    leaves: Vec<u32>,
    /// The classes that a leaf has rows of, ascending, and their shares: most leaves are of one class, however many there are.
    frequencies: Vec<(u32, f32)>,
    /// By column: how much all its splits decreased the impurity of their rows.
    decreases: Vec<f64>,
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
    /// As scikit-learn's `DecisionTreeClassifier` and `ExtraTreeClassifier`: of the columns tried
    /// the one is split that decreases the Gini impurity most, columns constant among a node's rows
    /// do not end the search as long as no other column was seen, and [`Growth::min_samples_leaf`]
    /// counts rows, not weights.
    ///
    /// Reference: L. Breiman, J. Friedman, R. Olshen and C. Stone, "Classification and Regression
    /// Trees", Wadsworth, 1984.
    ///
    /// # Errors
    ///
    /// Whatever `go_on` returns, which is called every now and then.
    pub fn grow(
        table: &KeyedTable,
        weights: &[u32],
        growth: Growth,
        rng: &mut impl Rng,
        go_on: GoOn,
    ) -> Result<Self> {
        let mut rows: Vec<NodeRow> = (table.labels.iter().zip(weights).enumerate())
            .filter(|(_, (_, weight))| **weight > 0)
            .map(|(number, (&class, &weight))| NodeRow { number: number as u32, class: class as u32, weight })
            .collect();
        let mut tree = Self {
            nodes: vec![Node::Leaf(0)],
            leaves: vec![0],
            frequencies: Vec::new(),
            decreases: vec![0.0; table.columns()],
        };
        let mut splitter = Splitter::new(table, growth, go_on);
        let mut open = vec![Open { node: 0, first: 0, end: rows.len(), depth: 0 }];
        while let Some(Open { node, first, end, depth }) = open.pop() {
            let rows = &mut rows[first..end];
            let counts = splitter.class_counts(rows);
            let split = if depth < growth.max_depth { splitter.best(rows, &counts, rng)? } else { None };
            match split {
                Some(split) => {
                    tree.decreases[split.column] += split.purity - purity(&counts);
                    let (keys, limit) = (&table.keys[split.column], key(split.threshold));
                    let middle = first + partition(rows, |row| keys[row.number as usize] <= limit);
                    let left = tree.nodes.len();
                    tree.nodes.extend([Node::Leaf(0), Node::Leaf(0)]);
                    tree.nodes[node] = Node::Split { column: split.column, threshold: split.threshold, left };
                    open.push(Open { node: left + 1, first: middle, end, depth: depth + 1 });
                    open.push(Open { node: left, first, end: middle, depth: depth + 1 });
                }
                None => tree.nodes[node] = tree.leaf(&counts),
            }
        }
        Ok(tree)
    }

    fn leaf(&mut self, counts: &[u32]) -> Node {
        let total: u32 = counts.iter().sum();
        let occurring = counts.iter().enumerate().filter(|&(_, &count)| count > 0);
        self.frequencies.extend(occurring.map(|(class, &count)| (class as u32, count as f32 / total as f32)));
        self.leaves.push(self.frequencies.len() as u32);
        Node::Leaf(self.leaves.len() - 2)
    }

    /// What so many trees need, `at_once` of them being grown at one time.
    pub fn memory(shape: &FitShape, trees: usize, at_once: usize) -> u64 {
        // Two nodes and a leaf a row, and what each column contributed.
        let tree = Need::of(shape.rows, 2 * size_of::<Node>() / 8 + 2) + Need::of(shape.columns, 1);
        let growing = Need::of(shape.rows, 4) + Need::of(shape.columns, 1) + Need::of(shape.classes, 4);
        trees as u64 * tree + at_once as u64 * growing
    }

    /// By column: its share in what all splits together decreased the Gini impurity by, every split
    /// weighted with its rows; nothing if there is no split.
    pub fn importances(&self) -> Vec<f64> {
        shares(&self.decreases)
    }

    /// Class frequencies of the leaf that an example falls into, of the classes that it has rows of.
    pub fn frequencies(&self, example: ArrayView1<f32>) -> &[(u32, f32)] {
        let mut node = 0;
        loop {
            match self.nodes[node] {
                Node::Split { column, threshold, left } => {
                    node = if example[column] <= threshold { left } else { left + 1 };
                }
                Node::Leaf(leaf) => {
                    return &self.frequencies[self.leaves[leaf] as usize..self.leaves[leaf + 1] as usize];
                }
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
