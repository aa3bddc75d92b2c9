//! `bench list metrics`: what a leaderboard can show and be sorted by.

use super::heading;
use crate::report::paragraph;
use crate::score::{METRICS, Metric};
use serde_json::{Value, json};

/// A paragraph a metric.
pub(super) fn table() -> String {
    let mut text = heading("Metrics (--sort, --columns)");
    for metric in METRICS {
        let Metric { key, header, better, description, .. } = metric;
        text += &paragraph("  ", &format!("{key} (column `{header}`, {} is better)", better.name()));
        text += &paragraph("      ", description);
    }
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
