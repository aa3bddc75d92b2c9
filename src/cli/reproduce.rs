use super::flags::{ModelFlags, SessionFlags};
use super::progress::Console;
use super::{Registry, Status, json_text, print, report};
use crate::error::Result;
use crate::experiment::parse_seconds;
use crate::experiment::reproduction::{FigureGroup, Selection, select};
use crate::experiment::{Experiment, Session};
use crate::report::published::{self, Details};
use crate::report::{reproduction, width};
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench reproduce svm svm-c10 --data gtzan          two models of system A
  bench reproduce A --data gtzan                    all of it
  bench reproduce lstm-64x2 --data gtzan --reduced  reduced configuration: minutes instead of days
  bench reproduce B --data gtzan --device cuda      as published, on a GPU
  bench reproduce crnn-base --data gtzan --segment 3 --full
  bench reproduce F --data gtzan --json

Every system is scored up to three times: with the data divided as its authors did, with whole tracks kept together, and \
with artists kept apart. The change is that of the score where nothing leaks, with its 95 % interval. Figures that need \
other hyper-parameters than the defaults are run with them; --set and the like win, and the table says so. Figures of models \
that are not in the suite are listed. G lists what others published for the fault-filtered partition.

--data is a folder in the layout of GTZAN's public copy: tables (features_30_sec.csv, …) beside genres_original with the \
audio and images_original with the spectrograms; each system is given what it reads. `bench list models` shows all \
published figures. A run that was stopped goes on where it was when the same command is given again.")]
pub(super) struct Args {
    /// Models, or letters of systems (A to G) [default: all that have published figures]
    #[arg(value_name = "SYSTEM")]
    systems: Vec<String>,
    /// Folder of the data; the built-in music (synthetic, so that figures mean nothing) without it
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Only figures for segments of this length: 30, 10, 3 or 1 [default: of all lengths]
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds)]
    segment: Option<u32>,
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
    base.data.segment = args.segment;
    base.data.artists.clone_from(&args.artists);
    base.data.drop_faults.clone_from(&args.drop_faults);
    base.split.repeats = args.repeats;
    let Selection { groups, mut not_measured, on_partition } = select(registry, &args.systems, &base)?;
    let console = Console::new(args.session.quiet);
    let session = args.session.session(registry, &console);
    if args.session.dry_run {
        return dry_run(&groups, &base, &session, args.session.json);
    }
    let details = published::details()?;
    let (mut all, mut told) = (Vec::new(), Vec::<&Details>::new());
    let mut status = Status::DONE;
    for group in &groups {
        match group.run(&base, &session) {
            Ok(None) => return Ok(Status::INTERRUPTED),
            Ok(Some(reproduced)) => {
                let of_group =
                    |details: &&Details| group.models().any(|(system, model)| details.are_of(system, model));
                // Once, and not again under every table.
                let news: Vec<&Details> = (details.iter().filter(of_group))
                    .filter(|details| !told.iter().any(|known| std::ptr::eq(*known, *details)))
                    .collect();
                if !args.session.json {
                    let table = reproduced.reproductions.table();
                    print(format!("{table}{}\n", reproduction::details(&news)))?;
                }
                told.extend(news);
                if !reproduced.complete {
                    status = Status::PARTLY_FAILED;
                }
                all.push(reproduced.reproductions);
            }
            // Data of one length may be missing where that of another is there.
            Err(error) => {
                report(&error);
                not_measured.extend(group.not_measured(&error.in_one_line()));
                status = Status::PARTLY_FAILED;
            }
        }
    }
    if all.is_empty() && !groups.is_empty() {
        return Ok(Status::WRONG_INPUT);
    }
    if args.session.json {
        print(json_text(&json!({
            "reproductions": all,
            "not_measured": not_measured,
            "on_partition": on_partition,
            "details": told,
        })))?;
        return Ok(status);
    }
    if !not_measured.is_empty() {
        print(format!("{}\n", reproduction::not_measured(&not_measured)))?;
    }
    if !on_partition.is_empty() {
        print(format!("{}\n", reproduction::on_partition(&on_partition)))?;
    }
    if !all.is_empty() {
        let legend = "Scores in %; as published: divided as its authors did; track: whole tracks kept together; artist: \
                      artists kept apart; change: against \"as published\", in points, over all tested examples, with its \
                      95 % interval by bootstrap.";
        print(format!("{}\n", textwrap::fill(legend, width())))?;
    }
    Ok(status)
}

fn dry_run(groups: &[FigureGroup], base: &Experiment, session: &Session, as_json: bool) -> Result<u8> {
    let (mut all, mut status) = (Vec::new(), Status::DONE);
    for group in groups {
        for (at, experiment) in group.experiments(base)?.iter().enumerate() {
            let prepared = match session.prepare(experiment) {
                Ok(prepared) if at > 0 && group.is_as_published(experiment, &prepared.dataset.info) => {
                    continue;
                }
                prepared => prepared,
            };
            match prepared.and_then(|prepared| session.dry_run(&prepared)) {
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
