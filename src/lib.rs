//! Scores music-genre classifiers side by side on identical splits.
//!
//! This library is the harness behind the program `bench`; [`Bench`] is all that a program with models of its own
//! needs. The modules follow the way of the data:
//!
//! ```text
//! audio ──► features ──► dataset ──► protocol ──► run ──► score ──► report
//! decode,   from samples a table     who trains   cells   metrics   leaderboard,
//! resample, to numbers   of features and who is   and     from      exports
//! cut                                tested       store   records
//! ```

pub mod audio;
mod cli;
pub mod dataset;
mod error;
pub mod experiment;
pub mod features;
pub mod protocol;
pub mod recordings;
pub mod report;
pub mod run;
pub mod score;
#[cfg(test)]
mod testing;
pub mod util;

pub use cli::Bench;
pub use error::{Error, ErrorKind, Result};
