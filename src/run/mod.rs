//! From a plan of cells to stored predictions.
//!
//! A [`Plan`] says which models are fitted on which folds. Each model × fold is a [`Cell`]; a cell is
//! computed by [`execute`] in any order and on any thread, and its [`Record`] goes to the [`Store`] at once. A run that
//! was stopped goes on where it was, because it finds its finished cells there.

mod execute;
pub mod memory;
mod plan;
mod record;
mod standardise;
mod store;
pub mod tuning;

pub use execute::{RunObserver, Settings, execute};
pub use plan::{Cell, Choice, Columns, Plan, PlannedModel, Program};
pub use record::{Calibrated, Outcome, Record};
pub use standardise::Standardiser;
pub use store::{Claim, Store};
