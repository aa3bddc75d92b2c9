use super::{Shape, Table, UNKNOWN, library_model, one_hot};
use genre_bench_api::{Card, Error, Model, Result, Run};
use ndarray::Array2;
use smartcore::api::SupervisedEstimator;
use smartcore::error::Failed;
use smartcore::linalg::basic::arrays::Array;
use smartcore::linalg::basic::matrix::DenseMatrix;

/// A table as smartcore takes it.
pub(crate) type Matrix = DenseMatrix<f64>;

/// A row for every example, in it a score for every class that occurs.
type Rows = std::result::Result<Vec<Vec<f64>>, Failed>;

/// Makes a classifier of smartcore a model that predicts labels: a score is 1 for the label and 0 for the others.
///
/// `params` makes the classifier's parameters of the run's and of the training part's [`Shape`]; labels are the numbers
/// `0..` of the classes that occur in the training part. A fit cannot be stopped, so it is [left
/// behind](Run::unstoppable) when the user stops the run. What was fitted cannot be saved.
///
/// ```
/// use genre_bench_api::{Card, Family, Model, Param};
/// use genre_bench_classical::smartcore_model;
/// use smartcore::linalg::basic::matrix::DenseMatrix;
/// use smartcore::tree::decision_tree_classifier::{DecisionTreeClassifier, DecisionTreeClassifierParameters};
///
/// type Tree = DecisionTreeClassifier<f64, u32, DenseMatrix<f64>, Vec<u32>>;
///
/// fn tree() -> impl Model {
///     let card = Card::new("tree-smartcore", Family::Classical, "a decision tree of smartcore")
///         .param(Param::int("min-leaf", 1, "fewest examples in a leaf").above(0.0));
///     smartcore_model::<Tree, _>(card, |run, _shape| {
///         let params = DecisionTreeClassifierParameters::default();
///         Ok(params.with_min_samples_leaf(run.params.count("min-leaf")?))
///     })
/// }
/// assert_eq!(tree().card().name, "tree-smartcore");
/// ```
pub fn smartcore_model<C, P>(
    card: Card,
    params: impl Fn(&Run, Shape) -> Result<P> + Send + Sync,
) -> impl Model
where
    C: SupervisedEstimator<Matrix, Vec<u32>, P> + Send + Sync + 'static,
    P: Clone + Send + 'static,
{
    library_model(
        card,
        params,
        |params, table, labels: Vec<usize>, shape: Shape| {
            let fitted = fit::<C, P>(params, table, &labels)?;
            Ok(Box::new(move |table: Table| {
                let predicted = fitted.predict(&matrix(table)?).map_err(Error::failed)?;
                Ok(one_hot(predicted.into_iter().map(|class| class as usize), shape.classes))
            }))
        },
        UNKNOWN,
    )
}

/// As [`smartcore_model`], of a classifier that gives scores: a row for every example, in it a score for every class that
/// occurs.
pub fn smartcore_model_with_scores<C, P>(
    card: Card,
    params: impl Fn(&Run, Shape) -> Result<P> + Send + Sync,
    scores: fn(&C, &Matrix) -> Rows,
) -> impl Model
where
    C: SupervisedEstimator<Matrix, Vec<u32>, P> + Send + Sync + 'static,
    P: Clone + Send + 'static,
{
    library_model(
        card,
        params,
        move |params, table, labels: Vec<usize>, shape: Shape| {
            let fitted = fit::<C, P>(params, table, &labels)?;
            Ok(Box::new(move |table: Table| {
                let matrix = matrix(table)?;
                let rows = scores(&fitted, &matrix).map_err(Error::failed)?;
                Array2::from_shape_vec((matrix.shape().0, shape.classes), rows.concat())
                    .map_err(Error::failed)
            }))
        },
        UNKNOWN,
    )
}

/// Fits a classifier to a table and the rows' labels.
pub(crate) fn fit<C, P>(params: P, table: Array2<f64>, labels: &[usize]) -> Result<C>
where
    C: SupervisedEstimator<Matrix, Vec<u32>, P>,
    P: Clone,
{
    let labels = labels.iter().map(|&label| label as u32).collect();
    C::fit(&matrix(table)?, &labels, params).map_err(Error::failed)
}

/// The table as smartcore takes it.
pub(crate) fn matrix(table: Array2<f64>) -> Result<Matrix> {
    let (rows, columns) = table.dim();
    let (values, _) = table.into_raw_vec_and_offset();
    DenseMatrix::new(rows, columns, values, false).map_err(Error::failed)
}
