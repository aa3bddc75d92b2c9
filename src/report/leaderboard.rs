use super::evaluation::{Draws, Evaluation};
use super::paired::{PairedTest, p_values};
use super::published::{PartitionFigure, comparable, on_partition};
use super::results::{FoldResult, Results};
use super::{changed, encoders};
use crate::dataset::PlannedEncoder;
use crate::protocol::Protocol;
use crate::run::{CellOutcome, Choice, OPTIMISTIC, ParamChange, Plan, PlannedModel, Resized};
use crate::score::{Interval, IntervalMethod, METRICS, Metric, When, few_folds};
use genre_bench_api::{Family, Params, Published};
use std::collections::{BTreeMap, BTreeSet};

/// Differences with smaller p-values are told from chance.
const SIGNIFICANT: f64 = 0.05;

/// What to show of a leaderboard, and in which order.
#[derive(Debug, Clone, Default)]
pub struct LeaderboardOptions {
    /// The metric to sort by, the best model first; the first of the columns, else macro-averaged F1, if none.
    pub sort: Option<&'static Metric>,
    /// The metrics to show; if empty, to people the default ones that the run has, to programs all.
    pub columns: Vec<&'static Metric>,
}

/// All models of a run, the best first.
#[derive(Debug)]
pub struct Leaderboard<'a> {
    /// One row a model. Those without a value of the metric sorted by stand after those with one, and those whose folds
    /// are not all done last.
    pub rows: Vec<LeaderboardRow<'a>>,
    /// The metrics that people are shown, in the order of the columns.
    pub columns: Vec<&'static Metric>,
    /// The metrics that programs are given.
    pub exported: Vec<&'static Metric>,
    /// What it is sorted by.
    pub sort: &'static Metric,
    /// The metric whose interval people are shown: the one sorted by if it is shown and has one, else the first column
    /// that does.
    pub with_interval: Option<&'static Metric>,
    /// Whether the user named the columns.
    pub columns_chosen: bool,
    /// How the intervals were computed, if there is any.
    pub interval_method: Option<IntervalMethod>,
    /// By which test models were found tied with the first.
    pub tied_by: PairedTest,
    /// Why not to trust the intervals, if they rest on too few folds.
    pub interval_warning: Option<String>,
    /// Whether early stopping and checkpoints looked at the test part.
    pub optimistic: bool,
    /// What must be known before the rows are compared: reasons why scores or their order mislead.
    pub cautions: Vec<String>,
    /// What the weights of encoders were trained on, where it is no reason for caution.
    pub trained: Vec<String>,
    /// What others published for the very partition of the run, the best first.
    pub on_partition: Vec<PartitionFigure>,
}

/// What became of one model. Metrics are computed when they are asked for.
#[derive(Debug)]
pub struct LeaderboardRow<'a> {
    /// Name of the model.
    pub model: String,
    /// Its family.
    pub family: Family,
    /// What it read, such as `table` or `embeddings of musicnn`.
    pub reads: String,
    /// The encoder whose embeddings it read, if it did.
    pub encoder: Option<&'a PlannedEncoder>,
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
    /// The hyper-parameters that differ from the published recipe.
    pub changes: Vec<ParamChange>,
    /// The size of the spectrograms that it read, if they were resized.
    pub resized: Option<Resized>,
    /// Both for people, if anything was changed.
    pub changed: Option<String>,
    /// Why its score, or its place among others, misleads, if it does.
    pub caution: Option<String>,
    /// The hyper-parameters; of a tuned model those it started from.
    pub params: Params,
    /// The hyper-parameters that were chosen for each fold, if they were.
    pub choices: Vec<Choice>,
    /// Whether its score cannot be told from the leader's; `None` of the leader itself and where there is nothing to test.
    pub tied: Option<bool>,
    /// None if a fold failed or is missing, because a mean over other folds than the other models' would not be
    /// comparable.
    evaluation: Option<Evaluation<'a>>,
    whole_tracks: bool,
}

