//! What fits will cost.

use super::costs::{EPOCH_PROCESSORS, epoch_seconds, of_fit};
use crate::protocol::Fold;
use crate::run::{Cell, CellCosts, MeasuredCosts, Plan, Store};
use std::collections::BTreeMap;

/// What fits cost, by model: measured in cells of the same model in a store, else for this version of the program.
pub(super) struct Estimates<'a> {
    measured: Option<MeasuredCosts<'a>>,
    /// Whether networks are trained as published.
    published: bool,
    known: BTreeMap<String, Option<CellCosts>>,
}

/// What a cell will cost, to the right power of ten.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct CellEstimate {
    /// Of all epochs, on one processor.
    pub seconds: f64,
    /// Whether it may stop before all epochs are over.
    pub stops_early: bool,
    /// The most main memory at one time, in bytes, beside the data; none where only seconds are known.
    pub peak_bytes: Option<u64>,
}

impl<'a> Estimates<'a> {
    /// From a store, if there is one.
    pub fn of(store: Option<&'a Store>, published: bool) -> Self {
        Self { measured: store.map(Store::measured_costs), published, known: BTreeMap::new() }
    }

    /// The same for another experiment, whose networks are trained as published or not.
    pub fn for_networks(&mut self, published: bool) {
        if self.published != published {
            self.published = published;
            self.known.clear();
        }
    }

    /// Of a cell on a fold, in proportion to the training examples and epochs; none if nothing is known of the model.
    pub fn cell(&mut self, plan: &Plan, cell: Cell, fold: &Fold) -> Option<CellEstimate> {
        let model = &plan.models[cell.model];
        let params = model.params_on(cell.fold);
        let epochs = params.count("epochs").unwrap_or(1);
        let stops_early = params.count("patience").is_ok();
        let examples = (fold.train.len() + fold.valid.len()) as f64;
        let CellCosts { seconds_per_example, peak_bytes } = self.costs(&model.model)?;
        let seconds = seconds_per_example * examples * epochs as f64;
        Some(CellEstimate { seconds, stops_early, peak_bytes: (peak_bytes > 0).then_some(peak_bytes) })
    }

    fn costs(&mut self, model: &str) -> Option<CellCosts> {
        let (measured, published) = (&self.measured, self.published);
        let found = || {
            let of_store = measured.as_ref().and_then(|measured| measured.of(model));
            // Cells in the store may be of the reduced configuration, which takes a hundredth.
            match epoch_seconds(model).filter(|_| published) {
                Some(seconds) => {
                    let peak_bytes = of_store.map_or(0, |costs| costs.peak_bytes);
                    let seconds_per_example = EPOCH_PROCESSORS * seconds / 1000.0;
                    Some(CellCosts { seconds_per_example, peak_bytes })
                }
                None => of_store.or_else(|| of_fit(model)),
            }
        };
        if let Some(known) = self.known.get(model) {
            return *known;
        }
        let costs = found();
        self.known.insert(model.to_owned(), costs);
        costs
    }
}
