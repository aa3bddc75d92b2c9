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

/// Fits a library's classifier with hyper-parameters that are in it already. No library here can be told to stop.
type Fit = Box<dyn FnOnce(Table, Vec<usize>) -> Result<Score> + Send>;

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

/// A card, and how a run's hyper-parameters become a fit.
struct LibraryModel<F> {
    card: Card,
    fit: F,
}

impl<F: Fn(&Run, Shape) -> Result<Fit> + Send + Sync> Model for LibraryModel<F> {
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
        let fit = (self.fit)(run, Shape { rows, columns, classes: classes.count() })?;
        let score = run.unstoppable(move || fit(table, labels))??;
        Ok(Box::new(LibraryFitted { score, columns, classes }))
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
