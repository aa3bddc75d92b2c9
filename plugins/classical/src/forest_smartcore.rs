//! Random forest of smartcore.

use crate::adapter::smartcore_model;
use genre_bench_api::{Card, Error, Family, Model, Param};
use rand::RngCore;
use smartcore::ensemble::random_forest_classifier::{
    RandomForestClassifier, RandomForestClassifierParameters,
};
use smartcore::linalg::basic::matrix::DenseMatrix;

type Forest = RandomForestClassifier<f64, u32, DenseMatrix<f64>, Vec<u32>>;

/// `forest-smartcore`: smartcore's random forest with as many trees and columns a split as `forest`. Its trees vote for
/// one class each ("hard" votes), are grown one after the other, and the majority is all that it tells.
pub(crate) fn forest_smartcore() -> impl Model {
    let card = Card::new("forest-smartcore", Family::Classical, "random forest of smartcore, hard votes")
        .param(Param::int("trees", 100, "how many trees").between(1.0, f64::from(u16::MAX)))
        .param(
            Param::int("features-per-split", 0, "columns tried for a split; 0: square root of all")
                .at_least(0.0)
                .tries(&["0", "4", "16"]),
        );
    smartcore_model::<Forest, _>(card, |run, shape| {
        let tried = match run.params.count("features-per-split")? {
            0 => shape.columns.isqrt(),
            tried => tried.min(shape.columns),
        };
        let trees = u16::try_from(run.params.count("trees")?).map_err(Error::failed)?;
        Ok(RandomForestClassifierParameters::default()
            .with_n_trees(trees)
            .with_m(tried.max(1))
            .with_seed(run.rng("forest").next_u64()))
    })
}
