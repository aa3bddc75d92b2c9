//! Which classes a model tells apart: confusion matrix, precision, recall and F1 of every class.

use super::{Grid, Results, percent, width};
use crate::score::{Confusion, labels_of};
use crate::util::shown::one_line;
use console::style;

/// Precision, recall and F1 of every class, all test parts pooled, for the model of this number.
pub fn per_class(results: &Results, model: usize) -> String {
    let mut grid = Grid::new(1, ["class", "precision", "recall", "F1", "examples"]);
    let pooled = pooled(results, model);
    for (name, class) in results.catalogue.classes.iter().zip(pooled.per_class()) {
        let cells =
            [percent(class.precision), percent(class.recall), percent(class.f1), class.support.to_string()];
        grid.row(std::iter::once(name.clone()).chain(cells));
    }
    format!("{}\n{grid}", title(results, model))
}

/// The confusion matrix, all test parts pooled, for the model of this number.
pub fn confusion(results: &Results, model: usize) -> String {
    let classes = &results.catalogue.classes;
    // Short heads keep ten classes within 100 columns.
    let heads = classes.iter().map(|name| name.chars().take(6).collect::<String>());
    let mut grid = Grid::new(1, std::iter::once("true \\ predicted".to_owned()).chain(heads));
    for (name, row) in classes.iter().zip(&pooled(results, model).counts) {
        let cells = row.iter().map(|count| if *count == 0 { "·".to_owned() } else { count.to_string() });
        grid.row(std::iter::once(name.clone()).chain(cells));
    }
    format!("{}\n{grid}", title(results, model))
}

fn title(results: &Results, model: usize) -> String {
    let title = format!("{}, all test parts pooled", results.plan.models[model].name);
    style(textwrap::fill(&one_line(&title), width())).bold().to_string()
}

/// The confusion of all finished folds of a model together.
pub fn pooled(results: &Results, model: usize) -> Confusion {
    let classes = results.catalogue.classes.len();
    let mut pooled = Confusion::new(&[], &[], classes);
    for cell in results.fold_results(model) {
        let labels = labels_of(cell.record.scores().view());
        pooled += &Confusion::new(&results.truth(&cell.fold.test), &labels, classes);
    }
    pooled
}
