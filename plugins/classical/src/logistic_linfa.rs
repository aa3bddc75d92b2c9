//! Multinomial logistic regression of linfa.

use crate::adapter::{Learned, Table, library_model, linfa::fit};
use crate::affine::Affine;
use crate::logistic::Logistic;
use genre_bench_api::{Card, Model, Param, Result, State};
use linfa_logistic::MultiLogisticRegression;
use ndarray::Array2;

/// Largest gradient norm at the solution, as [`Logistic`]'s.
const TOLERANCE: f64 = 5e-4;

/// `logistic-linfa`: what [`Logistic`] minimises, minimised by linfa-logistic's L-BFGS. The scores are the probabilities.
///
/// Its loss (0.8.1) takes the maximum of a whole table out of the log-sum-exp instead of every row's: where examples
/// differ much in confidence it is wrong, and the line search may end early.
pub(crate) fn logistic_linfa() -> impl Model {
    let card =
        Card::new("logistic-linfa", Logistic.card().family, "multinomial logistic regression of linfa")
            .deterministic()
            .param(
                Param::float("c", 1.0, "inverse strength of the penalty")
                    .above(0.0)
                    .tries(&["0.01", "0.1", "1", "10"]),
            )
            .param(Param::int("max-iterations", 1000, "most steps of L-BFGS").above(0.0));
    library_model(
        card,
        |run, shape| {
            // Why twice: see `Logistic`.
            let penalty = if shape.classes == 2 { 2.0 } else { 1.0 };
            Ok(MultiLogisticRegression::default()
                .alpha(penalty / run.params.float("c")?)
                .gradient_tolerance(TOLERANCE)
                .max_iterations(run.params.count("max-iterations")? as u64))
        },
        |params, table, labels, _shape| {
            let fitted = fit::<MultiLogisticRegression<f64>, _>(params, table, labels)?;
            Ok(Box::new(Affine::new(fitted.params().clone(), fitted.intercept().clone())))
        },
        |state, loading, classes| Ok(Box::new(Affine::load(state, loading.columns, classes)?)),
    )
}

/// linfa's probabilities, to the last bit.
impl Learned for Affine {
    fn scores(&self, table: Table) -> Result<Array2<f64>> {
        Ok(self.probabilities(table.view()))
    }

    fn save(&self) -> Result<State> {
        Ok(Affine::save(self))
    }
}
