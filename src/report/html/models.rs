//! A section a model: confusions and the tracks behind them, training, calibration, what it goes by.

use super::elements::{Widths, caption, figure, heat_table, name};
use super::{Page, Run};
use crate::report::chart::escaped;
use crate::report::figures::{Calibration, Confusions, Curves, Figure, Importances, Mistakes, Unit};
use crate::report::{LeaderboardRow, percent};
use crate::score::Metric;
use rayon::prelude::*;
use std::fmt::Write as _;

/// Bytes of misclassified tracks in a whole page: what it may take of three megabytes.
const MOST_BYTES: usize = 600_000;
/// And of one model at most.
const MOST_OF_MODEL: usize = 80_000;
/// What a cell takes beside the names of its tracks, about.
const BESIDE_NAMES: usize = 60;

/// All models of a run, each closed until it is asked for.
pub fn models(page: &Page, run: &Run) -> String {
    let bytes = (MOST_BYTES / page.models().max(1)).min(MOST_OF_MODEL);
    let sections: Vec<String> = run
        .board
        .rows
        .par_iter()
        .enumerate()
        .map(|(at, row)| of_model(page, run, row, bytes, at == 0))
        .collect();
    sections.concat()
}

fn of_model(page: &Page, run: &Run, row: &LeaderboardRow, bytes: usize, open: bool) -> String {
    let Ok(model) = run.results.model(&row.model) else { return String::new() };
    let score = row.value(Metric::macro_f1()).map_or_else(|| "–".to_owned(), percent);
    let open = if open { " open" } else { "" };
    let mut out = format!(
        "<details class=\"model\" id=\"{}\"{}{open}><summary><i class=\"dot {}\"></i><b>{}</b><span class=\"score\">{score}</span><span \
         class=\"what\">{} · {}</span></summary>",
        page.anchor(run, &row.model),
        page.data(run, &row.model),
        row.family.name(),
        name(&row.model),
        row.family.name(),
        escaped(&page.input(run, &row.model)),
    );
    if run.results.fold_results(model).next().is_none() {
        let why =
            if row.errors.is_empty() { "no fold of it is there".to_owned() } else { row.errors.join("; ") };
        let _ = write!(out, "<p class=\"why\">{}</p></details>", escaped(&why));
        return out;
    }
    out += &parameters(run, model);
    let counts = Confusions::of(run.results, model, Unit::Counts);
    let shares = Confusions::of(run.results, model, Unit::Shares);
    let heat = |figure: &Confusions, what: &str| {
        let label = format!("{}, {what}", figure.title());
        format!(
            "<figure>{}{}</figure>",
            caption(what, &figure.note(), 4),
            heat_table(&figure.heat, &label, " data-tracks")
        )
    };
    let _ = write!(
        out,
        "<div class=\"pair\">{}{}</div>",
        heat(&counts, "Confusions, examples"),
        heat(&shares, "Confusions, % of the true class")
    );
    out += &tracks(run, model, bytes);
    // One width for all screens: a page may have hundreds of them.
    let curves = Curves::of(run.results, model).map(|drawn| figure(&drawn, 4, Widths::SMALL));
    let calibration = Calibration::of(run.results, model).map(|drawn| figure(&drawn, 4, Widths::SMALL));
    let importances = Importances::of(run.results, model).map(|drawn| figure(&drawn, 4, Widths::SMALL));
    let both: String = curves.into_iter().chain(calibration).chain(importances).collect();
    if !both.is_empty() {
        let _ = write!(out, "<div class=\"pair small\">{both}</div>");
    }
    out + "</details>"
}

/// Hyper-parameters, or those that were chosen for each fold.
fn parameters(run: &Run, model: usize) -> String {
    let planned = &run.results.plan.models[model];
    let list = |params: &genre_bench_api::Params| {
        let said = params
            .iter()
            .map(|(name, value)| format!("{}&nbsp;{}", escaped(name), escaped(&value.to_string())));
        said.collect::<Vec<_>>().join(" · ")
    };
    if planned.choices.is_empty() {
        let said = list(&planned.params);
        return if said.is_empty() { said } else { format!("<p class=\"params\">{said}</p>") };
    }
    let folds = run.results.folds.iter().zip(&planned.choices);
    let rows: String = folds
        .map(|(fold, choice)| {
            let inner = Metric::of_key(&choice.metric)
                .map_or_else(String::new, |metric| metric.show(choice.inner_score));
            format!("<li>{}: {} (inner {inner})", escaped(&fold.name()), list(&choice.params))
        })
        .collect();
    format!("<p class=\"params\">Chosen for each fold:</p><ul class=\"params\">{rows}</ul>")
}

/// The tracks behind the cells of a confusion matrix, in about `most` bytes: if that is too little for all, the same share
/// of every cell, and then the largest cells alone.
fn tracks(run: &Run, model: usize, most: usize) -> String {
    let cells = Confusions::mistakes(run.results, model);
    if cells.is_empty() {
        return "<p class=\"params\">Nothing was misclassified.</p>".to_owned();
    }
    let catalogue = &run.results.catalogue;
    let said = |(track, examples): &(usize, usize)| {
        let times = if *examples > 1 { format!("\u{a0}×{examples}") } else { String::new() };
        format!("{}{times}", name(&catalogue.tracks[*track]))
    };
    let said: Vec<Vec<String>> = cells.iter().map(|cell| cell.tracks.iter().map(said).collect()).collect();
    let of_names: usize = said.iter().flatten().map(|name| name.len() + 2).sum();
    let room = most.saturating_sub(BESIDE_NAMES * cells.len());
    let share = (room as f64 / of_names as f64).min(1.0);
    let (mut out, mut left) = (String::new(), cells.len());
    for (Mistakes { truth, predicted, .. }, names) in cells.iter().zip(&said) {
        if out.len() > most {
            break;
        }
        left -= 1;
        let shown = ((names.len() as f64 * share).floor() as usize).clamp(1, names.len());
        let more = names.len() - shown;
        let more = if more > 0 { format!(" … and {more} more") } else { String::new() };
        let [truth_name, predicted_name] = [*truth, *predicted].map(|class| name(&catalogue.classes[class]));
        let _ = write!(
            out,
            "<li data-c=\"{truth},{predicted}\"><b>{truth_name}</b> taken for <b>{predicted_name}</b>, {}: {}{more}",
            names.len(),
            names[..shown].join(", ")
        );
    }
    if left > 0 {
        let _ = write!(out, "<li>… and {left} smaller cells");
    }
    let limit = if share < 1.0 {
        "<p class=\"params\">Shortened; <code>bench export RUN --table predictions</code> has all.</p>"
    } else {
        ""
    };
    format!(
        "<details class=\"tracks\"><summary>Misclassified tracks, cell by cell</summary>{limit}<ul>{out}</ul></details>"
    )
}
