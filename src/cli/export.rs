use super::leaderboard_flags::LeaderboardFlags;
use super::output::unwritable;
use super::{Out, Registry, status_of_stored, warn, write as to_stdout};
use crate::error::{Error, Result};
use crate::report::{Exported, FileFormat, Leaderboard, Results, Table, write};
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
                                                         (back: --protocol file:split.csv)")]
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
