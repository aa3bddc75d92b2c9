//! `bench list metrics`: what a leaderboard can show and be sorted by.

use super::heading;
use crate::report::Grid;
use crate::score::{METRICS, Metric};
use serde_json::{Value, json};

/// One line a metric.
pub(super) fn table() -> String {
    let mut grid = Grid::new(4, ["metric", "column", "better", "what it is"]);
    for metric in METRICS {
        grid.row([metric.key, metric.header, metric.better.name(), metric.description]);
    }
    let mut text = heading("Metrics (--sort, --columns)");
    grid.lines().iter().for_each(|line| text += &format!("  {line}\n"));
    text + "\n"
}

/// A metric for programs.
pub(super) fn json(metric: &Metric) -> Value {
    json!({
        "metric": metric.key,
        "header": metric.header,
        "better": metric.better.name(),
        "least": finite(metric.range.0),
        "greatest": finite(metric.range.1),
        "shown_by_default": metric.is_default,
        "description": metric.description,
    })
}

fn finite(number: f64) -> Option<f64> {
    number.is_finite().then_some(number)
}
