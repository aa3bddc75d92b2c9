//! Where scores vary, and how often the best model stays the best.

use super::Run;
use super::elements::{caption, rows_table, scrolled};
use crate::report::figures::DataTable;
use crate::report::paired::Units;
use crate::report::stability::Stability;
use crate::report::variance::{ScoredFits, Variance};

/// Draws of the tested artists or tracks: a share of them is known to 2 points, and a page has several runs.
const DRAWS: usize = 500;

/// Of the models of a run that finished; empty without one.
pub fn variance(run: &Run, level: u8) -> String {
    let results = run.results;
    let (models, scored): (Vec<usize>, Vec<ScoredFits>) = ScoredFits::best_first(results).into_iter().unzip();
    let variance = Variance::of(results, &scored);
    let mut notes = variance.notes();
    if models.len() > 1 {
        let units = Units::of(results);
        let drawn = units.draw(results, &models, DRAWS);
        notes.insert(0, Stability::of(results, &scored, units.unit, &drawn).sentence());
    } else if !variance.is_told() {
        return String::new();
    }
    if !variance.is_told() {
        return format!(
            "<figure>{}</figure>",
            caption("How often the best stays the best", &notes.join(" "), level)
        );
    }
    let grid = variance.grid();
    let table = DataTable { head: grid.header().to_vec(), rows: grid.rows().to_vec(), texts: 1 };
    let title = "Where the variance comes from";
    format!(
        "<figure>{}{}</figure>",
        caption(title, &notes.join(" "), level),
        scrolled(title, &rows_table(&table))
    )
}
