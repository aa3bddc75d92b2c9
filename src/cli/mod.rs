//! The command line: one file a subcommand, each turning its flags into plain values and calling the library.

mod ablate;
mod all;
mod amounts;
mod cache;
mod check;
mod compare;
mod data;
mod doctor;
mod export;
mod external;
mod features;
mod flags;
mod help;
mod leaderboard_flags;
mod list;
mod merge;
mod open_flags;
mod output;
mod picture;
mod plan;
mod plot;
mod predict;
mod progress;
mod report;
mod reproduce;
mod robust;
mod run;
mod runs;
mod score;
mod shell;
mod show;
mod slurm;
mod status;
mod train;
mod tune;
mod work;

use crate::error::{Error, Result};
use crate::experiment::{CudaDevices, ModelOpeners, OpenFile, OpenModel, Opener, Registry};
use crate::report::Results;
use crate::run::Program;
use crate::run::memory::save_addresses_if_limited;
use crate::util::shown;
use clap::{FromArgMatches, Parser, Subcommand};
use console::style;
use genre_bench_api::{Encoder, Model};
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Where runs are stored unless `--out` says otherwise.
const DEFAULT_OUT: &str = "runs";

/// Scores music-genre classifiers side by side on identical splits.
#[derive(Debug, Parser)]
#[command(
    name = "bench",
    version,
    after_help = "\
Examples:
  bench all                                  a leaderboard on built-in music (synthetic)
  bench all --data gtzan                     on your copy of GTZAN (Kaggle layout)
  bench all --data gtzan --protocol artist   with artists kept apart: the honest score
  bench all --models musicnn+logistic        a model on the embeddings of a pretrained encoder
  bench run experiment.toml                  one experiment, or many, from a file
  bench plan experiment.toml -o plan         the same as tasks for a cluster
  bench train svm-c10 --data gtzan --save m  a model to keep
  bench predict song.mp3 --model m           what it says of a song
  bench score m --data elsewhere             and what it is worth on tracks from elsewhere
  bench robust last                          how models do with noise, filters, other rates
  bench tune svm --data gtzan                its parameters chosen in nested cross-validation
  bench reproduce A --data gtzan             published figures, as published and without leakage
  bench ablate --data gtzan                  what each group of features is worth
  bench features music -o features.csv       the published 57 features of your own audio
  bench data fetch gtzan --from archive.zip  your copy of GTZAN, from the archive it comes in
  bench show last --confusion svm            a confusion matrix of the latest run
  bench export last -o leaderboard.parquet   its leaderboard as a file
  bench report last -o report.html           everything about it on one page
  bench doctor                               what this installation can do, and what it lacks

Exit status: 0 done (recordings that were left out are counted in a note); 1 done, but a model failed, one of several \
runs could not be made, `bench features` could not use a file, or a result could not be stored; 2 wrong usage or input, \
nothing was run; 130 stopped by Ctrl-C, finished cells are stored."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Fit and score models on identical splits and print the leaderboard.
    All(all::Args),
    /// Run experiments from files.
    Run(run::Args),
    /// Divide experiments into tasks for many machines.
    Plan(plan::Args),
    /// Compute one task of a plan.
    Work(work::Args),
    /// Say how far the tasks of a plan are.
    Status(status::Args),
    /// Bring the stores of several machines together.
    Merge(merge::Args),
    /// Choose a model's parameters inside each training part, and score that honestly.
    Tune(tune::Args),
    /// Fit a model to everything, and save it.
    Train(train::Args),
    /// Ask a saved model about recordings.
    Predict(predict::Args),
    /// Score saved models on labelled tracks that they were not fitted to.
    Score(score::Args),
    /// Deform the tested tracks of a run, and see how its models fall.
    Robust(robust::Args),
    /// Leave groups of features out in turn, to see what each is worth.
    Ablate(ablate::Args),
    /// Reproduce published figures: with the data divided as their authors did, and without leakage.
    Reproduce(reproduce::Args),
    /// Compute the table of 57 features from audio files.
    Features(features::Args),
    /// Show, prune or clear what is kept of features computed before.
    Cache(cache::Args),
    /// List stored runs, and remove those that nobody needs.
    Runs(runs::Args),
    /// Say what this installation can do, and what is missing.
    Doctor(doctor::Args),
    /// Get, make or check recordings.
    Data(data::Args),
    /// List models, protocols, metrics, datasets, keys of experiments or stored runs.
    List(list::Args),
    /// Show a stored leaderboard or confusion matrix again, without fitting.
    Show(show::Args),
    /// Compare the models of a stored run, or of several, and say which differences are more than chance.
    Compare(compare::Args),
    /// Look for what is often wrong with results: leakage, over-fitting, unfair comparisons.
    Check(check::Args),
    /// Write a table of a stored run to a file.
    Export(export::Args),
    /// Write stored runs as one page to look at and to send.
    Report(report::Args),
    /// Draw one picture of a stored run, or of a recording, for a paper.
    Plot(plot::Args),
    /// Print a script that completes commands and flags in your shell.
    Completions(shell::CompletionsArgs),
    /// Print the manual page, or write those of all commands.
    Man(shell::ManArgs),
}

