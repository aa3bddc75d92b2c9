//! k nearest neighbours of smartcore.

use crate::adapter::smartcore::{Matrix, fit, matrix};
use crate::adapter::{Learned, Table, library_model};
use crate::nearest::load_neighbours;
use genre_bench_api::{Card, Error, Family, Model, Param, Result, State};
use ndarray::Array2;
use smartcore::metrics::distance::euclidian::Euclidian;
use smartcore::neighbors::knn_classifier::{KNNClassifier, KNNClassifierParameters};

type Knn = KNNClassifier<f64, u32, Matrix, Vec<u32>, Euclidian<f64>>;

/// `knn-5-smartcore`: smartcore's nearest neighbours, found through a cover tree; every neighbour has one vote, and the
/// scores are the shares of votes. With fewer than `k` training examples all of them vote.
pub(crate) fn knn_5_smartcore() -> impl Model {
    let card =
        Card::new("knn-5-smartcore", Family::Classical, "a vote of the 5 nearest neighbours, of smartcore")
            .deterministic()
            .param(
                Param::int("k", 5, "how many neighbours vote").above(0.0).tries(&["1", "3", "5", "9", "15"]),
            );
    library_model(
        card,
        |run, shape| Ok(run.params.count("k")?.min(shape.rows)),
        |k, table, labels, shape| Ok(Box::new(Neighbours::new(k, table, labels, shape.classes)?)),
        |state, loading, classes| {
            let (labels, k) = load_neighbours(state, classes, &loading.params)?;
            // smartcore counts classes by the labels.
            let mut occurs = vec![false; classes];
            labels.iter().for_each(|&label| occurs[label] = true);
            if occurs.contains(&false) {
                return Err(Error::failed("a class has no training example"));
            }
            let table: Array2<f32> = state.take("table", [labels.len(), loading.columns])?;
            Ok(Box::new(Neighbours::new(k, table.mapv(f64::from), labels, classes)?))
        },
    )
}

/// A fit with what it was made of: making its cover tree again is quick, and always gives the same.
struct Neighbours {
    fitted: Knn,
    /// Shape `(training examples, columns)`, which were in single precision to begin with.
    table: Array2<f32>,
    labels: Vec<usize>,
    classes: usize,
}

impl Neighbours {
    fn new(k: usize, table: Table, labels: Vec<usize>, classes: usize) -> Result<Self> {
        let rounded = table.mapv(|value| value as f32);
        let fitted = fit::<Knn, _>(KNNClassifierParameters::default().with_k(k), table, &labels)?;
        Ok(Self { fitted, table: rounded, labels, classes })
    }
}

impl Learned for Neighbours {
    fn scores(&self, table: Table) -> Result<Array2<f64>> {
        let rows = table.nrows();
        let shares = self.fitted.predict_proba(&matrix(table)?).map_err(Error::failed)?;
        Array2::from_shape_vec((rows, self.classes), shares.concat()).map_err(Error::failed)
    }

    fn save(&self) -> Result<State> {
        let labels = self.labels.iter().copied();
        Ok(State::default().with("table", self.table.clone()).with_places("labels", labels))
    }
}
