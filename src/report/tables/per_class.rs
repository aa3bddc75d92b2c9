//! Precision, recall and F1 of every class.

use super::{count, number, text};
use crate::report::{Results, classes::pooled};
use polars::prelude::Column;

pub(super) fn columns(results: &Results) -> Vec<Column> {
    let rows: Vec<_> = (0..results.plan.models.len())
        .flat_map(|model| {
            let classes = pooled(results, model).per_class().into_iter().enumerate();
            classes.map(move |(class, metrics)| (model, class, metrics))
        })
        .collect();
    vec![
        text("model", rows.iter().map(|row| results.plan.models[row.0].name.clone())),
        text("class", rows.iter().map(|row| results.catalogue.classes[row.1].clone())),
        number("precision", rows.iter().map(|row| row.2.precision)),
        number("recall", rows.iter().map(|row| row.2.recall)),
        number("f1", rows.iter().map(|row| row.2.f1)),
        count("support", rows.iter().map(|row| row.2.support as usize)),
    ]
}
