//! Random forest of smartcore.

use crate::adapter::smartcore::{Matrix, fit};
use crate::adapter::{Learned, Table, library_model, one_hot, through};
use crate::tree::{BinaryTree, Node, load_trees, save_trees};
use genre_bench_api::{Card, Error, Family, Model, Param, Result, State};
use ndarray::{Array2, ArrayView1};
use rand::RngCore;
use serde::Deserialize;
use smartcore::ensemble::random_forest_classifier::{
    RandomForestClassifier, RandomForestClassifierParameters,
};

type Forest = RandomForestClassifier<f64, u32, Matrix, Vec<u32>>;

/// `forest-smartcore`: smartcore's random forest with as many trees and columns a split as `forest`. Its trees vote for
/// one class each ("hard" votes), are grown one after the other, and the majority is all that it tells.
///
/// It is asked here, of the trees that smartcore grew: what it keeps them in cannot be saved as arrays.
pub(crate) fn forest_smartcore() -> impl Model {
    let card = Card::new("forest-smartcore", Family::Classical, "random forest of smartcore, hard votes")
        .param(Param::int("trees", 100, "how many trees").between(1.0, f64::from(u16::MAX)))
        .param(
            Param::int("features-per-split", 0, "columns tried for a split; 0: square root of all")
                .at_least(0.0)
                .tries(&["0", "4", "16"]),
        );
    library_model(
        card,
        |run, shape| {
            let tried = match run.params.count("features-per-split")? {
                0 => shape.columns.isqrt(),
                tried => tried.min(shape.columns),
            };
            let trees = u16::try_from(run.params.count("trees")?).map_err(Error::failed)?;
            Ok(RandomForestClassifierParameters::default()
                .with_n_trees(trees)
                .with_m(tried.max(1))
                .with_seed(run.rng("forest").next_u64()))
        },
        |params, table, labels, shape| {
            let Grown { trees } = through(&fit::<Forest, _>(params, table, &labels)?)?;
            let trees = trees.iter().map(GrownTree::nodes).collect::<Result<_>>()?;
            Ok(Box::new(Voters { trees, classes: shape.classes }))
        },
        |state, loading, classes| {
            let trees = load_trees(state, loading.columns, |_, class: u32| (class as usize) < classes)?;
            Ok(Box::new(Voters { trees, classes }))
        },
    )
}

/// What smartcore keeps in a [`Forest`].
#[derive(Deserialize)]
struct Grown {
    trees: Vec<GrownTree>,
}

#[derive(Deserialize)]
struct GrownTree {
    nodes: Vec<GrownNode>,
}

/// A node; a leaf if it has no children.
#[derive(Deserialize)]
struct GrownNode {
    output: usize,
    split_feature: usize,
    split_value: Option<f64>,
    true_child: Option<usize>,
    false_child: Option<usize>,
}

impl GrownTree {
    fn nodes(&self) -> Result<BinaryTree<f64, u32>> {
        let node = |node: &GrownNode| match (node.true_child, node.false_child, node.split_value) {
            (None, _, _) => Ok(Node::Leaf(node.output as u32)),
            (Some(left), Some(right), Some(threshold)) if right == left + 1 => {
                Ok(Node::Split { column: node.split_feature as u32, left: left as u32, threshold })
            }
            _ => {
                Err(Error::failed("a tree of smartcore has a node without a threshold or of stray children"))
            }
        };
        Ok(BinaryTree(self.nodes.iter().map(node).collect::<Result<_>>()?))
    }
}

/// Trees that have a vote each, of which the lowest class wins where several have most.
struct Voters {
    trees: Vec<BinaryTree<f64, u32>>,
    /// Number of classes that occur.
    classes: usize,
}

impl Learned for Voters {
    fn scores(&self, table: Table) -> Result<Array2<f64>> {
        let winner = |example: ArrayView1<f64>| {
            let mut votes = vec![0_usize; self.classes];
            for tree in &self.trees {
                votes[tree.leaf(|column, threshold| example[column] <= threshold) as usize] += 1;
            }
            let most = votes.iter().copied().max().unwrap_or_default();
            votes.iter().position(|&count| count == most).unwrap_or_default()
        };
        Ok(one_hot(table.rows().into_iter().map(winner), self.classes))
    }

    fn save(&self) -> Result<State> {
        Ok(save_trees(State::default(), self.trees.iter()))
    }
}
