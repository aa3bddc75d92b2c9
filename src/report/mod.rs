//! From stored outcomes to tables that people and programs read.

pub mod ablation;
pub mod across;
pub mod audit;
mod card;
pub mod change;
pub mod changed;
pub mod chart;
pub mod check;
pub mod classes;
pub mod comparison;
pub mod duel;
pub mod encoders;
mod evaluation;
pub mod explanation;
mod export;
pub mod figures;
mod grid;
pub mod history;
pub mod html;
pub mod insights;
mod json;
mod leaderboard;
mod leaderboard_table;
pub mod made;
pub mod mlflow;
pub mod paired;
pub mod published;
pub mod reliability;
pub mod reproduction;
mod results;
mod sheet;
pub mod stability;
mod tables;
pub mod terminal;
pub mod tuning;
pub mod variance;
mod width;

pub use card::card;
pub use evaluation::Evaluation;
pub use export::{Exported, FileFormat, write, write_frame};
pub use grid::Grid;
pub use json::to_json;
pub use leaderboard::{Leaderboard, LeaderboardOptions, LeaderboardRow};
use results::FoldResult;
pub use results::Results;
pub use tables::Table;
pub use width::{paragraph, width};

/// A share of 0–1 in percent.
fn percent(share: f64) -> String {
    format!("{:.1}", 100.0 * share)
}

/// A difference of shares in points, with its sign.
fn points(difference: f64) -> String {
    format!("{:+.1}", 100.0 * difference)
}

/// A sentence's beginning with its first letter in upper case.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
