//! How much memory models need.

use genre_bench_api::FitShape;

/// Numbers of bytes that models of this crate are made of.
pub(crate) struct Need;

impl Need {
    /// A matrix in double precision.
    pub fn of(rows: usize, columns: usize) -> u64 {
        8 * rows as u64 * columns as u64
    }

    /// The training part's table in double precision.
    pub fn table(shape: &FitShape) -> u64 {
        Self::of(shape.rows, shape.columns)
    }

    /// What a linear model and others that score a table in double precision need for that: the table, and scores
    /// in both precisions.
    pub fn scoring(shape: &FitShape) -> u64 {
        Self::of(shape.scored, shape.columns + 3 * shape.classes)
    }
}
