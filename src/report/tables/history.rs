//! Training histories of networks.

use super::{count, number, of_fit, optional, text};
use crate::report::Results;
use genre_bench_api::Quality;
use polars::prelude::Column;

pub(super) fn columns(results: &Results) -> Vec<Column> {
    let rows: Vec<_> = (0..results.plan.models.len())
        .flat_map(|model| {
            results.fold_results(model).flat_map(move |cell| {
                let epochs = cell.record.insights.history.iter().enumerate();
                epochs.map(move |(at, epoch)| (model, cell, at + 1, epoch))
            })
        })
        .collect();
    let valid = |name: &str, of: &dyn Fn(&Quality) -> f64| {
        let values = rows.iter().map(|row| row.3.valid.as_ref().map(of));
        optional(name, values)
    };
    let mut columns = vec![text("model", rows.iter().map(|row| results.plan.models[row.0].name.clone()))];
    columns.extend(of_fit(results, rows.iter().map(|row| &row.1)));
    columns.extend([
        count("epoch", rows.iter().map(|row| row.2)),
        number("train_loss", rows.iter().map(|row| row.3.train_loss)),
        number("train_accuracy", rows.iter().map(|row| row.3.train_accuracy)),
        valid("valid_loss", &|valid| valid.loss),
        valid("valid_accuracy", &|valid| valid.accuracy),
        valid("valid_macro_f1", &|valid| valid.macro_f1),
        number("learning_rate", rows.iter().map(|row| row.3.learning_rate)),
        number("seconds", rows.iter().map(|row| row.3.seconds)),
    ]);
    columns
}
