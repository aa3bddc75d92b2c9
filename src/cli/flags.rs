//! Flags that several commands share, and the experiments and sessions that they make.

use super::Out;
use super::cache::CacheFlags;
use super::leaderboard_flags::LeaderboardFlags;
use super::progress::Console;
use crate::experiment::{
    Configuration, Data, DeviceChoice, Experiment, Networks, Registry, Session, SplitOptions,
};
use genre_bench_api::CalibrationMethod;
use std::cell::RefCell;
use std::path::PathBuf;

/// Flags of every command that makes one experiment.
#[derive(Debug, clap::Args)]
pub(super) struct ExperimentFlags {
    #[command(flatten)]
    pub fit: FitFlags,
    /// Train on so many tracks of every class alone, drawn by the seed: a run for each number, and a table of all; those
    /// of fewer shots are among those of more
    #[arg(long, value_name = "K,K", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..), help_heading = "Split")]
    pub shots: Vec<u32>,
    /// Write the experiment that these flags make, as a file for `bench run`
    #[arg(long, value_name = "FILE", help_heading = RUN)]
    pub save_experiment: Option<PathBuf>,
    #[command(flatten, next_help_heading = RUN)]
    pub leaderboard: LeaderboardFlags,
    #[command(flatten)]
    pub session: SessionFlags,
}

/// Flags that say what is fitted to what.
#[derive(Debug, clap::Args)]
pub(super) struct FitFlags {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    split: SplitOptions,
    /// Calibrate the scores to probabilities on the validation part: temperature scaling or Platt scaling
    #[arg(long, value_enum, value_name = "METHOD", help_heading = MODELS)]
    calibrate: Option<Calibrate>,
    #[command(flatten)]
    pub models: ModelFlags,
}

/// Flags that say how models are fitted.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = MODELS)]
pub(super) struct ModelFlags {
    /// Seed of everything random: same seed, same numbers
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = parse_seed)]
    seed: u64,
    /// Change a hyper-parameter of a model, or a parameter of an encoder; may be given repeatedly
    #[arg(long = "set", value_name = "MODEL.PARAMETER=VALUE", value_parser = parse_change)]
    changes: Vec<Change>,
    /// Open a file as an encoder of this name, for --models NAME+MODEL; may be given repeatedly
    #[arg(long = "encoder", value_name = "NAME=FILE", value_parser = parse_encoder)]
    encoders: Vec<(String, PathBuf)>,
    /// Where networks compute: auto, cpu, cuda or cuda:N
    #[arg(long, default_value = "auto", help_heading = NETWORKS)]
    device: DeviceChoice,
    #[command(flatten)]
    networks: Networks,
    /// Reduced configuration: fewer epochs and filters, smaller spectrograms; minutes instead of days [default on the
    /// CPU]
    #[arg(long, alias = "quick", conflicts_with = "full", help_heading = NETWORKS)]
    reduced: bool,
    /// The published recipes [default on a CUDA device]
    #[arg(long, help_heading = NETWORKS)]
    full: bool,
}

const MODELS: &str = "Models";
const NETWORKS: &str = "Networks";
const RUN: &str = "Run and output";

/// Flags that change no number.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = RUN)]
pub(super) struct SessionFlags {
    /// Say what would run: cells, how many are stored already, an estimate of time and memory
    #[arg(long)]
    pub dry_run: bool,
    /// Fits at a time [default: number of CPU cores]; changes no score, but use 1 to compare seconds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    #[command(flatten)]
    pub out: Out,
    #[command(flatten)]
    cache: CacheFlags,
    /// Keep the fitted models, in models/RUN in the folder of runs: for `bench predict`
    #[arg(long)]
    keep_models: bool,
    /// Write the history of every fit for TensorBoard
    #[arg(long, value_name = "DIR")]
    tensorboard: Option<PathBuf>,
    /// Print results and errors, nothing else
    #[arg(long, short)]
    pub quiet: bool,
    /// Print one JSON object instead of tables
    #[arg(long)]
    pub json: bool,
}

/// The value of `--calibrate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Calibrate {
    /// One number that all logits are divided by; keeps every label.
    Temperature,
    /// A sigmoid for every class; may change labels.
    Platt,
}

impl ExperimentFlags {
    /// The experiment on some models, or families; the default models if there is none. Of several numbers of shots it has
    /// the first.
    pub fn experiment(&self, models: &[String]) -> Experiment {
        let mut experiment = self.fit.experiment(models);
        experiment.split.shots = self.shots.first().copied();
        experiment
    }
}

impl FitFlags {
    /// The experiment on some models, or families; the default models if there is none.
    pub fn experiment(&self, models: &[String]) -> Experiment {
        Experiment {
            models: models.to_vec(),
            calibrate: self.calibrate.map(|method| match method {
                Calibrate::Temperature => CalibrationMethod::Temperature,
                Calibrate::Platt => CalibrationMethod::Platt,
            }),
            data: self.data.clone(),
            split: self.split.clone(),
            ..self.models.experiment()
        }
    }
}

impl ModelFlags {
    /// An experiment on whatever data, with models fitted as the flags say.
    pub fn experiment(&self) -> Experiment {
        let mut experiment = Experiment {
            seed: self.seed,
            device: self.device,
            networks: self.networks.clone(),
            encoders: self.encoders.iter().cloned().collect(),
            ..Experiment::default()
        };
        experiment.networks.configuration = match (self.reduced, self.full) {
            (true, _) => Configuration::Reduced,
            (_, true) => Configuration::Published,
            _ => Configuration::Auto,
        };
        for (model, parameter, value) in &self.changes {
            experiment.parameters.set(model, parameter, value);
        }
        experiment
    }
}

impl SessionFlags {
    /// The session, which tells `console` how far it is.
    pub fn session<'a>(&self, registry: &'a Registry, console: &'a Console) -> Session<'a> {
        Session {
            registry,
            out: self.out.out.clone(),
            jobs: self.jobs.map(usize::from),
            cache: self.cache.open(),
            tensorboard: self.tensorboard.clone(),
            keep_models: self.keep_models,
            observer: console,
            loaded: RefCell::default(),
        }
    }
}

fn parse_seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "expected a whole number from 0 to 18446744073709551615".to_owned())
}

/// Reads the value of `--encoder`.
pub(super) fn parse_encoder(text: &str) -> Result<(String, PathBuf), String> {
    let (name, path) = text.split_once('=').ok_or("expected NAME=FILE, such as musicnn=musicnn.onnx")?;
    Ok((name.to_owned(), path.into()))
}

/// Model, parameter and value of a `--set`.
pub(super) type Change = (String, String, String);

/// Reads the value of `--set`.
pub(super) fn parse_change(text: &str) -> Result<Change, String> {
    let wanted = "expected MODEL.PARAMETER=VALUE, such as svm.c=10";
    let (name, value) = text.split_once('=').ok_or(wanted)?;
    // Names of models may have dots, those of parameters have none.
    let (model, parameter) = name.rsplit_once('.').ok_or(wanted)?;
    Ok((model.to_owned(), parameter.to_owned(), value.to_owned()))
}
