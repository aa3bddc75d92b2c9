//! Models of one run beside its best, on the same test examples.

use super::change::Unit;
use super::results::FoldResult;
use super::stability::Stability;
use super::variance::{ScoredFits, Variance};
use super::{Evaluation, Grid, Results, percent, points, width};
use crate::error::{Error, Result};
use crate::score::comparison::{Posterior, Scores, Tested, UnitCounts, draw_scores, holm};
use crate::score::{Interval, Metric, labels_of, p_value_of_draws, quantile};
use crate::util::shown::one_line;
use console::style;
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;
use textwrap::fill;

/// How often artists or tracks are drawn for intervals.
const DRAWS: usize = 10_000;

/// The first of these draws, which p-values are counted in.
const TESTED: usize = 2000;

/// With fewer folds, a t-test over them finds next to nothing.
const ENOUGH_FOLDS: usize = 5;

/// How a model is told from the leader of a run: by its folds or, where they are few, by the tested artists or tracks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PairedTest {
    /// The corrected resampled t-test over folds (Nadeau & Bengio 2003).
    CorrectedT,
    /// The paired bootstrap over artists or tracks.
    UnitBootstrap,
}

impl PairedTest {
    /// The one for a run and a metric.
    pub fn of(results: &Results, metric: &Metric) -> Self {
        match results.folds.len() {
            1 => Self::UnitBootstrap,
            2..ENOUGH_FOLDS if is_drawn(metric) => Self::UnitBootstrap,
            _ => Self::CorrectedT,
        }
    }

    /// As it stands in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Self::CorrectedT => "corrected resampled t-test over folds",
            Self::UnitBootstrap => "paired bootstrap over the tested artists or tracks, the folds being few",
        }
    }
}

/// Whether draws of artists or tracks give a metric.
fn is_drawn(metric: &Metric) -> bool {
    ["macro_f1", "accuracy"].contains(&metric.key)
}

/// p-values, adjusted by Holm, of the differences of models to the first; all of which finished their folds.
pub(super) fn p_values(
    results: &Results,
    models: &[usize],
    evaluations: &[&Evaluation],
    metric: &Metric,
) -> Vec<f64> {
    match PairedTest::of(results, metric) {
        PairedTest::UnitBootstrap if is_drawn(metric) => {
            let drawn = Units::of(results).draw(results, models, TESTED);
            holm(&p_values_of_models(&drawn, metric))
        }
        // Of one fold, a bootstrap over its tracks.
        _ => {
            let tested =
                evaluations[1..].par_iter().map(|other| other.p_value(evaluations[0], metric).unwrap_or(1.0));
            holm(&tested.collect::<Vec<_>>())
        }
    }
}

/// Two models of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// Place of the one among those compared.
    pub first: usize,
    /// Place of the other, a later one.
    pub second: usize,
    /// Macro-F1 of the one minus that of the other, mean over folds.
    pub difference: f64,
    /// Its p-value, adjusted by Holm over all pairs.
    pub p_holm: f64,
}

/// All pairs of the models of a run at `models`; `None` where one did not finish all folds.
pub fn pairs(results: &Results, models: &[usize]) -> Option<Vec<Pair>> {
    let metric = Metric::macro_f1();
    let evaluation = |&model: &usize| Some(Evaluation::of(results, &results.complete(model)?));
    let evaluations = models.iter().map(evaluation).collect::<Option<Vec<Evaluation>>>()?;
    let values = evaluations.iter().map(|own| own.by_fold(metric)).collect::<Option<Vec<Vec<f64>>>>()?;
    let drawn = match PairedTest::of(results, metric) {
        PairedTest::UnitBootstrap => Units::of(results).draw(results, models, TESTED),
        PairedTest::CorrectedT => Vec::new(),
    };
    let both =
        (0..models.len()).flat_map(|first| (first + 1..models.len()).map(move |second| (first, second)));
    let pair = |(first, second): (usize, usize)| {
        let differences: Vec<f64> = values[first].iter().zip(&values[second]).map(|(a, b)| a - b).collect();
        let of_draw = |row: &Vec<Scores>| row[first].macro_f1 - row[second].macro_f1;
        let p_value = if drawn.is_empty() {
            evaluations[first].on_folds(&differences).p_value().unwrap_or(1.0)
        } else {
            p_value_of_draws(&drawn.iter().map(of_draw).collect::<Vec<_>>())
        };
        Pair { first, second, difference: metric.of_folds(&differences), p_holm: p_value }
    };
    let mut pairs: Vec<Pair> = both.collect::<Vec<_>>().into_par_iter().map(pair).collect();
    let adjusted = holm(&pairs.iter().map(|pair| pair.p_holm).collect::<Vec<_>>());
    pairs.iter_mut().zip(adjusted).for_each(|(pair, p)| pair.p_holm = p);
    Some(pairs)
}

