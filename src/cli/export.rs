use super::leaderboard_flags::LeaderboardFlags;
use super::output::unwritable;
use super::{Out, Registry, status_of_stored, tell, warn, write as to_stdout};
use crate::error::{Error, Result};
use crate::report::{Exported, FileFormat, Leaderboard, Results, Table, card, check, mlflow, write};
use crate::run::Store;
use crate::util::write_whole;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench export last -o leaderboard.parquet               the format follows from the name
  bench export last --format latex                       to standard output, in percent
  bench export last --columns accuracy,log_loss -o t.md  these metrics alone
  bench export last --table predictions -o test.arrow    every tested example with its scores
  bench export last --table split -o split.csv           who trained, who was tested
                                                         (back: --protocol file:split.csv)
  bench export last --card svm -o svm.md                 a model card
  bench export last --mlflow mlruns                      for MLflow: mlflow ui --backend-store-uri mlruns")]
pub(super) struct Args {
    /// Name of the run, the start of it, or `last`
    #[arg(default_value = "last")]
    run: String,
    /// File format [default: what the file's extension says, else csv]
    #[arg(long, value_enum)]
    format: Option<FileFormat>,
    /// Which table
    #[arg(long, value_enum, default_value = "leaderboard")]
    table: Table,
    /// A model card in Markdown instead of a table: what the model is, what it was tested on, what it is worth
    #[arg(long, value_name = "MODEL", conflicts_with_all = ["format", "table"])]
    card: Option<String>,
    /// A folder for MLflow instead of a file: the run is an experiment in it, every model a run
    #[arg(long, value_name = "DIR", conflicts_with_all = ["format", "table", "card", "output"])]
    mlflow: Option<PathBuf>,
    /// File to write, whole or not at all; standard output without it
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    leaderboard: LeaderboardFlags,
    #[command(flatten)]
    out: Out,
}

/// Runs `bench export`.
pub(super) fn run(args: &Args, registry: &Registry) -> Result<u8> {
    if args.card.is_some() || args.mlflow.is_some() {
        return run_whole(args, registry);
    }
    let extension = args.output.as_deref().and_then(Path::extension).map(|e| e.to_string_lossy());
    let by_name = extension.as_deref().and_then(FileFormat::of_extension);
    if let (None, None, Some(path)) = (args.format, by_name, &args.output) {
        let reason = "the name does not say which format to write";
        return Err(Error::at(path, reason, "--format csv, or a name such as table.parquet"));
    }
    let format = args.format.or(by_name).unwrap_or(FileFormat::Csv);
    if args.output.is_none() && !format.is_text() && console::user_attended() {
        return Err(Error::new("standard output", "this format is no text for a terminal", "-o FILE"));
    }
    let results = Results::load(&Store::open(&args.out.out)?, &args.run)?;
    let leaderboard = Leaderboard::of(&results, &registry.figures(), &args.leaderboard.options());
    let Exported { bytes, rows } = write(args.table, &results, &leaderboard, format)?;
    if rows == 0 {
        warn(format!("the table has no rows: {}", args.table.why_empty()));
    }
    match &args.output {
        None => to_stdout(&bytes)?,
        Some(path) => write_whole(path, &bytes).map_err(|e| unwritable(path, &e))?,
    }
    Ok(status_of_stored(&results))
}

/// Writes what is no table.
fn run_whole(args: &Args, registry: &Registry) -> Result<u8> {
    let store = Store::open(&args.out.out)?;
    let results = Results::load(&store, &args.run)?;
    let leaderboard = Leaderboard::of(&results, &registry.figures(), &args.leaderboard.options());
    if let Some(name) = &args.card {
        let findings = check::findings(&results, &leaderboard);
        let text = card(&results, &leaderboard, &findings, results.model(name)?);
        match &args.output {
            None => to_stdout(text.as_bytes())?,
            Some(path) => write_whole(path, text.as_bytes()).map_err(|e| unwritable(path, &e))?,
        }
    }
    if let Some(folder) = &args.mlflow {
        let experiment = store.experiment(&args.run)?;
        let name = mlflow::export(&results, &leaderboard, &experiment, folder)?;
        tell(format!("{}: experiment {name} with {} runs", folder.display(), leaderboard.rows.len()));
    }
    Ok(status_of_stored(&results))
}
