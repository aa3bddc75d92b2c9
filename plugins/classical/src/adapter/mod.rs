//! Classifiers of other libraries as models, one adapter a library.

mod linfa;
mod smartcore;

pub use linfa::{linfa_model, linfa_model_with_scores};
pub use smartcore::{smartcore_model, smartcore_model_with_scores};

use crate::baseline::Majority;
use crate::need::Need;
use crate::training::{Classes, Training, double_precision, require_columns};
use genre_bench_api::{Card, Examples, FitShape, Fitted, Inputs, Model, Params, Result, Run};
use ndarray::Array2;

/// Scores of the classes that occurred, shape `(examples, classes)`, from a table of shape `(examples, columns)`.
type Score = Box<dyn Fn(Table) -> Result<Array2<f64>> + Send + Sync>;

/// Features, shape `(examples, columns)`, in row-major order.
type Table = Array2<f64>;

/// The size of a training part, on which a classifier's parameters may depend.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Number of examples.
    pub rows: usize,
    /// Number of columns of the table.
    pub columns: usize,
    /// Number of classes that occur; two at least.
    pub classes: usize,
}

/// A card, how a run's hyper-parameters become a library's, and how those are fitted to a table and its labels.
struct LibraryModel<M, F> {
    card: Card,
    params: M,
    fit: F,
}

impl<P, S, M, F> Model for LibraryModel<M, F>
where
    P: Send + 'static,
    S: Fn(Table) -> Result<Array2<f64>> + Send + Sync + 'static,
    M: Fn(&Run, Shape) -> Result<P> + Send + Sync,
    F: Fn(P, Table, Vec<usize>, Shape) -> Result<S> + Copy + Send + Sync + 'static,
{
    fn card(&self) -> Card {
        self.card.clone()
    }

    fn fit(&self, train: &Examples, valid: &Examples, run: &Run) -> Result<Box<dyn Fitted>> {
        let Training { table, labels, classes } = Training::new(train)?;
        if classes.count() < 2 {
            // Most libraries refuse to learn what needs no learning.
            return Majority.fit(train, valid, run);
        }
        let (rows, columns) = table.dim();
        let shape = Shape { rows, columns, classes: classes.count() };
        let (params, fit) = ((self.params)(run, shape)?, self.fit);
        // No library here can be told to stop.
        let score = run.unstoppable(move || fit(params, table, labels, shape))??;
        Ok(Box::new(LibraryFitted { score: Box::new(score), columns, classes }))
    }

    /// Roughly, since libraries do not say: a few copies of the table, of scores, and of weights, of which L-BFGS keeps ten
    /// steps and as many gradients.
    fn memory(&self, _params: &Params, shape: &FitShape) -> Option<u64> {
        let (copies, of_scores, weights) = (4, 8, 24);
        let of_classes = Need::of(of_scores * shape.rows + weights * (shape.columns + 1), shape.classes);
        Some(copies as u64 * Need::table(shape) + of_classes + Need::scoring(shape))
    }
}

struct LibraryFitted {
    score: Score,
    columns: usize,
    classes: Classes,
}

impl Fitted for LibraryFitted {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        require_columns(inputs, self.columns)?;
        if inputs.is_empty() {
            return Ok(self.classes.widen(&Array2::zeros((0, self.classes.count())), 0.0));
        }
        let scores = (self.score)(double_precision(inputs)?)?;
        Ok(self.classes.widen(&scores, 0.0))
    }
}

/// One for the class that is predicted, zero for the others: scores from a library that gives none.
fn one_hot(predicted: impl ExactSizeIterator<Item = usize>, classes: usize) -> Array2<f64> {
    let mut scores = Array2::zeros((predicted.len(), classes));
    for (class, mut row) in predicted.zip(scores.rows_mut()) {
        row[class] = 1.0;
    }
    scores
}
