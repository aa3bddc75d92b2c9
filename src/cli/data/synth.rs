use super::super::progress::RecordingsBar;
use super::super::{Status, print};
use crate::audio::RATE;
use crate::error::{Error, Result};
use crate::recordings::synth::{self as corpus, Recording};
use crate::util::write_whole;
use std::fmt::Write;
use std::path::{Path, PathBuf};

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
    let folder = &args.folder;
    let unwritable = |path: &Path, e: std::io::Error| {
        Error::at(
            path,
            format!("cannot be written: {e}"),
            "check space and permissions, or name another folder",
        )
    };
    std::fs::create_dir_all(folder).map_err(|e| unwritable(folder, e))?;
    if std::fs::read_dir(folder).map_err(|e| unwritable(folder, e))?.next().is_some() {
        let reason = "the folder is not empty; synthetic music must not get among other recordings";
        return Err(Error::at(folder, reason, "name a new folder, or delete this one first"));
    }
    // First of all, so that even what is left of an interrupted run says what it is.
    let about = folder.join("README.txt");
    write_whole(&about, readme(args.seed).as_bytes()).map_err(|e| unwritable(&about, e))?;

    let recordings = corpus::recordings(args.seed);
    let write = |(): &mut (), recording: &Recording| {
        let genre = folder.join("genres_original").join(recording.genre());
        let path = genre.join(format!("{}.wav", recording.name()));
        std::fs::create_dir_all(&genre)
            .and_then(|()| write_whole(&path, &wav(&recording.samples())))
            .map_err(|e| unwritable(&path, e))
    };
    let bar = RecordingsBar::new(args.quiet);
    corpus::in_parallel(&recordings, || (), write, &|done, total| bar.show(done, total))?;

    let splits = folder.join("splits");
    let path = splits.join("artist_folds.csv");
    std::fs::create_dir_all(&splits)
        .and_then(|()| write_whole(&path, artists(&recordings).as_bytes()))
        .map_err(|e| unwritable(&path, e))?;
    if !args.quiet {
        print(format!("{}: {} synthetic recordings\n", folder.display(), recordings.len()))?;
    }
    Ok(Status::DONE)
}

/// Samples as a WAV file: 16 bits, one channel.
fn wav(samples: &[i16]) -> Vec<u8> {
    let bytes = 2 * samples.len() as u32;
    let mut file = Vec::with_capacity(44 + bytes as usize);
    file.extend(b"RIFF");
    file.extend((36 + bytes).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(RATE.to_le_bytes());
    file.extend((2 * RATE).to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend(bytes.to_le_bytes());
    file.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    file
}

fn artists(recordings: &[Recording]) -> String {
    recordings.iter().fold("filename,artist\n".to_owned(), |mut text, recording| {
        let _ = writeln!(text, "{}.wav,synthetic artist {}", recording.name(), recording.artist());
        text
    })
}

fn readme(seed: u64) -> String {
    format!(
        "SYNTHETIC MUSIC, not GTZAN and not by people.

The program bench made all of it up (bench data synth --seed {seed}, version {}), in ten styles named after
GTZAN's genres. Scores on it say nothing about music; it is there to try the program out.

  genres_original/GENRE/GENRE.00000.wav   recordings of 30 s, 22,050 Hz, 16 bits, one channel
  splits/artist_folds.csv                 which of them are by the same invented artist
",
        env!("CARGO_PKG_VERSION")
    )
}
