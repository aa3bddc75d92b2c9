//! Ridge classifier.

use crate::affine::Affine;
use crate::least_squares::{LeastSquares, means};
use crate::need::Need;
use crate::one_vs_rest::OneVsRest;
use crate::training::{Classes, require_columns, require_data};
use genre_bench_api::{
    Card, Examples, Family, FitShape, Fitted, Inputs, Loading, Model, Param, Params, Result, Run, State,
    try_zeros,
};
use ndarray::{Array2, ArrayView1, Axis};

/// Least squares with an L2 penalty, each class against all others.
///
/// As scikit-learn's `RidgeClassifier(alpha=alpha)`: a linear model of targets of 1 for examples of
/// the class and -1 for others, the intercept not penalised. The scores are the decision values.
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
        require_data(train)?;
        let classes = Classes::occurring_in(train);
        let labels = classes.numbers(train.labels.iter().copied());
        let rivals = OneVsRest { classes: classes.count() };
        let mut targets = try_zeros((labels.len(), rivals.decisions()), "the targets")?;
        targets.indexed_iter_mut().for_each(|((row, decision), target)| {
            *target = rivals.target(labels[row], decision);
        });
        let offsets = targets.sum_axis(Axis(0)) / targets.nrows() as f64;
        targets -= &offsets;
        let table = train.inputs.table.view();
        let (alpha, go_on) = (run.params.float("alpha")?, || run.check_cancelled());
        let problem = LeastSquares { table, means: means(table), targets, alpha, go_on: &go_on };
        let weights = problem.solve()?;
        let offsets = offsets - ArrayView1::from(&problem.means).dot(&weights);
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

struct Plane {
    decisions: Affine,
    classes: Classes,
}

impl Fitted for Plane {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        require_columns(inputs, self.decisions.columns())?;
        let rivals = OneVsRest { classes: self.classes.count() };
        let decisions = self.decisions.scores(inputs.table.view());
        Ok(self.classes.widen_below(&rivals.scores(decisions)))
    }

    fn save(&self) -> Result<State> {
        Ok(self.classes.save(self.decisions.save()))
    }
}
