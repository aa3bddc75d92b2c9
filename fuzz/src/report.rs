//! What an experiment needs of the reports, without those that polars writes.

#[path = "../../src/report/evaluation.rs"]
mod evaluation;
#[path = "../../src/report/grid.rs"]
mod grid;
#[path = "../../src/report/published.rs"]
pub mod published;
#[path = "../../src/report/reproduction.rs"]
pub mod reproduction;
#[path = "../../src/report/results.rs"]
mod results;

pub use evaluation::Evaluation;
pub use grid::Grid;
pub use results::Results;

pub const WIDTH: usize = 100;

fn percent(share: f64) -> String {
    format!("{:.1}", 100.0 * share)
}

fn points(difference: f64) -> String {
    format!("{:+.1}", 100.0 * difference)
}