impl<'a> Leaderboard<'a> {
    /// Of all models of a run. `figures` are the published ones, by model.
    pub fn of(
        results: &'a Results,
        figures: &BTreeMap<String, Vec<Published>>,
        options: &LeaderboardOptions,
    ) -> Self {
        let LeaderboardOptions { sort, columns } = options;
        let sort = sort.or(columns.first().copied()).unwrap_or(Metric::macro_f1());
        let (models, draws) = (0..results.plan.models.len(), Draws::default());
        let mut rows: Vec<(LeaderboardRow, Option<f64>)> = models
            .map(|model| LeaderboardRow::of(results, model, figures, &draws))
            .map(|row| {
                let value = row.value(sort);
                (row, value)
            })
            .collect();
        rows.sort_by(|(a, of_a), (b, of_b)| {
            let by_value = match (of_a, of_b) {
                (Some(a), Some(b)) => sort.compare(*b, *a),
                (of_a, of_b) => of_b.is_some().cmp(&of_a.is_some()),
            };
            b.is_complete().cmp(&a.is_complete()).then(by_value).then_with(|| a.model.cmp(&b.model))
        });
        let mut rows: Vec<LeaderboardRow> = rows.into_iter().map(|(row, _)| row).collect();
        mark_ties(results, &mut rows, sort);
        let is_default = |metric: &&Metric| metric.is_default && is_of_run(metric, &results.plan);
        let columns_chosen = !columns.is_empty();
        // A table has no column twice.
        let mut chosen: Vec<&Metric> = Vec::new();
        for &metric in columns {
            if !chosen.iter().any(|other| std::ptr::eq(*other, metric)) {
                chosen.push(metric);
            }
        }
        let interval_method = rows.iter().any(LeaderboardRow::is_complete).then_some({
            if results.folds.len() > 1 { IntervalMethod::CorrectedT } else { IntervalMethod::TrackBootstrap }
        });
        let shown: Vec<&Metric> =
            if columns_chosen { chosen.clone() } else { METRICS.iter().filter(is_default).collect() };
        let has_interval = |metric: &&Metric| metric.intervals.cover(results.folds.len());
        let is_sorted_by = |metric: &&Metric| std::ptr::eq(*metric, sort);
        let mut candidates = shown.iter().copied().filter(has_interval);
        let with_interval = candidates.clone().find(is_sorted_by).or_else(|| candidates.next());
        Self {
            rows,
            columns: shown,
            with_interval,
            exported: if columns_chosen { chosen } else { METRICS.iter().collect() },
            sort,
            tied_by: PairedTest::of(results, sort),
            columns_chosen,
            interval_warning: interval_method.and_then(|_| few_folds(results.folds.len())),
            interval_method,
            optimistic: results.plan.validated_on_test,
            cautions: cautions(&results.plan),
            trained: encoders::trained(&results.plan),
            on_partition: on_this_partition(results),
        }
    }

    /// The models whose expected calibration error is greater after calibration than before, with both.
    pub fn worse_calibrated(&self) -> Vec<(&str, f64, f64)> {
        let value = |row: &LeaderboardRow, key| row.value(Metric::of_key(key)?);
        let rows = self.rows.iter().filter_map(|row| {
            let before = value(row, "calibration_error_before")?;
            let after = value(row, "calibration_error")?;
            (after > before).then_some((row.model.as_str(), before, after))
        });
        rows.collect()
    }
}

impl<'a> LeaderboardRow<'a> {
    fn of(
        results: &'a Results,
        model: usize,
        figures: &BTreeMap<String, Vec<Published>>,
        draws: &Draws,
    ) -> Self {
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
        let validated = results.folds.iter().any(|fold| !fold.valid.is_empty());
        let published =
            figures.get(&planned.model).and_then(|f| comparable(&results.plan, validated, planned, f));
        Self {
            model: planned.name.clone(),
            family: planned.family,
            reads: planned.reads_what(),
            encoder: planned.encoder.as_ref(),
            evaluation: (finished.len() == outcomes.len())
                .then(|| Evaluation::of(results, &finished).sharing(draws)),
            folds_done: results.folds_done(model),
            folds: results.folds.len(),
            errors,
            published: published.map(|p| p.test),
            published_source: published.map(|p| p.source.clone()),
            changes: planned.changes.clone(),
            resized: planned.resized,
            changed: changed::text(planned, &[]),
            caution: caution(&results.plan, planned),
            params: planned.params.clone(),
            choices: planned.choices.clone(),
            whole_tracks: results.plan.dataset.whole_tracks(),
            tied: None,
        }
    }

