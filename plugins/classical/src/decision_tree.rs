//! A single classification tree.

use crate::cart::Tree;
use crate::need::Need;
use crate::product::GoOn;
use crate::split::{Growth, SplitStrategy};
use crate::training::{require_columns, require_data};
use crate::tree_table::TreeTable;
use genre_bench_api::{
    Card, Error, Examples, Family, FitShape, Fitted, Inputs, Insights, Loading, Model, Param, Params, Result,
    Run, State,
};
use ndarray::Array2;

/// One CART tree, grown until every leaf is of one class.
///
/// As scikit-learn's `DecisionTreeClassifier()`: every split looks at all columns, in random order
/// so that the seed decides between equally good splits. The scores are the class frequencies of
/// the leaf. A column's importance is its share in the decrease of the Gini impurity. Written here for
/// the sake of [`Forest`](crate::Forest), which says why.
pub struct DecisionTree;

impl Model for DecisionTree {
    fn card(&self) -> Card {
        Card::new("decision-tree", Family::Classical, "one CART tree, Gini impurity")
            .param(max_depth())
            .param(min_samples_leaf())
    }

    fn fit(&self, train: &Examples, _valid: &Examples, run: &Run) -> Result<Box<dyn Fitted>> {
        require_data(train)?;
        let go_on: GoOn = &|| run.check_cancelled();
        let table = TreeTable::new(train, SplitStrategy::Best, go_on)?;
        let growth = growth(run, table.columns, SplitStrategy::Best)?;
        let tree = Tree::grow(&table, &vec![1; table.rows.len()], growth, &mut run.rng("tree"), go_on)?;
        Ok(Box::new(Grown { tree, columns: table.columns, classes: train.classes.len() }))
    }

    fn load(&self, mut state: State, loading: &Loading) -> Result<Box<dyn Fitted>> {
        let (columns, classes) = (loading.columns, loading.classes);
        let mut trees = Tree::load_all(&mut state, columns, classes)?;
        state.end()?;
        match (trees.pop(), trees.is_empty()) {
            (Some(tree), true) => Ok(Box::new(Grown { tree, columns, classes })),
            _ => Err(Error::failed("there should be one tree")),
        }
    }

    fn memory(&self, _params: &Params, shape: &FitShape) -> Option<u64> {
        Some(
            TreeTable::memory(shape, SplitStrategy::Best)
                + Tree::memory(shape, 1, 1)
                + Need::of(shape.columns, 1),
        )
    }
}

/// The parameter `max-depth`.
pub(crate) fn max_depth() -> Param {
    Param::int("max-depth", 0, "most splits from the root to a leaf; 0: no limit")
        .at_least(0.0)
        .tries(&["0", "5", "10"])
}

/// The parameter `min-samples-leaf`.
pub(crate) fn min_samples_leaf() -> Param {
    Param::int("min-samples-leaf", 1, "fewest training examples in a leaf").above(0.0)
}

/// The limits that the parameters set, with `features_per_split` columns tried for each split and
/// cut as `strategy` says.
///
/// # Errors
///
/// [`Error::Parameter`](genre_bench_api::Error::Parameter) where the card lacks one of them.
pub(crate) fn growth(run: &Run, features_per_split: usize, strategy: SplitStrategy) -> Result<Growth> {
    Ok(Growth {
        max_depth: match run.params.count("max-depth")? {
            0 => usize::MAX,
            depth => depth,
        },
        min_samples_leaf: run.params.count("min-samples-leaf")?,
        features_per_split,
        strategy,
    })
}

struct Grown {
    tree: Tree,
    columns: usize,
    classes: usize,
}

impl Fitted for Grown {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        require_columns(inputs, self.columns)?;
        let mut scores = Array2::zeros((inputs.len(), self.classes));
        for (mut scores, example) in scores.rows_mut().into_iter().zip(inputs.table.rows()) {
            let [frequencies] = self.tree.frequencies(|_, column| example[column]);
            for &(class, frequency) in frequencies {
                scores[class as usize] = frequency;
            }
        }
        Ok(scores)
    }

    fn save(&self) -> Result<State> {
        Ok(Tree::save_all(std::slice::from_ref(&self.tree)))
    }

    fn insights(&self) -> Insights {
        Insights { importances: self.tree.importances(), ..Insights::default() }
    }
}
