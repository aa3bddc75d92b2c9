//! What is left of scores as recordings are deformed.

use super::{DataTable, Figure, Sheet, percent};
use crate::report::chart::legend::{Entry, Shape, legend};
use crate::report::chart::{Mark, Paint, SMALL, Scale, Svg, Text, labels, left_axis};

/// Models on the same recordings, deformed in several ways.
#[derive(Debug, Clone, PartialEq)]
pub struct Falls {
    /// The data, in a line.
    pub data: String,
    /// Name of the metric.
    pub metric: &'static str,
    /// The deformations, such as `white-noise:10`; those of one kind beside each other.
    pub deformations: Vec<String>,
    /// The models, the most robust first.
    pub models: Vec<FallsOfModel>,
}

/// The scores of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct FallsOfModel {
    /// Its name.
    pub name: String,
    /// On the recordings as they are, 0–1.
    pub clean: Option<f64>,
    /// Of each deformation.
    pub deformed: Vec<Option<f64>>,
}

/// Deformations of one kind, or those that are the only ones of theirs.
struct Panel<'a> {
    title: &'a str,
    /// Numbers of the deformations with what stands below them.
    steps: Vec<(usize, &'a str)>,
    /// Whether one step is more than the one before.
    joined: bool,
}

const HEIGHT: f64 = 130.0;
/// Least width of a step.
const STEP: f64 = 46.0;
const GAP: f64 = 46.0;

impl Falls {
    fn panels(&self) -> Vec<Panel<'_>> {
        let mut panels: Vec<Panel> = Vec::new();
        for (number, name) in self.deformations.iter().enumerate() {
            let (kind, value) = name.split_once(':').unwrap_or((name, ""));
            match panels.iter_mut().find(|panel| panel.title == kind) {
                Some(panel) => panel.steps.push((number, value)),
                None => panels.push(Panel { title: kind, steps: vec![(number, value)], joined: true }),
            }
        }
        let (mut several, single): (Vec<Panel>, Vec<Panel>) =
            panels.into_iter().partition(|panel| panel.steps.len() > 1);
        let name = |panel: &Panel| {
            panel.steps.first().map(|&(number, _)| (number, self.deformations[number].as_str()))
        };
        let steps: Vec<(usize, &str)> = single.iter().filter_map(name).collect();
        if !steps.is_empty() {
            several.push(Panel { title: "others", steps, joined: false });
        }
        several
    }

    fn panel(&self, svg: &mut Svg, panel: &Panel, (left, right): (f64, f64), top: f64) {
        let bottom = top + HEIGHT;
        let up = Scale::linear((0.0, 100.0), (bottom, top));
        left_axis(svg, &up, left, right, 4, "");
        svg.text((left, top - 10.0), panel.title, Text::ink().size(SMALL).bold());
        let across = (right - left) / (panel.steps.len() + 1) as f64;
        let x = |step: usize| left + across * (step as f64 + 0.5);
        let below = std::iter::once("clean").chain(panel.steps.iter().map(|(_, text)| *text));
        for (step, text) in below.enumerate() {
            // Words are longer than numbers: every other one stands lower.
            let lower = if panel.joined || step % 2 == 0 { 0.0 } else { 13.0 };
            svg.text((x(step), bottom + 15.0 + lower), text, Text::muted().size(SMALL).middle());
        }
        for (number, model) in self.models.iter().enumerate().rev() {
            let values =
                std::iter::once(model.clean).chain(panel.steps.iter().map(|(at, _)| model.deformed[*at]));
            let points: Vec<(f64, f64)> = values
                .enumerate()
                .filter_map(|(step, value)| Some((x(step), up.at(100.0 * value?))))
                .collect();
            let paint = Paint::Class(number);
            if panel.joined {
                svg.polyline(points.iter().copied(), Mark::stroke(paint, 1.75).tip(&model.name));
            }
            points.iter().for_each(|&at| svg.circle(at, 3.0, Mark::fill(paint).tip(&model.name)));
        }
        let last = panel.steps.len();
        let first = if panel.joined { last } else { 1 };
        (first..=last).for_each(|step| self.numbers(svg, panel.steps[step - 1].0, x(step), &up));
    }

    /// The models' numbers beside what is left of them: colours alone do not tell ten of them apart.
    fn numbers(&self, svg: &mut Svg, deformation: usize, x: f64, up: &Scale) {
        let values = self.models.iter().enumerate();
        let there: Vec<(usize, f64)> = values
            .filter_map(|(number, model)| Some((number, up.at(100.0 * model.deformed[deformation]?))))
            .collect();
        let (bottom, top) = up.places();
        let wanted: Vec<f64> = there.iter().map(|(_, y)| *y).collect();
        for ((number, _), y) in there.iter().zip(labels::spread(&wanted, 10.0, (top, bottom))) {
            let style = Text::ink().size(SMALL).paint(Paint::Class(*number));
            svg.text((x + 6.0, y + 4.0), &(number + 1).to_string(), style);
        }
    }
}

