//! Reliability diagrams.

use super::{count, number, optional, text};
use crate::report::{Results, reliability as reliabilities};
use crate::score::Bin;
use polars::prelude::Column;

pub(super) fn columns(results: &Results) -> Vec<Column> {
    let rows: Vec<_> = (0..results.plan.models.len())
        .flat_map(|model| {
            let curves = reliabilities::pooled(results, model);
            let curves =
                curves.into_iter().flat_map(|(before, after)| [("before", before), ("after", after)]);
            curves.flat_map(move |(when, curve)| {
                let steps = curve.bins.len() as f64;
                let bins = curve.bins.into_iter().enumerate();
                bins.map(move |(at, bin)| (model, when, at as f64 / steps, (at + 1) as f64 / steps, bin))
            })
        })
        .collect();
    // An empty bin has neither.
    let share = |name: &str, of: &dyn Fn(&Bin) -> f64| {
        let shares = rows.iter().map(|row| (row.4.examples > 0).then(|| of(&row.4) / row.4.examples as f64));
        optional(name, shares)
    };
    vec![
        text("model", rows.iter().map(|row| results.plan.models[row.0].name.clone())),
        text("calibration", rows.iter().map(|row| row.1.to_owned())),
        number("low", rows.iter().map(|row| row.2)),
        number("high", rows.iter().map(|row| row.3)),
        count("examples", rows.iter().map(|row| row.4.examples as usize)),
        share("mean_probability", &|bin| bin.confidence),
        share("accuracy", &|bin| bin.correct as f64),
    ]
}
