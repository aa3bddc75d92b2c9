//! What `bench all` and `bench show` print. Scores are in percent here, 0–1 everywhere else.

use super::{Leaderboard, Results, WIDTH, ablation, leaderboard_table, tuning};
use crate::score::IntervalMethod;
use console::style;
use std::fmt::Write;

/// What a run was made for: what each group of features is worth, what a search chose, or the leaderboard.
pub fn report(results: &Results, leaderboard: &Leaderboard) -> String {
    let ablation = ablation::table(results);
    if ablation.is_empty() {
        let tuning = tuning::table(results);
        return heading(results) + &tuning + &table(results, leaderboard);
    }
    let note =
        "F1 is macro-averaged, on the test parts, in %, mean over folds; change: in points, fold by fold.";
    let method = leaderboard.interval_method.map_or("", IntervalMethod::description);
    let notes = [note.to_owned(), format!("Interval: {method}."), again(results)];
    heading(results) + &ablation + &failures(leaderboard) + &dim(&notes)
}

/// The leaderboard with its footnotes, at most [`WIDTH`] columns wide for names of up to 14 letters.
fn table(results: &Results, leaderboard: &Leaderboard) -> String {
    let mut out = String::new();
    let grid = leaderboard_table::grid(leaderboard);
    for (number, line) in grid.lines().iter().enumerate() {
        let failed = number > 0 && !leaderboard.rows[number - 1].is_complete();
        let line = match number {
            0 => style(line).bold(),
            _ if failed => style(line).red(),
            _ => style(line),
        };
        let _ = writeln!(out, "{line}"); // writing to a string cannot fail
    }
    out.push_str(&footnotes(results, leaderboard));
    out
}

fn heading(results: &Results) -> String {
    let plan = &results.plan;
    let mut out = String::new();
    if plan.dataset.synthetic {
        let _ = writeln!(out, "{}", style("SYNTHETIC DATA").yellow().bold());
    }
    let _ = writeln!(out, "{}", style(plan.dataset.describe()).bold());
    let _ = writeln!(
        out,
        "protocol {} ({}), split {}, data {}, seed {}",
        style(&plan.protocol).bold(),
        plan.scheme,
        &plan.split_hash[..12],
        &plan.dataset.fingerprint[..12],
        plan.conditions.seed
    );
    for warning in &plan.warnings {
        out += &labelled(&style("warning:").yellow().bold().to_string(), "warning:".len(), warning);
    }
    for note in &plan.notes {
        out += &labelled("note:", "note:".len(), note);
    }
    out.push('\n');
    out
}

/// A paragraph behind a label, of which `width` columns can be seen, its further lines indented.
fn labelled(label: &str, width: usize, text: &str) -> String {
    let lines = textwrap::wrap(text, WIDTH - width - 1);
    format!("{label} {}\n", lines.join(&format!("\n{:width$} ", "")))
}

fn failures(leaderboard: &Leaderboard) -> String {
    let mut out = String::new();
    for row in &leaderboard.rows {
        for error in &row.errors {
            let label = format!("{} failed:", row.model);
            out += &labelled(&style(&label).red().bold().to_string(), label.chars().count(), error);
        }
    }
    out
}

fn again(results: &Results) -> String {
    format!("Again without fitting: bench show {}", results.plan.id)
}

fn dim(notes: &[String]) -> String {
    let lines = notes.iter().flat_map(|note| textwrap::wrap(note, WIDTH));
    lines.map(|line| format!("{}\n", style(line).dim())).collect()
}

fn footnotes(results: &Results, leaderboard: &Leaderboard) -> String {
    let mut notes = leaderboard_table::footnotes(leaderboard);
    notes.push(again(results));
    format!("{}\n{}", failures(leaderboard), dim(&notes))
}
