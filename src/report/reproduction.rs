//! Published figures beside what the same system scores here: divided as its authors did, and without leaks.

use super::published::metric_of;
use super::{Evaluation, Grid, Results, percent, points, width};
use crate::score::Interval;
use crate::util::shown::one_line;
use console::style;
use genre_bench_api::Published;
use serde::Serialize;
use textwrap::{Options, fill};

/// A published figure, measured again.
#[derive(Debug, Clone, Serialize)]
pub struct Reproduction {
    /// The model.
    pub model: String,
    /// What was published.
    pub figure: Published,
    /// The score with the data divided as the authors did.
    pub theirs: Score,
    /// With whole tracks kept together; `theirs` again where the authors did that.
    pub track: Score,
    /// With artists kept apart.
    pub artist: Score,
}

/// A score, or why there is none.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Score {
    /// With its interval.
    Measured(Interval),
    /// The reason, for people.
    Missing(String),
}

impl Score {
    /// Of the model of a run, by what a figure measured, such as `f1`.
    pub fn of(results: &Results, model: usize, measured: &str) -> Self {
        let Some(cells) = results.complete(model) else {
            let reasons =
                results.failures().filter(|(cell, _)| cell.model == model).map(|(_, reason)| reason);
            return Self::Missing(reasons.last().unwrap_or("it was not finished").to_owned());
        };
        let Some(metric) = metric_of(measured) else {
            return Self::Missing(format!("`{measured}` is none of the metrics (`bench list metrics`)"));
        };
        let interval = Evaluation::of(results, &cells).interval(metric);
        interval.map_or_else(|| Self::Missing(format!("it has no {}", metric.key)), Self::Measured)
    }

    fn interval(&self) -> Option<Interval> {
        match self {
            Self::Measured(interval) => Some(*interval),
            Self::Missing(_) => None,
        }
    }

    fn shown(&self) -> String {
        self.interval().map_or_else(|| "–".to_owned(), |interval| percent(interval.mean))
    }
}

/// Figures that were measured on the same data, divided in the same ways.
#[derive(Debug, Clone, Serialize)]
pub struct Reproductions {
    /// What they were measured on, for people.
    pub data: String,
    /// Whether that is made up.
    pub synthetic: bool,
    /// What the models read.
    pub input: String,
    /// How the authors divided their data: protocol and scheme.
    pub division: String,
    /// What the user must know of how.
    pub notes: Vec<String>,
    /// The figures.
    pub rows: Vec<Reproduction>,
}

/// What a score changes by where nothing leaks. The two were measured on different test parts, so the half widths of
/// both intervals add up as independent errors do.
pub fn difference(honest: &Interval, leaking: &Interval) -> (f64, f64, f64) {
    let half = |interval: &Interval| (interval.high - interval.low) / 2.0;
    let (mean, half) = (honest.mean - leaking.mean, half(honest).hypot(half(leaking)));
    (mean, mean - half, mean + half)
}

impl Reproductions {
    /// Why there are scores missing, each with the models it is true of.
    fn missing(&self) -> Vec<(String, Vec<&str>)> {
        let mut missing: Vec<(String, Vec<&str>)> = Vec::new();
        for row in &self.rows {
            for score in [&row.theirs, &row.track, &row.artist] {
                let Score::Missing(reason) = score else { continue };
                match missing.iter_mut().find(|(known, _)| known == reason) {
                    Some((_, models)) if models.last() == Some(&row.model.as_str()) => {}
                    Some((_, models)) => models.push(&row.model),
                    None => missing.push((reason.clone(), vec![&row.model])),
                }
            }
        }
        missing
    }

    /// As a table for people.
    pub fn table(&self) -> String {
        let title = format!("{}; {}", self.input, self.data);
        let mut out = format!("{}\nas published: {}\n\n", style(one_line(&title)).bold(), self.division);
        let head = ["model", "metric", "published", "as published", "track", "change", "artist", "change"];
        let mut grid = Grid::new(2, head);
        let mut notes = self.notes.clone();
        if self.synthetic {
            notes.push("SYNTHETIC DATA: the scores say nothing about music".to_owned());
        }
        for row in &self.rows {
            let change = |honest: &Score| match (honest.interval(), row.theirs.interval()) {
                (Some(honest), Some(theirs)) if honest != theirs => {
                    let (mean, low, high) = difference(&honest, &theirs);
                    format!("{} ({} – {})", points(mean), points(low), points(high))
                }
                _ => String::new(),
            };
            grid.row([
                row.model.clone(),
                row.figure.metric.clone(),
                percent(row.figure.test),
                row.theirs.shown(),
                row.track.shown(),
                change(&row.track),
                row.artist.shown(),
                change(&row.artist),
            ]);
        }
        out += &grid.to_string();
        for (reason, models) in self.missing() {
            let all = models.len() == self.rows.len();
            notes.push(if all { reason } else { format!("{}: {reason}", models.join(", ")) });
        }
        let wrapped = Options::new(width()).initial_indent("note: ").subsequent_indent("      ");
        notes.iter().for_each(|note| out += &format!("{}\n", fill(&one_line(note), &wrapped)));
        out
    }
}
