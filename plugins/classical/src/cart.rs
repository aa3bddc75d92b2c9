//! Classification trees: CART with the Gini impurity.

use crate::importances::shares;
use crate::need::Need;
use crate::node::{NodeRow, find_runs};
use crate::product::GoOn;
use crate::split::{Growth, Splitter};
use crate::sweep::{Counted, purity};
use crate::tree::{BinaryTree, Node, load_trees, save_trees};
use crate::tree_table::TreeTable;
use genre_bench_api::{FitShape, Result, State};
use ndarray::Array1;
use rand::Rng;

/// A grown tree.
pub(crate) struct Tree {
    nodes: BinaryTree<f32, Frequencies>,
    /// The classes that a leaf has rows of, ascending, and their shares: most leaves are of one class, however many there are.
    frequencies: Vec<(u32, f32)>,
    /// By column: how much all its splits decreased the impurity of their rows; empty where that is not known.
    decreases: Vec<f64>,
}

/// Where a leaf's frequencies begin in the tree's list, and where they end.
type Frequencies = [u32; 2];

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
        table: &TreeTable,
        weights: &[u8],
        growth: Growth,
        rng: &mut impl Rng,
        go_on: GoOn,
    ) -> Result<Self> {
        let weighted = |row: &NodeRow| {
            let weight = weights[row.number as usize];
            let counted = Counted::new(row.counted.class(), weight);
            (weight > 0).then_some(NodeRow { counted, ..*row })
        };
        let mut rows: Vec<NodeRow> = table.rows.iter().filter_map(weighted).collect();
        let mut spare = Vec::with_capacity(rows.len());
        let mut tree = Self {
            nodes: BinaryTree(vec![Node::Leaf([0, 0])]),
            frequencies: Vec::new(),
            decreases: vec![0.0; table.columns],
        };
        let mut splitter = Splitter::new(table, growth, go_on);
        let mut counts = vec![0; table.classes];
        let mut runs = Vec::new();
        let mut places = Vec::new();
        let mut open = vec![Open { node: 0, first: 0, end: rows.len(), depth: 0 }];
        while let Some(Open { node, first, end, depth }) = open.pop() {
            let rows = &mut rows[first..end];
            find_runs(rows, &mut runs);
            counts.fill(0);
            runs.iter().for_each(|run| counts[run.class] = run.count);
            let split =
                if depth < growth.max_depth { splitter.best(rows, &runs, &counts, rng)? } else { None };
            match split {
                Some(split) => {
                    tree.decreases[split.column] += split.purity - purity(&counts);
                    let middle = first + split.part(table, rows, &mut spare);
                    let nodes = &mut tree.nodes.0;
                    let left = nodes.len();
                    nodes.extend([Node::Leaf([0, 0]); 2]);
                    nodes[node] =
                        Node::Split { column: split.column as u32, left: left as u32, threshold: 0.0 };
                    places.push((node, split.limit, split.next));
                    open.push(Open { node: left + 1, first: middle, end, depth: depth + 1 });
                    open.push(Open { node: left, first, end: middle, depth: depth + 1 });
                }
                None => tree.nodes.0[node] = tree.leaf(&counts),
            }
        }
        // All at once, as the values are far from what a search holds in the processor's cache.
        for (node, limit, next) in places {
            if let Node::Split { column, threshold, .. } = &mut tree.nodes.0[node] {
                *threshold = table.threshold(*column as usize, limit, next);
            }
        }
        Ok(tree)
    }

    fn leaf(&mut self, counts: &[u32]) -> Node<f32, Frequencies> {
        let first = self.frequencies.len() as u32;
        let total: u32 = counts.iter().sum();
        let occurring = counts.iter().enumerate().filter(|&(_, &count)| count > 0);
        self.frequencies.extend(occurring.map(|(class, &count)| (class as u32, count as f32 / total as f32)));
        Node::Leaf([first, self.frequencies.len() as u32])
    }

    /// What so many trees need, `at_once` of them being grown at one time.
    pub fn memory(shape: &FitShape, trees: usize, at_once: usize) -> u64 {
        // Two nodes and a leaf's frequency a row, and what each column contributed.
        let tree = Need::of(shape.rows, 2 * size_of::<Node<f32, Frequencies>>() / 8 + 2)
            + Need::of(shape.columns, 1);
        // Rows in their order, sorted and in the room for both, and where splits are.
        let growing = Need::of(shape.rows, 8) + Need::of(shape.columns, 1) + Need::of(shape.classes, 6);
        trees as u64 * tree + at_once as u64 * growing
    }

    /// By column: its share in what all splits together decreased the Gini impurity by, every split
    /// weighted with its rows; nothing if there is no split.
    pub fn importances(&self) -> Vec<f64> {
        shares(&self.decreases)
    }

    /// Class frequencies of the leaves that so many examples fall into, of the classes that they have rows of. `value` is an
    /// example's in a column.
    pub fn frequencies<const N: usize>(&self, value: impl Fn(usize, usize) -> f32) -> [&[(u32, f32)]; N] {
        let leaves = self.nodes.leaves(|example, column, threshold| value(example, column) <= threshold);
        leaves.map(|[first, end]| &self.frequencies[first as usize..end as usize])
    }

    /// The state of some trees, for [`Tree::load_all`]. What columns contributed is not in it.
    pub fn save_all(trees: &[Self]) -> State {
        let frequencies = || trees.iter().flat_map(|tree| &tree.frequencies);
        save_trees(State::default(), trees.iter().map(|tree| &tree.nodes))
            .with_places("tree frequencies", trees.iter().map(|tree| tree.frequencies.len()))
            .with_places("frequent classes", frequencies().map(|&(class, _)| class as usize))
            .with("frequencies", frequencies().map(|&(_, share)| share).collect::<Array1<f32>>())
    }

    /// Takes out what was saved: trees for so many columns and classes.
    ///
    /// # Errors
    ///
    /// A state that does not fit.
    pub fn load_all(state: &mut State, columns: usize, classes: usize) -> Result<Vec<Self>> {
        let shares: Array1<f32> = state.take("frequencies", [State::ANY])?;
        let of_trees = state.take_parts("tree frequencies", State::ANY, shares.len())?;
        let frequent = state.take_places("frequent classes", shares.len(), classes)?;
        let nodes = load_trees(state, columns, |tree, [first, end]: Frequencies| {
            first <= end && of_trees.get(tree).is_some_and(|&count| end as usize <= count)
        })?;
        let mut all = frequent.into_iter().map(|class| class as u32).zip(shares);
        // A tree beyond those counted has had no leaf that fits.
        Ok((nodes.into_iter().zip(&of_trees))
            .map(|(nodes, &count)| Self {
                nodes,
                frequencies: all.by_ref().take(count).collect(),
                decreases: Vec::new(),
            })
            .collect())
    }
}

/// A node still to be split: its rows are `first..end` of the tree's list.
struct Open {
    node: usize,
    first: usize,
    end: usize,
    depth: usize,
}
