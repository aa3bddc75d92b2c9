//! Random forest.

use crate::ensemble::{self, Ensemble};
use crate::split::SplitStrategy;
use genre_bench_api::{Card, Examples, FitShape, Fitted, Loading, Model, Params, Result, Run, State};
use rand::{Rng, RngCore};

/// A random forest: CART trees on bootstrap samples, each split among a few random columns.
///
/// As scikit-learn's `RandomForestClassifier()`: the scores are the mean over trees of the class
/// frequencies in the leaf that the example falls into ("soft" votes). Every tree has a random
/// stream of its own, so the forest is the same at any number of threads.
///
/// The out-of-bag accuracy has every training example classified by the trees that did not see it;
/// one that all saw is left out. A column's importance is the mean over trees of its share in the
/// decrease of the Gini impurity.
///
/// Nodes of hundreds of rows are cut between 256 quantiles of all rows, as oneDAL's forest and [`Boosting`](crate::Boosting) do, smaller
/// ones between any two values: that takes half of the time, and scores are the same to within what chance makes of them.
///
/// Written here: smartcore's forest (0.7) only counts hard votes, grows its trees one after the
/// other and cannot be stopped, and its tree takes no random subset of columns.
///
/// Reference: L. Breiman, "Random forests", Machine Learning 45, 2001.
pub struct Forest;

impl Model for Forest {
    fn card(&self) -> Card {
        ensemble::card("forest", "random forest of CART trees, soft votes")
    }

    fn fit(&self, train: &Examples, _valid: &Examples, run: &Run) -> Result<Box<dyn Fitted>> {
        Ok(Box::new(Ensemble::grow(train, run, SplitStrategy::Quantiles, bootstrap)?))
    }

    fn load(&self, state: State, loading: &Loading) -> Result<Box<dyn Fitted>> {
        Ok(Box::new(Ensemble::load(state, loading)?))
    }

    fn memory(&self, params: &Params, shape: &FitShape) -> Option<u64> {
        Ensemble::memory(params, shape, SplitStrategy::Quantiles)
    }
}

/// How often each of `rows` is among that many draws with replacement. More than 255 times, which takes more draws than anybody will
/// make, count as 255.
fn bootstrap(rows: usize, rng: &mut dyn RngCore) -> Vec<u8> {
    let mut weights = vec![0_u8; rows];
    for _ in 0..rows {
        let weight = &mut weights[rng.gen_range(0..rows)];
        *weight = weight.saturating_add(1);
    }
    weights
}
