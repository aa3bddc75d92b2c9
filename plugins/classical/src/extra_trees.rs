//! Extremely randomised trees.

use crate::ensemble::{self, Ensemble};
use crate::split::SplitStrategy;
use genre_bench_api::{Card, Examples, FitShape, Fitted, Loading, Model, Params, Result, Run, State};

/// Extremely randomised trees: a [`Forest`](crate::Forest) that also draws at random where to cut.
///
/// As scikit-learn's `ExtraTreesClassifier()`: each split tries a few random columns, cuts every one
/// at a value drawn uniformly between its smallest and largest in the node, and takes the purest of
/// these cuts. Every tree sees all training examples, so nothing is out of bag.
///
/// Reference: P. Geurts, D. Ernst and L. Wehenkel, "Extremely randomized trees", Machine Learning
/// 63, 2006.
pub struct ExtraTrees;

impl Model for ExtraTrees {
    fn card(&self) -> Card {
        ensemble::card("extra-trees", "extremely randomised trees, soft votes")
    }

    fn fit(&self, train: &Examples, _valid: &Examples, run: &Run) -> Result<Box<dyn Fitted>> {
        Ok(Box::new(Ensemble::grow(train, run, SplitStrategy::Random, |rows, _| vec![1; rows])?))
    }

    fn load(&self, state: State, loading: &Loading) -> Result<Box<dyn Fitted>> {
        Ok(Box::new(Ensemble::load(state, loading)?))
    }

    fn memory(&self, params: &Params, shape: &FitShape) -> Option<u64> {
        Ensemble::memory(params, shape, SplitStrategy::Random)
    }
}
