//! `bench data`: getting, making and checking recordings.

mod audit;
mod fetch;
mod synth;

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
    /// Look recordings over: unreadable files, duplicates, clipping, silence, outliers.
    Audit(audit::Args),
    /// Write the built-in music as WAV files, to listen to.
    Synth(synth::Args),
}

/// Runs `bench data`.
pub(super) fn run(args: &Args) -> Result<u8> {
    match &args.command {
        Command::Fetch(args) => fetch::run(args),
        Command::Audit(args) => audit::run(args),
        Command::Synth(args) => synth::run(args),
    }
}
