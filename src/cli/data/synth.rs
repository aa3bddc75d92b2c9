use super::super::progress::RecordingsBar;
use super::super::{Status, print};
use crate::error::Result;
use crate::recordings::synth;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench data synth music                  200 recordings of 30 s, 265 MB
  bench data synth music --seed 7         other music by other artists
  bench all                               needs no files: it makes the same music itself

The folder is laid out as the Kaggle copy of GTZAN: genres_original/GENRE/GENRE.00000.wav, and the
artists in splits/artist_folds.csv.")]
pub(super) struct Args {
    /// Folder to write to; made if it is not there, and must be empty
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Seed of the music: same seed, same samples
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Print nothing but errors
    #[arg(long, short)]
    quiet: bool,
}

/// Runs `bench data synth`.
pub(super) fn run(args: &Args) -> Result<u8> {
    let bar = RecordingsBar::new(args.quiet);
    let recordings = synth::write(&args.folder, args.seed, &|done, total| bar.show(done, total))?;
    if !args.quiet {
        print(format!("{}: {recordings} synthetic recordings\n", args.folder.display()))?;
    }
    Ok(Status::DONE)
}
