//! Choosing hyper-parameters by cross-validation inside each training part.
//!
//! ```text
//! outer fold ──► training part ──► inner folds × candidates ──► the best candidate ──► fitted to the whole
//!           └──► test part, which none of this has seen ◄───────────────────────────── training part
//! ```
//!
//! S. Varma and R. Simon, "Bias in error estimation when using cross-validation for model selection", BMC
//! Bioinformatics 7, 2006: a score that was used to choose is no estimate of what was chosen; the outer one is.

use super::Invalid;
use super::parameters::{Scalar, value_of};
use super::registry::nearest;
use crate::error::{Error, Result};
use crate::protocol::Fold;
use crate::report::check::AT_GRID_END;
use crate::run::{CellOutcome, Choice, PlannedModel};
use crate::score::{FoldPredictions, METRICS, Metric};
use genre_bench_api::{Card, Param, Params, Value, random_stream};
use rand::Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::str::FromStr;

/// Most candidates of a grid, so that a typing error does not start a month of work.
const MOST_CANDIDATES: usize = 10_000;

/// How a model's hyper-parameters are chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Tuning {
    /// Values to try by hyper-parameter: `c = [1, 10]`, or a range for random search, `c = { from = 0.1, to = 1000 }`; the
    /// grid that the model suggests if there is none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub grid: BTreeMap<String, SearchValues>,
    /// Try so many combinations drawn at random instead of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub random: Option<u16>,
    /// Folds inside each training part.
    #[schemars(range(min = 2, max = 100))]
    pub inner: u16,
    /// Key of the metric to choose by, such as macro_f1 or accuracy.
    pub by: String,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { grid: BTreeMap::new(), random: None, inner: 3, by: Metric::macro_f1().key.to_owned() }
    }
}

/// Values of one hyper-parameter to search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a list of values, or a range such as { from = 0.1, to = 1000 }")]
pub enum SearchValues {
    /// These.
    List(#[schemars(with = "Vec<Scalar>")] Vec<Value>),
    /// Any number in a range; only for random search, evenly in the logarithm if both ends are above 0.
    Range {
        /// The least.
        from: f64,
        /// The greatest.
        to: f64,
    },
}

/// Where to look for a hyper-parameter's value, as a flag says it.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// The hyper-parameter.
    pub parameter: String,
    /// The values.
    pub values: SearchValues,
}

impl FromStr for Axis {
    type Err = String;

    /// Reads `c=0.1,1,10` or `c=0.01..100`.
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let wanted = "expected PARAMETER=VALUE,VALUE,… or PARAMETER=LOW..HIGH, such as c=0.1,1,10";
        let (parameter, values) = text.split_once('=').ok_or(wanted)?;
        let values = match values.split_once("..") {
            Some((low, high)) => match (low.parse(), high.parse()) {
                (Ok(from), Ok(to)) if is_range(from, to) => SearchValues::Range { from, to },
                _ => return Err(wanted.to_owned()),
            },
            None => SearchValues::List(values.split(',').map(value_of).collect()),
        };
        Ok(Self { parameter: parameter.to_owned(), values })
    }
}

fn is_range(from: f64, to: f64) -> bool {
    from < to && f64::is_finite(to - from)
}

impl Tuning {
    /// The values to search, in the order of the card's hyper-parameters: the user's, or those that the card suggests.
    ///
    /// # Errors
    ///
    /// There are none.
    pub fn axes(&self, card: &Card) -> std::result::Result<Vec<Axis>, Invalid> {
        if self.grid.is_empty() {
            return suggested(card);
        }
        let axis = |(name, values): (&String, &SearchValues)| Axis {
            parameter: name.clone(),
            values: values.clone(),
        };
        Ok(self.grid.iter().map(axis).collect())
    }

