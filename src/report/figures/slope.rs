//! What is left of a score as less leaks: one line a model, from protocol to protocol.

use super::{DataTable, Figure, Sheet, percent, signed};
use crate::protocol::Protocol;
use crate::report::chart::{Mark, Paint, SMALL, Scale, Svg, TEXT, Text, font, labels};
use crate::report::{Leaderboard, Results};
use crate::score::Metric;
use genre_bench_api::Family;

/// The scores of models under several protocols on the same data.
#[derive(Debug, Clone, PartialEq)]
pub struct Slope {
    data: String,
    /// Names of the protocols, the leakiest first, with what each keeps apart.
    stages: Vec<(String, &'static str)>,
    /// By the last score, the best first.
    models: Vec<Line>,
    chance: f64,
}

/// A model.
#[derive(Debug, Clone, PartialEq)]
struct Line {
    name: String,
    family: Family,
    /// Macro-F1 under each protocol, 0–1.
    values: Vec<Option<f64>>,
}

impl Line {
    /// The score where least leaks.
    fn last(&self) -> Option<f64> {
        self.values.iter().copied().flatten().next_back()
    }
}

/// From a dot to the end of the value beside it.
const VALUE: f64 = 42.0;
/// From a dot to the name beside it.
const BESIDE: f64 = 48.0;

/// Place of a protocol, and what it keeps apart.
fn stage(protocol: &str) -> (usize, &'static str) {
    let named = [
        (Protocol::Segment, "tracks on both sides"),
        (Protocol::Track, "tracks apart"),
        (Protocol::Artist, "artists apart"),
        (Protocol::FaultFiltered, "artists apart, no faults"),
    ];
    let found = named.iter().position(|(known, _)| known.name() == protocol);
    found.map_or((named.len(), ""), |at| (at, named[at].1))
}

impl Slope {
    /// Of runs on the same data; `None` where fewer than two protocols are among them or no model took part in two.
    pub fn of(runs: &[(&Results, &Leaderboard)]) -> Option<Self> {
        let mut order: Vec<&(&Results, &Leaderboard)> = Vec::new();
        for run in runs {
            // Of several under one protocol the first.
            if !order.iter().any(|(known, _)| known.plan.protocol == run.0.plan.protocol) {
                order.push(run);
            }
        }
        order.sort_by_key(|(results, _)| stage(&results.plan.protocol).0);
        let mut models: Vec<Line> = Vec::new();
        for (at, (_, board)) in order.iter().enumerate() {
            // Floors that ignore the features have nothing to leak; the line of guessing stands for them.
            for row in board.rows.iter().filter(|row| row.family != Family::Baseline) {
                let value = row.value(Metric::macro_f1());
                let line = models.iter_mut().find(|line| line.name == row.model);
                match line {
                    Some(line) => line.values[at] = value,
                    None => {
                        let mut values = vec![None; order.len()];
                        values[at] = value;
                        models.push(Line { name: row.model.clone(), family: row.family, values });
                    }
                }
            }
        }
        models.retain(|line| line.values.iter().flatten().count() > 1);
        let last = |line: &Line| line.last().unwrap_or(0.0);
        models.sort_by(|a, b| last(b).total_cmp(&last(a)).then_with(|| a.name.cmp(&b.name)));
        let (first, _) = order.first()?;
        (order.len() > 1 && !models.is_empty()).then(|| Self {
            data: first.plan.dataset.name.clone(),
            stages: order
                .iter()
                .map(|(results, _)| {
                    let protocol = &results.plan.protocol;
                    (protocol.clone(), stage(protocol).1)
                })
                .collect(),
            models,
            chance: 1.0 / first.catalogue.classes.len().max(1) as f64,
        })
    }

    /// The mean change over the models that have both, from each protocol to the next.
    fn changes(&self) -> Vec<Option<f64>> {
        let change = |at: usize| {
            let pairs = self.models.iter().filter_map(|line| Some(line.values[at + 1]? - line.values[at]?));
            let pairs: Vec<f64> = pairs.collect();
            (!pairs.is_empty()).then(|| pairs.iter().sum::<f64>() / pairs.len() as f64)
        };
        (0..self.stages.len() - 1).map(change).collect()
    }

