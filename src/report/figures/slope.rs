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

/// From the end of the line that leads to a label to the far end of the value there.
const VALUE: f64 = 30.0;
/// And to the name beside it.
const BESIDE: f64 = 36.0;
/// Models of which none steps back.
const FEW: usize = 3;

/// Place of a protocol, and what it keeps apart.
fn stage(protocol: &str) -> (usize, &'static str) {
    let named = [
        (Protocol::Segment, "tracks on both sides"),
        (Protocol::Track, "tracks apart"),
        (Protocol::Artist, "artists apart"),
        (Protocol::FaultFiltered, "artists apart, no faults"),
        (Protocol::Official, "as its makers divided it"),
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

    /// The models that are to be seen first: the best where least leaks, and the best where most does.
    fn leaders(&self) -> [usize; 2] {
        let first = |at: usize| self.models[at].values.first().copied().flatten().unwrap_or(0.0);
        // Of equal ones the first.
        let best = (0..self.models.len()).rev().max_by(|&a, &b| first(a).total_cmp(&first(b)));
        [0, best.unwrap_or(0)]
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
             from training. Between the columns: the mean change. Bold: the best of the first and of the last column. \
             Dashed: guessing.",
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
        // A line, a value and a name.
        let fan = if narrow { 12.0 } else { 24.0 };
        let side = fan + BESIDE + widest + 2.0;
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
            // Columns of a narrow drawing are nearer than their names are long: these stand in two lines.
            let between = (right - left) / (self.stages.len() - 1) as f64;
            let room = if narrow { 2.0 * between - 8.0 } else { between };
            let shown = font::fitted(name, TEXT, true, room.max(60.0));
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
        let beside = right + fan;
        svg.text((beside + VALUE, chance + 4.0), &percent(self.chance), Text::muted().size(SMALL).end());
        svg.text((beside + BESIDE, chance + 4.0), "guessing", Text::muted().size(SMALL));
        let leaders = self.leaders();
        let few = self.models.len() <= FEW;
        // Those that are to be seen first are drawn last.
        let mut order: Vec<usize> = (0..self.models.len()).rev().collect();
        order.sort_by_key(|at| leaders.contains(at));
        for at in order {
            let (line, leads) = (&self.models[at], few || leaders.contains(&at));
            let (paint, tip) = (Paint::Family(line.family), self.tip(line));
            let (width, opacity, radius) = if leads { (2.25, 1.0, 3.5) } else { (1.25, 0.5, 2.5) };
            let points = || {
                let places = line.values.iter().enumerate();
                places.filter_map(|(at, value)| Some((place(at), scale.at(100.0 * (*value)?))))
            };
            svg.group(&[("n", &line.name), ("f", line.family.name())], |svg| {
                svg.polyline(points(), Mark::stroke(paint, width).faded(opacity).tip(&tip));
                points().for_each(|at| svg.circle(at, radius, Mark::fill(paint).tip(&tip)));
            });
        }
        // Names stand above the word for guessing, unless a model is below that.
        let floor = if low < 100.0 * self.chance { bottom - 2.0 } else { chance - 16.0 };
        // And below what the columns are called.
        let ends = (if narrow { top + 6.0 } else { 52.0 }, floor);
        self.side(&mut svg, &names, (right, fan), ends, |line| Some(scale.at(100.0 * line.last()?)));
        if narrow {
            let ticks = scale.ticks(4);
            ticks.iter().for_each(|value| {
                let text = format!("{value:.0}");
                svg.text((left - 10.0, scale.at(*value) + 4.0), &text, Text::muted().size(SMALL).end());
            });
        } else {
            let first = |line: &Line| Some(scale.at(100.0 * (*line.values.first()?)?));
            self.side(&mut svg, &names, (left, -fan), ends, first);
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

    /// Values and names beside the first or the last column at `x`, each at the end of a line as long as `fan`: to the left
    /// of negative ones.
    fn side(
        &self,
        svg: &mut Svg,
        names: &[std::borrow::Cow<str>],
        (x, fan): (f64, f64),
        ends: (f64, f64),
        wanted: impl Fn(&Line) -> Option<f64>,
    ) {
        let shown: Vec<(usize, f64)> =
            self.models.iter().enumerate().filter_map(|(at, line)| Some((at, wanted(line)?))).collect();
        let gap = ((ends.1 - ends.0) / shown.len().max(2).saturating_sub(1) as f64).min(14.5);
        let places = labels::spread(&shown.iter().map(|(_, y)| *y).collect::<Vec<_>>(), gap, ends);
        let (sign, leaders) = (fan.signum(), self.leaders());
        for ((at, own), y) in shown.into_iter().zip(places) {
            let line = &self.models[at];
            let value = if sign > 0.0 { line.last() } else { line.values.first().copied().flatten() };
            let Some(value) = value else { continue };
            let align = |text: Text| if sign > 0.0 { text } else { text.end() };
            let (from, to) = ((x + sign * 6.0, own), (x + fan, y));
            svg.group(&[("n", &line.name), ("f", line.family.name())], |svg| {
                svg.line(from, to, Mark::stroke(Paint::Faint, 0.75));
                let end_of_value = x + fan + if sign > 0.0 { VALUE } else { -3.0 };
                svg.text((end_of_value, y + 4.0), &percent(value), Text::muted().end());
                let style = align(Text::ink().paint(Paint::Family(line.family)));
                let style = if leaders.contains(&at) { style.bold() } else { style };
                svg.text((x + fan + sign * BESIDE, y + 4.0), &names[at], style);
            });
        }
    }
}
