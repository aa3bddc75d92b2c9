use crate::audio::Limits;
use crate::cli::output::unwritable;
use crate::cli::progress::{AuditBar, stop_on_ctrl_c_saying};
use crate::cli::{Status, print};
use crate::error::Result;
use crate::recordings::audit::audit;
use crate::report;
use crate::util::shown::in_json;
use crate::util::write_whole;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench data audit gtzan                             a report for people
  bench data audit gtzan -o report.json              and one for programs beside it
  bench all --data gtzan --drop-faults report.json   a run without unreadable files and duplicates
  bench data audit my-music --json | jq '.duplicates[] | select(.mislabelled)'

Duplicates are found from the sound alone, also if a copy's level was changed, if it was cut, shifted, \
given noise, or encoded again. Faults and duplicates are what --drop-faults leaves out of a run; \
hints are worth a look or a listen, and no more.

Exit status: 0 the report is made, whatever it found (in CI: `… --json | jq -e '.faults + .duplicates == []'`); 2 wrong \
usage or input; 130 stopped by Ctrl-C.")]
pub(in crate::cli) struct Args {
    /// Folder with one folder of recordings a genre, at any depth
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// File to write the report to as JSON, whole or not at all
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Longest recording that is read; a longer one is a fault
    #[arg(
        long, value_name = "SECONDS", default_value_t = Limits::DEFAULT_SECONDS,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(Limits::MOST_SECONDS))
    )]
    max_seconds: u32,
    /// Print the report as JSON instead of text
    #[arg(long)]
    json: bool,
    /// Show no progress
    #[arg(long, short)]
    quiet: bool,
}

/// Runs `bench data audit`.
pub(super) fn run(args: &Args) -> Result<u8> {
    stop_on_ctrl_c_saying("stopping; nothing is written (Ctrl-C again stops at once)");
    let bar = AuditBar::new(args.quiet);
    let found = audit(&args.folder, &Limits::of_seconds(args.max_seconds), &bar);
    drop(bar);
    let Some(found) = found? else { return Ok(Status::INTERRUPTED) };
    if let Some(path) = &args.output {
        write_whole(path, found.json()?.as_bytes()).map_err(|e| unwritable(path, &e))?;
    }
    print(if args.json { in_json(&found.json()?).into_owned() } else { report::audit::text(&found) })?;
    Ok(Status::DONE)
}
