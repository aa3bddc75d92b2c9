//! From stored outcomes to tables that people and programs read.

pub mod ablation;
pub mod audit;
mod export;
mod frames;
mod grid;
pub mod insights;
pub mod interval;
mod leaderboard;
pub mod published;
pub mod reliability;
mod results;
pub mod terminal;
pub mod tuning;

pub use export::{Format, write};
pub use frames::Table;
pub use grid::Grid;
pub use leaderboard::{Leaderboard, Row, Scores};
pub use results::Results;

/// Columns that everything printed fits in, as far as names allow.
pub const WIDTH: usize = 100;
