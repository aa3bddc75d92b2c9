//! Models over several runs: do they rank alike?

use super::paired::p_value;
use super::{Evaluation, Grid, Results, capitalised, percent, width};
use crate::error::{Error, Result};
use crate::score::Metric;
use crate::score::comparison::{friedman, holm, wilcoxon};
use crate::util::shown::one_line;
use serde::Serialize;
use textwrap::fill;

/// Runs from which on Wilcoxon's test can find anything at 5 %: of five, even if one model always wins, p is 0.0625.
const ENOUGH_RUNS: usize = 6;

/// The models that finished in all of several runs, by macro-F1.
#[derive(Debug, Serialize)]
pub struct Across {
    /// The runs.
    pub runs: Vec<String>,
    /// The models, the best mean rank first.
    pub models: Vec<RankedModel>,
    /// Friedman's statistic, corrected for ties.
    pub friedman: f64,
    /// How likely ranks that differ so much are if all models are alike.
    pub p_value: f64,
    /// Pairs of models with the p-value of Wilcoxon's signed-rank test, adjusted by Holm; none where the runs are too few.
    pub pairs: Vec<(String, String, f64)>,
    /// Why there are none.
    pub refused: Option<String>,
}

/// A model in several runs.
#[derive(Debug, Serialize)]
pub struct RankedModel {
    /// Its name.
    pub model: String,
    /// Mean rank, 1 being the best.
    pub mean_rank: f64,
    /// Macro-F1 in each run.
    pub macro_f1: Vec<f64>,
}

impl Across {
    /// Of two or more runs; `chosen` are the models to compare, all if none.
    ///
    /// # Errors
    ///
    /// Fewer than three models finished in all of them.
    pub fn of(runs: &[&Results], chosen: &[String]) -> Result<Self> {
        let value = |run: &Results, name: &str| {
            let model = run.plan.models.iter().position(|model| model.name == name)?;
            Evaluation::of(run, &run.complete(model)?).value(Metric::macro_f1())
        };
        let candidates =
            runs.iter().take(1).flat_map(|run| run.plan.models.iter().map(|model| model.name.clone()));
        let mut models: Vec<(String, Vec<f64>)> = candidates
            .filter(|name| chosen.is_empty() || chosen.contains(name))
            .filter_map(|name| {
                let values = runs.iter().map(|run| value(run, &name)).collect::<Option<Vec<f64>>>()?;
                Some((name, values))
            })
            .collect();
        models.dedup_by(|a, b| a.0 == b.0);
        let rows: Vec<Vec<f64>> =
            (0..runs.len()).map(|run| models.iter().map(|(_, values)| values[run]).collect()).collect();
        let ranked = friedman(&rows).ok_or_else(|| {
            let reason =
                format!("only {} models finished in all of these runs, and ranks need three", models.len());
            Error::new("bench compare", reason, "name runs of the same models")
        })?;
        let mut pairs: Vec<(String, String, f64)> = Vec::new();
        let refused = (runs.len() < ENOUGH_RUNS).then(|| {
            format!(
                "pairs of models are not tested: with {} runs, Wilcoxon's test gives p ≥ {} even if one model wins every \
                 time; it takes {ENOUGH_RUNS}",
                runs.len(),
                0.5_f64.powi(runs.len() as i32 - 1)
            )
        });
        if refused.is_none() {
            for (at, (a, of_a)) in models.iter().enumerate() {
                for (b, of_b) in &models[at + 1..] {
                    let differences: Vec<f64> = of_a.iter().zip(of_b).map(|(a, b)| a - b).collect();
                    pairs.push((a.clone(), b.clone(), wilcoxon(&differences)));
                }
            }
            let adjusted = holm(&pairs.iter().map(|pair| pair.2).collect::<Vec<_>>());
            pairs.iter_mut().zip(adjusted).for_each(|(pair, p)| pair.2 = p);
        }
        let mut models: Vec<RankedModel> = (models.into_iter().zip(ranked.mean_ranks))
            .map(|((model, macro_f1), mean_rank)| RankedModel { model, mean_rank, macro_f1 })
            .collect();
        models.sort_by(|a, b| a.mean_rank.total_cmp(&b.mean_rank).then_with(|| a.model.cmp(&b.model)));
        Ok(Self {
            runs: runs.iter().map(|run| run.plan.id.clone()).collect(),
            models,
            friedman: ranked.statistic,
            p_value: ranked.p_value,
            pairs,
            refused,
        })
    }

    /// As a table for people.
    pub fn table(&self) -> String {
        let heads = ["model", "mean rank"].map(str::to_owned).into_iter();
        let mut grid =
            Grid::new(1, heads.chain((1..=self.runs.len()).map(|number| format!("F1 ({number})"))));
        for model in &self.models {
            let cells = [model.model.clone(), format!("{:.2}", model.mean_rank)].into_iter();
            grid.row(cells.chain(model.macro_f1.iter().map(|value| percent(*value))));
        }
        let mut out = grid.to_string();
        out.push('\n');
        for (number, run) in self.runs.iter().enumerate() {
            out += &format!("({}) {}\n", number + 1, one_line(run));
        }
        let mut notes = vec![format!(
            "Friedman: χ² = {:.2}, p = {} that all models rank alike.",
            self.friedman,
            p_value(self.p_value)
        )];
        notes.extend(self.refused.iter().map(|reason| format!("{}.", capitalised(reason))));
        let told: Vec<String> = (self.pairs.iter().filter(|pair| pair.2 < 0.05))
            .map(|(a, b, p)| format!("{a} and {b} (p = {})", p_value(*p)))
            .collect();
        if self.refused.is_none() {
            let said = if told.is_empty() { "none".to_owned() } else { told.join(", ") };
            notes.push(format!(
                "Pairs that differ by Wilcoxon's signed-rank test, Holm over all pairs, 5 %: {said}."
            ));
        }
        notes.iter().for_each(|note| out += &format!("{}\n", fill(note, width())));
        out
    }
}
