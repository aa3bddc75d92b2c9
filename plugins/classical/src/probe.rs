//! Logistic regression with the strength of its penalty chosen on the validation part.

use crate::logistic::{self, Softmax};
use crate::training::Training;
use genre_bench_api::{
    Card, Error, Examples, Family, FitShape, Fitted, Inputs, Insights, Loading, Model, Observer, Param,
    Params, Result, Run, State,
};
use ndarray::Array2;

/// Inner folds, one of which is set aside where the run has no validation part: 15 % of the examples, as the harness sets
/// aside elsewhere.
const PARTS: usize = 7;

/// C where the training part cannot be divided to choose it: scikit-learn's default.
const UNCHOSEN: f64 = 1.0;

/// [`Logistic`](crate::Logistic) whose C is chosen among powers of ten on the validation part: what *probing* an encoder
/// means in MARBLE and elsewhere.
///
/// For each C it is fitted to the training part and scored on the validation part. The best accuracy wins, of several
/// the smallest cross-entropy, of several the strongest penalty. Where the run has a validation part, that is it, and the
/// fit that was chosen is the model. Where it has none, a seventh of the training part is set aside to choose, tracks
/// and artists kept apart as the protocol does, and the model with the chosen C is fitted to all of it. One group alone
/// cannot be divided: then C is 1. How many examples it was chosen on is among the insights.
///
/// This is one choice on one part, quick and a little noisy; `bench tune logistic` chooses in a cross-validation.
///
/// References: G. Alain and Y. Bengio, "Understanding intermediate layers using linear classifier probes", ICLR 2017;
/// R. Yuan et al., "MARBLE: Music Audio Representation Benchmark for Universal Evaluation", NeurIPS 2023. The same as
/// scikit-learn's `LogisticRegression` in a loop over `C`.
pub struct Probe;

impl Model for Probe {
    fn card(&self) -> Card {
        Card::new("probe", Family::Classical, "logistic regression, C chosen on the validation part")
            .param(Param::int("from", -4, "the smallest C is ten to the power of this").between(-8.0, 8.0))
            .param(Param::int("to", 4, "the largest C is ten to the power of this").between(-8.0, 8.0))
            .variant_of("logistic")
    }

    fn fit(&self, train: &Examples, valid: &Examples, run: &Run) -> Result<Box<dyn Fitted>> {
        let grid = grid(&run.params)?;
        if !valid.is_empty() {
            let (c, accuracy, fitted) = choose(&grid, train, valid, run)?;
            return Ok(Box::new(Probed { fitted, c, chosen_on: valid.len(), accuracy: Some(accuracy) }));
        }
        let parts = train.folds(PARTS, &mut run.rng("validation part"));
        let aside = parts.into_iter().find(|part| !part.is_empty() && part.len() < train.len());
        let Some(aside) = aside else {
            let fitted = logistic::fitted(train, UNCHOSEN, run)?;
            return Ok(Box::new(Probed { fitted, c: UNCHOSEN, chosen_on: 0, accuracy: None }));
        };
        let rest: Vec<usize> = (0..train.len()).filter(|row| aside.binary_search(row).is_err()).collect();
        let (c, accuracy, _) = choose(&grid, &train.select(&rest), &train.select(&aside), run)?;
        let fitted = logistic::fitted(train, c, run)?;
        Ok(Box::new(Probed { fitted, c, chosen_on: aside.len(), accuracy: Some(accuracy) }))
    }

    /// As [`Logistic`](crate::Logistic): how C was chosen is not among what is saved.
    fn load(&self, state: State, loading: &Loading) -> Result<Box<dyn Fitted>> {
        crate::Logistic.load(state, loading)
    }

    fn memory(&self, params: &Params, shape: &FitShape) -> Option<u64> {
        // The best fit so far is kept beside the next, which is little beside the table; the part aside is a copy.
        let copies = 4 * shape.rows as u64 * shape.columns as u64;
        crate::Logistic.memory(params, shape).map(|bytes| bytes + copies)
    }
}

/// The values of C, the strongest penalty first.
fn grid(params: &Params) -> Result<Vec<f64>> {
    let power = |name: &str| params.int(name);
    let (from, to) = (power("from")?, power("to")?);
    if from > to {
        let reason = format!("{from} is more than `to`, which is {to}");
        return Err(Error::Parameter { name: "from".to_owned(), reason });
    }
    Ok((from..=to).map(|power| 10_f64.powi(power as i32)).collect())
}

/// The best C on the validation part, its accuracy there, and the model fitted with it to the training part.
fn choose(grid: &[f64], train: &Examples, valid: &Examples, run: &Run) -> Result<(f64, f64, Softmax)> {
    let training = Training::new(train)?;
    let mut best: Option<(f64, f64, f64, Softmax)> = None;
    for (done, &c) in grid.iter().enumerate() {
        run.progress(done, grid.len(), "choosing C");
        let fitted = logistic::fitted_to(&training, c, run)?;
        let (accuracy, loss) = quality(&fitted.scores(&valid.inputs)?, &valid.labels);
        let is_better = best
            .as_ref()
            .is_none_or(|(_, most, least, _)| accuracy > *most || (accuracy == *most && loss < *least));
        if is_better {
            best = Some((c, accuracy, loss, fitted));
        }
    }
    let (c, accuracy, _, fitted) = best.ok_or_else(|| Error::failed("there is no C to choose"))?;
    Ok((c, accuracy, fitted))
}

/// Accuracy and mean cross-entropy of probabilities, shape `(examples, classes)`.
fn quality(probabilities: &Array2<f32>, labels: &[usize]) -> (f64, f64) {
    let (mut right, mut loss) = (0, 0.0);
    for (row, &label) in probabilities.rows().into_iter().zip(labels) {
        let best =
            row.iter().enumerate().fold(0, |best, (class, &p)| if p > row[best] { class } else { best });
        right += usize::from(best == label);
        loss -= f64::from(row[label].max(f32::MIN_POSITIVE)).ln();
    }
    let count = labels.len().max(1) as f64;
    (f64::from(right as u32) / count, loss / count)
}

/// A logistic regression that knows how it was chosen.
struct Probed {
    fitted: Softmax,
    c: f64,
    /// Examples that it was chosen on; 0 if it was not.
    chosen_on: usize,
    accuracy: Option<f64>,
}

impl Fitted for Probed {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        self.fitted.scores(inputs)
    }

    fn scores_unless_cancelled(&self, inputs: &Inputs, observer: &dyn Observer) -> Result<Array2<f32>> {
        self.fitted.scores_unless_cancelled(inputs, observer)
    }

    fn save(&self) -> Result<State> {
        self.fitted.save()
    }

    fn insights(&self) -> Insights {
        let told = Insights::default().number("chosen C", self.c);
        let told = told.number("examples it was chosen on", self.chosen_on as f64);
        match self.accuracy {
            Some(accuracy) => told.number("validation accuracy", accuracy),
            None => told,
        }
    }
}