    /// Whether all folds are done, so that there are metrics.
    pub fn is_complete(&self) -> bool {
        self.evaluation.is_some()
    }

    /// A metric of all folds together; `None` if there is none.
    pub fn value(&self, metric: &Metric) -> Option<f64> {
        self.evaluation_for(metric)?.value(metric)
    }

    /// The 95 % confidence interval of a metric; `None` if it has none.
    pub fn interval(&self, metric: &Metric) -> Option<Interval> {
        self.evaluation_for(metric).filter(|_| metric.intervals.cover(self.folds))?.interval(metric)
    }

    fn evaluation_for(&self, metric: &Metric) -> Option<&Evaluation<'a>> {
        // A vote of a single segment is no other metric than that of segments.
        self.evaluation.as_ref().filter(|_| metric.when != When::Segments || !self.whole_tracks)
    }
}

/// All that must be said of a run's rows, each once.
fn cautions(plan: &Plan) -> Vec<String> {
    let optimistic = plan.validated_on_test.then(|| OPTIMISTIC.to_owned());
    let changed = changed::cautions(plan.models.iter());
    optimistic.into_iter().chain(changed).chain(encoders::cautions(plan)).collect()
}

/// The same of one of them.
fn caution(plan: &Plan, model: &PlannedModel) -> Option<String> {
    let optimistic = plan.validated_on_test.then(|| OPTIMISTIC.to_owned());
    let trained = encoders::caution(plan, model);
    let all: Vec<String> = optimistic.into_iter().chain(changed::caution(model)).chain(trained).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// What was published for the fault-filtered partition, if the run has the whole of it.
fn on_this_partition(results: &Results) -> Vec<PartitionFigure> {
    let whole = results.plan.protocol == Protocol::FaultFiltered.name()
        && !results.plan.dataset.synthetic
        && results.folds.iter().all(|fold| {
            let sizes = [&fold.train, &fold.valid, &fold.test]
                .map(|part| results.tracks(part).into_iter().collect::<BTreeSet<_>>().len());
            sizes == FAULT_FILTERED
        });
    // A broken table is a bug that a test finds, and no reason to show no leaderboard.
    if whole { on_partition().unwrap_or_default() } else { Vec::new() }
}

/// Tracks of the fault-filtered partition that train, validate and are tested.
const FAULT_FILTERED: [usize; 3] = [443, 197, 290];

/// Marks the models whose difference to the first is not significant at 5 %, p-values adjusted for their number.
fn mark_ties(results: &Results, rows: &mut [LeaderboardRow], metric: &Metric) {
    let tested = rows.iter().take_while(|row| row.value(metric).is_some());
    let number = |row: &LeaderboardRow| results.plan.models.iter().position(|model| model.name == row.model);
    let tested: Option<Vec<(usize, &Evaluation)>> =
        tested.map(|row| Some((number(row)?, row.evaluation_for(metric)?))).collect();
    let Some((models, evaluations)) = tested.map(|tested| tested.into_iter().unzip::<_, _, Vec<_>, Vec<_>>())
    else {
        return;
    };
    if models.len() < 2 || evaluations[1].fold_differences(evaluations[0], metric).is_none() {
        return;
    }
    let adjusted = p_values(results, &models, &evaluations, metric);
    rows[1..].iter_mut().zip(adjusted).for_each(|(row, p)| row.tied = Some(p >= SIGNIFICANT));
}

/// Whether models of a run have a metric.
fn is_of_run(metric: &Metric, plan: &Plan) -> bool {
    match metric.when {
        When::Always | When::Probabilities => true,
        When::Segments => !plan.dataset.whole_tracks(),
        When::Calibrated => plan.conditions.calibration.is_some(),
    }
}