    /// The metric to choose by.
    ///
    /// # Errors
    ///
    /// There is none of its key, or it takes more than test predictions.
    pub fn metric(&self) -> std::result::Result<&'static Metric, Invalid> {
        Metric::of_key(&self.by).filter(|metric| metric.is_of_test()).ok_or_else(|| {
            let keys = METRICS.iter().filter(|metric| metric.is_of_test()).map(|metric| metric.key);
            let hint = match nearest(&self.by, keys.clone()) {
                Some(meant) => format!("did you mean {meant}?"),
                None => keys.collect::<Vec<_>>().join(", "),
            };
            Invalid::new("tune.by", format!("`{}` is no metric of test predictions", self.by), hint)
        })
    }

    /// Refuses a search that cannot be.
    pub(super) fn check(&self, card: &Card, base: &PlannedModel) -> std::result::Result<(), Invalid> {
        if !(2..=100).contains(&self.inner) {
            let reason = format!("{} is not from 2 to 100", self.inner);
            return Err(Invalid::new("tune.inner", reason, "3 is usual"));
        }
        self.metric()?;
        if self.random == Some(0) {
            return Err(Invalid::new("tune.random", "0 draws find nothing", "such as 30"));
        }
        candidates(card, base, &self.axes(card)?, self.random.map(usize::from), 0).map(|_| ())
    }
}

/// The axes that a card suggests.
///
/// # Errors
///
/// It suggests none.
fn suggested(card: &Card) -> std::result::Result<Vec<Axis>, Invalid> {
    let axes: Vec<Axis> = (card.params.iter().filter(|param| !param.tries.is_empty()))
        .map(|param| {
            let values = param.tries.iter().map(|text| value_of(text)).collect();
            Axis { parameter: param.name.clone(), values: SearchValues::List(values) }
        })
        .collect();
    if axes.is_empty() {
        let name = &card.name;
        return Err(match card.params.first() {
            Some(param) => {
                let hint = format!("say which, such as --grid {}=VALUE,VALUE", param.name);
                Invalid::new("tune.grid", format!("model `{name}` suggests no parameters to tune"), hint)
            }
            None => {
                let hint = "tune another: `bench list models`";
                Invalid::new("models", format!("model `{name}` has no parameters"), hint)
            }
        });
    }
    Ok(axes)
}

/// The candidates: first `base`, the baseline, then every combination of the axes' values or, for a random search, so many
/// different combinations drawn by `seed`. None stands twice.
///
/// # Errors
///
/// A parameter that the model does not have or that is named twice, a value it does not allow, a range in a grid, or a grid without end.
pub fn candidates(
    card: &Card,
    base: &PlannedModel,
    axes: &[Axis],
    random: Option<usize>,
    seed: u64,
) -> std::result::Result<Vec<PlannedModel>, Invalid> {
    let combinations = match random {
        None => grid(axes)?,
        Some(count) => draws(card, axes, count, seed)?,
    };
    let kept: Vec<(String, String)> =
        base.params.iter().map(|(name, value)| (name.to_owned(), value.typed())).collect();
    let mut candidates = vec![PlannedModel { name: format!("{} baseline", base.model), ..base.clone() }];
    for combination in combinations {
        let changes = kept.iter().chain(&combination).map(|(name, value)| (name.as_str(), value.as_str()));
        let named: Vec<String> = combination.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let name = named.join(" ");
        let resolved = card.resolve(changes).and_then(|params| Ok((card.reads_with(&params)?, params)));
        let (reads, params) = resolved.map_err(|e| refused(card, &e))?;
        if !candidates.iter().any(|other| other.params == params) {
            candidates.push(PlannedModel {
                name,
                params,
                reads,
                changed: true,
                changes: Vec::new(),
                ..base.clone()
            });
        }
    }
    Ok(candidates)
}

/// Names and values, as a user would type them.
type Combination = Vec<(String, String)>;

fn grid_key(axis: &Axis) -> String {
    format!("tune.grid.{}", axis.parameter)
}

