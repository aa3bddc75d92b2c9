//! What scores cost: macro-F1 against seconds or memory, and the models that nothing cheaper beats.

use super::{DataTable, Figure, Sheet, percent};
use crate::report::Leaderboard;
use crate::report::chart::labels::{Placed, Point, beside};
use crate::report::chart::legend::{Entry, Shape, legend};
use crate::report::chart::{Mark, Paint, SMALL, Scale, Svg, Text, bottom_axis, font, left_axis};
use crate::score::Metric;
use genre_bench_api::Family;
use std::collections::BTreeSet;

/// What is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// Seconds to fit and to score, all folds together.
    Seconds,
    /// The most megabytes that a fold held.
    Memory,
}

/// Score against cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Cost {
    resource: Resource,
    points: Vec<Priced>,
}

#[derive(Debug, Clone, PartialEq)]
struct Priced {
    name: String,
    family: Family,
    cost: f64,
    score: f64,
    /// Whether no other model is both cheaper and better.
    on_front: bool,
}

impl Cost {
    /// Of the models of a leaderboard; `None` where fewer than two have both.
    pub fn of(board: &Leaderboard, resource: Resource) -> Option<Self> {
        let metric = |row: &crate::report::LeaderboardRow, key| row.value(Metric::of_key(key)?);
        let mut points: Vec<Priced> = Vec::new();
        // Floors that ignore the features cost next to nothing and would leave no room to the others.
        let only_floors = board.rows.iter().all(|row| row.family == Family::Baseline);
        for row in board.rows.iter().filter(|row| only_floors || row.family != Family::Baseline) {
            let cost = match resource {
                Resource::Seconds => {
                    let both = metric(row, "fit_seconds").zip(metric(row, "predict_seconds"));
                    both.map(|(fit, predict)| fit + predict)
                }
                Resource::Memory => metric(row, "peak_bytes").map(|bytes| bytes / 1e6),
            };
            if let (Some(cost), Some(score)) = (cost, row.value(Metric::macro_f1())) {
                let (name, family) = (row.model.clone(), row.family);
                points.push(Priced { name, family, cost: cost.max(1e-3), score, on_front: false });
            }
        }
        let better = |a: &Priced, b: &Priced| {
            a.cost <= b.cost && a.score >= b.score && (a.cost < b.cost || a.score > b.score)
        };
        let on_front: Vec<bool> =
            points.iter().map(|own| !points.iter().any(|other| better(other, own))).collect();
        points.iter_mut().zip(on_front).for_each(|(point, on_front)| point.on_front = on_front);
        points.sort_by(|a, b| b.on_front.cmp(&a.on_front).then(b.score.total_cmp(&a.score)));
        (points.len() > 1).then_some(Self { resource, points })
    }

    fn unit(&self) -> &'static str {
        match self.resource {
            Resource::Seconds => "seconds to fit and score, all folds",
            Resource::Memory => "MB of memory at most",
        }
    }

    fn shown(&self, cost: f64) -> String {
        if cost < 9.95 { format!("{cost:.2}") } else { format!("{cost:.0}") }
    }
}

impl Figure for Cost {
    fn title(&self) -> String {
        match self.resource {
            Resource::Seconds => "Score against seconds",
            Resource::Memory => "Score against memory",
        }
        .to_owned()
    }

    fn note(&self) -> String {
        let front: Vec<&str> = self.points.iter().filter(|p| p.on_front).map(|p| p.name.as_str()).collect();
        format!(
            "Macro-F1 in % against {}, on a logarithmic scale. On the line: models that no other beats at the same or lower \
             cost ({}). Models that ignore the features are left out.",
            self.unit(),
            front.join(", ")
        )
    }

    fn draw(&self, sheet: Sheet) -> Svg {
        let (left, right) = (38.0, sheet.width - 12.0);
        let (top, height) = (30.0, if sheet.is_narrow() { 250.0 } else { 290.0 });
        let bottom = top + height;
        let ends = |of: fn(&Priced) -> f64| {
            let values = || self.points.iter().map(of);
            (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max))
        };
        let (cheap, dear) = ends(|p| p.cost);
        let across = Scale::log((cheap / 1.6, dear * 1.6), (left, right));
        let (low, high) = ends(|p| 100.0 * p.score);
        let margin = (0.06 * (high - low)).max(1.0);
        let up = Scale::linear(((low - margin).max(0.0), (high + margin).min(100.0)), (bottom, top));
        let mut svg = Svg::new(sheet.width, bottom + 64.0, sheet.theme);
        left_axis(&mut svg, &up, left, right, 5, "");
        svg.text((0.0, 14.0), "macro-F1, %", Text::muted().size(SMALL));
        bottom_axis(&mut svg, &across, bottom, top, 5, self.unit());
        let place = |p: &Priced| (across.at(p.cost), up.at(100.0 * p.score));
        let mut front: Vec<(f64, f64)> = self.points.iter().filter(|p| p.on_front).map(place).collect();
        front.sort_by(|a, b| a.0.total_cmp(&b.0));
        // Up to the cost of the next, nothing is better than the one before: steps.
        let mut steps = Vec::new();
        for (at, point) in front.iter().enumerate() {
            if at > 0 {
                steps.push((point.0, front[at - 1].1));
            }
            steps.push(*point);
        }
        steps.extend(front.last().map(|last| (right, last.1)));
        svg.polyline(steps.iter().copied(), Mark::stroke(Paint::Faint, 1.5));
        let most = if sheet.is_narrow() { 92.0 } else { 130.0 };
        let points: Vec<Point> = self
            .points
            .iter()
            .map(|p| Point { at: place(p), name: font::fitted(&p.name, SMALL, false, most).into_owned() })
            .collect();
        let names = beside(&points, &steps, ((left, top - 16.0), (sheet.width, bottom)));
        for ((priced, point), name) in self.points.iter().zip(&points).zip(names) {
            let paint = Paint::Family(priced.family);
            let cost = self.shown(priced.cost);
            let tip = format!("{}: {}, {cost} {}", priced.name, percent(priced.score), self.unit());
            svg.group(&[("n", &priced.name), ("f", priced.family.name())], |svg| {
                let mark = if priced.on_front {
                    Mark::fill(paint)
                } else {
                    Mark::fill(Paint::Surface).outlined(paint, 1.5)
                };
                if let Some(from) = name.and_then(|name| name.from) {
                    svg.line(point.at, from, Mark::stroke(Paint::Faint, 0.75));
                }
                svg.circle(point.at, 4.5, mark.tip(&tip));
                if let Some(Placed { at, .. }) = name {
                    let text = if priced.on_front { Text::ink() } else { Text::muted() };
                    svg.text(at, &point.name, text.size(SMALL).halo());
                }
            });
        }
        let families: BTreeSet<Family> = self.points.iter().map(|p| p.family).collect();
        let entries: Vec<Entry> =
            families.into_iter().map(|f| Entry::new(Paint::Family(f), Shape::Dot, f.name())).collect();
        svg.height = bottom + 46.0 + legend(&mut svg, (left, bottom + 42.0), right - left, &entries);
        svg
    }

    fn table(&self) -> DataTable {
        let mut table = DataTable::new(2, ["model", "family", "macro-F1, %", self.unit(), "on the line"]);
        table.rows = (self.points.iter())
            .map(|p| {
                let front = if p.on_front { "yes" } else { "" };
                vec![
                    p.name.clone(),
                    p.family.name().to_owned(),
                    percent(p.score),
                    self.shown(p.cost),
                    front.to_owned(),
                ]
            })
            .collect();
        table
    }
}
