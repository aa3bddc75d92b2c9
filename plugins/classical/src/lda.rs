//! Linear discriminant analysis.

use crate::softmax::softmax_rows;
use crate::training::{Classes, Training, double_precision, require_columns};
use genre_bench_api::{Card, Error, Examples, Family, Fitted, Inputs, Model, Result, Run};
use ndarray::{Array1, Array2, Axis};
use smartcore::linalg::basic::arrays::Array;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linalg::traits::evd::EVDDecomposable;

/// Directions along which the standardised classes spread less than this are left out, as in
/// scikit-learn (`tol`).
const LEAST_SPREAD: f64 = 1e-4;

/// Linear discriminant analysis: one normal distribution a class, all with the same covariance.
///
/// As scikit-learn's `LinearDiscriminantAnalysis()` (its `svd` solver): the shared covariance is
/// the maximum-likelihood estimate, priors are the class frequencies, and directions without spread
/// within classes (constant or collinear columns) are ignored. The scores are the posterior
/// probabilities.
///
/// Written here over smartcore's symmetric eigenvalue decomposition: linfa has no such model, and
/// smartcore's `LDA` only projects, and refuses a singular covariance.
///
/// Reference: T. Hastie, R. Tibshirani and J. Friedman, "The Elements of Statistical Learning",
/// 2nd edition, Springer, 2009, section 4.3.
pub struct Lda;

impl Model for Lda {
    fn card(&self) -> Card {
        Card::new("lda", Family::Classical, "linear discriminant analysis")
    }

    fn fit(&self, train: &Examples, _valid: &Examples, _run: &Run) -> Result<Box<dyn Fitted>> {
        let Training { mut table, labels, classes } = Training::new(train)?;
        let (priors, means) = priors_and_means(&table, &labels);
        for (mut row, &label) in table.rows_mut().into_iter().zip(&labels) {
            row -= &means.row(label);
        }
        let sphere = sphering(table)?;

        // In the sphered space, log p(class | x) is linear in x up to a term common to all classes:
        // ln prior + m·(x - centre) - |m|²/2, with m the class's mean.
        let centre = priors.dot(&means);
        let sphered_means = (means - &centre).dot(&sphere);
        let weights = sphere.dot(&sphered_means.t());
        let half_squares = sphered_means.map_axis(Axis(1), |mean| 0.5 * mean.dot(&mean));
        let offsets = priors.mapv(f64::ln) - half_squares - centre.dot(&weights);
        Ok(Box::new(Discriminants { weights, offsets, classes }))
    }
}

/// Frequency of every class, shape `(classes)`, and its mean, shape `(classes, columns)`.
fn priors_and_means(table: &Array2<f64>, labels: &[usize]) -> (Array1<f64>, Array2<f64>) {
    let classes = labels.iter().max().map_or(0, |last| last + 1);
    let mut counts = Array1::zeros(classes);
    let mut means = Array2::zeros((classes, table.ncols()));
    for (row, &label) in table.rows().into_iter().zip(labels) {
        counts[label] += 1.0;
        means.row_mut(label).scaled_add(1.0, &row);
    }
    means /= &counts.view().insert_axis(Axis(1));
    (counts / labels.len() as f64, means)
}

/// The map, shape `(columns, directions)`, after which `deviations` from the class means, shape
/// `(examples, columns)`, have unit covariance.
fn sphering(mut deviations: Array2<f64>) -> Result<Array2<f64>> {
    let (examples, columns) = deviations.dim();
    let spread = deviations.std_axis(Axis(0), 0.0).mapv(|s| if s > 0.0 { s } else { 1.0 });
    deviations /= &spread;
    let covariance = deviations.t().dot(&deviations) / examples as f64;

    let eigen = DenseMatrix::new(columns, columns, covariance.iter().copied().collect(), false)
        .and_then(|covariance| covariance.evd_mut(true))
        .map_err(Error::failed)?;
    let kept: Vec<usize> =
        (0..columns).filter(|&direction| eigen.d[direction] > LEAST_SPREAD * LEAST_SPREAD).collect();
    Ok(Array2::from_shape_fn((columns, kept.len()), |(column, direction)| {
        let direction = kept[direction];
        eigen.V.get((column, direction)) / (spread[column] * eigen.d[direction].sqrt())
    }))
}

struct Discriminants {
    /// Shape `(columns, occurring classes)`.
    weights: Array2<f64>,
    offsets: Array1<f64>,
    classes: Classes,
}

impl Fitted for Discriminants {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        require_columns(inputs, self.weights.nrows())?;
        let mut scores = double_precision(inputs).dot(&self.weights) + &self.offsets;
        softmax_rows(&mut scores);
        Ok(self.classes.widen(&scores, 0.0))
    }
}
