//! Who trained and who was tested.

use super::{count, text};
use crate::report::Results;
use polars::prelude::Column;

pub(super) fn columns(results: &Results) -> Vec<Column> {
    let catalogue = &results.catalogue;
    let rows: Vec<(usize, usize, &str, usize)> = (results.folds.iter())
        .flat_map(|f| {
            [("train", &f.train), ("valid", &f.valid), ("test", &f.test)]
                .into_iter()
                .flat_map(move |(part, examples)| examples.iter().map(move |&e| (f.repeat, f.fold, part, e)))
        })
        .collect();
    vec![
        text("example", rows.iter().map(|row| catalogue.examples[row.3].name.clone())),
        text("clip", rows.iter().map(|row| catalogue.tracks[catalogue.examples[row.3].track].clone())),
        count("repeat", rows.iter().map(|row| row.0)),
        count("fold", rows.iter().map(|row| row.1)),
        text("part", rows.iter().map(|row| row.2.to_owned())),
    ]
}
