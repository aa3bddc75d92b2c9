//! Tables in a folder laid out as the public Kaggle copy of GTZAN.

use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// Segment lengths a folder may hold tables of, in seconds, the one to prefer first.
const LENGTHS: [u32; 3] = [30, 10, 3];

/// The table of examples of `seconds` in `folder`, or the one of the longest examples.
///
/// # Errors
///
/// There is no such table; the message lists those there are.
pub fn table_in(folder: &Path, seconds: Option<u32>) -> Result<PathBuf> {
    let path = |seconds: u32| folder.join(format!("features_{seconds}_sec.csv"));
    let there: Vec<u32> = LENGTHS.into_iter().filter(|&s| path(s).is_file()).collect();
    match seconds {
        Some(seconds) if path(seconds).is_file() => Ok(path(seconds)),
        None if !there.is_empty() => Ok(path(there[0])),
        _ if there.is_empty() => Err(Error::at(
            folder,
            "there is no features_30_sec.csv, features_10_sec.csv or features_3_sec.csv in this folder, no audio and no images",
            "name a CSV file itself, --data FILE.csv, or a folder with GENRE/file.wav",
        )),
        Some(seconds) => {
            let lengths = there.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
            let reason = format!("there is no features_{seconds}_sec.csv in this folder");
            Err(Error::at(folder, reason, format!("--segment {lengths}")))
        }
        None => unreachable!("the two arms above take every case without a length"),
    }
}

/// The list of artists that belongs to a table, if it lies where GTZAN copies with splits keep it.
pub fn artists_beside(table: &Path) -> Option<PathBuf> {
    artists_in(table.parent()?)
}

/// The list of artists of a folder in the Kaggle layout.
pub fn artists_in(folder: &Path) -> Option<PathBuf> {
    let path = folder.join("splits").join("artist_folds.csv");
    path.is_file().then_some(path)
}