impl Figure for Falls {
    fn title(&self) -> String {
        format!("What is left of {} as recordings are deformed", self.metric)
    }

    fn note(&self) -> String {
        format!("{}; {} in %, a line a model, the most robust first in the legend.", self.data, self.metric)
    }

    fn draw(&self, sheet: Sheet) -> Svg {
        let mut svg = Svg::new(sheet.width, 0.0, sheet.theme);
        let (mut left, mut top) = (34.0, 26.0);
        for panel in self.panels() {
            let width = (STEP * if panel.joined { 1.0 } else { 1.4 } * (panel.steps.len() + 1) as f64)
                .min(sheet.width - 42.0);
            if left > 34.0 && left + width > sheet.width - 8.0 {
                (left, top) = (34.0, top + HEIGHT + 70.0);
            }
            self.panel(&mut svg, &panel, (left, left + width), top);
            left += width + GAP;
        }
        let entries: Vec<Entry> = (self.models.iter().enumerate())
            .map(|(number, model)| {
                Entry::new(Paint::Class(number), Shape::Line, format!("{} {}", number + 1, model.name))
            })
            .collect();
        let below = top + HEIGHT + 50.0;
        svg.height = below + legend(&mut svg, (34.0, below), sheet.width - 42.0, &entries);
        svg
    }

    fn table(&self) -> DataTable {
        let names = self.models.iter().map(|model| model.name.as_str());
        let mut table = DataTable::new(1, std::iter::once("deformed").chain(names));
        let shown = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), percent);
        let clean = self.models.iter().map(|model| shown(model.clean));
        table.rows.push(std::iter::once("not at all".to_owned()).chain(clean).collect());
        for (number, name) in self.deformations.iter().enumerate() {
            let values = self.models.iter().map(|model| shown(model.deformed[number]));
            table.rows.push(std::iter::once(name.clone()).chain(values).collect());
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_with_several_values_are_lines_and_the_others_dots() {
        let falls = Falls {
            data: "music".to_owned(),
            metric: "macro_f1",
            deformations: ["noise:20", "noise:0", "telephone", "reverb:0.8"].map(str::to_owned).to_vec(),
            models: vec![FallsOfModel {
                name: "svm".to_owned(),
                clean: Some(0.7),
                deformed: vec![Some(0.5), None, Some(0.25), Some(0.6)],
            }],
        };
        let drawn = falls.draw(Sheet::page(600.0)).file("falls", "");
        let count = |what: &str| drawn.matches(what).count();
        assert_eq!(count("<circle"), 2 + 3, "what has no value has no dot: {drawn}");
        assert!(drawn.contains(">telephone<") && drawn.contains(">20<"));
        assert_eq!(falls.table().rows[2], ["noise:0", "–"]);
        assert_eq!(falls.table().rows[0], ["not at all", "70.0"]);
    }
}
