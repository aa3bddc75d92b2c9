//! The pictures of a report, each alone: what it shows, a sentence about it, its drawing, and the numbers behind it.
//!
//! A picture is made from [`Results`](super::Results) into plain values once; it can then be drawn in any width and
//! [theme](crate::report::chart::Theme): for a wide page, for a telephone, for paper.

mod ablation;
mod audio;
mod calibration;
mod classes;
mod confusion;
mod cost;
mod curves;
mod differences;
mod explained;
mod falls;
mod heat;
mod importances;
mod intervals;
mod map;
mod pca;
mod ranks;
mod slope;

pub use ablation::Ablation;
pub use audio::AudioSheet;
pub use calibration::Calibration;
pub use classes::PerClass;
pub use confusion::{Confusions, Mistakes, Unit};
pub use cost::{Cost, Resource};
pub use curves::Curves;
pub use differences::Differences;
pub use explained::Explained;
pub use falls::{Falls, FallsOfModel};
pub use heat::{Cell, Heat};
pub use importances::Importances;
pub use intervals::Intervals;
pub use map::Map;
pub use ranks::Ranks;
pub use slope::Slope;

use super::chart::{Svg, Theme};

/// What a picture is drawn on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sheet {
    /// Its width in pixels.
    pub width: f64,
    /// Where it is looked at.
    pub theme: Theme,
}

impl Sheet {
    /// Of a page that is this wide.
    pub fn page(width: f64) -> Self {
        Self { width, theme: Theme::Page }
    }

    /// Whether names and notes must be short.
    pub fn is_narrow(self) -> bool {
        self.width < 520.0
    }
}

/// The numbers behind a picture, as they are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DataTable {
    /// Heads of the columns.
    pub head: Vec<String>,
    /// How many of the first columns are text; the others are numbers.
    pub texts: usize,
    /// As many cells a row as there are heads.
    pub rows: Vec<Vec<String>>,
}

impl DataTable {
    /// One without rows.
    pub fn new<'a>(texts: usize, head: impl IntoIterator<Item = &'a str>) -> Self {
        Self { head: head.into_iter().map(str::to_owned).collect(), texts, rows: Vec::new() }
    }
}

/// A picture of results.
pub trait Figure {
    /// What it shows, in a few words.
    fn title(&self) -> String;
    /// How to read it, and what it is made from.
    fn note(&self) -> String;
    /// The drawing.
    fn draw(&self, sheet: Sheet) -> Svg;
    /// What is drawn, as numbers.
    fn table(&self) -> DataTable;
}

/// A score of 0–1 in percent with one decimal.
fn percent(share: f64) -> String {
    super::percent(share)
}

/// A number with a sign that is as wide as a digit.
fn signed(points: f64) -> String {
    format!("{points:+.1}").replace('-', "−")
}
