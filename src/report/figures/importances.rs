//! What a model goes by.

use super::{DataTable, Figure, Sheet};
use crate::report::chart::{Mark, Paint, Svg, TEXT, Text, font};
use crate::report::{Results, insights};

/// Columns that are drawn; the table has all.
const SHOWN: usize = 15;

/// How much each column of the table counts for a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Importances {
    model: String,
    columns: Vec<(String, f64)>,
}

impl Importances {
    /// Of a model of a run, by its number; `None` where it does not tell.
    pub fn of(results: &Results, model: usize) -> Option<Self> {
        let columns = insights::importances(results, model);
        let model = results.plan.models[model].name.clone();
        (!columns.is_empty()).then_some(Self { model, columns })
    }
}

impl Figure for Importances {
    fn title(&self) -> String {
        format!("What {} goes by", self.model)
    }

    fn note(&self) -> String {
        let shown = self.columns.len().min(SHOWN);
        format!("Importance of columns in %, mean over folds: the first {shown} of {}.", self.columns.len())
    }

    fn draw(&self, sheet: Sheet) -> Svg {
        const LINE: f64 = 20.0;
        let most = if sheet.is_narrow() { 130.0 } else { 220.0 };
        let shown = &self.columns[..self.columns.len().min(SHOWN)];
        let names: Vec<_> = shown.iter().map(|(name, _)| font::fitted(name, TEXT, false, most)).collect();
        let left = names.iter().map(|name| font::width(name, TEXT, false)).fold(0.0, f64::max) + 10.0;
        let greatest = shown.first().map_or(1.0, |(_, value)| *value).max(1e-9);
        let room = sheet.width - left - 44.0;
        let mut svg = Svg::new(sheet.width, LINE * shown.len() as f64 + 4.0, sheet.theme);
        for (at, ((_, value), name)) in shown.iter().zip(&names).enumerate() {
            let y = LINE * at as f64;
            let width = room * (value / greatest).max(0.0);
            svg.text((left - 10.0, y + 14.0), name, Text::ink().end());
            svg.rect((left, y + 4.0), (width, LINE - 8.0), Mark::fill(Paint::Accent));
            svg.text((left + width + 6.0, y + 14.0), &format!("{:.1}", 100.0 * value), Text::muted());
        }
        svg
    }

    fn table(&self) -> DataTable {
        let mut table = DataTable::new(1, ["column", "importance, %"]);
        let row = |(name, value): &(String, f64)| vec![name.clone(), format!("{:.2}", 100.0 * value)];
        table.rows = self.columns.iter().map(row).collect();
        table
    }
}
