//! Every tested example with its scores.

use super::{of_fit, optional_count, text};
use crate::report::FoldResult;
use crate::report::Results;
use crate::score::labels_of;
use polars::prelude::{Column, IntoColumn, NamedFromOwned, Series};

pub(super) fn columns(results: &Results) -> Vec<Column> {
    let mut rows: Vec<(usize, FoldResult, usize, usize)> = Vec::new(); // model, fit, example, predicted
    let mut scores = vec![Vec::new(); results.catalogue.classes.len()];
    for model in 0..results.plan.models.len() {
        for cell in results.fold_results(model) {
            let labels = labels_of(cell.record.scores().view());
            for ((&example, predicted), row) in
                cell.fold.test.iter().zip(labels).zip(&cell.record.test_scores)
            {
                rows.push((model, cell, example, predicted));
                scores.iter_mut().zip(row).for_each(|(column, &score)| column.push(score));
            }
        }
    }
    let catalogue = &results.catalogue;
    let example = |row: &(usize, FoldResult, usize, usize)| &catalogue.examples[row.2];
    let mut columns = vec![text("model", rows.iter().map(|row| results.plan.models[row.0].name.clone()))];
    columns.extend(of_fit(results, rows.iter().map(|row| &row.1)));
    columns.extend([
        text("example", rows.iter().map(|row| example(row).name.clone())),
        text("clip", rows.iter().map(|row| catalogue.tracks[example(row).track].clone())),
        optional_count(
            "artist",
            rows.iter().map(|row| catalogue.artists.get(example(row).track).copied().flatten()),
        ),
        text("truth", rows.iter().map(|row| catalogue.classes[example(row).label].clone())),
        text("predicted", rows.iter().map(|row| catalogue.classes[row.3].clone())),
    ]);
    columns.extend(
        catalogue
            .classes
            .iter()
            .zip(scores)
            .map(|(class, scores)| Series::from_vec(format!("score_{class}").into(), scores).into_column()),
    );
    columns
}
