//! Gaussian naive Bayes.

use crate::adapter::through;
use crate::baseline::Majority;
use crate::need::Need;
use crate::softmax::softmax_rows;
use crate::training::{Classes, Training, double_precision, require_columns};
use genre_bench_api::{
    Card, Error, Examples, Family, FitShape, Fitted, Inputs, Loading, Model, Param, Params, Result, Run,
    State,
};
use linfa::dataset::DatasetBase;
use linfa::traits::Fit;
use linfa_bayes::{GaussianNb, NaiveBayes as _};
use ndarray::{Array1, Array2, Axis};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Naive Bayes with one normal distribution a class and column.
///
/// As scikit-learn's `GaussianNB`: class priors are the class frequencies, and `var-smoothing` times
/// the largest column variance is added to every variance, so that a column constant within a class
/// does not decide alone. The scores are the posterior probabilities.
///
/// Fitted by linfa-bayes. Its `predict_proba` is not used: it exponentiates log-likelihoods as they
/// are, which gives 0/0 for an example far from every class.
///
/// Reference: C. Manning, P. Raghavan and H. Schütze, "Introduction to Information Retrieval",
/// Cambridge University Press, 2008, chapter 13.
pub struct NaiveBayes;

impl Model for NaiveBayes {
    fn card(&self) -> Card {
        Card::new("naive-bayes", Family::Classical, "Gaussian naive Bayes").deterministic().param(
            Param::float(
                "var-smoothing",
                1e-9,
                "share of the largest column variance added to all variances",
            )
            .above(0.0)
            .tries(&["1e-9", "1e-3", "1e-2", "1e-1"]),
        )
    }

    fn fit(&self, train: &Examples, valid: &Examples, run: &Run) -> Result<Box<dyn Fitted>> {
        let Training { table, labels, classes } = Training::new(train)?;
        run.check_cancelled()?;
        if table.var_axis(Axis(0), 0.0).iter().all(|&variance| variance == 0.0) {
            // Nothing to smooth with, and nothing to tell classes apart but their frequency.
            return Majority.fit(train, valid, run);
        }
        let fitted = GaussianNb::params()
            .var_smoothing(run.params.float("var-smoothing")?)
            .fit(&DatasetBase::new(table, Array1::from(labels)))
            .map_err(Error::failed)?;
        Ok(Box::new(Posterior { normals: fitted, columns: train.inputs.table.ncols(), classes }))
    }

    fn load(&self, mut state: State, loading: &Loading) -> Result<Box<dyn Fitted>> {
        if Majority::made(&state) {
            return Majority.load(state, loading);
        }
        let classes = Classes::load(&mut state, loading.classes)?;
        let shape = [classes.count(), loading.columns];
        let priors: Array1<f64> = state.take("priors", [classes.count()])?;
        let (means, variances): (Array2<f64>, Array2<f64>) =
            (state.take("means", shape)?, state.take("variances", shape)?);
        state.end()?;
        let normal = |class: usize| Normal {
            class_count: 0,
            prior: priors[class],
            theta: means.row(class).to_owned(),
            sigma: variances.row(class).to_owned(),
        };
        let class_info = (0..classes.count()).map(|class| (class, normal(class))).collect();
        let normals = through(&Normals { class_info })?;
        Ok(Box::new(Posterior { normals, columns: loading.columns, classes }))
    }

    fn memory(&self, _params: &Params, shape: &FitShape) -> Option<u64> {
        // linfa copies a class's rows, and squares a whole table of distances.
        let fit = 2 * Need::table(shape);
        Some(fit + Need::of(2 * shape.classes + 8, shape.columns) + 2 * Need::scoring(shape))
    }
}

/// What linfa-bayes keeps in a [`GaussianNb`], by occurring class.
#[derive(Serialize, Deserialize)]
struct Normals {
    class_info: HashMap<usize, Normal>,
}

/// Of a class.
#[derive(Serialize, Deserialize)]
struct Normal {
    /// Training examples; what the prior was made of.
    class_count: usize,
    prior: f64,
    /// Means of the columns.
    theta: Array1<f64>,
    /// Variances of the columns.
    sigma: Array1<f64>,
}

struct Posterior {
    normals: GaussianNb<f64, usize>,
    columns: usize,
    classes: Classes,
}

impl Fitted for Posterior {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        require_columns(inputs, self.columns)?;
        let likelihoods = self.normals.joint_log_likelihood(double_precision(inputs)?.view());
        let mut scores = Array2::zeros((inputs.len(), likelihoods.len()));
        for (&class, likelihood) in likelihoods {
            scores.column_mut(class).assign(&likelihood);
        }
        softmax_rows(&mut scores);
        Ok(self.classes.widen(&scores, 0.0))
    }

    fn save(&self) -> Result<State> {
        let Normals { class_info } = through(&self.normals)?;
        let shape = (class_info.len(), self.columns);
        let (mut means, mut variances) = (Array2::zeros(shape), Array2::zeros(shape));
        for (&class, normal) in &class_info {
            means.row_mut(class).assign(&normal.theta);
            variances.row_mut(class).assign(&normal.sigma);
        }
        let priors = Array1::from_shape_fn(class_info.len(), |class| class_info[&class].prior);
        let state = State::default().with("priors", priors).with("means", means);
        Ok(self.classes.save(state.with("variances", variances)))
    }
}
