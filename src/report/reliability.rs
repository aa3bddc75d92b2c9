//! How well a model's probabilities are calibrated.

use super::results::FoldResult;
use super::{Grid, Results, width};
use crate::run::Calibrated;
use crate::score::{Reliability, are_probabilities};
use crate::util::shown::one_line;
use console::style;

/// The reliability of a model on all test parts pooled, before and after calibration; `None` if it was not calibrated.
pub fn pooled(results: &Results, model: usize) -> Option<(Reliability, Reliability)> {
    let mut cells = results.fold_results(model).map(|cell| cell.record.calibrated.as_ref());
    let Calibrated { mut before, mut after, .. } = cells.next()??.clone();
    for cell in cells {
        before.add(&cell?.before);
        after.add(&cell?.after);
    }
    Some((before, after))
}

/// The reliability of test scores of some cells pooled; `None` where any are no probabilities, or there is no cell.
pub fn of_scores<'a>(
    results: &Results,
    cells: impl IntoIterator<Item = FoldResult<'a>>,
) -> Option<Reliability> {
    let mut pooled: Option<Reliability> = None;
    for cell in cells {
        let scores = cell.record.scores();
        if !are_probabilities(scores.view()) {
            return None;
        }
        let of_cell = Reliability::of(&results.truth(&cell.fold.test), scores.view());
        match &mut pooled {
            Some(pooled) => pooled.add(&of_cell),
            None => pooled = Some(of_cell),
        }
    }
    pooled
}

/// The curve as a table, for the model of this number.
pub fn table(results: &Results, model: usize) -> String {
    let name = &results.plan.models[model].name;
    let Some((before, after)) = pooled(results, model) else {
        return format!("{name} was not calibrated: bench all --calibrate temperature\n");
    };
    let head = ["probability", "examples", "mean", "correct", "before: examples", "mean", "correct"];
    let mut grid = Grid::new(1, head);
    let step = 100.0 / after.bins.len() as f64;
    for (at, (before, after)) in before.bins.iter().zip(&after.bins).enumerate() {
        let cells = |bin: &crate::score::Bin| {
            let share = |sum: f64| match bin.examples {
                0 => String::new(),
                n => format!("{:.1}", 100.0 * sum / n as f64),
            };
            [bin.examples.to_string(), share(bin.confidence), share(bin.correct as f64)]
        };
        let range = format!("{:.0} – {:.0}", step * at as f64, step * (at + 1) as f64);
        grid.row(std::iter::once(range).chain(cells(after)).chain(cells(before)));
    }
    let errors = [before, after].map(|r| r.expected_calibration_error());
    let worse = if errors[1] > errors[0] { "; calibration made it worse" } else { "" };
    let [before, after] = errors.map(|error| format!("{:.1}", 100.0 * error));
    let said = format!(
        "expected calibration error {after} points, {before} before calibration, of all test parts pooled{worse}. (The \
         leaderboard's ECE is the mean over the folds, as a rule higher: fewer examples in a bin bias it upwards.)"
    );
    let title = format!("{name}, probability of the predicted class in %, all test parts pooled");
    format!(
        "{}\n{grid}\n{}\n",
        style(textwrap::fill(&one_line(&title), width())).bold(),
        textwrap::fill(&said, width())
    )
}
