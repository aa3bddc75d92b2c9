//! Figures that others published for the systems we reproduce (`data/published.csv`).
//!
//! Nearly all come from splits that put segments of one track on both sides, so they are upper bounds and not
//! targets.

use crate::error::{Error, Result};
use crate::protocol::Protocol;
use crate::run::{Plan, PlannedModel};
use crate::score::Metric;
use genre_bench_api::{Published, Reads};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Tracks from which on a table counts as the whole of GTZAN, which has 1000 and in most copies one or two
/// that are broken.
const WHOLE_GTZAN: usize = 990;

/// What figures have as input of networks that read some spectrogram of a spectrogram.
pub const IMAGE: &str = "spectrogram image";

/// A row of `data/published.csv`; figures 0–1.
#[derive(Debug, Deserialize)]
struct PublishedRow {
    system: String,
    model: String,
    input: String,
    seconds: u32,
    protocol: String,
    metric: String,
    train: Option<f64>,
    valid: Option<f64>,
    test: Option<f64>,
}

/// A row of `data/systems.csv`. Where a source does not say how it divided its data, that is our reading.
#[derive(Debug, Clone, Deserialize)]
struct System {
    system: String,
    title: String,
    holdout: Option<String>,
    folds: Option<usize>,
    valid: Option<u32>,
}

/// How the authors of a system divided their data.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Division {
    /// Percent to train/test or train/valid/test, such as `80/10/10`; or
    pub holdout: Option<String>,
    /// Folds of a cross-validation.
    pub folds: Option<usize>,
    /// Percent of the training part for validation.
    pub valid: Option<u32>,
}

/// The letter of the system that a shipped figure is of.
pub fn system_of(figure: &Published) -> Option<&str> {
    figure.source.split_once(", ").map(|(letter, _)| letter).filter(|letter| letter.len() == 1)
}

/// The metric that a publication means by a name such as `f1`, `accuracy` or `vote accuracy`, or by a key of
/// [`METRICS`](crate::score::METRICS).
pub fn metric_of(name: &str) -> Option<&'static Metric> {
    Metric::of_key(match name {
        "f1" => "macro_f1",
        "vote accuracy" => "clip_vote_accuracy",
        key => key,
    })
}

/// How the authors of a system, by its letter, divided their data; None of a system that is not ours.
///
/// # Errors
///
/// Only if the shipped tables are broken, which a test rules out.
pub fn division(letter: &str) -> Result<Option<Division>> {
    let system = systems()?.into_iter().find(|system| system.system == letter);
    Ok(system.map(|System { holdout, folds, valid, .. }| Division { holdout, folds, valid }))
}

fn systems() -> Result<Vec<System>> {
    let mut rows = csv::Reader::from_reader(&include_bytes!("../../data/systems.csv")[..]);
    let rows: std::result::Result<_, _> = rows.deserialize().collect();
    rows.map_err(|e| Error::bug("data/systems.csv", e))
}

/// All shipped figures, by model.
///
/// # Errors
///
/// Only if the shipped tables are broken, which a test rules out.
pub fn shipped() -> Result<BTreeMap<String, Vec<Published>>> {
    let broken = |e: csv::Error| Error::bug("data/published.csv", e);
    let titles: BTreeMap<String, String> = systems()?.into_iter().map(|s| (s.system, s.title)).collect();
    let mut figures: BTreeMap<String, Vec<Published>> = BTreeMap::new();
    for row in csv::Reader::from_reader(&include_bytes!("../../data/published.csv")[..]).into_deserialize() {
        let row: PublishedRow = row.map_err(broken)?;
        // Some sources score on their validation part and have no other.
        let Some(test) = row.test.or(row.valid) else { continue };
        let title = titles.get(&row.system).map_or("", String::as_str);
        figures.entry(row.model).or_default().push(Published {
            source: format!("{}, {title}", row.system),
            input: row.input,
            seconds: row.seconds,
            protocol: row.protocol,
            metric: row.metric,
            train: row.train,
            test,
        });
    }
    Ok(figures)
}

/// The figure that was published for a model under the run's conditions, if there is one: the same model with its
/// default parameters and the same input, the whole of GTZAN, examples of the same length and the same protocol. Where every track is
/// one example, drawing segments and drawing tracks are the same protocol.
///
/// None where scores were calibrated, and none where examples were set aside for validation (`validated`) but not by the
/// authors: the model has then trained on less than theirs.
pub fn comparable<'a>(
    plan: &Plan,
    validated: bool,
    model: &PlannedModel,
    figures: &'a [Published],
) -> Option<&'a Published> {
    let dataset = &plan.dataset;
    if model.changed
        || plan.conditions.calibration.is_some()
        || dataset.synthetic
        || dataset.tracks < WHOLE_GTZAN
        || dataset.classes.len() != 10
    {
        return None;
    }
    let same_protocol = |figure: &Published| {
        figure.protocol == plan.protocol
            || (dataset.whole_tracks()
                && [&plan.protocol, &figure.protocol]
                    .iter()
                    .all(|p| ["segment", "track"].contains(&p.as_str())))
    };
    let same_input = |figure: &Published| match model.reads {
        _ if plan.conditions.spectrogram_size.is_some() && model.reads.spectrograms().is_some() => false,
        Reads::Spectrograms(_) if figure.input == IMAGE => true,
        reads => figure.input == reads.to_string(),
    };
    let as_much = |figure: &Published| !validated || sets_aside(figure);
    figures
        .iter()
        .find(|f| Some(f.seconds) == dataset.seconds && same_protocol(f) && same_input(f) && as_much(f))
}

/// Whether the authors of a figure set a part aside for validation, as far as is known.
fn sets_aside(figure: &Published) -> bool {
    // Its lists have one.
    if figure.protocol == Protocol::FaultFiltered.name() {
        return true;
    }
    let division = system_of(figure).and_then(|letter| division(letter).ok()?);
    division.is_some_and(|Division { holdout, valid, .. }| {
        valid.is_some() || holdout.is_some_and(|parts| parts.split('/').count() == 3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_set_examples_aside_for_validation_is_known() {
        let figure = |source: &str, protocol: &str| Published {
            source: source.to_owned(),
            input: "table".to_owned(),
            seconds: 30,
            protocol: protocol.to_owned(),
            metric: "f1".to_owned(),
            train: None,
            test: 0.8,
        };
        for (source, aside) in
            [("A, 80/20", false), ("B, 80/10/10", true), ("F, 22 %", true), ("mine", false)]
        {
            assert_eq!(sets_aside(&figure(source, "segment")), aside, "{source}");
        }
        assert!(sets_aside(&figure("mine", "fault-filtered")));
    }

    #[test]
    fn every_shipped_figure_is_of_a_metric() {
        let figures = shipped().unwrap();
        assert!(figures.values().flatten().count() > 10);
        for figure in figures.values().flatten() {
            assert!(metric_of(&figure.metric).is_some(), "{figure:?}");
        }
    }
}
