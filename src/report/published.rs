//! Figures that others published for the systems we reproduce (`data/published.csv`).
//!
//! Nearly all come from splits that put segments of one track on both sides, so they are upper bounds and not
//! targets.

use super::percent;
use crate::error::{Error, Result};
use crate::protocol::Protocol;
use crate::run::{ParamChange, Plan, PlannedModel};
use crate::score::Metric;
use genre_bench_api::{Published, Reads};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
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
    /// What differs from the model's defaults, as `augment=true;epochs=400`.
    settings: String,
    metric: String,
    train: Option<f64>,
    valid: Option<f64>,
    test: Option<f64>,
    printed: Option<String>,
}

/// A row of `data/systems.csv`. Where a source does not say how it divided its data, that is our reading.
#[derive(Debug, Clone, Deserialize)]
struct System {
    system: String,
    /// Of figures under this protocol alone, if it names one.
    protocol: Option<String>,
    title: String,
    holdout: Option<String>,
    folds: Option<usize>,
    /// Percent of the training part, or `test`.
    valid: Option<String>,
    per_class: Option<u32>,
}

/// How the authors of a figure divided their data.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Division {
    /// Percent to train/test or train/valid/test, such as `80/10/10`; or
    pub holdout: Option<String>,
    /// Folds of a cross-validation.
    pub folds: Option<usize>,
    /// Percent of the training part for validation.
    pub valid: Option<u32>,
    /// Whether the part that is reported also decided when to stop and which weights to keep.
    pub validate_on_test: bool,
    /// Tracks of each class, where they used a part of the dataset.
    pub per_class: Option<u32>,
}

/// A row of the shipped figures.
#[derive(Debug, Clone)]
pub struct ShippedFigure {
    /// The model, which need not be in the suite.
    pub model: String,
    /// What was published; [`Published::test`] is no number where the source prints words alone.
    pub figure: Published,
}

/// Which details of a system are its source's, and which are our reading: a row of `data/details.csv`.
#[derive(Debug, Clone, Serialize)]
pub struct Details {
    /// Letter of the system.
    pub system: String,
    /// The models it is about; all of the system if none.
    pub models: Vec<String>,
    /// What the source says.
    pub source: String,
    /// What it leaves open, and how we read it.
    pub reading: String,
}

/// An accuracy that others published for the fault-filtered partition of GTZAN.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct PartitionFigure {
    /// What was scored.
    pub system: String,
    /// Its accuracy in %.
    pub percent: f64,
    /// Where that is written.
    pub source: String,
}

