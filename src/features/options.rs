use super::table::Convention;
use crate::audio::{Cut, Limits};

/// How examples are made of recordings, whatever is then computed of them. Features that were computed with other
/// options are other features.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExtractionOptions {
    /// How recordings are cut into examples.
    pub cut: Cut,
    /// What recordings are accepted.
    pub limits: Limits,
    /// How an example's ends are treated.
    pub convention: Convention,
}

impl ExtractionOptions {
    /// The default limits and convention.
    pub fn new(cut: Cut) -> Self {
        Self { cut, limits: Limits::default(), convention: Convention::default() }
    }
}
