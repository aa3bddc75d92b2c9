//! From stored predictions to the numbers of the leaderboard.
//!
//! A cell's record holds the scores a fitted model gave to its test part. Every figure is computed
//! from that record and the true labels, never inside a model, so figures can be recomputed, and
//! new ones added, without training again:
//!
//! ```text
//! scores ─┬─ labels_of ──► a label an example ─┬─► Confusion ──► accuracy, macro F1, …
//!         ├─ by_track ────► a label a track ─────┘
//!         ├─ top_k_accuracy
//!         └─ Reliability ──► expected calibration error, where scores are probabilities
//!
//! a figure of several folds ──► corrected_t ──► Interval
//!             of one fold   ──► bootstrap   ──► Interval
//! ```
//!
//! Classes are indices `0..classes` everywhere. Accuracy, precision, recall, F1 and top-k accuracy
//! are scikit-learn's, and tested against it.

mod confusion;
mod interval;
mod reliability;
mod scores;
mod vote;

pub use confusion::{Confusion, PerClass};
pub use interval::{Interval, IntervalMethod, bootstrap, corrected_t};
pub use reliability::{Bin, Reliability};
pub use scores::{labels_of, top_k_accuracy};
pub use vote::{Tracks, by_track, positions_by_track};

#[cfg(test)]
mod tests;
