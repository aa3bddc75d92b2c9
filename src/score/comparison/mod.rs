//! Tests that tell differences of models from chance; each equals its counterpart in SciPy, statsmodels or baycomp.

mod friedman;
mod holm;
mod mcnemar;
mod paired_t;
mod ranks;
#[cfg(test)]
mod tests;
mod unit_bootstrap;
mod wilcoxon;

pub use friedman::{Friedman, friedman};
pub use holm::holm;
pub use mcnemar::mcnemar;
pub use paired_t::{FoldDifferences, Posterior};
pub use unit_bootstrap::{Scores, Tested, UnitCounts, draw_scores};
pub use wilcoxon::wilcoxon;
