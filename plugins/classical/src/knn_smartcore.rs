//! k nearest neighbours of smartcore.

use crate::adapter::smartcore_model_with_scores;
use genre_bench_api::{Card, Family, Model, Param};
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::metrics::distance::euclidian::Euclidian;
use smartcore::neighbors::knn_classifier::{KNNClassifier, KNNClassifierParameters};

type Knn = KNNClassifier<f64, u32, DenseMatrix<f64>, Vec<u32>, Euclidian<f64>>;

/// `knn-5-smartcore`: smartcore's nearest neighbours, found through a cover tree; every neighbour has one vote, and the
/// scores are the shares of votes. With fewer than `k` training examples all of them vote.
pub(crate) fn knn_5_smartcore() -> impl Model {
    let card =
        Card::new("knn-5-smartcore", Family::Classical, "a vote of the 5 nearest neighbours, of smartcore")
            .deterministic()
            .param(
                Param::int("k", 5, "how many neighbours vote").above(0.0).tries(&["1", "3", "5", "9", "15"]),
            );
    smartcore_model_with_scores::<Knn, _>(
        card,
        |run, shape| Ok(KNNClassifierParameters::default().with_k(run.params.count("k")?.min(shape.rows))),
        |fitted, table| fitted.predict_proba(table),
    )
}
