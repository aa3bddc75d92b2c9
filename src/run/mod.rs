//! From a plan of cells to stored predictions.
//!
//! A [`Plan`] says which models are fitted on which folds. Each model × fold is a [`Cell`]; a cell is
//! computed by a [`Job`] in any order and on any thread, and its [`Record`] goes to the [`Store`] at once. A run that
//! was stopped goes on where it was, because it finds its finished cells there.

mod budget;
mod execute;
mod made;
pub mod memory;
mod need;
mod parts;
mod pieces;
mod plan;
mod program;
mod record;
pub mod saved;
pub(crate) mod sealed;
mod standardise;
mod store;

pub use budget::free_bytes;
pub use execute::{Job, Keep, ModelSet, Resources, RunObserver};
pub use made::{Machine, Made};
pub use need::cell_memory;
pub use plan::{
    Cell, CellIdentity, Choice, Columns, Conditions, OPTIMISTIC, ParamChange, Plan, PlannedModel, Resized,
};
pub use program::Program;
pub use record::{Calibrated, CellCosts, CellOutcome, FitCosts, Record};
pub use standardise::Standardiser;
pub use store::{
    Amount, CellLock, Claim, MeasuredCosts, Merged, Progress, PruneRequest, Pruned, RunChoice, RunLock,
    RunSummary, Store,
};