fn refused(card: &Card, error: &genre_bench_api::Error) -> Invalid {
    let hint = format!("`bench list models {}` shows its parameters", card.name);
    match error {
        genre_bench_api::Error::Parameter { name, reason } => {
            Invalid::new(format!("tune.grid.{name}"), reason, hint)
        }
        other => Invalid::new("tune.grid", other.to_string(), hint),
    }
}

fn grid(axes: &[Axis]) -> std::result::Result<Vec<Combination>, Invalid> {
    let mut combinations = vec![Combination::new()];
    for axis in axes {
        let SearchValues::List(values) = &axis.values else {
            let hint = "--random N draws from ranges; or list the values, separated by commas";
            return Err(Invalid::new(grid_key(axis), "a range has no end of values", hint));
        };
        if combinations.len() * values.len() > MOST_CANDIDATES {
            let reason = format!("the grid has more than {MOST_CANDIDATES} combinations");
            return Err(Invalid::new(grid_key(axis), reason, "--random N draws some of them"));
        }
        let one = |value: &Value| (axis.parameter.clone(), value.to_string());
        combinations = combinations
            .iter()
            .flat_map(|before| values.iter().map(|value| [before.clone(), vec![one(value)]].concat()))
            .collect();
    }
    Ok(combinations)
}

fn draws(
    card: &Card,
    axes: &[Axis],
    count: usize,
    seed: u64,
) -> std::result::Result<Vec<Combination>, Invalid> {
    let mut rng = random_stream(seed, &format!("tune/{}", card.name));
    let mut drawn: Vec<Combination> = Vec::new();
    // Where there are fewer combinations than draws, some are drawn again in vain.
    for _ in 0..count.saturating_mul(20) {
        let combination: Combination = axes
            .iter()
            .map(|axis| {
                let value = match &axis.values {
                    SearchValues::List(values) if values.is_empty() => {
                        return Err(Invalid::new(
                            grid_key(axis),
                            "the list has no value",
                            "give at least one",
                        ));
                    }
                    SearchValues::List(values) => values[rng.gen_range(0..values.len())].to_string(),
                    SearchValues::Range { from, to } if !is_range(*from, *to) => {
                        let reason = format!("{from} to {to} is no range");
                        return Err(Invalid::new(grid_key(axis), reason, "from must be below to"));
                    }
                    SearchValues::Range { from, to } => {
                        in_range(parameter(card, axis)?, *from, *to, rng.r#gen())
                    }
                };
                Ok((axis.parameter.clone(), value))
            })
            .collect::<std::result::Result<_, Invalid>>()?;
        if !drawn.contains(&combination) {
            drawn.push(combination);
        }
        if drawn.len() == count {
            break;
        }
    }
    Ok(drawn)
}

fn parameter<'a>(card: &'a Card, axis: &Axis) -> std::result::Result<&'a Param, Invalid> {
    card.params.iter().find(|param| param.name == axis.parameter).ok_or_else(|| {
        let known: Vec<&str> = card.params.iter().map(|param| param.name.as_str()).collect();
        let reason = format!("model `{}` has no such parameter", card.name);
        Invalid::new(grid_key(axis), reason, format!("it has {}", known.join(", ")))
    })
}

/// The number at `share` (0–1) of the way, as text with four significant digits; a whole number where the parameter
/// wants one.
fn in_range(param: &Param, low: f64, high: f64, share: f64) -> String {
    let value = if low > 0.0 { low * (high / low).powf(share) } else { low + share * (high - low) };
    match param.default {
        Value::Int(_) => format!("{value:.0}"),
        _ => format!("{value:.3e}"),
    }
}