    /// The model that scores best where least leaks, with its first and last score.
    pub fn best(&self) -> Option<(&str, f64, f64)> {
        let line = self.models.iter().find(|line| line.values.last().is_some_and(Option::is_some))?;
        let first = line.values.iter().copied().flatten().next()?;
        Some((&line.name, first, line.values.last().copied().flatten()?))
    }

    /// The mean change from the first protocol to the last, over the models that have both.
    pub fn whole_change(&self) -> Option<f64> {
        let pairs =
            self.models.iter().filter_map(|line| Some((*line.values.last()?)? - (*line.values.first()?)?));
        let pairs: Vec<f64> = pairs.collect();
        (!pairs.is_empty()).then(|| pairs.iter().sum::<f64>() / pairs.len() as f64)
    }

    /// The first and the last protocol.
    pub fn ends(&self) -> (&str, &str) {
        (&self.stages[0].0, &self.stages[self.stages.len() - 1].0)
    }
}

impl Figure for Slope {
    fn title(&self) -> String {
        let (first, last) = self.ends();
        format!("What is left of a score, from {first} to {last}")
    }

    fn note(&self) -> String {
        format!(
            "Macro-F1 in % of the same models on {}, one line a model. From left to right less of the test part is known \
             from training. Between the columns: the mean change. Dashed: guessing.",
            self.data
        )
    }

    fn draw(&self, sheet: Sheet) -> Svg {
        const GAP: f64 = 15.0;
        let narrow = sheet.is_narrow();
        let most = if narrow { 104.0 } else { 150.0 };
        let names: Vec<_> =
            self.models.iter().map(|line| font::fitted(&line.name, TEXT, true, most)).collect();
        let widest = names.iter().map(|name| font::width(name, TEXT, true)).fold(0.0, f64::max);
        // A value, its distance to the dot, and a name.
        let side = BESIDE + widest + 2.0;
        let (left, right) = (if narrow { 42.0 } else { side }, sheet.width - side);
        let top = if narrow { 58.0 } else { 70.0 };
        let height = (GAP * self.models.len() as f64).max(if narrow { 280.0 } else { 340.0 });
        let bottom = top + height;
        let values =
            || self.models.iter().flat_map(|line| line.values.iter().flatten()).map(|value| 100.0 * value);
        let low = values().fold(100.0 * self.chance, f64::min);
        let scale = Scale::linear((low, values().fold(0.0, f64::max)), (bottom - 6.0, top + 6.0));
        let place = |at: usize| left + (right - left) * at as f64 / (self.stages.len() - 1) as f64;
        let mut svg = Svg::new(sheet.width, bottom + 16.0, sheet.theme);
        for (at, (name, apart)) in self.stages.iter().enumerate() {
            let x = place(at);
            let room = (right - left) / (self.stages.len() - 1) as f64;
            let shown = font::fitted(name, TEXT, true, room.max(60.0));
            // Columns of a narrow drawing are nearer than their names are long.
            let y = if narrow && at % 2 == 1 { 32.0 } else { 16.0 };
            svg.text((x, y), &shown, Text::ink().bold().middle());
            if !narrow {
                svg.text((x, 34.0), apart, Text::muted().size(SMALL).middle());
            }
            svg.line((x, top - 8.0), (x, bottom), Mark::stroke(Paint::Rule, 1.0));
        }
        for (at, change) in self.changes().into_iter().enumerate() {
            let Some(change) = change else { continue };
            let middle = f64::midpoint(place(at), place(at + 1));
            let text = signed(100.0 * change);
            svg.text((middle, top - 12.0), &text, Text::ink().bold().paint(Paint::Accent).middle());
        }
        let chance = scale.at(100.0 * self.chance);
        svg.line((left, chance), (right, chance), Mark::stroke(Paint::Faint, 1.0).dashed("2 3"));
        svg.text((right + VALUE, chance + 4.0), &percent(self.chance), Text::muted().size(SMALL).end());
        svg.text((right + BESIDE, chance + 4.0), "guessing", Text::muted().size(SMALL));
        for (line, paint) in self.models.iter().rev().map(|line| (line, Paint::Family(line.family))) {
            let tip = self.tip(line);
            let points = || {
                let places = line.values.iter().enumerate();
                places.filter_map(|(at, value)| Some((place(at), scale.at(100.0 * (*value)?))))
            };
            svg.group(&[("n", &line.name), ("f", line.family.name())], |svg| {
                svg.polyline(points(), Mark::stroke(paint, 1.5).faded(0.7).tip(&tip));
                points().for_each(|at| svg.circle(at, 3.0, Mark::fill(paint).tip(&tip)));
            });
        }
        // Names stand above the word for guessing, unless a model is below that.
        let floor = if low < 100.0 * self.chance { bottom - 2.0 } else { chance - 16.0 };
        let ends = (top + 6.0, floor);
        self.side(&mut svg, &names, (right, 1.0), ends, |line| Some(scale.at(100.0 * line.last()?)));
        if narrow {
            let ticks = scale.ticks(4);
            ticks.iter().for_each(|value| {
                let text = format!("{value:.0}");
                svg.text((left - 10.0, scale.at(*value) + 4.0), &text, Text::muted().size(SMALL).end());
            });
        } else {
            let first = |line: &Line| Some(scale.at(100.0 * (*line.values.first()?)?));
            self.side(&mut svg, &names, (left, -1.0), ends, first);
        }
        svg
    }

