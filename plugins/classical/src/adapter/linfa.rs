use super::{Shape, Table, UNKNOWN, library_model, one_hot};
use genre_bench_api::{Card, Error, Model, Result, Run};
use linfa::dataset::DatasetBase;
use linfa::traits::{self, PredictInplace};
use ndarray::{Array1, Array2};

/// Makes a classifier of linfa a model that predicts labels: a score is 1 for the label and 0 for the others.
///
/// `params` makes the classifier's parameters of the run's and of the training part's [`Shape`]; labels are the numbers
/// `0..` of the classes that occur in the training part. A fit cannot be stopped, so it is [left
/// behind](Run::unstoppable) when the user stops the run. What was fitted cannot be saved.
///
/// ```
/// use genre_bench_api::{Card, Family, Model, Param};
/// use genre_bench_classical::linfa_model;
/// use linfa_trees::DecisionTree;
///
/// fn tree() -> impl Model {
///     let card = Card::new("tree-linfa", Family::Classical, "a decision tree of linfa-trees")
///         .param(Param::int("max-depth", 10, "most decisions before a leaf").above(0.0));
///     linfa_model(card, |run, _shape| {
///         Ok(DecisionTree::<f64, usize>::params().max_depth(Some(run.params.count("max-depth")?)))
///     })
/// }
/// assert_eq!(tree().card().name, "tree-linfa");
/// ```
pub fn linfa_model<P, E>(card: Card, params: impl Fn(&Run, Shape) -> Result<P> + Send + Sync) -> impl Model
where
    P: Classifier<E> + Send + 'static,
    P::Object: PredictInplace<Array2<f64>, Array1<usize>> + Send + Sync + 'static,
    E: std::error::Error + From<linfa::Error>,
{
    library_model(
        card,
        params,
        |params, table, labels, shape: Shape| {
            let fitted = fit::<P, E>(params, table, labels)?;
            Ok(Box::new(move |table: Table| {
                let mut predicted = fitted.default_target(&table);
                fitted.predict_inplace(&table, &mut predicted);
                Ok(one_hot(predicted.into_iter(), shape.classes))
            }))
        },
        UNKNOWN,
    )
}

/// As [`linfa_model`], of a classifier that gives scores: `scores` has the shape `(examples, classes that occur)`.
pub fn linfa_model_with_scores<P, E>(
    card: Card,
    params: impl Fn(&Run, Shape) -> Result<P> + Send + Sync,
    scores: fn(&P::Object, &Array2<f64>) -> Array2<f64>,
) -> impl Model
where
    P: Classifier<E> + Send + 'static,
    P::Object: Send + Sync + 'static,
    E: std::error::Error + From<linfa::Error>,
{
    library_model(
        card,
        params,
        move |params, table, labels, _shape| {
            let fitted = fit::<P, E>(params, table, labels)?;
            Ok(Box::new(move |table: Table| Ok(scores(&fitted, &table))))
        },
        UNKNOWN,
    )
}

/// Parameters of linfa that are fitted to a table with a label for every row.
pub trait Classifier<E: std::error::Error + From<linfa::Error>>:
    traits::Fit<Array2<f64>, Array1<usize>, E>
{
}

impl<P, E> Classifier<E> for P
where
    P: traits::Fit<Array2<f64>, Array1<usize>, E>,
    E: std::error::Error + From<linfa::Error>,
{
}

/// Fits a classifier to a table and the rows' labels.
pub(crate) fn fit<P, E>(params: P, table: Array2<f64>, labels: Vec<usize>) -> Result<P::Object>
where
    P: Classifier<E>,
    E: std::error::Error + From<linfa::Error>,
{
    params.fit(&DatasetBase::new(table, Array1::from(labels))).map_err(Error::failed)
}
