//! Training histories of networks: every epoch of every fold.

use super::{Grid, Results, percent};
use crate::util::shown::one_line;
use console::style;

/// The epochs of the model of this number as text, fold by fold.
pub fn table(results: &Results, model: usize) -> String {
    let name = &results.plan.models[model].name;
    let mut out = String::new();
    for cell in results.fold_results(model).filter(|cell| !cell.record.insights.history.is_empty()) {
        let title = one_line(&format!("{name}, {}", cell.name())).into_owned();
        let head = ["epoch", "loss", "acc.", "valid. loss", "acc.", "F1", "lr", "s"];
        let mut grid = Grid::new(0, head);
        for (epoch, told) in cell.record.insights.history.iter().enumerate() {
            let valid = told.valid.map_or_else(
                || [const { String::new() }; 3],
                |valid| [format!("{:.4}", valid.loss), percent(valid.accuracy), percent(valid.macro_f1)],
            );
            let [loss, accuracy, f1] = valid;
            grid.row([
                (epoch + 1).to_string(),
                format!("{:.4}", told.train_loss),
                percent(told.train_accuracy),
                loss,
                accuracy,
                f1,
                format!("{:.2e}", told.learning_rate),
                format!("{:.2}", told.seconds),
            ]);
        }
        out += &format!("{}\n{grid}\n", style(title).bold());
    }
    if out.is_empty() { format!("{name} is not trained in epochs\n") } else { out }
}
