//! Which classes were taken for which.

use super::{count, text};
use crate::report::{Results, classes::pooled};
use polars::prelude::Column;

pub(super) fn columns(results: &Results) -> Vec<Column> {
    let classes = results.catalogue.classes.len();
    let matrices: Vec<_> =
        (0..results.plan.models.len()).map(|model| pooled(results, model).counts).collect();
    let cells = || {
        (0..matrices.len())
            .flat_map(move |m| (0..classes).flat_map(move |t| (0..classes).map(move |p| (m, t, p))))
    };
    vec![
        text("model", cells().map(|(model, ..)| results.plan.models[model].name.clone())),
        text("truth", cells().map(|(_, truth, _)| results.catalogue.classes[truth].clone())),
        text("predicted", cells().map(|(.., predicted)| results.catalogue.classes[predicted].clone())),
        count("examples", cells().map(|(m, t, p)| matrices[m][t][p] as usize)),
    ]
}
