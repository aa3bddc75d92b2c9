//! What stored cells cost.

use super::{OfCell, Store, read, sealed};
use crate::run::{CellCosts, Plan, Record};

/// Runs that are looked at, the latest ones.
const MOST_RUNS: usize = 32;
/// Cells of a model that are read: enough for a rough mean.
const MOST_CELLS: usize = 8;

/// What the cells of the latest runs cost. They are found by their names, which the runs' plans say: a store of a million
/// cells is asked as quickly as one of ten.
pub struct MeasuredCosts<'a> {
    store: &'a Store,
    plans: Vec<Plan>,
}

impl Store {
    /// What is known of costs.
    pub fn measured_costs(&self) -> MeasuredCosts<'_> {
        let runs = self.runs().unwrap_or_default();
        let plans = runs.iter().take(MOST_RUNS).filter_map(|(_, id)| self.plan(id).ok()).collect();
        MeasuredCosts { store: self, plans }
    }

    /// What a stored cell cost.
    fn cost_of(&self, key: &str) -> Option<CellCosts> {
        let stored: OfCell<Record> = sealed::open(&read(&self.record_path(key)).ok()??).ok()?;
        if stored.of.key == key { stored.content.costs() } else { None }
    }
}

impl MeasuredCosts<'_> {
    /// Means over a few cells of a model, whatever they were fitted on; `None` if there are none.
    pub fn of(&self, model: &str) -> Option<CellCosts> {
        let cells = self.plans.iter().flat_map(|plan| {
            let of_model = plan.fits().filter(|cell| plan.models[cell.model].model == model);
            of_model.take(MOST_CELLS).map(|cell| plan.key(cell))
        });
        let costs: Vec<CellCosts> =
            cells.filter_map(|key| self.store.cost_of(&key)).take(MOST_CELLS).collect();
        let peak_bytes = costs.iter().map(|costs| costs.peak_bytes).max()?;
        let mean = costs.iter().map(|costs| costs.seconds_per_example).sum::<f64>() / costs.len() as f64;
        Some(CellCosts { seconds_per_example: mean, peak_bytes })
    }
}