/// A `bench` program with a set of models. This is the whole of a program of your own:
///
/// ```no_run
/// # use genre_bench_api::{Card, Examples, Family, Fitted, Inputs, Model, Result, Run};
/// # struct MyModel;
/// # impl Model for MyModel {
/// #     fn card(&self) -> Card { Card::new("mine", Family::Other, "") }
/// #     fn fit(&self, _: &Examples, _: &Examples, _: &Run) -> Result<Box<dyn Fitted>> { todo!() }
/// # }
/// fn main() -> std::process::ExitCode {
///     genre_bench::Bench::new().with(MyModel).main()
/// }
/// ```
#[derive(Default)]
pub struct Bench {
    models: Vec<Box<dyn Model>>,
    encoders: Vec<Box<dyn Encoder>>,
    open: Option<OpenFile>,
    open_models: Vec<OpenModel>,
    cuda_devices: CudaDevices,
    python: Option<FindPython>,
    commit: Option<&'static str>,
}

/// Says which Python models in Python run with.
pub type FindPython = fn() -> OsString;

impl Bench {
    /// A program without models.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a model.
    pub fn with(mut self, model: impl Model + 'static) -> Self {
        self.models.push(Box::new(model));
        self
    }

    /// Adds all models of a plugin crate.
    pub fn with_all(mut self, models: Vec<Box<dyn Model>>) -> Self {
        self.models.extend(models);
        self
    }

    /// Adds all encoders of a plugin crate. Every model that reads the table can stand on each of them.
    pub fn with_encoders(mut self, encoders: Vec<Box<dyn Encoder>>) -> Self {
        self.encoders.extend(encoders);
        self
    }

    /// Says what makes an encoder of a file: what `--encoder NAME=FILE` calls with both.
    pub fn opening_encoders(self, open: OpenFile) -> Self {
        Self { open: Some(open), ..self }
    }

    /// Says what makes a model of a name that no model has, such as `python:my_model.py`: what is called with each such
    /// name of `--models`. May be said repeatedly; the first that knows a name opens it.
    pub fn opening_models(mut self, open: OpenModel) -> Self {
        self.open_models.push(open);
        self
    }

    /// Says how many CUDA devices the models find, or why they can use none; none if they were built without CUDA, as without
    /// this call.
    pub fn cuda_devices(self, cuda_devices: CudaDevices) -> Self {
        Self { cuda_devices, ..self }
    }

    /// Says which Python models in Python run with, for `bench doctor`; without this call there are none.
    pub fn python(self, python: Option<FindPython>) -> Self {
        Self { python, ..self }
    }

    /// Says which commit the program was built from, `genre_bench_commit::commit!()`; every result says so then.
    pub fn built_from(self, commit: Option<&'static str>) -> Self {
        Self { commit, ..self }
    }

