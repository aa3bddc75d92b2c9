use super::Common;
use crate::cli::amounts::parse_age;
use crate::cli::progress::{stop_on_ctrl_c_saying, stopped};
use crate::cli::{Status, json_text, print, tell, warn};
use crate::error::Result;
use crate::run::{Amount, PruneRequest, Pruned, RunChoice, Store};
use crate::util::shown::counted;
use indicatif::HumanBytes;
use serde_json::json;
use std::time::Duration;

/// Names of runs that are printed each in a line; of more the number.
const MOST_NAMES: usize = 20;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench runs prune --dry-run                     what no run refers to, and nothing is removed
  bench runs prune gtzan-track-1a2b3c4d          a run, and the cells that are its alone
  bench runs prune --older-than 90d --dry-run    what would go with runs of three months ago
  bench runs prune --older-than 90d --keep-last 10
                                                 the same, but the latest ten stay whatever their age

Without names, --older-than and --keep-last no run goes: only what no run refers to, that is cells of runs that were removed, \
and what killed programs left behind. Cells of every run that stays do so too, finished or not. The search of `bench tune` and \
`bench train` have cells that no run refers to, which they need to go on after a stop: cells stay for the time of --grace. \
A run's age is the time since its command was given last.

It may be given beside programs that are at work: a run that is being computed stays, and so does a cell. Files that are not \
of a store are never touched. Nothing is asked; --dry-run says first what would go.

Exit status: 0 done; 1 something could not be removed, is damaged, or is being computed and so stays; 2 wrong usage, nothing was \
removed; 130 stopped, the same command goes on.")]
pub(super) struct Args {
    /// Runs to remove: their names, the start of them, or `last`
    #[arg(value_name = "RUN", conflicts_with_all = ["older_than", "keep_last"])]
    runs: Vec<String>,
    /// Remove runs that were given longer ago: 90d, 12h, 2w
    #[arg(long, value_name = "AGE", value_parser = parse_age)]
    older_than: Option<Duration>,
    /// Remove all but so many of the latest runs; with --older-than, those of them that are old
    #[arg(long, value_name = "N")]
    keep_last: Option<usize>,
    /// Keep cells that no run refers to, and were of none that is removed here, for so long; 0 for none
    #[arg(long, value_name = "AGE", value_parser = parse_age, default_value = "7d")]
    grace: Duration,
    /// Remove what was set aside as damaged, too
    #[arg(long)]
    damaged: bool,
    /// Remove the fitted models that were kept of the removed runs, too
    #[arg(long)]
    models: bool,
    /// Say what would go, and remove nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    common: Common,
}

/// Runs `bench runs prune`.
pub(super) fn run(args: &Args) -> Result<u8> {
    let common = &args.common;
    let store = Store::open(&common.out.out)?;
    let runs = match args.runs.as_slice() {
        [] => RunChoice::Old { older_than: args.older_than, keep_last: args.keep_last },
        names => RunChoice::Named(names.to_vec()),
    };
    let Args { grace, damaged, models, dry_run, .. } = *args;
    stop_on_ctrl_c_saying("stopping; what is removed is gone, and the same command goes on");
    let request = PruneRequest { runs, grace, damaged, models, dry_run };
    let Some(pruned) = store.prune(&request, &stopped)? else { return Ok(Status::INTERRUPTED) };
    if common.json {
        print(json_text(&json!({ "store": common.out.out, "dry_run": dry_run, "pruned": pruned })))?;
    } else {
        print(text(&pruned, args))?;
    }
    pruned.troubles.iter().chain(&pruned.unreadable).for_each(warn);
    for id in &pruned.held {
        warn(format!("run {id}: is being computed, and stays"));
    }
    if !pruned.unreadable.is_empty() {
        tell(
            "give the command of such a run again, and what is damaged is made anew; or remove it by its name",
        );
    }
    let is_well = pruned.troubles.is_empty() && pruned.unreadable.is_empty() && pruned.held.is_empty();
    Ok(if is_well { Status::DONE } else { Status::PARTLY_FAILED })
}

/// What has gone, then what stays.
fn text(pruned: &Pruned, args: &Args) -> String {
    let mut text = String::new();
    for id in pruned.runs.iter().take(MOST_NAMES) {
        text += &format!("run {id}\n");
    }
    if let Some(more @ 1..) = pruned.runs.len().checked_sub(MOST_NAMES) {
        text += &format!("and {}\n", counted(more, "more run"));
    }
    let all = [
        (Amount { count: pruned.runs.len(), bytes: pruned.run_bytes }, "run"),
        (pruned.cells, "cell"),
        (pruned.leftovers, "leftover"),
        (pruned.damaged, "damaged file"),
        (pruned.models, "folder of kept models"),
    ];
    let parts = all.iter().filter(|(amount, _)| amount.count > 0);
    let parts: Vec<String> = parts.map(|(amount, what)| said(*amount, what)).collect();
    text += &match (parts.is_empty(), args.dry_run) {
        (true, _) => "nothing to remove\n".to_owned(),
        (false, true) => format!("would go: {}; {} in all\n", parts.join(", "), HumanBytes(pruned.bytes())),
        (false, false) => format!("removed: {}; {} in all\n", parts.join(", "), HumanBytes(pruned.bytes())),
    };
    let chose = !args.runs.is_empty() || args.older_than.is_some() || args.keep_last.is_some();
    if !chose {
        text +=
            "no run was asked for: only what no run refers to goes (--older-than, --keep-last, or names)\n";
    }
    for (amount, what, why) in [
        (pruned.young, "cell", "that no run refers to: younger than --grace, or being computed"),
        (pruned.doubtful, "cell", "that no run seems to refer to, but a run cannot be read"),
        (pruned.set_aside, "file", "set aside as damaged (--damaged removes them)"),
        (
            pruned.models_left,
            "folder of kept models",
            "of removed runs, below models/ (--models removes them)",
        ),
    ] {
        if amount.count > 0 {
            text += &format!("stays: {} {why}\n", said(amount, what));
        }
    }
    text
}

/// `3 cells (1.20 MiB)`.
fn said(Amount { count, bytes }: Amount, what: &str) -> String {
    let what = match (count, what) {
        (1, _) => format!("1 {what}"),
        (_, "folder of kept models") => format!("{count} folders of kept models"),
        _ => counted(count, what),
    };
    format!("{what} ({})", HumanBytes(bytes))
}
