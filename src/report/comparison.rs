//! Several runs beside each other.

use super::{Grid, Leaderboard, WIDTH, percent};
use serde::Serialize;

/// The macro-F1 of every model in every run.
#[derive(Debug, Serialize)]
pub struct Comparison {
    /// What tells the runs apart, in their order.
    pub runs: Vec<String>,
    /// One row a model, the best mean over the runs first.
    pub models: Vec<ComparedModel>,
}

/// A model in several runs.
#[derive(Debug, Serialize)]
pub struct ComparedModel {
    /// Its name.
    pub model: String,
    /// Its macro-F1 in each run, 0–1; none where it did not take part or failed.
    pub macro_f1: Vec<Option<Compared>>,
}

/// A figure with its 95 % interval.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Compared {
    /// The figure.
    pub mean: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Comparison {
    /// Of runs with what tells them apart.
    pub fn of(runs: &[(String, Leaderboard)]) -> Self {
        let mut names: Vec<&str> = Vec::new();
        for row in runs.iter().flat_map(|(_, leaderboard)| &leaderboard.rows) {
            if !names.contains(&row.model.as_str()) {
                names.push(&row.model);
            }
        }
        let in_run = |name: &str, leaderboard: &Leaderboard| {
            let row = leaderboard.rows.iter().find(|row| row.model == name)?;
            let scores = row.scores.as_ref()?;
            Some(Compared { mean: scores.macro_f1, low: scores.macro_f1_low, high: scores.macro_f1_high })
        };
        let of_model = |name: &str| ComparedModel {
            model: name.to_owned(),
            macro_f1: runs.iter().map(|(_, leaderboard)| in_run(name, leaderboard)).collect(),
        };
        let mut models: Vec<ComparedModel> = names.into_iter().map(of_model).collect();
        models.sort_by(|a, b| b.mean().total_cmp(&a.mean()));
        Self { runs: runs.iter().map(|(label, _)| label.clone()).collect(), models }
    }

    /// As a table for people.
    pub fn table(&self) -> String {
        let cells = |model: &ComparedModel| {
            let cell = |compared: &Option<Compared>| match compared {
                Some(Compared { mean, low, high }) => {
                    format!("{} ({} – {})", percent(*mean), percent(*low), percent(*high))
                }
                None => "–".to_owned(),
            };
            model.macro_f1.iter().map(cell).collect::<Vec<_>>()
        };
        let grid = |heads: &[String]| {
            let mut grid =
                Grid::new(1, ["model"].into_iter().map(str::to_owned).chain(heads.iter().cloned()));
            for model in &self.models {
                grid.row(std::iter::once(model.model.clone()).chain(cells(model)));
            }
            grid
        };
        let wide = grid(&self.runs);
        let note =
            "F1 is macro-averaged, on the test parts, in %, mean over folds, with its 95 % interval.\n";
        if wide.lines().iter().all(|line| line.chars().count() <= WIDTH) {
            return format!("{wide}\n{note}");
        }
        let numbers: Vec<String> = (1..=self.runs.len()).map(|number| format!("run {number}")).collect();
        let legend = numbers.iter().zip(&self.runs).map(|(number, label)| format!("{number}: {label}\n"));
        format!("{}\n{}\n{note}", legend.collect::<String>(), grid(&numbers))
    }
}

impl ComparedModel {
    /// Over the runs that it is part of; below all others if it is part of none.
    fn mean(&self) -> f64 {
        let there: Vec<f64> = self.macro_f1.iter().flatten().map(|compared| compared.mean).collect();
        if there.is_empty() { -1.0 } else { there.iter().sum::<f64>() / there.len() as f64 }
    }
}
