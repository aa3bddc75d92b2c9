//! Linear support vector machine.

use crate::linear::{Linear, Loss, Penalised, linear_memory};
use crate::one_vs_rest::OneVsRest;
use crate::training::{Classes, Training};
use genre_bench_api::{
    Card, Examples, Family, FitShape, Fitted, Inputs, Loading, Model, Param, Params, Result, Run, State,
};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

/// Largest gradient norm at the solution. The penalty makes the objective strongly convex with
/// constant 1, so this also bounds the weights' distance from the optimum.
const TOLERANCE: f64 = 1e-4;

/// A linear support vector machine, each class against all others.
///
/// Minimises `c · Σ max(0, 1 - y·score)² + |weights|² / 2` for every class, the intercept penalised
/// as a weight, where y is 1 for examples of the class and -1 for others. That is scikit-learn's
/// `LinearSVC(C=c)`, here always to convergence. The scores are the decision values.
///
/// Solved for all classes at once by Newton's method, which the squared hinge allows: it has a
/// second derivative but in one point, and needs no dual. linfa-svm has the dual only, which is slow
/// with many examples.
///
/// Reference: S. Keerthi and D. DeCoste, "A modified finite Newton method for fast solution of large
/// scale linear SVMs", Journal of Machine Learning Research 6, 2005.
pub struct SvmLinear;

impl Model for SvmLinear {
    fn card(&self) -> Card {
        Card::new(
            "svm-linear",
            Family::Classical,
            "linear support vector machine, each class against all others",
        )
        .deterministic()
        .param(
            Param::float("c", 1.0, "penalty for training errors")
                .above(0.0)
                .tries(&["0.001", "0.01", "0.1", "1"]),
        )
    }

    fn fit(&self, train: &Examples, _valid: &Examples, run: &Run) -> Result<Box<dyn Fitted>> {
        let training = Training::new(train)?;
        let rivals = OneVsRest { classes: training.class_count() };
        let decisions = rivals.decisions();
        let objective = Penalised {
            loss: SquaredHinge(rivals),
            c: run.params.float("c")?,
            penalty: 1.0,
            intercept_penalty: 1.0,
        };
        let weights = objective
            .fit(&training.table, &training.labels, decisions, TOLERANCE, &|| run.check_cancelled())?;
        Ok(Box::new(Machines { linear: Linear(weights), classes: training.classes }))
    }

    fn load(&self, mut state: State, loading: &Loading) -> Result<Box<dyn Fitted>> {
        let classes = Classes::load(&mut state, loading.classes)?;
        let decisions = OneVsRest { classes: classes.count() }.decisions();
        let linear = Linear::load(&mut state, loading.columns, decisions)?;
        state.end()?;
        Ok(Box::new(Machines { linear, classes }))
    }

    fn memory(&self, _params: &Params, shape: &FitShape) -> Option<u64> {
        Some(linear_memory(shape, OneVsRest { classes: shape.classes }.decisions()))
    }
}

/// `max(0, 1 - y·score)²`.
struct SquaredHinge(OneVsRest);

impl Loss for SquaredHinge {
    const CURVATURE: f64 = 1.0;
    const SCORES_APART: bool = true;

    /// Leaves the second derivatives.
    fn at(&self, mut scores: ArrayViewMut2<f64>, labels: &[usize]) -> (f64, Array2<f64>) {
        let mut loss = 0.0;
        let mut derivative = Array2::zeros(scores.raw_dim());
        for ((mut scores, mut derivative), &label) in
            scores.rows_mut().into_iter().zip(derivative.rows_mut()).zip(labels)
        {
            for (decision, (score, derivative)) in scores.iter_mut().zip(&mut derivative).enumerate() {
                let target = self.0.target(label, decision);
                let short = (1.0 - target * *score).max(0.0);
                loss += short * short;
                *derivative = -2.0 * target * short;
                *score = if short > 0.0 { 2.0 } else { 0.0 };
            }
        }
        (loss, derivative)
    }

    fn bend(&self, second: ArrayView2<f64>, direction: &mut Array2<f64>) {
        *direction *= &second;
    }
}

struct Machines {
    /// Of decisions.
    linear: Linear,
    classes: Classes,
}

impl Fitted for Machines {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        let rivals = OneVsRest { classes: self.classes.count() };
        Ok(self.classes.widen_below(&rivals.scores(self.linear.scores(inputs)?)))
    }

    fn save(&self) -> Result<State> {
        Ok(self.classes.save(self.linear.save()))
    }
}
