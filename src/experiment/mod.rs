//! What is run, as one value.
//!
//! ```text
//! flags ──► Experiment ◄── file (TOML), whose lists multiply out to several
//!               │
//!           Session ── prepare ──► Prepared: data, split, plan ── run ──► Results
//! ```
//!
//! An [`Experiment`] says everything that decides a run's numbers and nothing else. It is read from flags or from a
//! [file](read), [checked](Experiment::check) once, and stored beside every result, so that any leaderboard can be run
//! again from itself. What does not change a number (threads, folders, progress) is the [`Session`]'s.

mod ablation;
pub mod cluster;
mod costs;
mod data;
mod device;
mod dry_run;
mod encoders;
mod estimates;
mod file;
mod file_datasets;
mod invalid;
mod networks;
mod openers;
pub mod outside;
mod parameters;
pub mod predict;
mod prepared;
mod registry;
pub mod reproduction;
pub mod robust;
mod schema;
mod session;
mod split;
mod tuning;

pub use ablation::Ablation;
pub use costs::epoch_seconds;
pub use data::Data;
pub(crate) use data::parse_seconds;
pub use device::{CudaDevices, DeviceChoice};
pub use dry_run::DryRun;
pub use encoders::{OpenFile, Opener, RegisteredEncoder};
pub use file::{File, read};
pub use invalid::Invalid;
pub use networks::{Configuration, Networks};
pub use openers::{ModelOpeners, OpenModel};
pub use parameters::{Parameters, Values};
pub use prepared::Prepared;
pub use registry::{Registered, Registry};
pub use schema::{Key, keys, schema};
pub use session::{Evaluated, Loaded, Searched, Session, SessionObserver};
pub use split::SplitOptions;
pub use tuning::{Axis, SearchValues, Tuning};

use crate::error::{Error, Result};
use genre_bench_api::CalibrationMethod;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Everything that decides the numbers of a run. As a file, it is TOML with these keys; a key with one value may hold
/// a list, and lists multiply out to several runs (see [`read`]).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Experiment {
    /// Models and families (baseline, classical, neural, other) that take part, models on encoders, such as
    /// musicnn+svm, and models in other languages, such as python:my_model.py; the default models if there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// Seed of everything random: the same seed gives the same numbers.
    pub seed: u64,
    /// Calibrate scores to probabilities on the validation part: temperature or platt.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Calibrate>")]
    pub calibrate: Option<CalibrationMethod>,
    /// Where networks compute: auto, cpu, cuda or cuda:N.
    pub device: DeviceChoice,
    /// The examples.
    #[serde(skip_serializing_if = "is_default")]
    pub data: Data,
    /// Who trains and who is tested.
    pub split: SplitOptions,
    /// Files that are opened as encoders, by the name that each gets.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub encoders: BTreeMap<String, PathBuf>,
    /// Hyper-parameters by model, or by encoder: `[parameters.svm]` with `c = 10`. A list of values makes one row of the leaderboard
    /// for each.
    #[serde(skip_serializing_if = "Parameters::is_empty")]
    pub parameters: Parameters,
    /// What all networks share.
    #[serde(skip_serializing_if = "is_default")]
    pub networks: Networks,
    /// Choose the one model's hyper-parameters in a nested cross-validation (`bench tune`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tune: Option<Tuning>,
    /// Leave groups of columns out in turn (`bench ablate`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ablate: Option<Ablation>,
}

// For the schema alone: the contract crate knows no schemas.
/// How scores are calibrated.
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code, reason = "only its schema is used")]
enum Calibrate {
    Temperature,
    Platt,
}

fn is_default<T: Default + PartialEq>(section: &T) -> bool {
    *section == T::default()
}

impl Experiment {
    /// Refuses what cannot be run: models and hyper-parameters that are not there, values that are not allowed, and
    /// settings that contradict each other.
    ///
    /// # Errors
    ///
    /// The first such setting, by its key.
    pub fn check(&self, registry: &Registry) -> std::result::Result<(), Invalid> {
        let registry = registry.opening(&self.encoders, &self.models)?;
        let entrants = registry.select(&self.models)?;
        self.split.check()?;
        self.data.check()?;
        self.parameters.check(&entrants, &registry)?;
        self.networks.check(&entrants)?;
        let mut first = None;
        for entrant in &entrants {
            let variants = self.variants(entrant, Configuration::Published)?;
            first = first.or_else(|| variants.into_iter().next());
        }
        if self.split.validate_on_test && (self.calibrate.is_some() || self.tune.is_some()) {
            let reason = "nothing is calibrated or tuned on a test part";
            return Err(Invalid::new(
                "split.validate-on-test",
                reason,
                "leave it out: networks set a part aside",
            ));
        }
        if let Some(tuning) = &self.tune {
            if self.ablate.is_some() {
                let reason = "an experiment tunes or ablates, not both";
                return Err(Invalid::new("ablate", reason, "make two experiments of it"));
            }
            let [entrant] = entrants[..] else {
                let reason = format!("one model is tuned at a time, not {}", entrants.len());
                return Err(Invalid::new("models", reason, "name the one model, such as svm"));
            };
            if let Some(base) = &first {
                tuning.check(&entrant.card, base)?;
            }
        }
        Ok(())
    }

    /// As a TOML file that [`read`] reads.
    ///
    /// # Errors
    ///
    /// Only if the value cannot be written as TOML, which would be a bug.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string(self).map_err(|e| Error::bug("the experiment", e))
    }

    /// The same for several numbers of shots, a run for each; as it is for none or one.
    ///
    /// # Errors
    ///
    /// As [`Experiment::to_toml`].
    pub fn to_toml_of_shots(&self, shots: &[u32]) -> Result<String> {
        let text = self.to_toml()?;
        if shots.len() < 2 {
            return Ok(text);
        }
        let mut file: toml::Table = text.parse().map_err(|e| Error::bug("the experiment", e))?;
        if let Some(split) = file.get_mut("split").and_then(toml::Value::as_table_mut) {
            let shots = shots.iter().map(|&shots| toml::Value::from(shots)).collect();
            split.insert("shots".to_owned(), toml::Value::Array(shots));
        }
        toml::to_string(&file).map_err(|e| Error::bug("the experiment", e))
    }

    /// SHA-256 over its TOML, 64 hexadecimal digits: equal for equal experiments.
    ///
    /// # Errors
    ///
    /// As [`Experiment::to_toml`].
    pub fn hash(&self) -> Result<String> {
        Ok(crate::util::hex(&Sha256::digest(self.to_toml()?)))
    }
}
