//! Choosing hyper-parameters by cross-validation inside each training part.
//!
//! ```text
//! outer fold ──► training part ──► inner folds × candidates ──► the best candidate ──► fitted to the whole
//!           └──► test part, which none of this has seen ◄───────────────────────────── training part
//! ```
//!
//! S. Varma and R. Simon, "Bias in error estimation when using cross-validation for model selection", BMC
//! Bioinformatics 7, 2006: a score that was used to choose is no estimate of what was chosen; the outer one is.

use super::{Choice, Outcome, PlannedModel};
use crate::error::{Error, Result};
use crate::protocol::Fold;
use crate::score::{Confusion, labels_of};
use genre_bench_api::{Card, Param, Params, Value, random_stream};
use rand::Rng;
use std::str::FromStr;

/// Most candidates of a grid, so that a typing error does not start a month of work.
const MOST_CANDIDATES: usize = 10_000;

/// Where to look for a parameter's value.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// The parameter.
    pub parameter: String,
    /// The values.
    pub values: Values,
}

/// Values of one parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// These, as the user typed them.
    List(Vec<String>),
    /// Any number from the first to the second; only for random search, evenly in the logarithm if both are above 0.
    Range(f64, f64),
}

impl FromStr for Axis {
    type Err = String;

    /// Reads `c=0.1,1,10` or `c=0.01..100`.
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let wanted = "expected PARAMETER=VALUE,VALUE,… or PARAMETER=LOW..HIGH, such as c=0.1,1,10";
        let (parameter, values) = text.split_once('=').ok_or(wanted)?;
        let values = match values.split_once("..") {
            Some((low, high)) => match (low.parse(), high.parse()) {
                (Ok(low), Ok(high)) if low < high && f64::is_finite(high - low) => Values::Range(low, high),
                _ => return Err(wanted.to_owned()),
            },
            None => Values::List(values.split(',').map(str::to_owned).collect()),
        };
        Ok(Self { parameter: parameter.to_owned(), values })
    }
}

/// The axes that a card suggests.
///
/// # Errors
///
/// It suggests none.
pub fn suggested(card: &Card) -> Result<Vec<Axis>> {
    let axes: Vec<Axis> = (card.params.iter().filter(|param| !param.tries.is_empty()))
        .map(|param| Axis { parameter: param.name.clone(), values: Values::List(param.tries.clone()) })
        .collect();
    if axes.is_empty() {
        let (subject, reason) = (format!("model `{}`", card.name), "suggests no parameters to tune");
        return Err(match card.params.first() {
            Some(param) => {
                Error::new(subject, reason, format!("say which, --grid {}=VALUE,VALUE", param.name))
            }
            None => Error::new(subject, "has no parameters", "tune another: `bench list models`"),
        });
    }
    Ok(axes)
}

/// The candidates: first `base` as it is, then every combination of the axes' values or, for a random search, so many
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
) -> Result<Vec<PlannedModel>> {
    for (at, axis) in axes.iter().enumerate() {
        if axes[..at].iter().any(|other| other.parameter == axis.parameter) {
            let reason = "the parameter is given twice";
            return Err(Error::new(grid_flag(axis), reason, "put all its values behind one --grid"));
        }
    }
    let combinations = match random {
        None => grid(axes)?,
        Some(count) => draws(card, axes, count, seed)?,
    };
    let kept: Vec<(String, String)> =
        base.params.iter().map(|(name, value)| (name.to_owned(), value.to_string())).collect();
    let mut candidates = vec![PlannedModel { name: format!("{} as it is", base.model), ..base.clone() }];
    for combination in combinations {
        let changes = kept.iter().chain(&combination).map(|(name, value)| (name.as_str(), value.as_str()));
        let named: Vec<String> = combination.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let name = named.join(" ");
        let resolved = card.resolve(changes).and_then(|params| Ok((card.reads_with(&params)?, params)));
        let (reads, params) = resolved.map_err(|e| {
            Error::new(format!("--grid {name}"), e, "`bench list models` shows all parameters")
        })?;
        if !candidates.iter().any(|other| other.params == params) {
            candidates.push(PlannedModel { name, params, reads, changed: true, ..base.clone() });
        }
    }
    Ok(candidates)
}

