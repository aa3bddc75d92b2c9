use super::evaluation::Evaluation;
use super::published::comparable;
use super::results::{FoldResult, Results};
use crate::run::{Calibrated, CellOutcome, Choice};
use crate::score::{Confusion, IntervalMethod, Reliability, by_track, top_k_accuracy};
use genre_bench_api::{Family, Params, Published};
use serde::Serialize;
use std::collections::BTreeMap;

/// All models of a run, the best first.
#[derive(Debug)]
pub struct Leaderboard {
    /// One row a model; those without scores stand last.
    pub rows: Vec<Row>,
    /// How the intervals were computed, if there is any.
    pub interval_method: Option<IntervalMethod>,
}

/// What became of one model. Scores are 0–1 and means over the folds, seconds are summed over the folds.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// Name of the model.
    pub model: String,
    /// Its family.
    pub family: Family,
    /// The scores; none if a fold failed or is missing, because a mean over other folds than the
    /// other models' would not be comparable.
    #[serde(flatten)]
    pub scores: Option<Scores>,
    /// Folds with predictions.
    pub folds_done: usize,
    /// Folds of the split.
    pub folds: usize,
    /// Why folds failed, each reason once.
    pub errors: Vec<String>,
    /// What was published under these conditions.
    pub published: Option<f64>,
    /// Who published it.
    pub published_source: Option<String>,
    /// The hyper-parameters; of a tuned model those it started from.
    #[serde(serialize_with = "as_object")]
    pub params: Params,
    /// The hyper-parameters that were chosen for each fold, if they were.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "as_objects")]
    pub choices: Vec<Choice>,
}

/// The numbers of a model whose folds are all done.
#[derive(Debug, Clone, Serialize)]
pub struct Scores {
    /// Macro-averaged F1 on the test parts.
    pub macro_f1: f64,
    /// Lower end of its 95 % interval.
    pub macro_f1_low: f64,
    /// Upper end.
    pub macro_f1_high: f64,
    /// Share of test examples predicted correctly.
    pub accuracy: f64,
    /// Lower end of its 95 % interval.
    pub accuracy_low: f64,
    /// Upper end.
    pub accuracy_high: f64,
    /// Macro-averaged F1 on the training parts.
    pub train_macro_f1: f64,
    /// Share of training examples predicted correctly.
    pub train_accuracy: f64,
    /// Share of test examples whose class is among the three with the highest scores.
    pub top3_accuracy: f64,
    /// Macro-averaged F1 over tracks, each labelled by the majority of its segments; none if every track is one example.
    pub clip_vote_macro_f1: Option<f64>,
    /// Share of tracks that the majority labels correctly.
    pub clip_vote_accuracy: Option<f64>,
    /// Macro-averaged F1 over tracks, each labelled by the mean scores of its segments.
    pub clip_mean_macro_f1: Option<f64>,
    /// Share of tracks that the mean scores label correctly.
    pub clip_mean_accuracy: Option<f64>,
    /// Expected calibration error on the test parts, of calibrated scores; none if they were not calibrated.
    pub calibration_error: Option<f64>,
    /// The same before calibration.
    pub calibration_error_before: Option<f64>,
    /// Seconds to fit.
    pub fit_seconds: f64,
    /// Seconds to score the test parts.
    pub predict_seconds: f64,
    /// The most main memory, in bytes, that fitting and scoring one fold held.
    pub peak_bytes: u64,
    #[serde(skip)]
    method: Option<IntervalMethod>,
}

impl Leaderboard {
    /// Computes all metrics of a run. `figures` are the published ones, by model.
    pub fn of(results: &Results, figures: &BTreeMap<String, Vec<Published>>) -> Self {
        let mut rows: Vec<Row> =
            (0..results.plan.models.len()).map(|model| Row::of(results, model, figures)).collect();
        let f1 = |row: &Row| row.scores.as_ref().map_or(-1.0, |s| s.macro_f1);
        rows.sort_by(|a, b| f1(b).total_cmp(&f1(a)).then_with(|| a.model.cmp(&b.model)));
        let interval_method = rows.iter().find_map(|row| row.scores.as_ref()?.method);
        Self { rows, interval_method }
    }
}

