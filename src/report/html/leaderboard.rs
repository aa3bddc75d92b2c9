//! The leaderboard as a table of the page.

use super::elements::{name, scrolled};
use super::{Page, Run};
use crate::report::chart::escaped;
use crate::report::leaderboard_table::{band, footnotes};
use crate::report::{LeaderboardRow, percent};
use crate::score::{Format, Metric};
use genre_bench_api::Family;
use std::fmt::Write as _;

/// Columns that a telephone does without at first sight.
const LESS: [&str; 6] = [
    "train_macro_f1",
    "top3_accuracy",
    "clip_vote_macro_f1",
    "clip_mean_macro_f1",
    "predict_seconds",
    "peak_bytes",
];

/// The leaderboard of a run, with what must be known of it.
pub fn leaderboard(page: &Page, run: &Run) -> String {
    let board = &run.board;
    let shown = &board.columns;
    let published = board.rows.iter().any(|row| row.published.is_some());
    let range = interval_range(run);
    let mut head = String::from("<th scope=\"col\">model<th scope=\"col\" class=\"less\">input");
    for metric in shown {
        let class = if LESS.contains(&metric.key) { "n less" } else { "n" };
        let _ = write!(
            head,
            "<th scope=\"col\" class=\"{class}\" title=\"{}\">{}",
            escaped(metric.description),
            escaped(metric.header)
        );
        if has_interval(run, metric) {
            let _ = write!(head, "<th scope=\"col\" class=\"ci-head\" data-none>95 % interval");
        }
    }
    if published {
        head += "<th scope=\"col\" class=\"n\">published";
    }
    let columns = head.matches("<th").count();
    let mut body = String::new();
    let leading = board.rows.iter().filter(|row| row.tied == Some(true)).count();
    for (at, row) in board.rows.iter().enumerate() {
        let class = match (at, row.tied, row.is_complete()) {
            (_, _, false) => "failed",
            (0, ..) if leading > 0 => "tied first",
            (0, ..) => "first",
            (_, Some(true), _) => "tied",
            _ => "",
        };
        let _ = write!(
            body,
            "<tr class=\"{class}\"{}><th scope=\"row\">{}",
            page.data(run, &row.model),
            model_cell(page, run, row)
        );
        let input = page.input(run, &row.model);
        let _ = write!(body, "<td class=\"less input\">{}", escaped(&input));
        if !row.is_complete() {
            let _ = write!(body, "<td colspan=\"{}\" class=\"why\">{}", columns - 2, failure(row));
            continue;
        }
        for metric in shown {
            let less = if LESS.contains(&metric.key) { " less" } else { "" };
            let value = row.value(metric);
            let (text, raw) =
                value.map_or_else(Default::default, |value| (metric.show(value), value.to_string()));
            let strong = if std::ptr::eq(*metric, board.sort) { " key" } else { "" };
            let _ = write!(body, "<td class=\"n{less}{strong}\" data-v=\"{raw}\">{}", escaped(&text));
            if has_interval(run, metric) {
                body += &interval_cell(row, metric, range);
            }
        }
        if published {
            let source = row.published_source.as_deref().unwrap_or_default();
            let text = row.published.map_or_else(String::new, percent);
            let _ = write!(body, "<td class=\"n\" title=\"{}\">{text}", escaped(source));
        }
    }
    let caption = format!("Leaderboard of {}", run.label);
    let table = format!(
        "<table class=\"board\"><caption class=\"sr\">{}</caption><thead><tr>{head}<tbody>{body}</table>",
        escaped(&caption)
    );
    let mut out = String::new();
    if let Some(ties) = band(board) {
        let swatch = if leading > 0 { "<span class=\"swatch\"></span>" } else { "" };
        let _ = write!(out, "<p class=\"key-line\">{swatch}{}</p>", escaped(&ties));
    }
    out += &scrolled(&caption, &table);
    let notes: String = footnotes(board).iter().map(|note| format!("<p>{}", escaped(note))).collect();
    out + &format!("<details class=\"notes\"><summary>How to read the columns</summary>{notes}</details>")
}

/// Name of a model, its family, and what must be known of it.
fn model_cell(page: &Page, run: &Run, row: &LeaderboardRow) -> String {
    let mut out = format!(
        "<i class=\"dot {}\" title=\"{}\"></i><a href=\"#{}\">{}</a>",
        row.family.name(),
        row.family.name(),
        page.anchor(run, &row.model),
        name(&row.model)
    );
    let mut tag = |text: &str, why: &str| {
        let _ = write!(out, " <span class=\"tag\" title=\"{}\">{text}</span>", escaped(why));
    };
    if row.tied == Some(true) {
        tag("=", "cannot be told from the best");
    }
    if let Some(changed) = &row.changed {
        tag("changed", &format!("not as published: {changed}"));
    }
    if let Some(caution) = &row.caution {
        tag("caution", caution);
    }
    if run.is_damaged(&row.model) {
        tag("damaged", "a stored result of it is damaged and not shown");
    }
    out
}

/// The ends of all intervals, so that bars of different rows can be compared.
fn interval_range(run: &Run) -> (f64, f64) {
    let Some(metric) = run.board.with_interval else { return (0.0, 1.0) };
    // Floors that ignore the features would leave no room to the others.
    let only_floors = run.board.rows.iter().all(|row| row.family == Family::Baseline);
    let rows = run.board.rows.iter().filter(|row| only_floors || row.family != Family::Baseline);
    let ends: Vec<f64> = rows
        .filter_map(|row| row.interval(metric))
        .flat_map(|interval| [interval.low, interval.high])
        .collect();
    let ends = ends.iter().copied();
    (ends.clone().fold(f64::INFINITY, f64::min), ends.fold(f64::NEG_INFINITY, f64::max))
}

fn has_interval(run: &Run, metric: &Metric) -> bool {
    run.board.with_interval.is_some_and(|with_interval| std::ptr::eq(with_interval, metric))
}

/// An interval as numbers and as a bar.
fn interval_cell(row: &LeaderboardRow, metric: &Metric, (least, most): (f64, f64)) -> String {
    let Some(interval) = row.interval(metric) else { return "<td>".to_owned() };
    let value = row.value(metric).filter(|value| (least..=most).contains(value));
    let place = |value: f64| 100.0 * ((value - least) / (most - least).max(1e-9)).clamp(0.0, 1.0);
    let shown = |value: f64| match metric.format {
        Format::Percent => format!("{:.1}", 100.0 * value),
        _ => metric.show(value),
    };
    let (low, high) = (place(interval.low), place(interval.high));
    let dot = value.map_or_else(String::new, |value| format!("<b style=\"left:{:.0}%\"></b>", place(value)));
    let published = row.published.filter(|published| (least..=most).contains(published));
    let ring = published
        .map_or_else(String::new, |published| format!("<u style=\"left:{:.0}%\"></u>", place(published)));
    format!(
        "<td class=\"ci\"><span>{} – {}</span><em><i style=\"left:{low:.0}%;width:{:.0}%\"></i>{dot}{ring}</em>",
        shown(interval.low),
        shown(interval.high),
        (high - low).max(1.0)
    )
}

fn failure(row: &LeaderboardRow) -> String {
    if row.errors.is_empty() {
        return format!("{} of {} folds are there", row.folds_done, row.folds);
    }
    format!("failed: {}", escaped(&row.errors.join("; ")))
}
