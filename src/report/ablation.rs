//! What each group of features is worth: the change where it is left out.

use super::{Evaluation, Grid, Results, percent, points};
use crate::score::{Interval, Metric};
use crate::util::shown::one_line;
use console::style;
use serde::Serialize;

/// A model without one group of columns, beside itself with all of them.
#[derive(Debug, Serialize)]
pub struct AblationRow {
    /// The model.
    pub model: String,
    /// The group that was left out.
    pub without: String,
    /// How many columns that are.
    pub columns: usize,
    /// Macro-averaged F1 with all columns, 0–1, mean over the folds.
    pub macro_f1_full: f64,
    /// The same without the group.
    pub macro_f1: f64,
    /// The latter minus the former, fold by fold: below 0 where the group is of use.
    pub change: Interval,
}

impl AblationRow {
    /// Of all variants in a run whose folds are all done, model by model, the dearest loss first.
    pub fn all(results: &Results) -> Vec<Self> {
        let mut rows: Vec<Self> = (results.plan.models.iter().enumerate())
            .filter_map(|(at, planned)| {
                let without = planned.without.as_ref()?;
                let full = results
                    .plan
                    .models
                    .iter()
                    .position(|other| other.model == planned.model && other.without.is_none())?;
                let tested = |model| Some(Evaluation::of(results, &results.complete(model)?));
                let (variant, full, macro_f1) = (tested(at)?, tested(full)?, Metric::macro_f1());
                Some(Self {
                    model: planned.model.clone(),
                    without: without.group.clone(),
                    columns: without.columns.len(),
                    macro_f1_full: full.value(macro_f1)?,
                    macro_f1: variant.value(macro_f1)?,
                    change: variant.difference(&full, macro_f1)?,
                })
            })
            .collect();
        let place = |model: &str| results.plan.models.iter().position(|planned| planned.model == model);
        rows.sort_by(|a, b| {
            place(&a.model).cmp(&place(&b.model)).then(a.change.mean.total_cmp(&b.change.mean))
        });
        rows
    }
}

/// The table for the terminal; empty if the run left nothing out.
pub fn table(results: &Results) -> String {
    let rows = AblationRow::all(results);
    let mut out = String::new();
    for (at, row) in rows.iter().enumerate() {
        if at > 0 && rows[at - 1].model == row.model {
            continue;
        }
        let mut grid = Grid::new(1, ["left out", "columns", "F1", "change", "95 % interval"]);
        grid.row([
            "nothing".to_owned(),
            results.plan.dataset.features.to_string(),
            percent(row.macro_f1_full),
        ]);
        for row in rows.iter().filter(|other| other.model == row.model) {
            let Interval { mean, low, high, .. } = row.change;
            let ends = format!("{} – {}", points(low), points(high));
            grid.row([
                row.without.clone(),
                row.columns.to_string(),
                percent(row.macro_f1),
                points(mean),
                ends,
            ]);
        }
        out += &format!("{}\n{grid}\n", style(one_line(&row.model)).bold());
    }
    out
}
