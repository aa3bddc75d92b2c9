//! `bench data`: getting, making and checking recordings.

mod audit;

use crate::error::Result;
use clap::Subcommand;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Look recordings over: unreadable files, duplicates, clipping, silence, outliers.
    Audit(audit::Args),
}

/// Runs `bench data`.
pub(super) fn run(args: &Args) -> Result<u8> {
    match &args.command {
        Command::Audit(args) => audit::run(args),
    }
}
