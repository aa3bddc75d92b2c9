//! Published figures beside what the same system scores here: divided as its authors did, and without leaks.

use super::change::{Change, Unit};
use super::published::{Details, PartitionFigure, label, metric_of, shown};
use super::{Evaluation, Grid, Results, changed, paragraph, percent, points, width};
use crate::score::{Interval, IntervalMethod, Metric};
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
    /// What that changes; none where the authors did that, or a score is missing.
    pub track_change: Option<Change>,
    /// With artists kept apart.
    pub artist: Score,
    /// What that changes.
    pub artist_change: Option<Change>,
    /// The training and validation parts, where figures were published, divided as the authors did.
    pub parts: Vec<PartFigure>,
    /// What of the published recipe was changed in these runs, if anything was.
    pub changed: Option<String>,
}

/// A figure of a part that models were not tested on.
#[derive(Debug, Clone, Serialize)]
pub struct PartFigure {
    /// `train` or `valid`.
    pub part: &'static str,
    /// What was published.
    pub published: f64,
    /// What was measured, mean over folds; none where the model has no such part.
    pub measured: Option<f64>,
}

impl PartFigure {
    /// The figures of a model beside what it came to in the run that is divided as its authors did.
    pub fn all(results: &Results, model: usize, figure: &Published) -> Vec<Self> {
        let Some(cells) = results.complete(model) else { return Vec::new() };
        let train = figure.train.map(|published| {
            let metric = match figure.metric.as_str() {
                "f1" => Metric::of_key("train_macro_f1"),
                "accuracy" => Metric::of_key("train_accuracy"),
                _ => None,
            };
            let measured = metric.and_then(|metric| Evaluation::of(results, &cells).value(metric));
            Self { part: "train", published, measured }
        });
        // A figure of the validation part alone stands among the others.
        let own = figure.valid.filter(|&valid| valid != figure.test);
        let valid = own.map(|published| {
            let of_cell = |cell: &super::FoldResult| {
                let valid = cell.record.insights.kept()?.valid?;
                Some(if figure.metric == "f1" { valid.macro_f1 } else { valid.accuracy })
            };
            let values: Option<Vec<f64>> = cells.iter().map(of_cell).collect();
            let measured = values.map(|values| values.iter().sum::<f64>() / values.len() as f64);
            Self { part: "valid", published, measured }
        });
        train.into_iter().chain(valid).collect()
    }
}

/// A published figure that was not measured.
#[derive(Debug, Clone, Serialize)]
pub struct NotMeasured {
    /// The model as its source means it.
    pub model: String,
    /// What was published; its `test` is none where the source prints words alone.
    pub figure: Published,
    /// Why, for people.
    pub why: String,
}

/// Figures that were not measured, each once, as a table for people; empty if there are none.
pub fn not_measured(figures: &[NotMeasured]) -> String {
    if figures.is_empty() {
        return String::new();
    }
    let mut grid = Grid::new(3, ["model", "input", "metric", "published", "why not"]);
    let mut reasons: Vec<&str> = Vec::new();
    for NotMeasured { model, figure, why } in figures {
        // What is long stands below, once.
        let short = if why.len() <= LONGEST_REASON {
            why.clone()
        } else {
            let known = reasons.iter().position(|reason| reason == why).unwrap_or_else(|| {
                reasons.push(why);
                reasons.len() - 1
            });
            format!("reason {}", known + 1)
        };
        let input = format!("{}, {} s", figure.input, figure.seconds);
        grid.row([label(model, figure), input, figure.metric.clone(), shown(figure), short]);
    }
    let mut out = format!("{}\n\n{grid}", style("Published and not measured").bold());
    for (number, reason) in reasons.iter().enumerate() {
        out += &paragraph(&format!("reason {}: ", number + 1), &one_line(reason));
    }
    out
}

/// Letters of a reason that fit into a table.
const LONGEST_REASON: usize = 34;

/// What was published for the fault-filtered partition, as a table for people.
pub fn on_partition(figures: &[PartitionFigure]) -> String {
    let mut grid = Grid::new(1, ["system", "accuracy", "source"]);
    for PartitionFigure { system, percent, source } in figures {
        grid.row([system.clone(), format!("{percent:.1}"), source.clone()]);
    }
    // The sources are text.
    let title = "G: published for the fault-filtered partition of GTZAN (443/197/290), accuracy in %";
    let said = "With 290 test tracks a figure has a 95 % half-width of 4 to 5 points. The systems are not part of the \
                suite; `bench all --data gtzan --protocol fault-filtered` puts its models beside them.";
    format!("{}\n\n{grid}\n{}\n", style(title).bold(), fill(said, width()))
}

