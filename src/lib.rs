//! Scores music-genre classifiers side by side on identical splits.
//!
//! This library is the harness behind the program `bench`; [`Bench`] is all that a program with models of its own
//! needs. The modules follow the way of the data:
//!
//! ```text
//! dataset ──► protocol ──► run ──► score ──► report
//! a table     who trains   cells    metrics   leaderboard,
//! of features and who is   and      from      exports
//!             tested       store    records
//! ```

mod cli;
pub mod dataset;
mod error;
pub mod protocol;
pub mod report;
pub mod run;
pub mod score;

pub use cli::Bench;
pub use error::{Error, Result};
