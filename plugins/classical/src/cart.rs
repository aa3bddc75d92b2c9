//! Classification trees: CART with the Gini impurity.

use crate::importances::shares;
use crate::keyed_table::{KeyedTable, key};
use crate::split::{Growth, NodeRow, Splitter, partition, purity};
use ndarray::ArrayView1;
use rand::Rng;

/// A grown tree.
pub(crate) struct Tree {
    nodes: Vec<Node>,
    /// Class frequencies of the leaves, `classes` numbers a leaf.
    frequencies: Vec<f32>,
    classes: usize,
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
    pub fn grow(table: &KeyedTable, weights: &[u32], growth: Growth, rng: &mut impl Rng) -> Self {
        let mut rows: Vec<NodeRow> = (table.labels.iter().zip(weights).enumerate())
            .filter(|(_, (_, weight))| **weight > 0)
            .map(|(number, (&class, &weight))| NodeRow { number: number as u32, class: class as u32, weight })
            .collect();
        let mut tree = Self {
            nodes: vec![Node::Leaf(0)],
            frequencies: Vec::new(),
            classes: table.classes,
            decreases: vec![0.0; table.columns()],
        };
        let mut splitter = Splitter::new(table, growth);
        let mut open = vec![Open { node: 0, first: 0, end: rows.len(), depth: 0 }];
        while let Some(Open { node, first, end, depth }) = open.pop() {
            let rows = &mut rows[first..end];
            let counts = splitter.class_counts(rows);
            let split = if depth < growth.max_depth { splitter.best(rows, &counts, rng) } else { None };
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
        tree
    }

    fn leaf(&mut self, counts: &[u32]) -> Node {
        let total: u32 = counts.iter().sum();
        self.frequencies.extend(counts.iter().map(|&count| count as f32 / total as f32));
        Node::Leaf(self.frequencies.len() / self.classes - 1)
    }

    /// By column: its share in what all splits together decreased the Gini impurity by, every split
    /// weighted with its rows; nothing if there is no split.
    pub fn importances(&self) -> Vec<f64> {
        shares(&self.decreases)
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