/// What the sources of some systems say, and what is our reading, a paragraph each.
pub fn details(details: &[&Details]) -> String {
    let of = |Details { system, models, source, reading }: &&Details| {
        let name =
            if models.is_empty() { system.clone() } else { format!("{system}, {}", models.join(" and ")) };
        paragraph(&format!("{name}: "), &format!("the source says: {source}. Our reading: {reading}."))
    };
    details.iter().map(of).collect()
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
    /// Whether that validates on the part that is reported, so that scores as published are optimistic.
    pub optimistic: bool,
    /// Whether the authors kept tracks together, as the column `track` does.
    pub by_track: bool,
    /// What the user must know of how.
    pub notes: Vec<String>,
    /// The figures.
    pub rows: Vec<Reproduction>,
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
        for row in &self.rows {
            let change = |change: &Option<Change>| {
                change.map_or_else(
                    String::new,
                    |Change { interval: Interval { mean, low, high, .. }, .. }| {
                        format!("{} ({} – {})", points(mean), points(low), points(high))
                    },
                )
            };
            let track = if self.by_track { "same".to_owned() } else { change(&row.track_change) };
            grid.row([
                label(&row.model, &row.figure),
                row.figure.metric.clone(),
                shown(&row.figure),
                row.theirs.shown(),
                row.track.shown(),
                track,
                row.artist.shown(),
                change(&row.artist_change),
            ]);
        }
        out += &grid.to_string();
        if self.rows.iter().any(|row| !row.parts.is_empty()) {
            out += &format!("\n{}", self.parts());
        }
        let wrapped = Options::new(width()).initial_indent("note: ").subsequent_indent("      ");
        let notes = self.all_notes();
        notes.iter().for_each(|note| out += &format!("{}\n", fill(&one_line(note), &wrapped)));
        out
    }

    /// Training and validation parts.
    fn parts(&self) -> Grid {
        let head =
            ["on other parts", "metric", "train, published", "measured", "valid, published", "measured"];
        let mut grid = Grid::new(2, head);
        for row in self.rows.iter().filter(|row| !row.parts.is_empty()) {
            let part = |name: &str| {
                let part = row.parts.iter().find(|part| part.part == name);
                part.map_or_else(
                    || [const { String::new() }; 2],
                    |part| [percent(part.published), part.measured.map_or_else(|| "–".to_owned(), percent)],
                )
            };
            let ([train, on_train], [valid, on_valid]) = (part("train"), part("valid"));
            let label = label(&row.model, &row.figure);
            grid.row([label, row.figure.metric.clone(), train, on_train, valid, on_valid]);
        }
        grid
    }

    fn all_notes(&self) -> Vec<String> {
        let mut notes = self.notes.clone();
        if self.synthetic {
            notes.push("SYNTHETIC DATA: the scores say nothing about music".to_owned());
        }
        if self.optimistic {
            let what = "OPTIMISTIC: as published, the part that is scored also decides when to stop and which weights \
                        to keep; track and artist do not";
            notes.push(what.to_owned());
        }
        if self.by_track {
            notes.push("track is the same as published: nothing changes".to_owned());
        }
        for of in [|row: &Reproduction| row.track_change, |row: &Reproduction| row.artist_change] {
            notes.extend(self.rows.iter().find_map(of).map(|change| change.text()));
        }
        notes.dedup();
        let changes = self.rows.iter().filter_map(|row| Some((row.model.as_str(), row.changed.clone()?)));
        notes.extend(changed::lines(changes).into_iter().map(|line| format!("not as published: {line}")));
        for (reason, models) in self.missing() {
            let all = models.len() == self.rows.len();
            notes.push(if all { reason } else { format!("{}: {reason}", models.join(", ")) });
        }
        notes
    }
}

impl Change {
    /// How it was found, for people.
    fn text(&self) -> String {
        let (column, units) = match self.unit {
            Unit::Tracks => ("track", "tracks"),
            Unit::Artists => ("artist", "artists"),
        };
        let (own, theirs) = self.units;
        match self.interval.method {
            IntervalMethod::PairedBootstrap => {
                format!("change to {column}: paired bootstrap, the same {own} tested {units} drawn for both")
            }
            _ => format!(
                "change to {column}: bootstrap of different test parts, {own} {units} and, as published, {theirs} drawn \
                 independently"
            ),
        }
    }
}
