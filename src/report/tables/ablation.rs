//! What each group of features is worth.

use super::{count, number, text};
use crate::report::{Results, ablation::AblationRow};
use polars::prelude::Column;

pub(super) fn columns(results: &Results) -> Vec<Column> {
    let rows = AblationRow::all(results);
    vec![
        text("model", rows.iter().map(|row| row.model.clone())),
        text("without", rows.iter().map(|row| row.without.clone())),
        count("columns", rows.iter().map(|row| row.columns)),
        number("macro_f1_full", rows.iter().map(|row| row.macro_f1_full)),
        number("macro_f1", rows.iter().map(|row| row.macro_f1)),
        number("change", rows.iter().map(|row| row.change.mean)),
        number("change_low", rows.iter().map(|row| row.change.low)),
        number("change_high", rows.iter().map(|row| row.change.high)),
    ]
}
