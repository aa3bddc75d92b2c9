//! Multinomial logistic regression.

use crate::linear::{Linear, Loss, Penalised, linear_memory};
use crate::softmax::{softmax, softmax_rows};
use crate::training::{Classes, Training};
use genre_bench_api::{
    Card, Examples, Family, FitShape, Fitted, Inputs, Loading, Model, Param, Params, Result, Run, State,
};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

/// Largest gradient norm at the solution. The penalty makes the objective strongly convex with
/// constant 1, so this also bounds the weights' distance from the optimum.
const TOLERANCE: f64 = 5e-4;

/// Multinomial logistic regression with an L2 penalty.
///
/// Minimises `c · Σ -ln p(label | example) + |weights|² / 2`, the intercepts not penalised, which is
/// scikit-learn's `LogisticRegression(C=c)`, here always to convergence. The scores are the
/// probabilities.
///
/// Written here: linfa-logistic (0.8.1) takes the maximum of a whole table out of its log-sum-exp
/// instead of every row's, so that its loss is wrong where examples differ much in confidence, and
/// smartcore's cannot be stopped and gives no probabilities.
///
/// Reference: D. Böhning, "Multinomial logistic regression algorithm", Annals of the Institute of
/// Statistical Mathematics 44, 1992.
pub struct Logistic;

impl Model for Logistic {
    fn card(&self) -> Card {
        Card::new("logistic", Family::Classical, "multinomial logistic regression, L2 penalty")
            .deterministic()
            .param(
                Param::float("c", 1.0, "inverse strength of the penalty")
                    .above(0.0)
                    .tries(&["0.01", "0.1", "1", "10"]),
            )
    }

    fn fit(&self, train: &Examples, _valid: &Examples, run: &Run) -> Result<Box<dyn Fitted>> {
        Ok(Box::new(fitted(train, run.params.float("c")?, run)?))
    }

    fn load(&self, mut state: State, loading: &Loading) -> Result<Box<dyn Fitted>> {
        let classes = Classes::load(&mut state, loading.classes)?;
        let linear = Linear::load(&mut state, loading.columns, classes.count())?;
        state.end()?;
        Ok(Box::new(Softmax { linear, classes }))
    }

    fn memory(&self, _params: &Params, shape: &FitShape) -> Option<u64> {
        Some(linear_memory(shape, shape.classes))
    }
}

/// The model with this inverse strength of the penalty.
///
/// # Errors
///
/// Nothing to learn from, or the user stopped it.
pub(crate) fn fitted(train: &Examples, c: f64, run: &Run) -> Result<Softmax> {
    fitted_to(&Training::new(train)?, c, run)
}

/// The same of a training part that is fitted to several times.
pub(crate) fn fitted_to(training: &Training, c: f64, run: &Run) -> Result<Softmax> {
    let classes = training.class_count();
    let objective = Penalised {
        loss: CrossEntropy,
        c,
        // Two opposite weight vectors share what scikit-learn gives to the only one of its
        // two-class model, so the same model comes out with twice the penalty.
        penalty: if classes == 2 { 2.0 } else { 1.0 },
        intercept_penalty: 0.0,
    };
    let stop = || run.check_cancelled();
    let weights = objective.fit(&training.table, &training.labels, classes, TOLERANCE, &stop)?;
    Ok(Softmax { linear: Linear(weights), classes: training.classes.clone() })
}

/// `-ln p(label)`, the probabilities being the scores' softmax.
struct CrossEntropy;

impl Loss for CrossEntropy {
    const CURVATURE: f64 = 0.1;
    const SCORES_APART: bool = false;

    /// Leaves the probabilities.
    fn at(&self, mut scores: ArrayViewMut2<f64>, labels: &[usize]) -> (f64, Array2<f64>) {
        let mut loss = 0.0;
        for (row, &label) in scores.rows_mut().into_iter().zip(labels) {
            let own = row[label];
            loss += softmax(row) - own;
        }
        let mut derivative = scores.to_owned();
        for (mut row, &label) in derivative.rows_mut().into_iter().zip(labels) {
            row[label] -= 1.0;
        }
        (loss, derivative)
    }

    /// Change of the probabilities: p ∘ (a - Σ p a), with a the change of the scores.
    fn bend(&self, probabilities: ArrayView2<f64>, direction: &mut Array2<f64>) {
        *direction *= &probabilities;
        for (mut row, probabilities) in direction.rows_mut().into_iter().zip(probabilities.rows()) {
            let mean = row.sum();
            row.scaled_add(-mean, &probabilities);
        }
    }
}

/// A fitted model, whose scores are probabilities.
pub(crate) struct Softmax {
    /// Of the logarithms of probabilities, up to a term common to all classes.
    linear: Linear,
    classes: Classes,
}

impl Fitted for Softmax {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        let mut scores = self.linear.scores(inputs)?;
        softmax_rows(&mut scores);
        Ok(self.classes.widen(&scores, 0.0))
    }

    fn save(&self) -> Result<State> {
        Ok(self.classes.save(self.linear.save()))
    }
}
