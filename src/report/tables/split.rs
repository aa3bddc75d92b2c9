//! Who trained and who was tested.

use super::{count, text};
use crate::protocol::table::{COLUMNS, SplitRow, rows};
use crate::report::Results;
use polars::prelude::Column;

pub(super) fn columns(results: &Results) -> Vec<Column> {
    let rows: Vec<SplitRow> = rows(&results.catalogue, &results.folds).collect();
    let [example, clip, repeat, fold, part] = COLUMNS;
    vec![
        text(example, rows.iter().map(|row| row.example.to_owned())),
        text(clip, rows.iter().map(|row| row.track.to_owned())),
        count(repeat, rows.iter().map(|row| row.repeat)),
        count(fold, rows.iter().map(|row| row.fold)),
        text(part, rows.iter().map(|row| row.part.to_owned())),
    ]
}
