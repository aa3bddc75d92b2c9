//! Models by their score, each with its interval.

use super::{DataTable, Figure, Sheet};
use crate::report::chart::legend::{Entry, Shape, legend};
use crate::report::chart::{Mark, Paint, Scale, Svg, TEXT, Text, bottom_axis, font};
use crate::report::{Leaderboard, leaderboard_table};
use crate::score::{Format, Metric};

/// The rows of a leaderboard that have a score.
#[derive(Debug, Clone, PartialEq)]
pub struct Intervals {
    run: String,
    metric: &'static str,
    format: Format,
    /// Which models cannot be told from the best, in a sentence.
    ties: Option<String>,
    rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq)]
struct Row {
    name: String,
    value: f64,
    ends: Option<(f64, f64)>,
    published: Option<f64>,
    /// The leader, or a model that cannot be told from it.
    leads: bool,
}

impl Intervals {
    /// Of the metric that the leaderboard is sorted by; `run` is what it is called. `None` without a score.
    pub fn of(board: &Leaderboard, run: &str) -> Option<Self> {
        let metric = board.sort;
        let row = |(at, row): (usize, &crate::report::LeaderboardRow)| {
            Some(Row {
                name: row.model.clone(),
                value: row.value(metric)?,
                ends: row.interval(metric).map(|interval| (interval.low, interval.high)),
                published: row.published.filter(|_| std::ptr::eq(metric, Metric::macro_f1())),
                leads: at == 0 || row.tied == Some(true),
            })
        };
        let rows: Vec<Row> = board.rows.iter().enumerate().filter_map(row).collect();
        let ties = leaderboard_table::band(board);
        let (metric, format) = (metric.key, metric.format);
        (!rows.is_empty()).then(|| Self { run: run.to_owned(), metric, format, ties, rows })
    }

    /// What a value is multiplied by to be shown.
    fn factor(&self) -> f64 {
        match self.format {
            Format::Percent => 100.0,
            Format::Megabytes => 1e-6,
            Format::Plain | Format::Seconds => 1.0,
        }
    }
}

impl Figure for Intervals {
    fn title(&self) -> String {
        format!("{} by {}", self.run, self.metric)
    }

    fn note(&self) -> String {
        let ties = self.ties.as_ref().map_or_else(String::new, |ties| format!(" {ties}"));
        format!("Dots are means over folds, lines 95 % intervals.{ties}")
    }

    fn draw(&self, sheet: Sheet) -> Svg {
        const LINE: f64 = 22.0;
        let most = if sheet.is_narrow() { 120.0 } else { 200.0 };
        let names: Vec<_> = self.rows.iter().map(|row| font::fitted(&row.name, TEXT, false, most)).collect();
        let left = names.iter().map(|name| font::width(name, TEXT, false)).fold(0.0, f64::max) + 16.0;
        let right = sheet.width - 52.0;
        let (top, bottom) = (8.0, 8.0 + LINE * self.rows.len() as f64);
        let factor = self.factor();
        let values = || {
            self.rows.iter().flat_map(|row| {
                let ends = row.ends.map_or([row.value; 2], |(low, high)| [low, high]);
                ends.into_iter().chain(row.published).chain([row.value])
            })
        };
        let range = (
            factor * values().fold(f64::INFINITY, f64::min),
            factor * values().fold(f64::NEG_INFINITY, f64::max),
        );
        let ticks = if sheet.is_narrow() { 4 } else { 6 };
        let scale = Scale::linear(range, (left, right)).nice(ticks);
        let mut svg = Svg::new(sheet.width, bottom + 60.0, sheet.theme);
        let leading = self.rows.iter().filter(|row| row.leads).count();
        let band = self.rows.iter().enumerate().filter(|(_, row)| row.leads && leading > 1);
        for (at, _) in band {
            svg.rect((0.0, top + LINE * at as f64), (sheet.width, LINE), Mark::fill(Paint::Band));
        }
        bottom_axis(&mut svg, &scale, bottom, top, ticks, "");
        for ((at, row), name) in self.rows.iter().enumerate().zip(&names) {
            let y = top + LINE * (at as f64 + 0.5);
            let paint = if row.leads { Paint::Accent } else { Paint::Ink };
            svg.text((left - 12.0, y + 4.0), name, Text::ink().end());
            if let Some((low, high)) = row.ends {
                let [from, to] = [low, high].map(|end| (scale.at(factor * end), y));
                svg.line(from, to, Mark::stroke(paint, 2.0).faded(0.55));
            }
            svg.circle((scale.at(factor * row.value), y), 4.0, Mark::fill(paint));
            if let Some(published) = row.published {
                let at = (scale.at(factor * published), y);
                svg.circle(at, 3.5, Mark::fill(Paint::Surface).outlined(Paint::Warn, 1.5));
            }
            svg.text((sheet.width - 4.0, y + 4.0), &self.format.show(row.value), Text::ink().end());
        }
        let best = if leading > 1 { "best, or not told from it" } else { "best" };
        let mut entries = vec![
            Entry::new(Paint::Accent, Shape::Dot, best),
            Entry::new(Paint::Ink, Shape::Dot, "others; lines: 95 % intervals"),
        ];
        if self.rows.iter().any(|row| row.published.is_some()) {
            entries.push(Entry::new(Paint::Warn, Shape::Ring, "published"));
        }
        svg.height = bottom + 30.0 + legend(&mut svg, (left, bottom + 26.0), right - left, &entries);
        svg
    }

    fn table(&self) -> DataTable {
        let mut table =
            DataTable::new(1, ["model", self.metric, "low", "high", "published", "tied with the best"]);
        let shown =
            |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| self.format.show(value));
        for row in &self.rows {
            let (low, high) = row.ends.unzip();
            let tied = if row.leads { "yes" } else { "no" };
            let values = [Some(row.value), low, high, row.published].map(shown);
            table.rows.push([row.name.clone()].into_iter().chain(values).chain([tied.to_owned()]).collect());
        }
        table
    }
}