/// Every candidate's mean over the inner folds of each outer fold, shape `outer folds` of `candidates`; `None` where a
/// fit failed. `inner` are the inner folds, their repeat being the outer fold's number, and `outcomes` how the candidates
/// ended on them, candidate by candidate.
pub fn inner_scores(
    metric: &Metric,
    inner: &[Fold],
    outcomes: &[CellOutcome],
    labels: &[usize],
    classes: usize,
) -> Vec<Vec<Option<f64>>> {
    let score = |fold: &Fold, outcome: &CellOutcome| match outcome {
        CellOutcome::Done(record) => {
            let truth: Vec<usize> = fold.test.iter().map(|&example| labels[example]).collect();
            metric.of_fold(&FoldPredictions::new(classes, truth, record.scores()))
        }
        CellOutcome::Failed(_) | CellOutcome::Missing => None,
    };
    let outer_folds = inner.iter().map(|fold| fold.repeat + 1).max().unwrap_or(0);
    (0..outer_folds)
        .map(|outer| {
            let of_candidate = |outcomes: &[CellOutcome]| -> Option<f64> {
                let of_fold = inner.iter().zip(outcomes).filter(|(fold, _)| fold.repeat == outer);
                let scores: Vec<f64> =
                    of_fold.map(|(fold, outcome)| score(fold, outcome)).collect::<Option<_>>()?;
                Some(scores.iter().sum::<f64>() / scores.len() as f64)
            };
            outcomes.chunks(inner.len()).map(of_candidate).collect()
        })
        .collect()
}

/// The best candidate of every outer fold, the first where several are equal.
///
/// # Errors
///
/// No candidate could be fitted on all inner folds of an outer fold.
pub fn choose(
    metric: &Metric,
    candidates: &[PlannedModel],
    scores: &[Vec<Option<f64>>],
) -> Result<Vec<Choice>> {
    (scores.iter().enumerate())
        .map(|(outer, scores)| {
            let scored = candidates.iter().zip(scores).filter_map(|(c, score)| Some((c, (*score)?)));
            let best =
                scored.reduce(|best, next| if metric.compare(next.1, best.1).is_gt() { next } else { best });
            let (candidate, inner_score) = best.ok_or_else(|| {
                let subject = format!("fold {outer}");
                Error::new(
                    subject,
                    "no candidate could be fitted on all its inner folds",
                    "see the failures above",
                )
            })?;
            Ok(Choice { params: candidate.params.clone(), inner_score, metric: metric.key.to_owned() })
        })
        .collect()
}

fn number(params: &Params, name: &str) -> Option<f64> {
    params.iter().find(|(other, _)| *other == name).and_then(|(_, value)| as_number(value))
}

fn as_number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(value) => Some(*value as f64),
        Value::Float(value) => Some(*value),
        Value::Bool(_) | Value::File(_) | Value::Text(_) => None,
    }
}

