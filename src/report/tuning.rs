//! What a search chose, fold by fold, and what that was worth.

use super::{Evaluation, Grid, Results, points, width};
use crate::run::{Choice, PlannedModel};
use crate::score::{Format, Interval, Metric, few_folds};
use crate::util::shown::one_line;
use console::style;
use genre_bench_api::Params;
use std::collections::BTreeSet;

/// The chosen parameters of every tuned model, its outer scores beside those of the baseline, and the
/// difference; empty if the run tuned nothing.
pub fn table(results: &Results) -> String {
    let models = &results.plan.models;
    let tuned = models.iter().enumerate().filter(|(_, planned)| !planned.choices.is_empty());
    tuned.map(|(at, planned)| of_model(results, at, planned)).collect()
}

fn of_model(results: &Results, at: usize, planned: &PlannedModel) -> String {
    let plain = results.plan.models.iter().position(|m| m.model == planned.model && m.choices.is_empty());
    let tested = |model| Some(Evaluation::of(results, &results.complete(model)?));
    let (tuned, plain) = (tested(at), plain.and_then(tested));
    // Scores are shown in what the parameters were chosen by.
    let key = planned.choices.first().map(|choice| choice.metric.as_str());
    let metric = key.and_then(Metric::of_key).unwrap_or(Metric::macro_f1());
    let by_fold = |tested: &Option<Evaluation>| tested.as_ref()?.by_fold(metric);
    let (tuned_scores, plain_scores) = (by_fold(&tuned), by_fold(&plain));
    let score = |scores: &Option<Vec<f64>>, fold: usize| {
        scores.as_ref().map_or_else(|| "–".to_owned(), |of_folds| metric.show(of_folds[fold]))
    };
    let mut grid = Grid::new(2, ["fold", "chosen", "inner", "tuned", "baseline"]);
    let telling = telling(planned);
    for (fold, Choice { params, inner_score, .. }) in planned.choices.iter().enumerate() {
        let (repeat, number) = results.plan.folds[fold];
        let several = results.plan.folds.iter().any(|(repeat, _)| *repeat > 0);
        let name = if several { format!("{repeat}.{number}") } else { number.to_string() };
        let chosen = shown(params, &telling);
        let inner = metric.show(*inner_score);
        grid.row([name, chosen, inner, score(&tuned_scores, fold), score(&plain_scores, fold)]);
    }
    let what = metric.header;
    let mut out =
        format!("{}\n{grid}", style(one_line(&format!("{}, {what} on the test parts", planned.name))).bold());
    let difference = tuned.zip(plain).and_then(|(tuned, plain)| tuned.difference(&plain, metric));
    if let Some(Interval { mean, low, high, .. }) = difference {
        let (unit, shown): (&str, fn(f64) -> String) = match metric.format {
            Format::Percent => (" points", points),
            _ => ("", |difference| format!("{difference:+.3}")),
        };
        let [mean, low, high] = [mean, low, high].map(shown);
        let said = format!("tuning changed {what} by {mean}{unit} (95 % interval {low} – {high})");
        out += &format!("{}\n", textwrap::fill(&said, width()));
        if let Some(warning) = few_folds(results.folds.len()) {
            out += &format!("{}\n", textwrap::fill(&warning, width()));
        }
    }
    out + "\n"
}

/// Parameters that differ from the baseline's in some fold; all where none does.
fn telling(planned: &PlannedModel) -> BTreeSet<String> {
    let changed = |choice: &Choice| -> Vec<String> {
        let pairs = choice.params.iter().zip(planned.params.iter());
        pairs.filter(|(chosen, own)| chosen != own).map(|((name, _), _)| name.to_owned()).collect()
    };
    let changed: BTreeSet<String> = planned.choices.iter().flat_map(changed).collect();
    if changed.is_empty() {
        planned.params.iter().map(|(name, _)| name.to_owned()).collect()
    } else {
        changed
    }
}

fn shown(params: &Params, telling: &BTreeSet<String>) -> String {
    let told = params.iter().filter(|(name, _)| telling.contains(*name));
    told.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}