/// For every model but the first, the p-value of its difference to that.
fn p_values_of_models(drawn: &[Vec<Scores>], metric: &Metric) -> Vec<f64> {
    let value = |scores: &Scores| if metric.key == "accuracy" { scores.accuracy } else { scores.macro_f1 };
    let drawn = &drawn[..drawn.len().min(TESTED)];
    let models = drawn.first().map_or(0, Vec::len);
    let differences = |model: usize| drawn.iter().map(move |row| value(&row[model]) - value(&row[0]));
    (1..models).map(|model| p_value_of_draws(&differences(model).collect::<Vec<_>>())).collect()
}

/// Some models of a run beside the one with the highest macro-F1.
#[derive(Debug, Serialize)]
pub struct PairedComparison {
    /// The run.
    pub run: String,
    /// What it was made of, for people.
    pub data: String,
    /// How its data was divided, for people.
    pub split: String,
    /// The best model by macro-F1.
    pub leader: String,
    /// Its macro-F1, mean over folds.
    pub macro_f1: f64,
    /// What the bootstrap draws, and how many there are.
    pub unit: Unit,
    /// How many there are.
    pub units: usize,
    /// How many draws there were.
    pub draws: usize,
    /// What p-values are by.
    pub test: PairedTest,
    /// How often the leader has the highest macro-F1.
    pub leader_stays: Stability,
    /// Where scores vary: of the leader and the other models.
    pub variance: Variance,
    /// Differences up to this, 0–1, count as practically equal.
    pub rope: f64,
    /// The other models, the best first.
    pub others: Vec<PairedModel>,
    /// Models that did not finish all folds.
    pub unfinished: Vec<String>,
}

/// A model beside the leader.
#[derive(Debug, Serialize)]
pub struct PairedModel {
    /// Its name.
    pub model: String,
    /// Its macro-F1, mean over folds.
    pub macro_f1: f64,
    /// Its macro-F1 minus the leader's.
    pub difference: PairedDifference,
    /// The same of accuracy.
    pub accuracy_difference: PairedDifference,
    /// How likely the difference in macro-F1 is if there is none, adjusted for the number of models by Holm.
    pub p_holm: f64,
    /// How likely it is worse than the leader, practically equal and better by the correlated Bayesian t-test; `None` of one
    /// fold.
    pub posterior: Option<Posterior>,
}

/// A difference with its 95 % intervals.
#[derive(Debug, Serialize)]
pub struct PairedDifference {
    /// Mean over folds.
    pub mean: f64,
    /// Ends of the corrected t interval over folds; `None` of one fold.
    pub over_folds: Option<(f64, f64)>,
    /// Ends of the paired bootstrap over artists or tracks.
    pub over_units: (f64, f64),
}

