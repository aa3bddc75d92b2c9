use super::flags::{ModelFlags, SessionFlags};
use super::progress::Console;
use super::{Registry, Status, json_text, print, report};
use crate::error::Result;
use crate::experiment::reproduction::{FigureGroup, groups};
use crate::experiment::{Experiment, Session};
use crate::report::width;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench reproduce svm svm-c10 --data gtzan          two models of system A
  bench reproduce A --data gtzan                    all of it
  bench reproduce lstm-64x2 --data gtzan --reduced  reduced configuration: minutes instead of days
  bench reproduce B --data gtzan --device cuda      as published, on a GPU
  bench reproduce F --data gtzan --json

Every system is scored three times: with the data divided as its authors did, with whole tracks kept together, and \
with artists kept apart. The change is that of the score where nothing leaks, with its 95 % interval.

--data is a folder in the layout of GTZAN's public copy: tables (features_30_sec.csv, …) beside genres_original with the \
audio and images_original with the spectrograms; each system is given what it reads. `bench list models` shows all \
published figures. A run that was stopped goes on where it was when the same command is given again.")]
pub(super) struct Args {
    /// Models, or letters of systems (A to F) [default: all that have published figures]
    #[arg(value_name = "SYSTEM")]
    systems: Vec<String>,
    /// Folder of the data; the built-in music (synthetic, so that figures mean nothing) without it
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// How often to divide the data anew: more draws, narrower intervals
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    repeats: u16,
    /// CSV with the columns filename and artist [default: splits/artist_folds.csv beside the data]
    #[arg(long, value_name = "CSV")]
    artists: Option<PathBuf>,
    /// Leave out what `bench data audit DIR -o FILE` found unusable, and all but one of each group of duplicates
    #[arg(long, value_name = "FILE")]
    drop_faults: Option<PathBuf>,
    #[command(flatten)]
    models: ModelFlags,
    #[command(flatten)]
    session: SessionFlags,
}

/// Runs `bench reproduce`.
pub(super) fn run(args: &Args, registry: &Registry) -> Result<u8> {
    let mut base = args.models.experiment();
    base.data.path.clone_from(&args.data);
    base.data.artists.clone_from(&args.artists);
    base.data.drop_faults.clone_from(&args.drop_faults);
    base.split.repeats = args.repeats;
    let groups = groups(registry, &args.systems, &base)?;
    let console = Console::new(args.session.quiet);
    let session = args.session.session(registry, &console);
    if args.session.dry_run {
        return dry_run(&groups, &base, &session, args.session.json);
    }
    let mut all = Vec::new();
    let mut status = Status::DONE;
    for group in &groups {
        match group.run(&base, &session) {
            Ok(None) => return Ok(Status::INTERRUPTED),
            Ok(Some(reproduced)) => {
                if !args.session.json {
                    print(format!("{}\n", reproduced.reproductions.table()))?;
                }
                if !reproduced.complete {
                    status = Status::PARTLY_FAILED;
                }
                all.push(reproduced.reproductions);
            }
            // Data of one length may be missing where that of another is there.
            Err(error) => {
                report(&error);
                status = Status::PARTLY_FAILED;
            }
        }
    }
    if all.is_empty() {
        return Ok(Status::WRONG_INPUT);
    }
    if args.session.json {
        print(json_text(&json!({ "reproductions": all })))?;
    } else {
        let legend = "Scores in %; as published: divided as its authors did; track: whole tracks kept together; artist: \
                      artists kept apart; change: against \"as published\", with its 95 % interval.";
        print(format!("{}\n", textwrap::fill(legend, width())))?;
    }
    Ok(status)
}

fn dry_run(groups: &[FigureGroup], base: &Experiment, session: &Session, as_json: bool) -> Result<u8> {
    let (mut all, mut status) = (Vec::new(), Status::DONE);
    for group in groups {
        for experiment in group.experiments(base)? {
            match session.prepare(&experiment).and_then(|prepared| session.dry_run(&prepared)) {
                Ok(dry_run) if as_json => all.push(dry_run),
                Ok(dry_run) => print(format!("{}\n", dry_run.text()))?,
                Err(error) => {
                    report(&error);
                    status = Status::PARTLY_FAILED;
                }
            }
        }
    }
    if as_json {
        print(json_text(&json!({ "dry_runs": all })))?;
    }
    Ok(status)
}
