//! `bench runs`: which runs are stored, and removing those that nobody needs.

mod list;
mod prune;

use super::Out;
use crate::error::Result;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench runs list                    which runs there are, and how far each is
  bench runs prune --dry-run         what no run refers to any more
  bench runs prune --older-than 90d  remove runs of three months ago, and the cells that were theirs alone")]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List the runs, the latest first, with how far they are.
    List(Common),
    /// Remove runs, and what no run refers to.
    Prune(prune::Args),
}

/// Flags of both.
#[derive(Debug, clap::Args)]
struct Common {
    #[command(flatten)]
    out: Out,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs `bench runs`.
pub(super) fn run(args: &Args) -> Result<u8> {
    match &args.what {
        What::List(common) => list::run(common),
        What::Prune(args) => prune::run(args),
    }
}
