//! What each group of features is worth.

use super::{DataTable, Figure, Sheet, percent, signed};
use crate::report::Results;
use crate::report::ablation::AblationRow;
use crate::report::chart::{Mark, Paint, Scale, Svg, TEXT, Text, bottom_axis, font};

/// What leaving out a group of columns changes, model by model.
#[derive(Debug)]
pub struct Ablation {
    rows: Vec<AblationRow>,
}

impl Ablation {
    /// Of a run; `None` where nothing was left out.
    pub fn of(results: &Results) -> Option<Self> {
        let rows = AblationRow::all(results);
        (!rows.is_empty()).then_some(Self { rows })
    }
}

impl Figure for Ablation {
    fn title(&self) -> String {
        "What groups of features are worth".to_owned()
    }

    fn note(&self) -> String {
        "Change of macro-F1 in points where a group is left out, with 95 % intervals; left of 0 the group is of use.".to_owned()
    }

    fn draw(&self, sheet: Sheet) -> Svg {
        const LINE: f64 = 22.0;
        let most = if sheet.is_narrow() { 130.0 } else { 240.0 };
        let named = |row: &AblationRow| format!("{} without {}", row.model, row.without);
        let names: Vec<String> =
            self.rows.iter().map(|row| font::fitted(&named(row), TEXT, false, most).into_owned()).collect();
        let left = names.iter().map(|name| font::width(name, TEXT, false)).fold(0.0, f64::max) + 16.0;
        let right = sheet.width - 48.0;
        let ends = || self.rows.iter().flat_map(|row| [row.change.low, row.change.high, 0.0]);
        let range = (100.0 * ends().fold(0.0, f64::min), 100.0 * ends().fold(0.0, f64::max));
        let scale = Scale::linear(range, (left, right)).nice(5);
        let (top, bottom) = (4.0, 4.0 + LINE * self.rows.len() as f64);
        let mut svg = Svg::new(sheet.width, bottom + 42.0, sheet.theme);
        bottom_axis(&mut svg, &scale, bottom, top, 5, "change of macro-F1, points");
        svg.line((scale.at(0.0), top), (scale.at(0.0), bottom), Mark::stroke(Paint::Faint, 1.0));
        for (at, (row, name)) in self.rows.iter().zip(&names).enumerate() {
            let y = top + LINE * (at as f64 + 0.5);
            let told = row.change.high < 0.0 || row.change.low > 0.0;
            let paint = if told { Paint::Accent } else { Paint::Muted };
            svg.text((left - 12.0, y + 4.0), name, Text::ink().end());
            let [from, to] = [row.change.low, row.change.high].map(|end| (scale.at(100.0 * end), y));
            svg.line(from, to, Mark::stroke(paint, 2.0).faded(0.6));
            svg.circle((scale.at(100.0 * row.change.mean), y), 4.0, Mark::fill(paint));
            svg.text((sheet.width - 2.0, y + 4.0), &signed(100.0 * row.change.mean), Text::ink().end());
        }
        svg
    }

    fn table(&self) -> DataTable {
        let mut table =
            DataTable::new(2, ["model", "left out", "columns", "macro-F1", "change", "low", "high"]);
        let row = |row: &AblationRow| {
            let change =
                [row.change.mean, row.change.low, row.change.high].map(|points| signed(100.0 * points));
            let own =
                [row.model.clone(), row.without.clone(), row.columns.to_string(), percent(row.macro_f1)];
            own.into_iter().chain(change).collect()
        };
        table.rows = self.rows.iter().map(row).collect();
        table
    }
}
