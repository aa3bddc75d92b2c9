//! `bench data`: getting, making and checking datasets, one file a subcommand.

mod fetch;

use crate::error::Result;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Get a dataset from an archive: a file, or an address to download.
    Fetch(fetch::Args),
}

/// Runs `bench data`.
pub(super) fn run(args: &Args) -> Result<u8> {
    match &args.command {
        Command::Fetch(args) => fetch::run(args),
    }
}
