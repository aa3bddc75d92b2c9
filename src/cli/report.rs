use super::leaderboard_flags::LeaderboardFlags;
use super::output::unwritable;
use super::{Out, Registry, Status, status_of_stored, tell};
use crate::error::Result;
use crate::report::Results;
use crate::report::html::Page;
use crate::run::Store;
use crate::util::{shown::one_line, write_whole};
use rayon::prelude::*;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench report                            the latest run as a page: report.html
  bench report RUN RUN RUN RUN            several runs; of one dataset under several protocols: what leaks
  bench report last -o svm.html           under another name

The page is one file that fetches nothing: leaderboard with ties, published beside measured, what is left of a score from \
protocol to protocol, score against seconds and memory, F1 of every class, confusions and the tracks behind them, training \
curves, calibration, importances, differences between models, a map of the tracks, and how it was made. It can be read \
without JavaScript and printed. `bench plot` draws each picture alone.")]
pub(super) struct Args {
    /// Names of runs, or the starts of them, or `last`
    #[arg(default_value = "last")]
    runs: Vec<String>,
    /// File to write, whole or not at all
    #[arg(long, short, value_name = "FILE", default_value = "report.html")]
    output: PathBuf,
    #[command(flatten)]
    leaderboard: LeaderboardFlags,
    #[command(flatten)]
    out: Out,
}

/// Runs `bench report`.
pub(super) fn run(args: &Args, registry: &Registry) -> Result<u8> {
    let store = Store::open(&args.out.out)?;
    let mut runs = Vec::new();
    let loaded: Vec<_> = args.runs.par_iter().map(|run| Results::load(&store, run)).collect();
    for results in loaded {
        let results = results?;
        // A run that is named twice is one.
        if runs.iter().any(|(known, _): &(Results, _)| known.plan.id == results.plan.id) {
            continue;
        }
        let experiment = store.experiment(&results.plan.id).map_err(|error| error.in_one_line());
        runs.push((results, experiment));
    }
    let page = Page::new(&runs, &registry.figures(), &args.leaderboard.options());
    write_whole(&args.output, page.html().as_bytes()).map_err(|e| unwritable(&args.output, &e))?;
    tell(format!("wrote {}", one_line(&args.output.display().to_string())));
    // What was found is told once, by whichever run has all of it.
    let most = runs.iter().map(|(results, _)| results).max_by_key(|results| results.damaged.len());
    Ok(most.map_or(Status::DONE, status_of_stored))
}
