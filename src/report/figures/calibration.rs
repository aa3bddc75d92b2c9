//! Whether probabilities mean what they say.

use super::{DataTable, Figure, Sheet};
use crate::report::chart::legend::{Entry, Shape, legend};
use crate::report::chart::{Mark, Paint, SMALL, Scale, Svg, Text, bottom_axis, left_axis};
use crate::report::{Results, reliability};
use crate::score::{Bin, Reliability};

/// The reliability diagram of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    model: String,
    /// As the model is scored.
    after: Reliability,
    /// Before its scores were calibrated, if they were.
    before: Option<Reliability>,
}

impl Calibration {
    /// Of a model of a run, by its number; `None` where its scores are no probabilities.
    pub fn of(results: &Results, model: usize) -> Option<Self> {
        let name = results.plan.models[model].name.clone();
        if let Some((before, after)) = reliability::pooled(results, model) {
            return Some(Self { model: name, after, before: Some(before) });
        }
        let after = reliability::of_scores(results, results.fold_results(model))?;
        Some(Self { model: name, after, before: None })
    }

    /// The expected calibration error in points.
    pub fn error(&self) -> f64 {
        100.0 * self.after.expected_calibration_error()
    }
}

/// Mean probability and share of correct predictions, in percent.
fn point(bin: &Bin) -> Option<(f64, f64)> {
    let examples = bin.examples as f64;
    (bin.examples > 0).then(|| (100.0 * bin.confidence / examples, 100.0 * bin.correct as f64 / examples))
}

impl Figure for Calibration {
    fn title(&self) -> String {
        format!("Calibration of {}", self.model)
    }

    fn note(&self) -> String {
        let before = self.before.as_ref().map_or_else(String::new, |before| {
            format!(", {:.1} before calibration", 100.0 * before.expected_calibration_error())
        });
        format!(
            "On the diagonal a probability is what it says. Below it the model is too sure. The larger a dot, the more \
             examples. Expected calibration error {:.1} points{before}.",
            self.error()
        )
    }

    fn draw(&self, sheet: Sheet) -> Svg {
        let side = (sheet.width - 60.0).clamp(120.0, 260.0);
        let (left, top) = (40.0, 28.0);
        let (right, bottom) = (left + side, top + side);
        let mut svg = Svg::new(right + 16.0, bottom + 62.0, sheet.theme);
        let across = Scale::linear((0.0, 100.0), (left, right));
        let up = Scale::linear((0.0, 100.0), (bottom, top));
        left_axis(&mut svg, &up, left, right, 5, "");
        svg.text((0.0, 12.0), "correct, %", Text::muted().size(SMALL));
        bottom_axis(&mut svg, &across, bottom, top, 5, "probability of the predicted class, %");
        svg.line((left, bottom), (right, top), Mark::stroke(Paint::Faint, 1.0).dashed("3 3"));
        let all: u64 = self.after.bins.iter().map(|bin| bin.examples).sum();
        let places = |reliability: &Reliability| -> Vec<(f64, f64)> {
            let points = reliability.bins.iter().filter_map(point);
            points.map(|(sure, right)| (across.at(sure), up.at(right))).collect()
        };
        if let Some(before) = &self.before {
            svg.polyline(places(before), Mark::stroke(Paint::Muted, 1.25).dashed("4 2"));
        }
        svg.polyline(places(&self.after), Mark::stroke(Paint::Accent, 1.75));
        for bin in self.after.bins.iter().filter(|bin| bin.examples > 0) {
            let Some((sure, right)) = point(bin) else { continue };
            let radius = 2.0 + 6.0 * (bin.examples as f64 / all.max(1) as f64).sqrt();
            let tip = format!("{} examples: {sure:.1} % sure, {right:.1} % correct", bin.examples);
            svg.circle((across.at(sure), up.at(right)), radius, Mark::fill(Paint::Accent).tip(&tip));
        }
        if self.before.is_some() {
            let entries = [
                Entry::new(Paint::Accent, Shape::Line, "calibrated"),
                Entry::new(Paint::Muted, Shape::Dashed, "before"),
            ];
            svg.height = bottom + 44.0 + legend(&mut svg, (left, bottom + 42.0), side, &entries);
        } else {
            svg.height = bottom + 42.0;
        }
        svg
    }

    fn table(&self) -> DataTable {
        let mut table = DataTable::new(1, ["probability, %", "examples", "mean", "correct"]);
        let step = 100.0 / self.after.bins.len().max(1) as f64;
        for (at, bin) in self.after.bins.iter().enumerate().filter(|(_, bin)| bin.examples > 0) {
            let range = format!("{:.0} – {:.0}", step * at as f64, step * (at + 1) as f64);
            let shares = point(bin).map_or([const { String::new() }; 2], |(sure, right)| {
                [format!("{sure:.1}"), format!("{right:.1}")]
            });
            table.rows.push([range, bin.examples.to_string()].into_iter().chain(shares).collect());
        }
        table
    }
}
