//! A model card: what a model is, what it was trained and tested on, what it is worth and what not to trust it with.
//!
//! M. Mitchell et al., "Model cards for model reporting", FAccT 2019, names the sections.

use super::check::Finding;
use super::classes::pooled;
use super::leaderboard::LeaderboardRow;
use super::made::MadeFits;
use super::sheet::Sheet;
use super::{Grid, Leaderboard, Results, percent};
use crate::score::{IntervalMethod, Metric};
use std::fmt::Write;

/// Pairs of classes that are named as confused.
const MOST_CONFUSED: usize = 5;

/// The card of the model of a number, in Markdown.
pub fn card(results: &Results, leaderboard: &Leaderboard, findings: &[Finding], model: usize) -> String {
    let planned = &results.plan.models[model];
    let mut out = format!("# {}\n\n", plain(&planned.name));
    let mut section = |title: &str, text: String| {
        if !text.is_empty() {
            let _ = write!(out, "## {title}\n\n{}\n\n", text.trim_end()); // writing to a string cannot fail
        }
    };
    section("Model", model_details(results, model));
    section("Data and split", data(results));
    if let Some(row) = leaderboard.rows.iter().find(|row| row.model == planned.name) {
        section("Scores", scores(leaderboard, row));
        if results.fold_results(model).next().is_some() {
            section("Scores by class", by_class(results, model));
        }
        section("Caveats", caveats(results, row, findings));
    }
    let made = MadeFits::of_model(results, model);
    section(
        "Again",
        format!(
            "Run `{}` of genre-bench {} (build {}, commit {}), on: {}.\n\n`bench show {0} --experiment` prints the experiment as a file that \
             `bench run` runs again.",
            results.plan.id,
            results.plan.program.version,
            results.plan.program.build,
            plain(&MadeFits::commits(&made)),
            plain(&MadeFits::machines(&made)),
        ),
    );
    out
}

fn model_details(results: &Results, model: usize) -> String {
    let planned = &results.plan.models[model];
    let mut grid = Grid::new(2, ["hyper-parameter", "value"]);
    planned.params.iter().for_each(|(name, value)| grid.row([name.to_owned(), value.to_string()]));
    let tuned = match planned.choices.is_empty() {
        true => "",
        false => {
            " Its hyper-parameters were chosen for each fold inside the training part; the table has what the search \
                  started from."
        }
    };
    let params = Sheet::of_grid(&grid).markdown();
    format!("`{}` ({}), reads {}.{tuned}\n\n{params}", planned.model, planned.family.name(), planned.reads)
}

fn data(results: &Results) -> String {
    let plan = &results.plan;
    format!(
        "{}. Protocol `{}`, {}. Fingerprint of the data `{}`, of the split `{}`, seed {}.",
        plain(&plan.dataset.describe()),
        plain(&plan.protocol),
        plan.scheme,
        plan.dataset.fingerprint,
        plan.split_hash,
        plan.conditions.seed_text()
    )
}

fn scores(leaderboard: &Leaderboard, row: &LeaderboardRow) -> String {
    if !row.is_complete() {
        return format!("{} of {} folds are done, so there is no score.", row.folds_done, row.folds);
    }
    let mut grid = Grid::new(1, ["metric", "value", "95 % interval"]);
    for metric in &leaderboard.columns {
        let Some(value) = row.value(metric) else { continue };
        let interval =
            row.interval(metric).map(|i| format!("{} – {}", metric.show(i.low), metric.show(i.high)));
        grid.row([metric.key.to_owned(), metric.show(value), interval.unwrap_or_default()]);
    }
    let method = leaderboard.interval_method.map(IntervalMethod::description).unwrap_or_default();
    let published = row.published.zip(row.published_source.as_ref()).map(|(figure, source)| {
        format!(" Published under these conditions: {} ({}).", percent(figure), plain(source))
    });
    let table = Sheet::of_grid(&grid).markdown();
    format!("{table}\nShares in %. Interval: {method}.{}", published.unwrap_or_default())
}

fn by_class(results: &Results, model: usize) -> String {
    let (pooled, classes) = (pooled(results, model), &results.catalogue.classes);
    let mut grid = Grid::new(1, ["class", "precision", "recall", "F1", "examples"]);
    for (name, class) in classes.iter().zip(pooled.per_class()) {
        let shares = [class.precision, class.recall, class.f1].map(percent);
        grid.row(std::iter::once(name.clone()).chain(shares).chain([class.support.to_string()]));
    }
    let mut confused: Vec<(u64, &str, &str)> = Vec::new();
    for (truth, row) in classes.iter().zip(&pooled.counts) {
        let others = classes.iter().zip(row).filter(|(predicted, count)| *predicted != truth && **count > 0);
        confused.extend(others.map(|(predicted, &count)| (count, truth.as_str(), predicted.as_str())));
    }
    confused.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    let pairs = confused.iter().take(MOST_CONFUSED);
    let pairs =
        pairs.map(|(count, truth, predicted)| format!("{} for {} ({count})", plain(predicted), plain(truth)));
    let pairs = pairs.collect::<Vec<_>>().join(", ");
    let most = if pairs.is_empty() { String::new() } else { format!("\nMost often mistaken: {pairs}.") };
    format!("{}{most}", Sheet::of_grid(&grid).markdown())
}

fn caveats(results: &Results, row: &LeaderboardRow, findings: &[Finding]) -> String {
    let mut said: Vec<String> = results.plan.warnings.clone();
    said.extend(row.caution.clone());
    said.extend(row.changed.iter().map(|changed| format!("not as published: {changed}")));
    let of_row = |finding: &&Finding| finding.models.is_empty() || finding.models.contains(&row.model);
    // Those of the whole run repeat its warnings.
    let new = findings.iter().filter(of_row).filter(|finding| !said.contains(&finding.text));
    let new: Vec<String> =
        new.map(|finding| format!("{} {}: {}", finding.code, finding.name, finding.text)).collect();
    said.extend(new);
    if row.value(Metric::macro_f1()).is_some() && row.tied == Some(true) {
        said.push("its macro-F1 cannot be told from that of the best model of the run".to_owned());
    }
    said.iter().map(|sentence| format!("- {}\n", plain(sentence))).collect()
}

/// Text of somebody else's data as a part of a Markdown paragraph: no markup, no line ends.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in crate::util::shown::one_line(text).chars() {
        if "\\`*_[]<>|#".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
