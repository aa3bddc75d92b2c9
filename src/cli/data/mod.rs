//! `bench data`: where data comes from, before anything is run on it.

mod synth;

use crate::error::Result;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Write the built-in music as WAV files, to listen to.
    Synth(synth::Args),
}

/// Runs `bench data`.
pub(super) fn run(args: &Args) -> Result<u8> {
    match &args.command {
        Command::Synth(args) => synth::run(args),
    }
}
