//! Which class is taken for which, and the tracks behind it.

use super::{Cell, DataTable, Figure, Heat, Sheet};
use crate::report::chart::Svg;
use crate::report::{Results, classes};
use crate::score::labels_of;
use std::collections::BTreeMap;

/// What a cell of a confusion matrix holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Examples.
    Counts,
    /// Percent of the examples of the true class.
    Shares,
}

/// The confusion matrix of a model, all test parts pooled.
#[derive(Debug, Clone, PartialEq)]
pub struct Confusions {
    model: String,
    unit: Unit,
    /// Rows are true classes, columns predicted ones.
    pub heat: Heat,
}

impl Confusions {
    /// Of a model of a run, by its number.
    pub fn of(results: &Results, model: usize, unit: Unit) -> Self {
        let names = results.catalogue.classes.clone();
        let pooled = classes::pooled(results, model);
        let row = |counts: &Vec<u64>| {
            let all: u64 = counts.iter().sum();
            let cell = |count: &u64| {
                let share = if all == 0 { 0.0 } else { *count as f64 / all as f64 };
                let text = match unit {
                    _ if *count == 0 => String::new(),
                    Unit::Counts => count.to_string(),
                    Unit::Shares => format!("{:.0}", 100.0 * share),
                };
                Cell::level(text, share)
            };
            counts.iter().map(cell).collect()
        };
        let cells = pooled.counts.iter().map(row).collect();
        let corner = "true \\ predicted".to_owned();
        let heat = Heat { corner, rows: names.clone(), columns: names, cells };
        Self { model: results.plan.models[model].name.clone(), unit, heat }
    }

    /// What is behind each cell off the diagonal, the largest first.
    pub fn mistakes(results: &Results, model: usize) -> Vec<Mistakes> {
        let mut cells: BTreeMap<(usize, usize), BTreeMap<usize, usize>> = BTreeMap::new();
        for cell in results.fold_results(model) {
            let labels = labels_of(cell.record.scores().view());
            for (&example, predicted) in cell.fold.test.iter().zip(labels) {
                let of_example = &results.catalogue.examples[example];
                if of_example.label != predicted {
                    let tracks = cells.entry((of_example.label, predicted)).or_default();
                    *tracks.entry(of_example.track).or_default() += 1;
                }
            }
        }
        let mut cells: Vec<Mistakes> = cells
            .into_iter()
            .map(|((truth, predicted), tracks)| Mistakes {
                truth,
                predicted,
                tracks: tracks.into_iter().collect(),
            })
            .collect();
        cells.sort_by_key(|cell| std::cmp::Reverse(cell.examples()));
        cells
    }
}

/// What is behind a cell off the diagonal of a confusion matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes {
    /// The true class.
    pub truth: usize,
    /// What it was taken for.
    pub predicted: usize,
    /// Tracks, each with how many of its examples are in the cell.
    pub tracks: Vec<(usize, usize)>,
}

impl Mistakes {
    /// How many examples are in the cell.
    pub fn examples(&self) -> usize {
        self.tracks.iter().map(|(_, examples)| examples).sum()
    }
}

impl Figure for Confusions {
    fn title(&self) -> String {
        format!("Confusions of {}", self.model)
    }

    fn note(&self) -> String {
        let unit = match self.unit {
            Unit::Counts => "Numbers of examples",
            Unit::Shares => "Percent of the examples of the true class",
        };
        format!("{unit}, all test parts pooled. Rows are true classes, columns what they were taken for.")
    }

    fn draw(&self, sheet: Sheet) -> Svg {
        self.heat.draw(sheet)
    }

    fn table(&self) -> DataTable {
        self.heat.table()
    }
}
