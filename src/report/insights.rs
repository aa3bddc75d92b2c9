//! What models found out about their fits: named numbers and importances of columns.

use super::{Grid, Results};
use crate::util::shown::one_line;
use console::style;

/// The named numbers of a model: name, and value in each finished fold that has it, in the order the model gave.
pub fn numbers(results: &Results, model: usize) -> Vec<(String, Vec<f64>)> {
    let mut numbers: Vec<(String, Vec<f64>)> = Vec::new();
    for (name, value) in results.fold_results(model).flat_map(|cell| &cell.record.insights.numbers) {
        match numbers.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) => values.push(*value),
            None => numbers.push((name.clone(), vec![*value])),
        }
    }
    numbers
}

/// Columns of the table with the mean over folds of their importance, the most important first; empty if the model
/// does not tell, or reads embeddings.
pub fn importances(results: &Results, model: usize) -> Vec<(String, f64)> {
    // Columns of embeddings mean nothing to anybody.
    if results.plan.models[model].encoder.is_some() {
        return Vec::new();
    }
    let without = results.plan.models[model].without.as_ref();
    let columns =
        results.plan.columns.iter().filter(|column| without.is_none_or(|w| !w.columns.contains(column)));
    let columns: Vec<&String> = columns.collect();
    let mut sums = vec![0.0; columns.len()];
    let mut folds = 0;
    for cell in results.fold_results(model) {
        let told = &cell.record.insights.importances;
        if told.len() == columns.len() {
            folds += 1;
            sums.iter_mut().zip(told).for_each(|(sum, value)| *sum += value);
        }
    }
    if folds == 0 {
        return Vec::new();
    }
    let mut ranked: Vec<(String, f64)> =
        columns.into_iter().cloned().zip(sums.into_iter().map(|sum| sum / f64::from(folds))).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    ranked
}

/// All of that as text, for the model of this number.
pub fn table(results: &Results, model: usize) -> String {
    let name = &results.plan.models[model].name;
    let (numbers, importances) = (numbers(results, model), importances(results, model));
    if numbers.is_empty() && importances.is_empty() {
        return format!("{name} tells nothing but scores\n");
    }
    let mut out = format!("{}\n", style(one_line(name)).bold());
    if !numbers.is_empty() {
        let mut grid = Grid::new(1, ["", "mean", "least", "most", "folds"]);
        for (what, values) in numbers {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let least = values.iter().copied().fold(f64::INFINITY, f64::min);
            let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let shown = [mean, least, most].map(|value| format!("{value:.3}"));
            grid.row([what].into_iter().chain(shown).chain([values.len().to_string()]));
        }
        out += &format!("{grid}\n");
    }
    if !importances.is_empty() {
        let mut grid = Grid::new(1, ["column", "importance in %"]);
        for (column, importance) in importances {
            grid.row([column, format!("{:.2}", 100.0 * importance)]);
        }
        out += &grid.to_string();
    }
    out
}