impl PairedComparison {
    /// Of the models of a run at `models`, at least two of which finished all folds.
    ///
    /// # Errors
    ///
    /// Fewer.
    pub fn of(results: &Results, models: &[usize], rope: f64) -> Result<Self> {
        let f1 = Metric::macro_f1();
        let name = |model: usize| results.plan.models[model].name.clone();
        let mut finished: Vec<(usize, Evaluation, f64)> = Vec::new();
        let mut unfinished = Vec::new();
        for &model in models {
            let evaluation = results.complete(model).map(|cells| Evaluation::of(results, &cells));
            match evaluation.and_then(|evaluation| Some((evaluation.value(f1)?, evaluation))) {
                Some((value, evaluation)) => finished.push((model, evaluation, value)),
                None => unfinished.push(name(model)),
            }
        }
        finished.sort_by(|a, b| b.2.total_cmp(&a.2).then_with(|| name(a.0).cmp(&name(b.0))));
        let [(leader, of_leader, value), others @ ..] = &finished[..] else {
            return Err(too_few(results));
        };
        if others.is_empty() {
            return Err(too_few(results));
        }
        let units = Units::of(results);
        let models: Vec<usize> = finished.iter().map(|(model, ..)| *model).collect();
        let drawn = units.draw(results, &models, DRAWS);
        let of_folds = |(at, (model, evaluation, value)): (usize, &(usize, Evaluation, f64))| {
            let values = evaluation.fold_differences(of_leader, f1)?;
            Some(PairedModel {
                model: name(*model),
                macro_f1: *value,
                difference: difference(evaluation, of_leader, f1, &drawn, at + 1, |scores| scores.macro_f1)?,
                accuracy_difference: difference(
                    evaluation,
                    of_leader,
                    Metric::of_key("accuracy")?,
                    &drawn,
                    at + 1,
                    |scores| scores.accuracy,
                )?,
                p_holm: 1.0,
                posterior: evaluation.on_folds(&values).posterior(rope),
            })
        };
        let mut rows: Vec<PairedModel> = others.iter().enumerate().filter_map(of_folds).collect();
        let evaluations: Vec<&Evaluation> = finished.iter().map(|(_, evaluation, _)| evaluation).collect();
        let test = PairedTest::of(results, f1);
        let adjusted = match test {
            PairedTest::CorrectedT => p_values(results, &models, &evaluations, f1),
            PairedTest::UnitBootstrap => holm(&p_values_of_models(&drawn, f1)),
        };
        rows.iter_mut().zip(adjusted).for_each(|(row, p)| row.p_holm = p);
        let scored: Vec<ScoredFits> =
            models.iter().filter_map(|&model| ScoredFits::of(results, model)).collect();
        Ok(Self {
            run: results.plan.id.clone(),
            data: results.plan.dataset.describe(),
            split: format!("{} ({})", results.plan.protocol, results.plan.scheme),
            leader: name(*leader),
            macro_f1: *value,
            unit: units.unit,
            units: units.count,
            draws: DRAWS,
            test,
            leader_stays: Stability::of(results, &scored, units.unit, &drawn),
            variance: Variance::of(results, &scored),
            rope,
            others: rows,
            unfinished,
        })
    }

    /// As a table for people.
    pub fn table(&self) -> String {
        let data = one_line(&self.data).into_owned();
        let mut out =
            format!("{}\nprotocol {}\n\n", style(fill(&data, width())).bold(), one_line(&self.split));
        let unit = self.unit.name();
        let heads = [
            "model",
            "F1",
            "difference",
            "over folds",
            &format!("over {unit}"),
            "p (Holm)",
            "worse",
            "equal",
            "better",
        ];
        let mut grid = Grid::new(1, heads);
        grid.row([self.leader.clone(), percent(self.macro_f1)]);
        let ends = |(low, high): (f64, f64)| format!("{} – {}", points(low), points(high));
        for row in &self.others {
            let share = |of: fn(&Posterior) -> f64| {
                row.posterior.as_ref().map_or_else(|| "–".to_owned(), |p| format!("{:.0}", 100.0 * of(p)))
            };
            grid.row([
                row.model.clone(),
                percent(row.macro_f1),
                points(row.difference.mean),
                row.difference.over_folds.map_or_else(|| "–".to_owned(), ends),
                ends(row.difference.over_units),
                p_value(row.p_holm),
                share(|p| p.worse),
                share(|p| p.equal),
                share(|p| p.better),
            ]);
        }
        out += &grid.to_string();
        out.push('\n');
        let notes = [
            format!(
                "Difference to {}: macro-F1 in points on the same test examples, mean over folds, with 95 % intervals: over folds \
                 the corrected t interval (Nadeau & Bengio 2003); over {unit} a paired percentile bootstrap of {} draws of {} \
                 {unit}, all their examples together.",
                self.leader, self.draws, self.units
            ),
            format!("p: {}, adjusted for the number of models by Holm.", self.test.name()),
            format!(
                "worse, equal, better: how likely, in %, by the correlated Bayesian t-test (Corani & Benavoli 2015); equal is \
                 within ± {:.1} points (--rope).",
                100.0 * self.rope
            ),
            self.leader_stays.sentence(),
        ];
        for note in notes {
            out += &format!("{}\n", fill(&note, width()));
        }
        if self.variance.is_told() {
            let title = style("Where the variance comes from").bold();
            out += &format!("\n{title}\n{}\n", self.variance.grid());
        }
        for note in self.variance.notes() {
            out += &format!("{}\n", fill(&note, width()));
        }
        if !self.unfinished.is_empty() {
            out += &format!(
                "{}\n",
                fill(
                    &format!("Not compared, because folds failed: {}.", self.unfinished.join(", ")),
                    width()
                )
            );
        }
        out
    }
}

