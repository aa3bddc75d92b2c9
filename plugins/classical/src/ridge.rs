//! Ridge classifier.

use crate::affine::Affine;
use crate::cholesky::inverse_factor;
use crate::need::Need;
use crate::one_vs_rest::OneVsRest;
use crate::product::{GoOn, gram, product};
use crate::training::{Classes, Training, double_precision, require_columns};
use genre_bench_api::{
    Card, Examples, Family, FitShape, Fitted, Inputs, Loading, Model, Param, Params, Result, Run, State,
    try_zeros,
};
use ndarray::{Array1, Array2, ArrayView2, Axis};

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
        .deterministic()
        .param(
            Param::float("alpha", 1.0, "strength of the penalty")
                .above(0.0)
                .tries(&["0.1", "1", "10", "100", "1000"]),
        )
    }

    fn fit(&self, train: &Examples, _valid: &Examples, run: &Run) -> Result<Box<dyn Fitted>> {
        let Training { mut table, labels, classes } = Training::new(train)?;
        let rivals = OneVsRest { classes: classes.count() };
        let mut targets = try_zeros((labels.len(), rivals.decisions()), "the targets")?;
        targets.indexed_iter_mut().for_each(|((row, decision), target)| {
            *target = rivals.target(labels[row], decision);
        });
        let centre = take_means(&mut table);
        let offsets = take_means(&mut targets);
        let weights = solve(&table, &targets, run.params.float("alpha")?, &|| run.check_cancelled())?;
        let offsets = offsets - centre.dot(&weights);
        Ok(Box::new(Plane { decisions: Affine::new(weights, offsets), classes }))
    }

    fn load(&self, mut state: State, loading: &Loading) -> Result<Box<dyn Fitted>> {
        let classes = Classes::load(&mut state, loading.classes)?;
        let decisions = OneVsRest { classes: classes.count() }.decisions();
        let decisions = Affine::load(&mut state, loading.columns, decisions)?;
        state.end()?;
        Ok(Box::new(Plane { decisions, classes }))
    }

    fn memory(&self, _params: &Params, shape: &FitShape) -> Option<u64> {
        let size = shape.columns.min(shape.rows);
        let decisions = OneVsRest { classes: shape.classes }.decisions();
        let weights = Need::of(shape.columns + 3 * shape.rows + 2 * size, decisions);
        Some(Need::table(shape) + weights + 3 * Need::of(size, size) + Need::scoring(shape))
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
///
/// # Errors
///
/// Whatever `go_on` returns, and what does not fit into memory.
fn solve(table: &Array2<f64>, targets: &Array2<f64>, alpha: f64, go_on: GoOn) -> Result<Array2<f64>> {
    let (rows, columns) = table.dim();
    let inverse_times = |mut products: Array2<f64>, right: ArrayView2<f64>| {
        products.diag_mut().mapv_inplace(|value| value + alpha);
        let factor = inverse_factor(products, go_on)?;
        product(factor.t(), product(factor.view(), right, go_on)?.view(), go_on)
    };
    if columns <= rows {
        let right = product(table.t(), targets.view(), go_on)?;
        inverse_times(gram(table.t(), go_on)?, right.view())
    } else {
        let shares = inverse_times(gram(table.view(), go_on)?, targets.view())?;
        product(table.t(), shares.view(), go_on)
    }
}

struct Plane {
    decisions: Affine,
    classes: Classes,
}

impl Fitted for Plane {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        require_columns(inputs, self.decisions.columns())?;
        let rivals = OneVsRest { classes: self.classes.count() };
        let decisions = self.decisions.scores(&double_precision(inputs)?);
        Ok(self.classes.widen_below(&rivals.scores(decisions)))
    }

    fn save(&self) -> Result<State> {
        Ok(self.classes.save(self.decisions.save()))
    }
}
