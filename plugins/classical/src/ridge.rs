//! Ridge classifier.

use crate::cholesky::inverse_factor;
use crate::one_vs_rest::OneVsRest;
use crate::training::{Classes, Training, double_precision, require_columns};
use genre_bench_api::{Card, Examples, Family, Fitted, Inputs, Model, Param, Result, Run};
use ndarray::{Array1, Array2, Axis};

/// Least squares with an L2 penalty, each class against all others.
///
/// As scikit-learn's `RidgeClassifier(alpha=alpha)`: a linear model of targets of 1 for examples of
/// the class and -1 for others, the intercept not penalised. The scores are the decision values.
///
/// One factorisation serves all classes: of the columns' products, or, where there are more
/// columns than examples, of the examples', which give the same weights.
///
/// Reference: A. Hoerl and R. Kennard, "Ridge regression: biased estimation for nonorthogonal
/// problems", Technometrics 12(1), 1970.
pub struct Ridge;

impl Model for Ridge {
    fn card(&self) -> Card {
        Card::new(
            "ridge",
            Family::Classical,
            "least squares with an L2 penalty, each class against all others",
        )
        .param(
            Param::float("alpha", 1.0, "strength of the penalty")
                .above(0.0)
                .tries(&["0.1", "1", "10", "100", "1000"]),
        )
    }

    fn fit(&self, train: &Examples, _valid: &Examples, run: &Run) -> Result<Box<dyn Fitted>> {
        let Training { mut table, labels, classes } = Training::new(train)?;
        let rivals = OneVsRest { classes: classes.count() };
        let mut targets = Array2::from_shape_fn((labels.len(), rivals.decisions()), |(row, decision)| {
            rivals.target(labels[row], decision)
        });
        let centre = take_means(&mut table);
        let offsets = take_means(&mut targets);
        let weights = solve(&table, &targets, run.params.float("alpha")?);
        Ok(Box::new(Plane { offsets: offsets - centre.dot(&weights), weights, rivals, classes }))
    }
}

/// Takes its mean out of every column, and returns the means.
fn take_means(table: &mut Array2<f64>) -> Array1<f64> {
    let means = table.sum_axis(Axis(0)) / table.nrows() as f64;
    *table -= &means;
    means
}

/// The weights, shape `(columns, decisions)`, that minimise
/// `|targets - table · weights|² + alpha · |weights|²`.
fn solve(table: &Array2<f64>, targets: &Array2<f64>, alpha: f64) -> Array2<f64> {
    let (rows, columns) = table.dim();
    let inverse_times = |mut products: Array2<f64>, right: &Array2<f64>| {
        products.diag_mut().mapv_inplace(|value| value + alpha);
        let factor = inverse_factor(&products);
        factor.t().dot(&factor.dot(right))
    };
    if columns <= rows {
        inverse_times(table.t().dot(table), &table.t().dot(targets))
    } else {
        table.t().dot(&inverse_times(table.dot(&table.t()), targets))
    }
}

struct Plane {
    /// Shape `(columns, decisions)`.
    weights: Array2<f64>,
    offsets: Array1<f64>,
    rivals: OneVsRest,
    classes: Classes,
}

impl Fitted for Plane {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        require_columns(inputs, self.weights.nrows())?;
        let decisions = double_precision(inputs).dot(&self.weights) + &self.offsets;
        Ok(self.classes.widen_below(&self.rivals.scores(decisions)))
    }
}