fn too_few(results: &Results) -> Error {
    Error::new(
        format!("run {}", results.plan.id),
        "fewer than two of these models finished all folds",
        "--models with two or more; `bench show RUN` lists them",
    )
}

/// A p-value for people.
pub(super) fn p_value(p: f64) -> String {
    if p < 0.001 { "< 0.001".to_owned() } else { format!("{p:.3}") }
}

fn difference(
    own: &Evaluation,
    leader: &Evaluation,
    metric: &Metric,
    drawn: &[Vec<Scores>],
    at: usize,
    of: impl Fn(&Scores) -> f64,
) -> Option<PairedDifference> {
    let values = own.fold_differences(leader, metric)?;
    let over_folds = own.difference(leader, metric).filter(|_| values.len() > 1);
    let mut differences: Vec<f64> = drawn.iter().map(|row| of(&row[at]) - of(&row[0])).collect();
    differences.sort_by(f64::total_cmp);
    let end = |share: f64| quantile(&differences, share);
    Some(PairedDifference {
        mean: metric.of_folds(&values),
        over_folds: over_folds.map(|Interval { low, high, .. }| (low, high)),
        over_units: (end(0.025), end(0.975)),
    })
}

/// What is drawn as a whole: all tracks of an artist where artists are known, else tracks.
pub(super) struct Units {
    pub unit: Unit,
    count: usize,
    /// Of each tested track.
    of_track: BTreeMap<usize, usize>,
}

impl Units {
    pub fn of(results: &Results) -> Self {
        let artists = &results.catalogue.artists;
        let unit = if artists.is_empty() { Unit::Tracks } else { Unit::Artists };
        let tested = results.folds.iter().flat_map(|fold| results.tracks(&fold.test));
        let (mut numbers, mut of_track) = (BTreeMap::new(), BTreeMap::new());
        for track in tested {
            // A track of an unknown artist is drawn by itself.
            let key = artists.get(track).copied().flatten().map_or((1, track), |artist| (0, artist));
            let next = numbers.len();
            of_track.insert(track, *numbers.entry(key).or_insert(next));
        }
        Self { unit, count: numbers.len(), of_track }
    }

    /// Scores of models in so many draws.
    pub fn draw(&self, results: &Results, models: &[usize], draws: usize) -> Vec<Vec<Scores>> {
        let counts: Vec<UnitCounts> = models.iter().map(|&model| self.counts(results, model)).collect();
        draw_scores(&counts, draws, results.plan.conditions.seed)
    }

    fn counts(&self, results: &Results, model: usize) -> UnitCounts {
        let seeds = results.plan.conditions.seeds();
        let of_cell = |(number, cell): (usize, FoldResult)| {
            let labels = labels_of(cell.record.scores().view());
            let examples = cell.fold.test.iter().zip(labels);
            let tested = |(&example, predicted): (&usize, usize)| {
                let of_example = &results.catalogue.examples[example];
                Tested {
                    unit: self.of_track[&of_example.track],
                    fold: number / seeds,
                    seed: cell.seed,
                    truth: of_example.label,
                    predicted,
                }
            };
            examples.map(tested).collect::<Vec<_>>()
        };
        let tested = results.fold_results(model).enumerate().flat_map(of_cell);
        let fits = (results.folds.len(), seeds);
        UnitCounts::new(tested, self.count, fits, results.catalogue.classes.len())
    }
}
