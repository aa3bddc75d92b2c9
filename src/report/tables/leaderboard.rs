//! One row a model, one column a metric.

use super::{count, optional, optional_flag, optional_text, text};
use crate::report::{Leaderboard, LeaderboardRow};
use crate::score::{Intervals, Metric};
use polars::prelude::Column;
use rayon::prelude::*;

/// All that is known of a model; where the user named metrics, the model and those alone.
pub(super) fn columns(leaderboard: &Leaderboard) -> Vec<Column> {
    let rows = &leaderboard.rows;
    let mut columns = vec![text("model", rows.iter().map(|row| row.model.clone()))];
    let metrics = leaderboard.exported.iter().flat_map(|metric| of_metric(rows, metric));
    if leaderboard.columns_chosen {
        columns.extend(metrics);
        return columns;
    }
    columns.push(text("family", rows.iter().map(|row| row.family.name().to_owned())));
    columns.push(text("reads", rows.iter().map(|row| row.reads.clone())));
    columns.extend(metrics);
    columns.extend([
        count("folds_done", rows.iter().map(|row| row.folds_done)),
        count("folds", rows.iter().map(|row| row.folds)),
        optional_flag("tied_with_leader", rows.iter().map(|row| row.tied)),
        optional_text("interval_warning", rows.iter().map(|_| leaderboard.interval_warning.clone())),
        optional("published", rows.iter().map(|row| row.published)),
        optional_text("published_source", rows.iter().map(|row| row.published_source.clone())),
        optional_text(
            "errors",
            rows.iter().map(|row| (!row.errors.is_empty()).then(|| row.errors.join("; "))),
        ),
        text("params", rows.iter().map(params)),
        optional_text("changed", rows.iter().map(|row| row.changed.clone())),
        optional_text("caution", rows.iter().map(|row| row.caution.clone())),
    ]);
    columns
}

/// A metric and, if it has intervals, their ends.
fn of_metric(rows: &[LeaderboardRow], metric: &Metric) -> Vec<Column> {
    let mut columns = vec![optional(metric.key, rows.iter().map(|row| row.value(metric)))];
    if metric.intervals != Intervals::Never {
        let ends = rows.par_iter().map(|row| row.interval(metric).map(|i| (i.low, i.high)).unzip());
        let (low, high): (Vec<_>, Vec<_>) = ends.unzip();
        columns.push(optional(&format!("{}_low", metric.key), low.into_iter()));
        columns.push(optional(&format!("{}_high", metric.key), high.into_iter()));
    }
    columns
}

fn params(row: &LeaderboardRow) -> String {
    match row.choices.as_slice() {
        [] => row.params.to_string(),
        choices => choices.iter().map(|c| c.params.to_string()).collect::<Vec<_>>().join("; "),
    }
}
