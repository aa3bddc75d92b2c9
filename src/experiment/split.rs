use super::Invalid;
use crate::protocol::{Protocol, Resampling, SplitRequest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Percent of a training part that calibration takes unless the experiment or the split says otherwise.
const CALIBRATION_PERCENT: u32 = 15;

/// How the examples are divided into training, validation and test parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::Args)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[command(next_help_heading = "Split")]
pub struct SplitOptions {
    /// What must not stand on both sides of a split: segment, track, artist, fault-filtered, official,
    /// file:PATH or column:NAME, a column of the table with train, valid and test or numbers of folds
    #[arg(long, default_value_t = Self::default().protocol)]
    pub protocol: Protocol,
    /// Folds of the cross-validation, 2 or more [default: 5]
    #[arg(long, value_name = "K", value_parser = parse_folds)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folds: Option<usize>,
    /// One split instead of folds: percent to train/test or train/valid/test, such as 80/20 or 80/10/10
    #[arg(long, value_name = "PERCENT", conflicts_with = "folds")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holdout: Option<Resampling>,
    /// Percent of every training part to set aside for validation (early stopping, calibration), kept apart as the
    /// protocol says [default: 15 with --calibrate, else none]
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(1..=50))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 50))]
    pub valid: Option<u32>,
    /// How often to draw the folds anew
    #[arg(long, value_name = "N", default_value_t = Self::default().repeats, value_parser = clap::value_parser!(u16).range(1..=1000))]
    #[serde(skip_serializing_if = "is_one")]
    #[schemars(range(min = 1, max = 1000))]
    pub repeats: u16,
    /// Fits of every model on every fold, each with another seed: scores are means over them, and what chance in the fits
    /// does is told from what the folds do. Models that draw nothing are fitted once
    #[arg(long, value_name = "N", default_value_t = Self::default().seeds, value_parser = clap::value_parser!(u16).range(1..=100))]
    #[serde(skip_serializing_if = "is_one")]
    #[schemars(range(min = 1, max = 100))]
    pub seeds: u16,
    /// Use so many tracks of every class, drawn by the seed, instead of all
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2))]
    pub per_class: Option<u32>,
    /// Train on so many tracks of every class alone, drawn by the seed (few-shot); validation and test parts stay
    #[arg(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub shots: Option<u32>,
    /// Let early stopping and checkpoints look at the test part, as some publications did: scores are optimistic, and
    /// everything says so
    #[arg(long, conflicts_with = "valid")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub validate_on_test: bool,
}

/// Reads the value of `--folds`.
fn parse_folds(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(folds @ 2..) => Ok(folds),
        _ => Err("cross-validation needs at least 2 folds, a whole number; --holdout 80/20 is one split"
            .to_owned()),
    }
}

impl Default for SplitOptions {
    fn default() -> Self {
        Self {
            protocol: Protocol::Track,
            folds: None,
            holdout: None,
            valid: None,
            repeats: 1,
            seeds: 1,
            per_class: None,
            shots: None,
            validate_on_test: false,
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_one(count: &u16) -> bool {
    *count == 1
}

impl SplitOptions {
    /// What to ask of the protocol.
    pub fn request(&self, seed: u64, calibrated: bool) -> SplitRequest {
        SplitRequest {
            protocol: self.protocol.clone(),
            resampling: self.folds.map(Resampling::Folds).or(self.holdout),
            repeats: self.repeats.into(),
            seed,
            valid: self.valid.or(calibrated.then_some(CALIBRATION_PERCENT)).unwrap_or(0),
            per_class: self.per_class,
            shots: self.shots,
            validate_on_test: self.validate_on_test,
        }
    }

    pub(super) fn check(&self) -> Result<(), Invalid> {
        let between = |key: &str, value: u32, most: u32| match (1..=most).contains(&value) {
            true => Ok(()),
            false => {
                Err(Invalid::new(key, format!("{value} is not from 1 to {most}"), "a number in that range"))
            }
        };
        between("split.repeats", self.repeats.into(), 1000)?;
        between("split.seeds", self.seeds.into(), 100)?;
        self.valid.map_or(Ok(()), |valid| between("split.valid", valid, 50))?;
        if self.per_class.is_some_and(|tracks| tracks < 2) {
            let reason = "a class must have tracks on both sides";
            return Err(Invalid::new("split.per-class", reason, "2 or more"));
        }
        if self.shots == Some(0) {
            return Err(Invalid::new("split.shots", "nothing is learned from 0 tracks", "1 or more"));
        }
        if self.validate_on_test && self.valid.is_some() {
            let reason = "the test part is the validation part already";
            return Err(Invalid::new("split.valid", reason, "leave out valid or validate-on-test"));
        }
        if self.folds.is_some_and(|folds| folds < 2) {
            let reason = "cross-validation needs at least 2 folds";
            return Err(Invalid::new("split.folds", reason, "a hold-out such as 80/20 is one split"));
        }
        if self.folds.is_some() && self.holdout.is_some() {
            let reason = "a hold-out has no folds";
            return Err(Invalid::new("split.holdout", reason, "give folds or holdout, not both"));
        }
        Ok(())
    }
}
