//! Flags that several commands share.

use super::Out;
use super::cache::CacheFlags;
use super::device::DeviceChoice;
use crate::dataset::ImageSize;
use crate::protocol::{DEFAULT_FOLDS, Protocol, Resampling};
use std::path::PathBuf;

/// Flags of every command that fits models on one split.
#[derive(Debug, clap::Args)]
pub(super) struct RunFlags {
    #[command(flatten)]
    pub on: On,
    #[command(flatten)]
    pub common: Common,
}

/// What models are fitted on: which data, and how it is divided.
#[derive(Debug, clap::Args)]
pub(super) struct On {
    /// Feature table (CSV), or a folder with features_30_sec.csv and the like or with audio or PNG images in
    /// GENRE/file; built-in music (synthetic) without it
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// Length of an example in seconds: chooses the table of a folder (30, 10 or 3), or how its audio is cut (any)
    /// [default: the longest table there is; 30 of audio, 10 of the built-in music]
    #[arg(long, value_name = "SECONDS")]
    pub segment: Option<u32>,
    /// Size that images are brought to in the table, a pixel a column
    #[arg(long, value_name = "WxH", default_value_t)]
    pub image_size: ImageSize,
    /// What must not stand on both sides of a split: segment, track, artist, fault-filtered or file:PATH
    #[arg(long, default_value = "track")]
    pub protocol: Protocol,
    #[arg(long, value_name = "K", help = format!("Folds of the cross-validation [default: {DEFAULT_FOLDS}]"))]
    pub folds: Option<usize>,
    /// One split instead of folds: percent to train/test or train/valid/test, such as 80/20 or 80/10/10
    #[arg(long, value_name = "PERCENT", conflicts_with = "folds")]
    pub holdout: Option<Resampling>,
    /// Percent of every training part to set aside for validation (early stopping, calibration), kept apart as the
    /// protocol says [default: 15 with --calibrate, else none]
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(1..=50))]
    pub valid: Option<u32>,
    /// Calibrate the scores to probabilities on the validation part: temperature scaling or Platt scaling
    #[arg(long, value_enum, value_name = "METHOD")]
    pub calibrate: Option<Calibrate>,
    /// How often to draw the folds anew
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub repeats: u16,
}

/// How models are fitted, whatever on.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Common {
    /// CSV with the columns filename and artist [default: splits/artist_folds.csv beside the table]
    #[arg(long, value_name = "CSV")]
    pub artists: Option<PathBuf>,
    /// Leave out what `bench data audit DIR -o FILE` found unusable, and all but one of each group of duplicates
    #[arg(long, value_name = "FILE")]
    pub drop_faults: Option<PathBuf>,
    /// Seed of everything random: same seed, same numbers
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Fits at a time [default: number of CPU cores]; changes no score, but use 1 to compare seconds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    #[command(flatten)]
    pub out: Out,
    #[command(flatten)]
    pub cache: CacheFlags,
    #[command(flatten, next_help_heading = "Neural models")]
    pub neural: NeuralFlags,
    /// Change a hyper-parameter; may be given repeatedly
    #[arg(long = "set", value_name = "MODEL.PARAMETER=VALUE", value_parser = parse_change)]
    pub changes: Vec<Change>,
    /// Print results and errors, nothing else
    #[arg(long, short)]
    pub quiet: bool,
    /// Print one JSON object instead of tables
    #[arg(long)]
    pub json: bool,
}

/// Flags that only neural models care about.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct NeuralFlags {
    /// Where to compute: auto, cpu, cuda or cuda:N
    #[arg(long, default_value = "auto")]
    pub device: DeviceChoice,
    /// Training epochs, for all networks of the run
    #[arg(long, value_name = "N")]
    pub epochs: Option<u32>,
    /// Batch size, for all networks of the run
    #[arg(long, value_name = "N")]
    pub batch: Option<u32>,
    /// Learning rate, for all networks of the run
    #[arg(long, value_name = "RATE")]
    pub lr: Option<f64>,
    /// Type of the numbers: f32, or bf16 on CUDA devices
    #[arg(long, value_name = "TYPE")]
    pub precision: Option<String>,
    /// Bring larger spectrograms to this size, as a smaller and faster problem [default: 50x50 in the reduced configuration, else as
    /// large as they are]
    #[arg(long, alias = "picture-size", value_name = "WxH")]
    pub spectrogram_size: Option<ImageSize>,
    /// Reduced configuration of the networks: fewer epochs and filters, smaller spectrograms; minutes instead of days [default on the CPU]
    #[arg(long, alias = "quick", conflicts_with = "full")]
    pub reduced: bool,
    /// The published recipes [default on a CUDA device]
    #[arg(long)]
    pub full: bool,
    /// Write the history of every fit for TensorBoard
    #[arg(long, value_name = "DIR")]
    pub tensorboard: Option<PathBuf>,
}

impl NeuralFlags {
    /// What they change of a model's hyper-parameters, by name.
    pub fn changes(&self) -> Vec<(&'static str, String)> {
        let Self { epochs, batch, lr, precision, .. } = self;
        let changes = [
            ("epochs", epochs.map(|epochs| epochs.to_string())),
            ("batch", batch.map(|batch| batch.to_string())),
            ("lr", lr.map(|lr| lr.to_string())),
            ("precision", precision.clone()),
        ];
        changes.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// The value of `--calibrate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Calibrate {
    /// One number that all logits are divided by; keeps every label.
    Temperature,
    /// A sigmoid for every class; may change labels.
    Platt,
}

/// Model, parameter and value of a `--set`.
pub(super) type Change = (String, String, String);

fn parse_change(text: &str) -> Result<Change, String> {
    let (name, value) = text.split_once('=').ok_or("expected MODEL.PARAMETER=VALUE, such as svm.c=10")?;
    let (model, parameter) =
        name.split_once('.').ok_or("expected MODEL.PARAMETER=VALUE, such as svm.c=10")?;
    Ok((model.to_owned(), parameter.to_owned(), value.to_owned()))
}
