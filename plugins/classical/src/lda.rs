//! Linear discriminant analysis.

use crate::affine::Affine;
use crate::need::Need;
use crate::product::{GoOn, gram, product};
use crate::spectrum::Spectrum;
use crate::training::{Classes, Training, require_columns};
use genre_bench_api::{
    Card, Error, Examples, Family, FitShape, Fitted, Inputs, Loading, Model, Params, Result, Run, State,
    try_zeros,
};
use ndarray::{Array1, Array2, Axis};
use smartcore::linalg::basic::arrays::Array;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linalg::traits::evd::EVDDecomposable;

/// Directions along which the standardised classes spread less than this are left out, as in
/// scikit-learn (`tol`).
const LEAST_SPREAD: f64 = 1e-4;

/// Most columns for which the sphering map itself is made.
const WIDE: usize = 128;

/// Linear discriminant analysis: one normal distribution a class, all with the same covariance.
///
/// As scikit-learn's `LinearDiscriminantAnalysis()` (its `svd` solver): the shared covariance is
/// the maximum-likelihood estimate, priors are the class frequencies, and directions without spread
/// within classes (constant or collinear columns) are ignored. The scores are the posterior
/// probabilities.
///
/// Written here over smartcore's symmetric eigenvalue decomposition, and over one of our own for tables of more than
/// 128 columns, for which smartcore's takes minutes: linfa has no such model, and
/// smartcore's `LDA` only projects, and refuses a singular covariance.
///
/// Reference: T. Hastie, R. Tibshirani and J. Friedman, "The Elements of Statistical Learning",
/// 2nd edition, Springer, 2009, section 4.3.
pub struct Lda;

impl Model for Lda {
    fn card(&self) -> Card {
        Card::new("lda", Family::Classical, "linear discriminant analysis").deterministic()
    }

    fn fit(&self, train: &Examples, _valid: &Examples, run: &Run) -> Result<Box<dyn Fitted>> {
        let Training { mut table, labels, classes } = Training::new(train)?;
        let go_on: GoOn = &|| run.check_cancelled();
        go_on()?;
        let (priors, means) = priors_and_means(&table, &labels)?;
        for (mut row, &label) in table.rows_mut().into_iter().zip(&labels) {
            row -= &means.row(label);
        }
        // In the sphered space, log p(class | x) is linear in x up to a term common to all classes:
        // ln prior + m·(x - centre) - |m|²/2, with m the class's mean.
        let centre = priors.dot(&means);
        let (weights, half_squares) = if table.ncols() <= WIDE {
            let sphere = sphering(table)?;
            let sphered_means = (means - &centre).dot(&sphere);
            (sphere.dot(&sphered_means.t()), sphered_means.map_axis(Axis(1), |mean| 0.5 * mean.dot(&mean)))
        } else {
            let means = means - &centre;
            let weights = sphered(table, &means, go_on)?;
            let squares = means.rows().into_iter().zip(weights.columns());
            let half_squares = squares.map(|(mean, weights)| 0.5 * mean.dot(&weights)).collect();
            (weights, half_squares)
        };
        let offsets = priors.mapv(f64::ln) - half_squares - centre.dot(&weights);
        Ok(Box::new(Discriminants { logits: Affine::new(weights, offsets), classes }))
    }

    fn load(&self, mut state: State, loading: &Loading) -> Result<Box<dyn Fitted>> {
        let classes = Classes::load(&mut state, loading.classes)?;
        let logits = Affine::load(&mut state, loading.columns, classes.count())?;
        state.end()?;
        Ok(Box::new(Discriminants { logits, classes }))
    }

    fn memory(&self, _params: &Params, shape: &FitShape) -> Option<u64> {
        let (table, weights) = (Need::table(shape), Need::of(shape.classes, shape.columns));
        let size = if shape.columns <= WIDE { shape.columns } else { shape.columns.min(shape.rows) };
        // The covariance or what stands for it, what it is reduced to, and all rotations.
        Some(table + 3 * weights + 4 * Need::of(size, size) + Need::scoring(shape))
    }
}

/// Frequency of every class, shape `(classes)`, and its mean, shape `(classes, columns)`.
fn priors_and_means(table: &Array2<f64>, labels: &[usize]) -> Result<(Array1<f64>, Array2<f64>)> {
    let classes = labels.iter().max().map_or(0, |last| last + 1);
    let mut counts = Array1::zeros(classes);
    let mut means: Array2<f64> = try_zeros((classes, table.ncols()), "the means of the classes")?;
    for (row, &label) in table.rows().into_iter().zip(labels) {
        counts[label] += 1.0;
        means.row_mut(label).scaled_add(1.0, &row);
    }
    means /= &counts.view().insert_axis(Axis(1));
    Ok((counts / labels.len() as f64, means))
}

/// By what deviations from the class means are divided, so that all columns spread alike.
fn spread_of(deviations: &Array2<f64>) -> Array1<f64> {
    deviations.std_axis(Axis(0), 0.0).mapv(|s| if s > 0.0 { s } else { 1.0 })
}

/// The map, shape `(columns, directions)`, after which `deviations` from the class means, shape
/// `(examples, columns)`, have unit covariance.
fn sphering(mut deviations: Array2<f64>) -> Result<Array2<f64>> {
    let (examples, columns) = deviations.dim();
    let spread = spread_of(&deviations);
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

/// What [`sphering`] and back again makes of `means`, shape `(classes, columns)`: the pseudo-inverse of the covariance
/// of the `deviations` times their transpose, shape `(columns, classes)`.
///
/// Where there are fewer examples than columns it goes by the examples' products instead of the columns': with the
/// deviations as `D = U·S·Vᵀ` both have the squares of `S` as eigenvalues. So memory is that of the table, and not of
/// a square of columns.
fn sphered(mut deviations: Array2<f64>, means: &Array2<f64>, go_on: GoOn) -> Result<Array2<f64>> {
    let (examples, columns) = deviations.dim();
    let count = examples as f64;
    let spread = spread_of(&deviations);
    deviations /= &spread;
    let scaled_means = means / &spread;
    let is_kept = |variance: f64| variance > LEAST_SPREAD * LEAST_SPREAD;
    let mut weights = if examples < columns {
        let spectrum = Spectrum::of(gram(deviations.view(), go_on)?, go_on)?;
        let mut of_examples = product(deviations.view(), scaled_means.t(), go_on)?;
        let inverse_square = |value: f64| if is_kept(value / count) { count / (value * value) } else { 0.0 };
        spectrum.apply(inverse_square, &mut of_examples, go_on)?;
        product(deviations.t(), of_examples.view(), go_on)?
    } else {
        let spectrum = Spectrum::of(gram(deviations.t(), go_on)? / count, go_on)?;
        let mut weights = scaled_means.t().as_standard_layout().into_owned();
        spectrum.apply(|value| if is_kept(value) { value.recip() } else { 0.0 }, &mut weights, go_on)?;
        weights
    };
    weights /= &spread.insert_axis(Axis(1));
    Ok(weights)
}

struct Discriminants {
    logits: Affine,
    classes: Classes,
}

impl Fitted for Discriminants {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        require_columns(inputs, self.logits.columns())?;
        Ok(self.classes.widen(&self.logits.probabilities(inputs.table.view()), 0.0))
    }

    fn save(&self) -> Result<State> {
        Ok(self.classes.save(self.logits.save()))
    }
}
