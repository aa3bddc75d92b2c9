//! What `bench all` and `bench show` print. Scores are in percent here, 0–1 everywhere else.

use super::made::MadeFits;
use super::{Leaderboard, Results, ablation, check, leaderboard_table, paragraph, tuning, width};
use crate::score::{IntervalMethod, few_folds};
use crate::util::shown::{lines, one_line};
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
    let mut notes = vec![note.to_owned(), format!("Interval: {method}.")];
    notes.extend(few_folds(results.folds.len()));
    notes.push(again(results));
    heading(results) + &ablation + &failures(leaderboard) + &dim(&notes)
}

/// The leaderboard with its footnotes. The default columns take at most 100 columns for names of up to 14 letters.
fn table(results: &Results, leaderboard: &Leaderboard) -> String {
    let mut out = String::new();
    for line in leaderboard_table::grid(leaderboard, false).lines() {
        let failed = line.row.is_some_and(|row| !leaderboard.rows[row].is_complete());
        let text = match line.row {
            None => style(line.text).bold(),
            Some(_) if failed => style(line.text).red(),
            Some(_) => style(line.text),
        };
        let _ = writeln!(out, "{text}"); // writing to a string cannot fail
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
    let data = one_line(&plan.dataset.describe()).into_owned();
    textwrap::wrap(&data, width()).iter().for_each(|line| out += &format!("{}\n", style(line).bold()));
    let split = format!(
        "protocol {} ({}), split {}, data {}, seed {}",
        one_line(&plan.protocol),
        plan.scheme,
        &plan.split_hash[..12],
        &plan.dataset.fingerprint[..12],
        plan.conditions.seed_text()
    );
    out += &format!("{}\n", textwrap::fill(&split, width()));
    for warning in &plan.warnings {
        out += &labelled("warning:", &style("warning:").yellow().bold(), warning);
    }
    for note in &plan.notes {
        out += &labelled("note:", &"note:", note);
    }
    out.push('\n');
    out
}

/// A paragraph behind a label in a style of its own.
fn labelled(label: &str, styled: &impl std::fmt::Display, text: &str) -> String {
    paragraph(&format!("{label} "), &lines(text)).replacen(label, &styled.to_string(), 1)
}

fn failures(leaderboard: &Leaderboard) -> String {
    let mut out = String::new();
    for row in &leaderboard.rows {
        for error in &row.errors {
            let label = format!("{} failed:", one_line(&row.model));
            out += &labelled(&label, &style(&label).red().bold(), error);
        }
    }
    out
}

fn again(results: &Results) -> String {
    format!("Again without fitting: bench show {}", results.plan.id)
}

fn dim(notes: &[String]) -> String {
    let lines = notes.iter().flat_map(|note| textwrap::wrap(note, width()));
    lines.map(|line| format!("{}\n", style(line).dim())).collect()
}

/// By what and where the fits of a run were made.
pub fn made(results: &Results) -> String {
    let (all, version) = (MadeFits::of(results), &results.plan.program.version);
    let (commits, machines) = (MadeFits::commits(&all), MadeFits::machines(&all));
    dim(&[
        one_line(&format!("Made by genre-bench {version}, commit: {commits}; on: {machines}.")).into_owned()
    ])
}

fn footnotes(results: &Results, leaderboard: &Leaderboard) -> String {
    let mut notes = leaderboard_table::footnotes(leaderboard);
    notes.extend(check::footnote(&check::findings(results, leaderboard)));
    notes.push(again(results));
    format!("{}\n{}", failures(leaderboard), dim(&notes))
}
