//! Every model against every other, on the same test examples.

use super::{Cell, DataTable, Figure, Heat, Sheet};
use crate::report::chart::{Paint, Svg};
use crate::report::paired::{PairedTest, pairs};
use crate::report::{Leaderboard, Results};
use crate::score::Metric;

/// Models that are compared at most: the first ones.
const MOST: usize = 40;

/// A difference that has the strongest colour, in points.
const STRONGEST: f64 = 20.0;

/// Differences in macro-F1 of all pairs of models.
#[derive(Debug, Clone, PartialEq)]
pub struct Differences {
    test: PairedTest,
    /// Rows minus columns, in points; strong where told from 0.
    pub heat: Heat,
}

impl Differences {
    /// Of the models of a run that finished; `None` where fewer than two did.
    pub fn of(results: &Results, board: &Leaderboard) -> Option<Self> {
        let names: Vec<String> = board
            .rows
            .iter()
            .filter(|row| row.is_complete())
            .take(MOST)
            .map(|row| row.model.clone())
            .collect();
        let models = names.iter().map(|name| results.model(name).ok()).collect::<Option<Vec<usize>>>()?;
        let mut cells = vec![vec![Cell::empty(); names.len()]; names.len()];
        let found = pairs(results, &models)?;
        for pair in found {
            let points = 100.0 * pair.difference;
            for (row, column, points) in
                [(pair.first, pair.second, points), (pair.second, pair.first, -points)]
            {
                let told = pair.p_holm < 0.05;
                let paint = Paint::Difference(if told { points / STRONGEST } else { 0.0 });
                let text = format!("{points:+.0}").replace('-', "−").replace("+0", "0").replace("−0", "0");
                cells[row][column] = Cell { text, paint: Some(paint), strong: told };
            }
        }
        let heat = Heat { corner: "row minus column".to_owned(), rows: names.clone(), columns: names, cells };
        let test = PairedTest::of(results, Metric::macro_f1());
        (heat.rows.len() > 1).then_some(Self { test, heat })
    }
}

impl Figure for Differences {
    fn title(&self) -> String {
        "Every model against every other".to_owned()
    }

    fn note(&self) -> String {
        format!(
            "Macro-F1 of the row minus that of the column, in points. Coloured and bold: told from chance ({}, 5 %, Holm over \
             all pairs). What is not coloured may be as large only by chance.",
            self.test.name()
        )
    }

    fn draw(&self, sheet: Sheet) -> Svg {
        self.heat.draw(sheet)
    }

    fn table(&self) -> DataTable {
        self.heat.table()
    }
}