    fn table(&self) -> DataTable {
        let heads = self.stages.iter().map(|(name, _)| name.as_str());
        let mut table = DataTable::new(2, ["model", "family"].into_iter().chain(heads));
        for line in &self.models {
            let values = line.values.iter().map(|value| value.map_or_else(|| "–".to_owned(), percent));
            table
                .rows
                .push([line.name.clone(), line.family.name().to_owned()].into_iter().chain(values).collect());
        }
        table
    }
}

impl Slope {
    fn tip(&self, line: &Line) -> String {
        let values = self.stages.iter().zip(&line.values);
        let said = values.filter_map(|((stage, _), value)| Some(format!("{stage} {}", percent((*value)?))));
        format!("{}: {}", line.name, said.collect::<Vec<_>>().join(", "))
    }

    /// Values and names beside the first or the last column: at `x`, to the side of `sign`.
    fn side(
        &self,
        svg: &mut Svg,
        names: &[std::borrow::Cow<str>],
        (x, sign): (f64, f64),
        ends: (f64, f64),
        wanted: impl Fn(&Line) -> Option<f64>,
    ) {
        let shown: Vec<(usize, f64)> =
            self.models.iter().enumerate().filter_map(|(at, line)| Some((at, wanted(line)?))).collect();
        let gap = ((ends.1 - ends.0) / shown.len().max(2).saturating_sub(1) as f64).min(14.5);
        let places = labels::spread(&shown.iter().map(|(_, y)| *y).collect::<Vec<_>>(), gap, ends);
        for ((at, own), y) in shown.into_iter().zip(places) {
            let line = &self.models[at];
            let value = if sign > 0.0 { line.last() } else { line.values.first().copied().flatten() };
            let Some(value) = value else { continue };
            let align = |text: Text| if sign > 0.0 { text } else { text.end() };
            let (from, to) = ((x + sign * 5.0, own), (x + sign * 12.0, y));
            svg.group(&[("n", &line.name), ("f", line.family.name())], |svg| {
                svg.line(from, to, Mark::stroke(Paint::Faint, 0.75));
                let end_of_value = if sign > 0.0 { x + VALUE } else { x - 15.0 };
                svg.text((end_of_value, y + 4.0), &percent(value), Text::muted().end());
                let style = align(Text::ink().paint(Paint::Family(line.family)));
                // The best where least leaks.
                let style = if at == 0 { style.bold() } else { style };
                svg.text((x + sign * BESIDE, y + 4.0), &names[at], style);
            });
        }
    }
}
