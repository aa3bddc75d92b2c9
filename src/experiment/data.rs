use super::{Invalid, is_default};
use crate::audio::Limits;
use crate::dataset::{ColumnChoice, Globs, ImageSize, InputKinds};
use crate::protocol::Protocol;
use crate::util::as_text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Which examples.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::Args)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[command(next_help_heading = "Data")]
pub struct Data {
    /// Feature table (CSV), or a folder with features_30_sec.csv and the like or with audio or images in GENRE/file;
    /// built-in music (synthetic) without it
    #[arg(long = "data", value_name = "PATH")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// Which inputs of a folder to take: some of table, audio and images [default: the table, joined by track and segment
    /// with the audio or images beside it if models read spectrograms]
    #[arg(long, value_name = "KINDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inputs: Option<InputKinds>,
    /// Length of an example in whole seconds: chooses the table of a folder (30, 10 or 3), or how its audio is cut (any)
    /// [default: the longest table there is; 30 of audio, 10 of the built-in music]
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<u32>,
    /// Longest recording that is read, in seconds; a longer one is named and left out [default: 900]
    #[arg(long, value_name = "SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_seconds: Option<u32>,
    /// Size that images are brought to in the table, a pixel a column
    #[arg(long, value_name = "WxH", default_value_t)]
    #[serde(skip_serializing_if = "is_default")]
    pub image_size: ImageSize,
    /// CSV with the columns filename and artist [default: splits/artist_folds.csv beside the table]
    #[arg(long, value_name = "CSV")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artists: Option<PathBuf>,
    /// Column of the table that holds the genre [default: label, genre or class]
    #[arg(long, value_name = "COLUMN")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Column that says which examples belong together, such as the track [default: track, clip, group, track_id or
    /// clip_id, or what the names of the examples say]
    #[arg(long, value_name = "COLUMN")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Column with the names of the examples [default: filename or file]
    #[arg(long, value_name = "COLUMN")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The columns that are features, separated by commas, with * and ?; one that is named in full is taken even if it
    /// seems to tell the class [default: all columns of numbers]
    #[arg(long, value_name = "COLUMNS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub features: Option<Globs>,
    /// Columns to leave alone, separated by commas, with * and ?
    #[arg(long, value_name = "COLUMNS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drop: Option<Globs>,
    /// Leave out what `bench data audit DIR -o FILE` found unusable, and all but one of each group of duplicates
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drop_faults: Option<PathBuf>,
}

/// Reads the value of `--segment`.
pub(crate) fn parse_seconds(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(seconds @ 1..) => Ok(seconds),
        _ => Err("expected a whole number of seconds, such as 30, 10 or 3; `bench features --seconds` takes fractions"
            .to_owned()),
    }
}

as_text!(Globs: "mfcc*,tempo");

impl Data {
    /// What is said of a table's columns, that of the split among them.
    pub(super) fn columns(&self, protocol: &Protocol) -> ColumnChoice {
        ColumnChoice {
            label: self.label.clone(),
            group: self.group.clone(),
            id: self.id.clone(),
            split: match protocol {
                Protocol::Column(name) => Some(name.clone()),
                _ => None,
            },
            features: self.features.clone(),
            drop: self.drop.clone(),
        }
    }

    pub(super) fn check(&self) -> Result<(), Invalid> {
        if self.segment == Some(0) {
            return Err(Invalid::new("data.segment", "an example of 0 s has no sound", "30, 10 or 3"));
        }
        let most = Limits::MOST_SECONDS;
        if self.max_seconds.is_some_and(|seconds| !(1..=most).contains(&seconds)) {
            let reason = format!("a limit is between 1 and {most} s");
            return Err(Invalid::new("data.max-seconds", reason, "900 if left out"));
        }
        Ok(())
    }

    /// What recordings are accepted.
    pub(super) fn limits(&self) -> Limits {
        self.max_seconds.map_or_else(Limits::default, Limits::of_seconds)
    }
}
