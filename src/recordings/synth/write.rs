//! The built-in music as files, laid out as the Kaggle copy of GTZAN.

use super::{SyntheticRecording, recordings};
use crate::audio::RATE;
use crate::audio::wav::{Sample, head};
use crate::error::{Error, Result};
use crate::recordings::layouts::KAGGLE;
use crate::util::{in_order, write_whole};
use std::fmt::Write;
use std::path::Path;

/// Writes the music of `seed` into a folder, which is made if it is not there, and returns the number of recordings.
/// `progress` is told how many of how many are written.
///
/// # Errors
///
/// The folder is not empty or cannot be written to.
pub fn write(folder: &Path, seed: u64, progress: &dyn Fn(usize, usize)) -> Result<usize> {
    let unwritable = |path: &Path, e: std::io::Error| {
        Error::unwritable(path, &e, "check space and permissions, or name another folder")
    };
    std::fs::create_dir_all(folder).map_err(|e| unwritable(folder, e))?;
    if std::fs::read_dir(folder).map_err(|e| unwritable(folder, e))?.next().is_some() {
        let reason = "the folder is not empty; synthetic music must not get among other recordings";
        return Err(Error::at(folder, reason, "name a new folder, or delete this one first"));
    }
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(folder))
            .and_then(|()| write_whole(&path, bytes))
            .map_err(|e| unwritable(&path, e))
    };
    // First of all, so that even what is left of an interrupted run says what it is.
    file("README.txt", readme(seed).as_bytes())?;

    let recordings = recordings(seed);
    let audio = KAGGLE.audio.unwrap_or_default();
    let one = |(): &mut (), recording: &SyntheticRecording| {
        file(&format!("{audio}/{}/{}.wav", recording.genre(), recording.name()), &wav(&recording.samples()))
    };
    progress(0, recordings.len());
    in_order(
        &recordings,
        8,
        || (),
        one,
        |done, written| {
            written?;
            progress(done + 1, recordings.len());
            Ok::<_, Error>(())
        },
    )?;
    file(KAGGLE.artists.unwrap_or_default(), artists(&recordings).as_bytes())?;
    Ok(recordings.len())
}

/// Samples as a WAV file: 16 bits, one channel.
fn wav(samples: &[i16]) -> Vec<u8> {
    let mut file = head(Sample::Int16, RATE, 2 * samples.len() as u32).to_vec();
    file.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    file
}

fn artists(recordings: &[SyntheticRecording]) -> String {
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
