//! What models found out about their fits.

use super::{number, of_fit, text};
use crate::report::{Results, insights};
use polars::prelude::Column;

pub(super) fn importances(results: &Results) -> Vec<Column> {
    let rows: Vec<(usize, String, f64)> = (0..results.plan.models.len())
        .flat_map(|model| insights::importances(results, model).into_iter().map(move |(c, i)| (model, c, i)))
        .collect();
    vec![
        text("model", rows.iter().map(|row| results.plan.models[row.0].name.clone())),
        text("column", rows.iter().map(|row| row.1.clone())),
        number("importance", rows.iter().map(|row| row.2)),
    ]
}

pub(super) fn numbers(results: &Results) -> Vec<Column> {
    let rows: Vec<_> = (0..results.plan.models.len())
        .flat_map(|model| {
            results.fold_results(model).flat_map(move |cell| {
                let numbers = cell.record.insights.numbers.iter();
                numbers.map(move |(name, value)| (model, cell, name, *value))
            })
        })
        .collect();
    let mut columns = vec![text("model", rows.iter().map(|row| results.plan.models[row.0].name.clone()))];
    columns.extend(of_fit(results, rows.iter().map(|row| &row.1)));
    columns.extend([
        text("name", rows.iter().map(|row| row.2.clone())),
        number("value", rows.iter().map(|row| row.3)),
    ]);
    columns
}
