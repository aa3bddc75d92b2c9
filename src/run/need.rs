//! What a cell reads, and how much memory its fit needs.

use super::parts::{PartsSize, Table};
use super::{Cell, ModelSet, Plan, PlannedModel};
use crate::dataset::Dataset;
use crate::protocol::{Fold, Split};
use genre_bench_api::{Card, Device, FitShape, Model, Params, Spectrograms};

/// What a planned model reads of a dataset.
pub(super) struct Reading<'a> {
    dataset: &'a Dataset,
    planned: &'a PlannedModel,
    params: &'a Params,
    model: &'a dyn Model,
    card: Card,
    pub spectrograms: Option<&'a Spectrograms>,
    pub table: Table<'a>,
}

/// What a fit needs.
pub(super) struct Need {
    pub shape: FitShape,
    /// Bytes of the fold's parts and scores.
    pub parts: u64,
    /// Bytes of the fit itself; none if the model does not say.
    pub fit: Option<u64>,
}

impl<'a> Reading<'a> {
    /// Of a model with the parameters of a fold.
    ///
    /// # Errors
    ///
    /// Why the dataset does not have it.
    pub fn of(
        dataset: &'a Dataset,
        planned: &'a PlannedModel,
        params: &'a Params,
        model: &'a dyn Model,
    ) -> Result<Self, String> {
        let card = model.card();
        let reads = card.reads_with(params).map_err(|error| error.to_string())?;
        let spectrograms = reads.spectrograms().map(|wanted| dataset.spectrograms.of(wanted)).transpose()?;
        let table = Table::of(dataset, planned)?;
        Ok(Self { dataset, planned, params, model, card, spectrograms, table })
    }

    /// The columns of the table that the model is not given.
    pub fn without(&self) -> Vec<&String> {
        let kept_from_it = self.planned.without.iter().flat_map(|without| &without.columns);
        kept_from_it.chain(&self.card.leaves_out).collect()
    }

    /// What its fit needs on a fold.
    pub fn need(&self, fold: &Fold, threads: usize, device: Device) -> Need {
        let size = PartsSize::of(self.dataset, self.table, fold, &self.without(), self.spectrograms);
        let shape = size.shape(threads, device);
        let fit = self.model.memory(self.params, &shape);
        Need { parts: size.bytes(), fit, shape }
    }
}

/// Bytes of main memory that a cell takes beside the data, with so many threads; none if its model does not say, or where
/// the embeddings that it reads are not computed.
pub fn cell_memory(
    plan: &Plan,
    cell: Cell,
    dataset: &Dataset,
    split: &Split,
    models: &dyn ModelSet,
    threads: usize,
) -> Option<u64> {
    let planned = &plan.models[cell.model];
    let model = models.model(&planned.model)?;
    let reading = Reading::of(dataset, planned, planned.params_on(cell.fold), model).ok()?;
    let need = reading.need(&split.folds[cell.fold], threads, plan.conditions.device);
    need.fit.map(|fit| need.parts.saturating_add(fit))
}