/// What the user should know of a grid whose outermost values were chosen in most folds: the best may lie beyond.
pub fn ends_chosen(axes: &[Axis], choices: &[Choice]) -> Vec<String> {
    let note = |axis: &Axis| {
        let SearchValues::List(values) = &axis.values else { return None };
        // 0 mostly means something else than very little: no limit, or a rule for the value.
        let numbers = values.iter().filter_map(as_number).filter(|value| *value != 0.0);
        let mut numbers: Vec<f64> = numbers.collect();
        numbers.sort_by(f64::total_cmp);
        let (&least, &most) = (numbers.first()?, numbers.last()?);
        let chosen = |end: f64| {
            choices.iter().filter(|choice| number(&choice.params, &axis.parameter) == Some(end)).count()
        };
        let end = [least, most].into_iter().find(|&end| 2 * chosen(end) > choices.len() && least < most)?;
        Some(format!(
            "{}={end} was chosen in {} of {} folds and {AT_GRID_END}",
            axis.parameter,
            chosen(end),
            choices.len()
        ))
    };
    axes.iter().filter_map(note).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use genre_bench_api::Family;

    fn card() -> Card {
        Card::new("model", Family::Other, "")
            .param(Param::float("c", 1.0, "").above(0.0).tries(&["0.1", "1", "10"]))
            .param(Param::int("k", 5, "").at_least(1.0))
            .param(Param::bool("flag", false, "").tries(&["false", "true"]))
    }

    fn names(axes: &[&str], random: Option<usize>, seed: u64) -> std::result::Result<Vec<String>, Invalid> {
        let axes: Vec<Axis> = axes.iter().map(|text| text.parse().unwrap()).collect();
        let base = PlannedModel::new(&card(), []).unwrap();
        Ok(candidates(&card(), &base, &axes, random, seed)?.into_iter().map(|c| c.name).collect())
    }

    #[test]
    fn a_grid_has_the_baseline_and_every_other_combination_once() {
        let grid = names(&["c=0.1,1.0,1", "k=5,7"], None, 0).unwrap();
        assert_eq!(grid, ["model baseline", "c=0.1 k=5", "c=0.1 k=7", "c=1 k=7"]);
    }

    #[test]
    fn a_card_suggests_a_grid() {
        let axes = suggested(&card()).unwrap();
        let base = PlannedModel::new(&card(), []).unwrap();
        assert_eq!(candidates(&card(), &base, &axes, None, 0).unwrap().len(), 6);
        assert!(suggested(&Card::new("bare", Family::Other, "")).is_err());
    }

    #[test]
    fn a_random_search_draws_different_combinations_by_its_seed() {
        let drawn = |seed| names(&["c=0.01..100", "k=1..40", "flag=true,false"], Some(30), seed).unwrap();
        assert_eq!(drawn(1).len(), 31);
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1), drawn(2));
        assert_eq!(names(&["k=1,2,3"], Some(30), 0).unwrap().len(), 4, "there are no more");
        // Evenly in the logarithm: about half the draws lie below the geometric middle.
        let of = |name: &String| -> f64 { name[2..].split(' ').next().unwrap().parse().unwrap() };
        let many = names(&["c=0.01..100"], Some(1000), 0).unwrap();
        let below = many[1..].iter().filter(|name| of(name) < 1.0).count();
        assert!((400..600).contains(&below), "{below}");
    }

    #[test]
    fn nonsense_is_refused_before_anything_is_fitted() {
        for axes in [&["d=1"][..], &["c=-1"], &["k=1.5"], &["c=1..2"]] {
            assert!(names(axes, None, 0).is_err(), "{axes:?}");
        }
        assert!(names(&["d=1..2"], Some(3), 0).is_err());
        for text in ["c", "c=1..", "c=2..1", "c=..", "c=0..inf"] {
            assert!(text.parse::<Axis>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_best_candidate_wins_and_the_first_among_equals() {
        let base = PlannedModel::new(&card(), []).unwrap();
        let axes = ["k=1,2,3".parse().unwrap()];
        let candidates = candidates(&card(), &base, &axes, None, 0).unwrap();
        let scores = [vec![Some(0.5), Some(0.7), None, Some(0.7)], vec![Some(0.9), None, None, Some(0.1)]];
        let choices = choose(Metric::macro_f1(), &candidates, &scores).unwrap();
        assert_eq!(choices[0].params, candidates[1].params);
        assert_eq!((choices[1].inner_score, &choices[1].params), (0.9, &base.params));
        assert!(choose(Metric::macro_f1(), &candidates, &[vec![None; 4]]).is_err());
    }

    #[test]
    fn a_choice_at_the_end_of_a_grid_is_told() {
        let axes = ["c=0.1,1,10".parse().unwrap()];
        let metric = Metric::macro_f1().key.to_owned();
        let choice = |c| Choice {
            params: card().resolve([("c", c)]).unwrap(),
            inner_score: 0.5,
            metric: metric.clone(),
        };
        let told = ends_chosen(&axes, &[choice("10"), choice("10"), choice("1")]);
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("c=10 was chosen in 2 of 3 folds"), "{told:?}");
        assert!(ends_chosen(&axes, &[choice("10"), choice("1"), choice("0.1")]).is_empty());
        assert!(ends_chosen(&["c=1".parse().unwrap()], &[choice("1")]).is_empty(), "there was no choice");
    }
}
