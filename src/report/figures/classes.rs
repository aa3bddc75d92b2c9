//! Which classes are hard, and for which models.

use super::{Cell, DataTable, Figure, Heat, Sheet};
use crate::report::chart::Svg;
use crate::report::{Leaderboard, Results, classes};

/// F1 of every class for every model.
#[derive(Debug, Clone, PartialEq)]
pub struct PerClass {
    /// Models by their place on the leaderboard, classes by their mean F1.
    pub heat: Heat,
}

impl PerClass {
    /// Of the models of a run that finished; `None` if none did.
    pub fn of(results: &Results, board: &Leaderboard) -> Option<Self> {
        let mut models: Vec<(String, Vec<f64>)> = Vec::new();
        for row in board.rows.iter().filter(|row| row.is_complete()) {
            let model = results.model(&row.model).ok()?;
            let f1 = classes::pooled(results, model).per_class().into_iter().map(|class| class.f1).collect();
            models.push((row.model.clone(), f1));
        }
        let names = &results.catalogue.classes;
        let mean = |class: usize| models.iter().map(|(_, f1)| f1[class]).sum::<f64>() / models.len() as f64;
        let mut order: Vec<usize> = (0..names.len()).collect();
        order.sort_by(|&a, &b| mean(b).total_cmp(&mean(a)));
        let cell = |share: f64| Cell::level(format!("{:.0}", 100.0 * share), share);
        let mut heat = Heat {
            corner: "model".to_owned(),
            rows: models.iter().map(|(name, _)| name.clone()).collect(),
            columns: order.iter().map(|&class| names[class].clone()).collect(),
            cells: models
                .iter()
                .map(|(_, f1)| order.iter().map(|&class| cell(f1[class])).collect())
                .collect(),
        };
        if models.len() > 1 {
            heat.rows.push("mean".to_owned());
            let means = order.iter().map(|&class| Cell { strong: true, ..cell(mean(class)) });
            heat.cells.push(means.collect());
        }
        (!models.is_empty()).then_some(Self { heat })
    }

    /// The hardest class.
    fn hardest(&self) -> Option<(&str, &str)> {
        Some((self.heat.columns.last()?, &self.heat.cells.last()?.last()?.text))
    }
}

impl Figure for PerClass {
    fn title(&self) -> String {
        "F1 of every class".to_owned()
    }

    fn note(&self) -> String {
        let hardest =
            self.hardest().map_or_else(String::new, |(class, f1)| format!(" Hardest: {class}, {f1} %."));
        format!("In %, all test parts pooled; models by their place, classes from easy to hard.{hardest}")
    }

    fn draw(&self, sheet: Sheet) -> Svg {
        self.heat.draw(sheet)
    }

    fn table(&self) -> DataTable {
        self.heat.table()
    }
}