/// Names and values, as a user would type them.
type Combination = Vec<(String, String)>;

fn grid_flag(axis: &Axis) -> String {
    format!("--grid {}", axis.parameter)
}

fn grid(axes: &[Axis]) -> Result<Vec<Combination>> {
    let mut combinations = vec![Combination::new()];
    for axis in axes {
        let Values::List(values) = &axis.values else {
            let hint = "--random N draws from ranges; or list the values, separated by commas";
            return Err(Error::new(grid_flag(axis), "a range has no end of values", hint));
        };
        if combinations.len() * values.len() > MOST_CANDIDATES {
            let reason = format!("the grid has more than {MOST_CANDIDATES} combinations");
            return Err(Error::new(grid_flag(axis), reason, "--random N draws some of them"));
        }
        let one = |value: &String| (axis.parameter.clone(), value.clone());
        combinations = combinations
            .iter()
            .flat_map(|before| values.iter().map(|value| [before.clone(), vec![one(value)]].concat()))
            .collect();
    }
    Ok(combinations)
}

fn draws(card: &Card, axes: &[Axis], count: usize, seed: u64) -> Result<Vec<Combination>> {
    let mut rng = random_stream(seed, &format!("tune/{}", card.name));
    let mut drawn: Vec<Combination> = Vec::new();
    // Where there are fewer combinations than draws, some are drawn again in vain.
    for _ in 0..count.saturating_mul(20) {
        let combination: Combination = axes
            .iter()
            .map(|axis| {
                let value = match &axis.values {
                    Values::List(values) => values[rng.gen_range(0..values.len())].clone(),
                    Values::Range(low, high) => in_range(parameter(card, axis)?, *low, *high, rng.r#gen()),
                };
                Ok((axis.parameter.clone(), value))
            })
            .collect::<Result<_>>()?;
        if !drawn.contains(&combination) {
            drawn.push(combination);
        }
        if drawn.len() == count {
            break;
        }
    }
    Ok(drawn)
}

fn parameter<'a>(card: &'a Card, axis: &Axis) -> Result<&'a Param> {
    card.params.iter().find(|param| param.name == axis.parameter).ok_or_else(|| {
        let known: Vec<&str> = card.params.iter().map(|param| param.name.as_str()).collect();
        let reason = format!("model `{}` has no such parameter", card.name);
        Error::new(grid_flag(axis), reason, format!("it has {}", known.join(", ")))
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

/// What candidates are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Criterion {
    /// Macro-averaged F1.
    MacroF1,
    /// Share of examples predicted correctly.
    Accuracy,
}

impl Criterion {
    fn of(self, confusion: &Confusion) -> f64 {
        match self {
            Self::MacroF1 => confusion.macro_f1(),
            Self::Accuracy => confusion.accuracy(),
        }
    }
}

/// Every candidate's mean over the inner folds of each outer fold, shape `outer folds` of `candidates`; `None` where a
/// fit failed. `inner` are the inner folds, their repeat being the outer fold's number, and `outcomes` how the candidates
/// ended on them, candidate by candidate.
pub fn inner_scores(
    criterion: Criterion,
    inner: &[Fold],
    outcomes: &[Outcome],
    labels: &[usize],
    classes: usize,
) -> Vec<Vec<Option<f64>>> {
    let score = |fold: &Fold, outcome: &Outcome| match outcome {
        Outcome::Done(record) => {
            let truth: Vec<usize> = fold.test.iter().map(|&example| labels[example]).collect();
            Some(criterion.of(&Confusion::new(&truth, &labels_of(record.scores().view()), classes)))
        }
        Outcome::Failed(_) | Outcome::Missing => None,
    };
    let outer_folds = inner.iter().map(|fold| fold.repeat + 1).max().unwrap_or(0);
    (0..outer_folds)
        .map(|outer| {
            let of_candidate = |outcomes: &[Outcome]| -> Option<f64> {
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
pub fn choose(candidates: &[PlannedModel], scores: &[Vec<Option<f64>>]) -> Result<Vec<Choice>> {
    (scores.iter().enumerate())
        .map(|(outer, scores)| {
            let scored = candidates.iter().zip(scores).filter_map(|(c, score)| Some((c, (*score)?)));
            let best = scored.reduce(|best, next| if next.1 > best.1 { next } else { best });
            let (candidate, inner_score) = best.ok_or_else(|| {
                let subject = format!("fold {}", outer + 1);
                Error::new(
                    subject,
                    "no candidate could be fitted on all its inner folds",
                    "see the failures above",
                )
            })?;
            Ok(Choice { params: candidate.params.clone(), inner_score })
        })
        .collect()
}

fn number(params: &Params, name: &str) -> Option<f64> {
    params.iter().find(|(other, _)| *other == name).and_then(|(_, value)| match value {
        Value::Int(value) => Some(*value as f64),
        Value::Float(value) => Some(*value),
        Value::Bool(_) | Value::Text(_) => None,
    })
}

/// What the user should know of a grid whose outermost values were chosen in most folds: the best may lie beyond.
pub fn ends_chosen(axes: &[Axis], choices: &[Choice]) -> Vec<String> {
    let note = |axis: &Axis| {
        let Values::List(values) = &axis.values else { return None };
        // 0 mostly means something else than very little: no limit, or a rule for the value.
        let numbers = values.iter().filter_map(|value| value.parse().ok()).filter(|value| *value != 0.0);
        let mut numbers: Vec<f64> = numbers.collect();
        numbers.sort_by(f64::total_cmp);
        let (&least, &most) = (numbers.first()?, numbers.last()?);
        let chosen = |end: f64| {
            choices.iter().filter(|choice| number(&choice.params, &axis.parameter) == Some(end)).count()
        };
        let end = [least, most].into_iter().find(|&end| 2 * chosen(end) > choices.len() && least < most)?;
        Some(format!(
            "{}={end} was chosen in {} of {} folds and is the end of its grid: values beyond may be better",
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

    fn names(axes: &[&str], random: Option<usize>, seed: u64) -> Result<Vec<String>> {
        let axes: Vec<Axis> = axes.iter().map(|text| text.parse().unwrap()).collect();
        let base = PlannedModel::new(&card(), []).unwrap();
        Ok(candidates(&card(), &base, &axes, random, seed)?.into_iter().map(|c| c.name).collect())
    }

    #[test]
    fn a_grid_has_the_model_as_it_is_and_every_other_combination_once() {
        let grid = names(&["c=0.1,1.0,1", "k=5,7"], None, 0).unwrap();
        assert_eq!(grid, ["model as it is", "c=0.1 k=5", "c=0.1 k=7", "c=1.0 k=7"]);
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
        for axes in [&["d=1"][..], &["c=-1"], &["k=1.5"], &["c=1..2"], &["c=1", "c=2"]] {
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
        let choices = choose(&candidates, &scores).unwrap();
        assert_eq!(choices[0].params, candidates[1].params);
        assert_eq!((choices[1].inner_score, &choices[1].params), (0.9, &base.params));
        assert!(choose(&candidates, &[vec![None; 4]]).is_err());
    }

    #[test]
    fn a_choice_at_the_end_of_a_grid_is_told() {
        let axes = ["c=0.1,1,10".parse().unwrap()];
        let choice = |c| Choice { params: card().resolve([("c", c)]).unwrap(), inner_score: 0.5 };
        let told = ends_chosen(&axes, &[choice("10"), choice("10"), choice("1")]);
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("c=10 was chosen in 2 of 3 folds"), "{told:?}");
        assert!(ends_chosen(&axes, &[choice("10"), choice("1"), choice("0.1")]).is_empty());
        assert!(ends_chosen(&["c=1".parse().unwrap()], &[choice("1")]).is_empty(), "there was no choice");
    }
}