    /// Reads the command line, does what it says and returns the exit status.
    pub fn main(self) -> ExitCode {
        save_addresses_if_limited();
        self.commit.into_iter().for_each(Program::built_from);
        let cli = Cli::from_arg_matches(&help::command().get_matches()).unwrap_or_else(|error| error.exit());
        // Where the system has no threads for it, work that shares it is done here instead of ending the program.
        if rayon::ThreadPoolBuilder::new().build_global().is_err() {
            let _ = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global();
        }
        let registry = Registry::new(self.models, self.cuda_devices)
            .and_then(|registry| registry.with_encoders(self.encoders, Opener::new(self.open)))
            .map(|registry| registry.with_model_openers(ModelOpeners::new(self.open_models)));
        let status = registry.and_then(|registry| match cli.command {
            Command::All(args) => all::run(&args, &registry),
            Command::Run(args) => run::run(&args, &registry),
            Command::Plan(args) => plan::run(&args, &registry),
            Command::Work(args) => work::run(&args, &registry),
            Command::Status(args) => status::run(&args),
            Command::Merge(args) => merge::run(&args),
            Command::Tune(args) => tune::run(&args, &registry),
            Command::Train(args) => train::run(&args, &registry),
            Command::Predict(args) => predict::run(&args, &registry),
            Command::Score(args) => score::run(&args, &registry),
            Command::Robust(args) => robust::run(&args, &registry),
            Command::Ablate(args) => ablate::run(&args, &registry),
            Command::Reproduce(args) => reproduce::run(&args, &registry),
            Command::Features(args) => features::run(&args),
            Command::Cache(args) => cache::run(&args),
            Command::Runs(args) => runs::run(&args),
            Command::Doctor(args) => doctor::run(&args, &registry, self.python),
            Command::List(args) => list::run(&args, &registry),
            Command::Show(args) => show::run(&args, &registry),
            Command::Compare(args) => compare::run(&args),
            Command::Check(args) => check::run(&args, &registry),
            Command::Export(args) => export::run(&args, &registry),
            Command::Report(args) => report::run(&args, &registry),
            Command::Plot(args) => plot::run(&args, &registry),
            Command::Data(args) => data::run(&args),
            Command::Completions(args) => shell::completions(&args),
            Command::Man(args) => shell::man(&args),
        });
        ExitCode::from(status.unwrap_or_else(|error| {
            if progress::stopped() {
                return Status::INTERRUPTED;
            }
            report(&error);
            Status::WRONG_INPUT
        }))
    }
}

/// Exit statuses, as the help lists them.
struct Status;

impl Status {
    const DONE: u8 = 0;
    const PARTLY_FAILED: u8 = 1;
    const WRONG_INPUT: u8 = 2;
    const INTERRUPTED: u8 = 130;
}

/// Flags that say where runs are stored.
#[derive(Debug, Clone, clap::Args)]
struct Out {
    /// Folder of stored runs
    #[arg(long, value_name = "DIR", default_value = DEFAULT_OUT)]
    out: PathBuf,
}

/// Tells the user of an error.
fn report(error: &Error) {
    let said = error.to_string();
    tell(format!("{} {}", style("error:").for_stderr().red().bold(), shown::lines(&said)));
}

/// Tells the user something: a line on standard error, without anything that a terminal would obey but our own styles.
fn tell(line: impl AsRef<str>) {
    eprintln!("{}", shown::styled(line.as_ref()));
}

/// Tells the user of something that is not as it should be, though the work goes on.
fn warn(what: impl std::fmt::Display) {
    tell(format!("{} {what}", style("warning:").for_stderr().yellow().bold()));
}

/// Tells what of a stored run is not what it should be and so is not shown, and returns the exit status.
fn status_of_stored(results: &Results) -> u8 {
    if results.damaged.is_empty() {
        return Status::DONE;
    }
    results.damaged.iter().for_each(warn);
    tell("this counts as missing; give the command of the run again, and it is set aside and computed anew");
    Status::PARTLY_FAILED
}

/// Prints text for people to standard output, without anything that a terminal would obey but our own styles.
fn print(text: impl AsRef<str>) -> Result<()> {
    write(shown::styled(text.as_ref()).as_bytes())
}

/// Writes bytes for programs to standard output as they are. A reader that has had enough, as in `bench list | head`, is
/// no error.
fn write(bytes: &[u8]) -> Result<()> {
    match std::io::stdout().lock().write_all(bytes) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::new("standard output", format!("cannot be written: {e}"), "is the disk full?"))
        }
        _ => Ok(()),
    }
}

/// A value as one line of indented JSON text.
fn json_text(value: &serde_json::Value) -> String {
    shown::in_json(&format!("{value:#}\n")).into_owned()
}