impl Details {
    /// Whether it is about a model of a system.
    pub fn are_of(&self, system: &str, model: &str) -> bool {
        self.system == system && (self.models.is_empty() || self.models.iter().any(|name| name == model))
    }
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

/// How the authors of a figure divided their data; None of a figure that is not ours.
///
/// # Errors
///
/// Only if the shipped tables are broken, which a test rules out.
pub fn division(figure: &Published) -> Result<Option<Division>> {
    let Some(letter) = system_of(figure) else { return Ok(None) };
    let is_of = |system: &System| {
        system.system == letter && system.protocol.as_ref().is_none_or(|only| *only == figure.protocol)
    };
    let Some(System { holdout, folds, valid, per_class, .. }) = systems()?.into_iter().find(is_of) else {
        return Ok(None);
    };
    let validate_on_test = valid.as_deref() == Some("test");
    let percent = valid.filter(|_| !validate_on_test).map(|percent| percent.parse());
    let valid = percent.transpose().map_err(|e| Error::bug("data/systems.csv", e))?;
    Ok(Some(Division { holdout, folds, valid, validate_on_test, per_class }))
}

fn systems() -> Result<Vec<System>> {
    read("data/systems.csv", include_bytes!("../../data/systems.csv"))
}

fn read<T: DeserializeOwned>(name: &str, csv: &[u8]) -> Result<Vec<T>> {
    let rows: std::result::Result<_, _> = csv::Reader::from_reader(csv).into_deserialize().collect();
    rows.map_err(|e| Error::bug(name, e))
}

/// All shipped figures, also those of models that are not in the suite.
///
/// # Errors
///
/// Only if the shipped tables are broken, which a test rules out.
pub fn shipped() -> Result<Vec<ShippedFigure>> {
    let titles: BTreeMap<String, String> = systems()?.into_iter().map(|s| (s.system, s.title)).collect();
    let rows: Vec<PublishedRow> = read("data/published.csv", include_bytes!("../../data/published.csv"))?;
    let figure = |row: PublishedRow| {
        let title = titles.get(&row.system).map_or("", String::as_str);
        let settings = row.settings.split(';').filter_map(|setting| setting.split_once('='));
        let figure = Published {
            source: format!("{}, {title}", row.system),
            input: row.input,
            seconds: row.seconds,
            protocol: row.protocol,
            metric: row.metric,
            settings: settings.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            train: row.train,
            valid: row.valid,
            // Some sources score on their validation part and have no other.
            test: row.test.or(row.valid).unwrap_or(f64::NAN),
            printed: row.printed,
        };
        ShippedFigure { model: row.model, figure }
    };
    Ok(rows.into_iter().map(figure).collect())
}

/// What the sources of all systems say, and what is our reading.
///
/// # Errors
///
/// Only if the shipped table is broken, which a test rules out.
pub fn details() -> Result<Vec<Details>> {
    #[derive(Deserialize)]
    struct Row {
        system: String,
        models: String,
        source: String,
        reading: String,
    }
    let rows: Vec<Row> = read("data/details.csv", include_bytes!("../../data/details.csv"))?;
    let details = |Row { system, models, source, reading }: Row| {
        let models = models.split_whitespace().map(str::to_owned).collect();
        Details { system, models, source, reading }
    };
    Ok(rows.into_iter().map(details).collect())
}

/// What others published for the fault-filtered partition, the best first.
///
/// # Errors
///
/// Only if the shipped table is broken, which a test rules out.
pub fn on_partition() -> Result<Vec<PartitionFigure>> {
    const NAME: &str = "data/fault_filtered/published.csv";
    read(NAME, include_bytes!("../../data/fault_filtered/published.csv"))
}

/// A published figure for people: what the source prints, in %.
pub fn shown(figure: &Published) -> String {
    figure.printed.clone().unwrap_or_else(|| percent(figure.test))
}

/// A model as a figure is of it, with its settings: `cnn-7x7 augment=true`.
pub fn label(model: &str, figure: &Published) -> String {
    let settings = figure.settings.iter().map(|(name, value)| format!(" {name}={value}"));
    std::iter::once(model.to_owned()).chain(settings).collect()
}

/// The figure that was published for a model under the run's conditions, if there is one: the same model with the same
/// hyper-parameters (its defaults, or the figure's settings) and the same input, the whole of GTZAN, examples of the same length and the same protocol. Where every track is
/// one example, drawing segments and drawing tracks are the same protocol.
///
/// A figure whose authors validated on the part that they report, or used some tracks of each class, stands beside runs
/// that did the same, and beside no other.
///
/// None where scores were calibrated, where few tracks train, of embeddings, and none where examples were set aside for validation (`validated`) but not by the
/// authors: the model has then trained on less than theirs.
pub fn comparable<'a>(
    plan: &Plan,
    validated: bool,
    model: &PlannedModel,
    figures: &'a [Published],
) -> Option<&'a Published> {
    let dataset = &plan.dataset;
    // What changed is known of hyper-parameters alone.
    let is_known = model.changes.iter().any(ParamChange::is_of_recipe) && model.without.is_none();
    let changed = model.changed && !is_known;
    if changed
        || !model.choices.is_empty()
        || plan.conditions.calibration.is_some()
        || plan.shots.is_some()
        || model.encoder.is_some()
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
    let same_settings = |figure: &Published| {
        let is_set = |change: &ParamChange| {
            figure
                .settings
                .iter()
                .any(|(name, value)| *name == change.name && *value == change.value.to_string())
        };
        let changes = || model.changes.iter().filter(|change| change.is_of_recipe());
        figure.settings.len() == changes().count() && changes().all(is_set)
    };
    let same_division = |figure: &Published| {
        let division = division(figure).ok().flatten();
        let (on_test, per_class) = division.map_or((false, None), |d| (d.validate_on_test, d.per_class));
        let as_much = plan.validated_on_test || !validated || sets_aside(figure);
        on_test == plan.validated_on_test && per_class == plan.per_class && as_much
    };
    figures.iter().find(|f| {
        Some(f.seconds) == dataset.seconds
            && f.test.is_finite()
            && same_protocol(f)
            && same_input(f)
            && same_settings(f)
            && same_division(f)
    })
}

