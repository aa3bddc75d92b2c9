//! Trees of decisions, each on the value of a column: how they are asked, saved and loaded.

use genre_bench_api::{Error, Number, Result, State};
use ndarray::{Array1, Array2};

/// Splits that compare with thresholds `T`, and leaves that hold an `L`. The root is first, and children come after their parents.
pub(crate) struct BinaryTree<T, L>(pub Vec<Node<T, L>>);

/// A node of a [`BinaryTree`].
#[derive(Clone, Copy)]
pub(crate) enum Node<T, L> {
    /// Values up to `threshold` go to node `left`, greater ones to the node after it.
    Split {
        column: u32,
        left: u32,
        threshold: T,
    },
    Leaf(L),
}

impl<T: Copy, L: Copy + Default> BinaryTree<T, L> {
    /// What the leaf holds that an example falls into, given whether its value in a column is up to a threshold.
    pub fn leaf(&self, goes_left: impl Fn(usize, T) -> bool) -> L {
        let [leaf] = self.leaves(|_, column, threshold| goes_left(column, threshold));
        leaf
    }

    /// What the leaves hold that so many examples fall into, given whether an example's value in a column is up to a threshold.
    ///
    /// All go down the tree together: of one alone every step waits for the step before.
    pub fn leaves<const N: usize>(&self, goes_left: impl Fn(usize, usize, T) -> bool) -> [L; N] {
        let (mut nodes, mut leaves) = ([0; N], [L::default(); N]);
        let mut moves = true;
        while moves {
            moves = false;
            for (example, (node, leaf)) in nodes.iter_mut().zip(&mut leaves).enumerate() {
                match self.0[*node] {
                    Node::Split { column, left, threshold } => {
                        *node = left as usize + usize::from(!goes_left(example, column as usize, threshold));
                        moves = true;
                    }
                    Node::Leaf(held) => *leaf = held,
                }
            }
        }
        leaves
    }
}

/// What a leaf holds, in numbers.
pub(crate) trait Leaf: Copy {
    /// Puts what several hold into a state.
    fn save(leaves: &[Self], state: State) -> State;
    /// Takes out what so many hold.
    fn load(state: &mut State, count: usize) -> Result<Vec<Self>>;
}

const LEAVES: &str = "leaves";

/// A value.
impl Leaf for f64 {
    fn save(leaves: &[Self], state: State) -> State {
        state.with(LEAVES, Array1::from(leaves.to_vec()))
    }

    fn load(state: &mut State, count: usize) -> Result<Vec<Self>> {
        Ok(state.take(LEAVES, [count])?.to_vec())
    }
}

/// A class.
impl Leaf for u32 {
    fn save(leaves: &[Self], state: State) -> State {
        state.with_places(LEAVES, leaves.iter().map(|&class| class as usize))
    }

    fn load(state: &mut State, count: usize) -> Result<Vec<Self>> {
        Ok(state.take_places(LEAVES, count, MOST)?.into_iter().map(|class| class as u32).collect())
    }
}

/// Where something begins, and where it ends.
impl Leaf for [u32; 2] {
    fn save(leaves: &[Self], state: State) -> State {
        state.with(
            LEAVES,
            Array2::from_shape_fn((leaves.len(), 2), |(leaf, end)| u64::from(leaves[leaf][end])),
        )
    }

    fn load(state: &mut State, count: usize) -> Result<Vec<Self>> {
        let ends: Array2<u64> = state.take(LEAVES, [count, 2])?;
        // What does not fit becomes the largest number, which no list is as long as.
        let end = |end: u64| u32::try_from(end).unwrap_or(u32::MAX);
        Ok(ends.rows().into_iter().map(|ends| [end(ends[0]), end(ends[1])]).collect())
    }
}

/// More than any number of a node.
const MOST: usize = u32::MAX as usize;

/// Puts trees into a state, one after the other, for [`load_trees`].
pub(crate) fn save_trees<'a, T: Number + 'a, L: Leaf + 'a>(
    state: State,
    trees: impl Iterator<Item = &'a BinaryTree<T, L>> + Clone,
) -> State {
    let nodes = || trees.clone().flat_map(|tree| &tree.0);
    let splits = || {
        nodes().filter_map(|node| match *node {
            Node::Split { column, threshold, .. } => Some((column, threshold)),
            Node::Leaf(_) => None,
        })
    };
    let leaves: Vec<L> = nodes()
        .filter_map(|node| match *node {
            Node::Leaf(leaf) => Some(leaf),
            Node::Split { .. } => None,
        })
        .collect();
    let left = nodes().map(|node| match *node {
        Node::Split { left, .. } => left as usize,
        // The root is nobody's child.
        Node::Leaf(_) => 0,
    });
    let state = state
        .with_places("nodes", trees.clone().map(|tree| tree.0.len()))
        .with_places("left", left)
        .with_places("columns", splits().map(|(column, _)| column as usize))
        .with("thresholds", splits().map(|(_, threshold)| threshold).collect::<Array1<T>>());
    L::save(&leaves, state)
}

/// Takes trees out of a state: all splits are on less than `columns` columns, all ways end at a leaf, and `fits` says of every
/// tree's number and leaf whether it does.
///
/// # Errors
///
/// A state that does not fit.
pub(crate) fn load_trees<T: Number, L: Leaf>(
    state: &mut State,
    columns: usize,
    fits: impl Fn(usize, L) -> bool,
) -> Result<Vec<BinaryTree<T, L>>> {
    let left = state.take_places("left", State::ANY, MOST)?;
    let sizes = state.take_parts("nodes", State::ANY, left.len())?;
    let splits = left.iter().filter(|&&left| left > 0).count();
    let split_columns = state.take_places("columns", splits, columns.min(MOST))?;
    let thresholds: Array1<T> = state.take("thresholds", [splits])?;
    let leaves = L::load(state, left.len() - splits)?;
    let mut left = left.into_iter();
    let mut splits = split_columns.into_iter().zip(thresholds);
    let mut leaves = leaves.into_iter();
    let tree = |(tree, size): (usize, usize)| {
        let node = |(at, left): (usize, usize)| match left {
            0 => leaves.next().filter(|leaf| fits(tree, *leaf)).map(Node::Leaf),
            _ if left <= at || left + 1 >= size => None,
            _ => splits.next().map(|(column, threshold)| Node::Split {
                column: column as u32,
                left: left as u32,
                threshold,
            }),
        };
        let nodes: Option<Vec<_>> = left.by_ref().take(size).enumerate().map(node).collect();
        nodes.filter(|nodes| !nodes.is_empty()).map(BinaryTree)
    };
    let trees: Option<Vec<_>> = sizes.into_iter().enumerate().map(tree).collect();
    trees.ok_or_else(|| Error::failed("the nodes do not make trees"))
}
