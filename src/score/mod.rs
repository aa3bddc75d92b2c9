//! From stored predictions to the numbers of the leaderboard.
//!
//! A cell's record holds the scores a fitted model gave to its test part. Every figure is computed
//! from that record and the true labels, never inside a model, so figures can be recomputed, and
//! new ones added, without training again:
//!
//! ```text
//! one fold's record ──► FoldPredictions ─┬─► Confusion of examples, of tracks ──► macro F1, accuracy, kappa, …
//!                                        ├─► scores of each example ───────────► top-3, log loss, Brier score
//!                                        ├─► scores of all examples ───────────► ROC AUC
//!                                        └─► what the run measured ────────────► calibration error, seconds, bytes
//!
//! a metric of several folds ──► corrected_t ──► Interval
//!             of one fold   ──► Bootstrap   ──► Interval
//! a metric of two runs      ──► paired_difference, independent_difference ──► Interval
//! ```
//!
//! All metrics stand in one table, [`METRICS`]: name, format, which value is better, how it is computed. Classes are indices
//! `0..classes` everywhere. All that scikit-learn has too is tested against it.

pub mod comparison;
mod confusion;
mod difference;
mod interval;
mod metric;
mod metrics;
mod predictions;
mod probabilities;
mod reliability;
mod scores;
mod variance;
mod vote;

pub use confusion::{Confusion, PerClass};
pub use difference::{Resampled, independent_difference, paired_difference};
pub use interval::{Bootstrap, Interval, IntervalMethod, corrected_t, few_folds};
pub(crate) use interval::{p_value_of_draws, quantile};
pub use metric::{Better, Combine, Compute, Format, Intervals, Metric, Statistic, When};
pub use metrics::METRICS;
pub use predictions::{FoldPredictions, LabelsOf, Measured};
pub use probabilities::{
    are_probabilities, as_probabilities, brier_score, log_loss, mean_probabilities, roc_auc,
};
pub use reliability::{Bin, Reliability};
pub use scores::{in_top_k, labels_of};
pub use variance::VarianceComponents;
pub use vote::{Tracks, by_track, positions_by_track};

#[cfg(test)]
mod tests;