/// Whether the authors of a figure set a part aside for validation, as far as is known.
fn sets_aside(figure: &Published) -> bool {
    // Its lists have one.
    if figure.protocol == Protocol::FaultFiltered.name() {
        return true;
    }
    let division = division(figure).ok().flatten();
    division.is_some_and(|Division { holdout, valid, .. }| {
        valid.is_some() || holdout.is_some_and(|parts| parts.split('/').count() == 3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use genre_bench_api::{Card, Device, Family, Param};
    use serde_json::json;

    #[test]
    fn who_set_examples_aside_for_validation_is_known() {
        let figure = |source: &str, protocol: &str| Published {
            source: source.to_owned(),
            input: "table".to_owned(),
            seconds: 30,
            protocol: protocol.to_owned(),
            metric: "f1".to_owned(),
            test: 0.8,
            ..Published::default()
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
        assert!(figures.len() > 80);
        for ShippedFigure { model, figure } in &figures {
            assert!(metric_of(&figure.metric).is_some(), "{figure:?}");
            assert!(figure.test.is_finite() || figure.printed.is_some(), "{figure:?} says nothing");
            assert!(division(figure).unwrap().is_some(), "{figure:?}: how was it divided?");
            let system = system_of(figure).unwrap();
            assert!(details().unwrap().iter().any(|d| d.are_of(system, model)), "{model}: whose details?");
        }
    }

    /// The test figure beside a run of VGG-19 on the whole of GTZAN.
    fn beside(changes: &[(&str, &str)], per_class: Option<u32>, validated_on_test: bool) -> Option<f64> {
        let card = Card::new("vgg19", Family::Neural, "")
            .param(Param::bool("augment", false, ""))
            .param(Param::float("lr", 1e-5, ""))
            .reading_spectrograms(&["power-40", "mfcc-13"]);
        let model = PlannedModel::new(&card, changes.iter().copied()).unwrap();
        let plan: Plan = serde_json::from_value(json!({
            "id": "",
            "program": { "version": "", "build": "" },
            "dataset": {
                "name": "", "synthetic": false, "seconds": 30, "examples": 999, "clips": 999, "features": 0,
                "classes": (0..10).map(|class| class.to_string()).collect::<Vec<_>>(), "fingerprint": "",
            },
            "columns": [], "protocol": "track", "scheme": "", "split_hash": "", "unused": 0,
            "conditions": { "seed": 0, "device": Device::Cpu, "spectrogram_size": null, "calibration": null },
            "warnings": [], "notes": [], "models": [], "folds": [],
            "per_class": per_class, "validated_on_test": validated_on_test,
        }))
        .unwrap();
        let own = shipped().unwrap().into_iter().filter(|figure| figure.model == "vgg19");
        let figures: Vec<Published> = own.map(|own| own.figure).collect();
        comparable(&plan, validated_on_test, &model, &figures).map(|figure| figure.test)
    }

    #[test]
    fn a_figure_stands_beside_its_own_settings_and_division_alone() {
        assert_eq!(beside(&[], Some(50), true), Some(0.6063));
        assert_eq!(beside(&[("input", "mfcc-13")], Some(50), true), Some(0.65));
        assert_eq!(beside(&[("augment", "true")], Some(50), true), Some(0.704));
        assert_eq!(beside(&[("augment", "true"), ("lr", "0.1")], Some(50), true), None);
        assert_eq!(beside(&[("lr", "0.1")], Some(50), true), None);
        // What is optimistic stands beside nothing honest, and the other way round.
        assert_eq!(beside(&[], Some(50), false), None);
        assert_eq!(beside(&[], None, true), None);
    }

    #[test]
    fn the_figures_of_the_partition_are_there() {
        let figures = on_partition().unwrap();
        assert_eq!(figures.len(), 13);
        assert!(figures.is_sorted_by(|a, b| a.percent >= b.percent));
    }
}