impl Row {
    fn of(results: &Results, model: usize, figures: &BTreeMap<String, Vec<Published>>) -> Self {
        let planned = &results.plan.models[model];
        let outcomes = results.of_model(model);
        let mut errors: Vec<String> = outcomes
            .iter()
            .filter_map(|outcome| match outcome {
                CellOutcome::Failed(reason) => Some(reason.clone()),
                CellOutcome::Done(_) | CellOutcome::Missing => None,
            })
            .collect();
        errors.sort();
        errors.dedup();
        let finished: Vec<FoldResult> = results.fold_results(model).collect();
        let published = figures.get(&planned.model).and_then(|f| comparable(&results.plan, planned, f));
        Self {
            model: planned.name.clone(),
            family: planned.family,
            scores: (finished.len() == outcomes.len()).then(|| Scores::of(results, &finished)),
            folds_done: finished.len(),
            folds: outcomes.len(),
            errors,
            published: published.map(|p| p.test),
            published_source: published.map(|p| p.source.clone()),
            params: planned.params.clone(),
            choices: planned.choices.clone(),
        }
    }
}

impl Scores {
    fn of(results: &Results, finished: &[FoldResult]) -> Self {
        let folds: Vec<FoldScores> = finished.iter().map(|cell| FoldScores::of(results, cell)).collect();
        let mean = |of: &dyn Fn(&FoldScores) -> f64| folds.iter().map(of).sum::<f64>() / folds.len() as f64;
        let tested = Evaluation::of(results, finished);
        let (f1, accuracy) = (tested.interval(Confusion::macro_f1), tested.interval(Confusion::accuracy));
        let by_tracks = !results.plan.dataset.whole_tracks();
        let of_tracks = |of: &dyn Fn(&FoldScores) -> f64| by_tracks.then(|| mean(of));
        let sum = |of: &dyn Fn(&FoldResult) -> f64| finished.iter().map(of).sum();
        Self {
            macro_f1: f1.mean,
            macro_f1_low: f1.low,
            macro_f1_high: f1.high,
            accuracy: accuracy.mean,
            accuracy_low: accuracy.low,
            accuracy_high: accuracy.high,
            train_macro_f1: mean(&|f| f.train.macro_f1()),
            train_accuracy: mean(&|f| f.train.accuracy()),
            top3_accuracy: mean(&|f| f.top3_accuracy),
            clip_vote_macro_f1: of_tracks(&|f| f.clip_vote.macro_f1()),
            clip_vote_accuracy: of_tracks(&|f| f.clip_vote.accuracy()),
            clip_mean_macro_f1: of_tracks(&|f| f.clip_mean.macro_f1()),
            clip_mean_accuracy: of_tracks(&|f| f.clip_mean.accuracy()),
            calibration_error: calibration_error(finished, |c| &c.after),
            calibration_error_before: calibration_error(finished, |c| &c.before),
            fit_seconds: sum(&|cell| cell.record.fit_seconds),
            predict_seconds: sum(&|cell| cell.record.predict_seconds),
            peak_bytes: finished.iter().map(|cell| cell.record.peak_bytes).max().unwrap_or(0),
            method: Some(f1.method),
        }
    }
}

/// Mean over the folds; none if they were not calibrated.
fn calibration_error(finished: &[FoldResult], of: impl Fn(&Calibrated) -> &Reliability) -> Option<f64> {
    let errors: Option<Vec<f64>> = finished
        .iter()
        .map(|cell| cell.record.calibrated.as_ref().map(|c| of(c).expected_calibration_error()))
        .collect();
    errors.map(|errors| errors.iter().sum::<f64>() / errors.len() as f64)
}

/// The metrics of one fold.
struct FoldScores {
    train: Confusion,
    top3_accuracy: f64,
    clip_vote: Confusion,
    clip_mean: Confusion,
}

impl FoldScores {
    fn of(results: &Results, cell: &FoldResult) -> Self {
        let classes = results.catalogue.classes.len();
        let (truth, scores) = (results.truth(&cell.fold.test), cell.record.scores());
        let train_labels: Vec<usize> = cell.record.train_labels.iter().map(|&label| label.into()).collect();
        let tracks = by_track(&results.tracks(&cell.fold.test), &truth, scores.view());
        Self {
            train: Confusion::new(&results.truth(&cell.fold.train), &train_labels, classes),
            top3_accuracy: top_k_accuracy(&truth, scores.view(), 3),
            clip_vote: Confusion::new(&tracks.truth, &tracks.by_majority, classes),
            clip_mean: Confusion::new(&tracks.truth, &tracks.by_mean, classes),
        }
    }
}

fn as_object<S: serde::Serializer>(params: &Params, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(params.iter())
}

fn as_objects<S: serde::Serializer>(choices: &[Choice], serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Object<'a> {
        #[serde(serialize_with = "as_object")]
        params: &'a Params,
        inner_score: f64,
    }
    let objects =
        choices.iter().map(|choice| Object { params: &choice.params, inner_score: choice.inner_score });
    serializer.collect_seq(objects)
}
