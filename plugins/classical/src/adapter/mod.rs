//! Classifiers of other libraries as models, one adapter a library.

pub(crate) mod linfa;
pub(crate) mod smartcore;

pub use linfa::{linfa_model, linfa_model_with_scores};
pub use smartcore::{smartcore_model, smartcore_model_with_scores};

use crate::baseline::Majority;
use crate::need::Need;
use crate::training::{Classes, Training, double_precision, require_columns};
use genre_bench_api::{
    Card, Error, Examples, FitShape, Fitted, Inputs, Loading, Model, Params, Result, Run, State,
};
use ndarray::Array2;
use serde::{Serialize, de::DeserializeOwned};

/// What a library was fitted to give.
pub(crate) trait Learned: Send + Sync {
    /// Scores of the classes that occurred, shape `(examples, classes)`.
    fn scores(&self, table: Table) -> Result<Array2<f64>>;

    /// As [`Fitted::save`], but for which classes these are.
    fn save(&self) -> Result<State> {
        Err(Error::failed("what this library fitted cannot be saved"))
    }
}

impl<F: Fn(Table) -> Result<Array2<f64>> + Send + Sync> Learned for F {
    fn scores(&self, table: Table) -> Result<Array2<f64>> {
        self(table)
    }
}

/// As [`Model::load`], of [what was saved](Learned::save) for so many classes that occur. It leaves a state that should be empty.
pub(crate) type Load = fn(&mut State, &Loading, usize) -> Result<Box<dyn Learned>>;

/// Of a library in general it is not known what its classifiers are made of.
const UNKNOWN: Load = |_, _, _| Err(Error::failed("what this library fitted cannot be loaded"));

/// Features, shape `(examples, columns)`, in row-major order.
pub(crate) type Table = Array2<f64>;

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

/// A card, how a run's hyper-parameters become a library's, how those are fitted to a table and its labels, and how what was
/// saved is loaded.
struct LibraryModel<M, F> {
    card: Card,
    params: M,
    fit: F,
    load: Load,
}

/// The model of these.
pub(crate) fn library_model<P: Send + 'static>(
    card: Card,
    params: impl Fn(&Run, Shape) -> Result<P> + Send + Sync,
    fit: impl Fn(P, Table, Vec<usize>, Shape) -> Result<Box<dyn Learned>> + Copy + Send + Sync + 'static,
    load: Load,
) -> impl Model {
    LibraryModel { card, params, fit, load }
}

impl<P, M, F> Model for LibraryModel<M, F>
where
    P: Send + 'static,
    M: Fn(&Run, Shape) -> Result<P> + Send + Sync,
    F: Fn(P, Table, Vec<usize>, Shape) -> Result<Box<dyn Learned>> + Copy + Send + Sync + 'static,
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
        let learned = run.unstoppable(move || fit(params, table, labels, shape))??;
        Ok(Box::new(LibraryFitted { learned, columns, classes }))
    }

    fn load(&self, mut state: State, loading: &Loading) -> Result<Box<dyn Fitted>> {
        if Majority::made(&state) {
            return Majority.load(state, loading);
        }
        let classes = Classes::load(&mut state, loading.classes)?;
        let learned = (self.load)(&mut state, loading, classes.count())?;
        state.end()?;
        Ok(Box::new(LibraryFitted { learned, columns: loading.columns, classes }))
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
    learned: Box<dyn Learned>,
    columns: usize,
    classes: Classes,
}

impl Fitted for LibraryFitted {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        require_columns(inputs, self.columns)?;
        if inputs.is_empty() {
            return Ok(self.classes.widen(&Array2::zeros((0, self.classes.count())), 0.0));
        }
        let scores = self.learned.scores(double_precision(inputs)?)?;
        Ok(self.classes.widen(&scores, 0.0))
    }

    fn save(&self) -> Result<State> {
        Ok(self.classes.save(self.learned.save()?))
    }
}

/// One for the class that is predicted, zero for the others: scores from a library that gives none.
pub(crate) fn one_hot(predicted: impl ExactSizeIterator<Item = usize>, classes: usize) -> Array2<f64> {
    let mut scores = Array2::zeros((predicted.len(), classes));
    for (class, mut row) in predicted.zip(scores.rows_mut()) {
        row[class] = 1.0;
    }
    scores
}

/// A value as another type that has the same named fields, or some of them: the way to what a library keeps to itself, and back.
///
/// Numbers come out as they were, to the last bit.
pub(crate) fn through<T: DeserializeOwned>(value: &impl Serialize) -> Result<T> {
    let bytes = rmp_serde::to_vec_named(value).map_err(Error::failed)?;
    rmp_serde::from_slice(&bytes).map_err(Error::failed)
}
