//! Known datasets: how their files lie, and what is said where of their genres, artists and splits. Data, not code.
//!
//! | file | dataset |
//! |---|---|
//! | `gtzan` | GTZAN, in the form of the public Kaggle copy and in Tzanetakis's own |
//! | `fma` | the Free Music Archive |
//! | `ballroom` | Ballroom |
//! | `plain` | any other folder of GENRE/file |

mod archive;
mod ballroom;
mod fma;
mod gtzan;
mod plain;

pub use archive::ArchivedFile;
pub use gtzan::{KAGGLE, ORIGINAL};

use crate::error::{Error, Result};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// A dataset that many have, or a way to lay one out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KnownDataset {
    /// What it is called.
    pub name: &'static str,
    /// One line on what it is.
    pub about: &'static str,
    /// Who made it, and where it is described; empty if nobody in particular.
    pub reference: &'static str,
    /// Its genres, in alphabetical order; none if any may be there.
    pub genres: &'static [&'static str],
    /// Recordings a genre has in the whole dataset, if all have as many.
    pub recordings_a_genre: Option<usize>,
    /// Length of a recording in seconds, if all are about as long.
    pub seconds: Option<u32>,
    /// Feature tables that may lie in the folder, the one to prefer first.
    pub tables: &'static [TableFile],
    /// Folder of the audio, if it has one of its own.
    pub audio: Option<&'static str>,
    /// Folder of spectrogram images.
    pub images: Option<&'static str>,
    /// List of artists.
    pub artists: Option<&'static str>,
    /// Where the genres are said.
    pub labels: Labels,
    /// How a segment's file or row is named.
    pub segment_names: &'static str,
    /// The `--protocol` that is its official or usual split, if there is one here.
    pub split: Option<&'static str>,
    /// Files and folders that only this dataset has: one is enough to recognise it by.
    pub signs: &'static [&'static str],
    /// What the folder itself is called where it lies unpacked.
    pub folders: &'static [&'static str],
}

/// A feature table in a dataset's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TableFile {
    /// Its name.
    pub file: &'static str,
    /// Length of its examples in seconds.
    pub seconds: u32,
}

/// Where a dataset says of what genre a recording is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Labels {
    /// By the folder it lies in.
    Folder {
        /// Folders whose name is not the genre's, each with its genre.
        renamed: &'static [(&'static str, &'static str)],
    },
    /// In a table, which is not read yet.
    Metadata {
        /// The table with the genres.
        file: &'static str,
        /// Its column.
        column: &'static str,
        /// Folder of all such tables. Their headers have several rows.
        folder: &'static str,
    },
}

/// Tables as the Kaggle copy of GTZAN has them, which may lie in any folder.
const TABLES: &[TableFile] = &[
    TableFile { file: "features_30_sec.csv", seconds: 30 },
    TableFile { file: "features_10_sec.csv", seconds: 10 },
    TableFile { file: "features_3_sec.csv", seconds: 3 },
];

/// Where a list of artists may lie in any folder: as in copies of GTZAN with splits.
const ARTISTS: &str = "splits/artist_folds.csv";

/// All known datasets. Any folder is at least the last of them.
pub const KNOWN: [&KnownDataset; 5] = [&KAGGLE, &ORIGINAL, &fma::FMA, &ballroom::BALLROOM, &plain::PLAIN];

/// What a folder holds, by the names in it.
pub fn of_folder(folder: &Path) -> &'static KnownDataset {
    // The path may be `.`, but the dataset wants a name.
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = whole.file_name().unwrap_or_default().to_string_lossy();
    let is = |known: &&KnownDataset| {
        known.folders.contains(&&*name) || known.signs.iter().any(|sign| folder.join(sign).exists())
    };
    KNOWN.into_iter().find(is).unwrap_or(&plain::PLAIN)
}

impl KnownDataset {
    /// The genre of the recordings in a folder of that name.
    pub fn genre(&self, folder: String) -> String {
        match self.labels {
            Labels::Folder { renamed } => {
                let genre = renamed.iter().find(|(name, _)| *name == folder);
                genre.map_or(folder, |(_, genre)| (*genre).to_owned())
            }
            Labels::Metadata { .. } => folder,
        }
    }

    /// Refuses a dataset whose folders are not its genres.
    ///
    /// # Errors
    ///
    /// They stand in a table, which is not read yet.
    pub fn labelled_by_folder(&self, folder: &Path) -> Result<()> {
        match self.labels {
            Labels::Folder { .. } => Ok(()),
            Labels::Metadata { file, column, .. } => {
                let reason = format!(
                    "is laid out as {}: its folders are not genres; those stand in {file}, column {column}, which is \
                     not read yet",
                    self.name
                );
                let hint = "sort the files into GENRE/file, or give a CSV with a row an example and a column `label`";
                Err(Error::at(folder, reason, hint))
            }
        }
    }

    /// The table of examples of `seconds` in `folder`, or the one to prefer.
    ///
    /// # Errors
    ///
    /// There is no such table; the message lists those there are.
    pub fn table(&self, folder: &Path, seconds: Option<u32>) -> Result<PathBuf> {
        let there: Vec<&TableFile> =
            self.tables.iter().filter(|table| folder.join(table.file).is_file()).collect();
        let fits = |table: &&&TableFile| seconds.is_none_or(|seconds| seconds == table.seconds);
        if let Some(table) = there.iter().find(fits) {
            return Ok(folder.join(table.file));
        }
        match (there.as_slice(), seconds) {
            ([_, ..], Some(seconds)) => {
                let lengths: Vec<String> = there.iter().map(|table| table.seconds.to_string()).collect();
                let reason = format!("there is no features_{seconds}_sec.csv in this folder");
                Err(Error::at(folder, reason, format!("--segment {}", lengths.join(", "))))
            }
            _ => Err(Error::at(
                folder,
                "there is no features_30_sec.csv, features_10_sec.csv or features_3_sec.csv in this folder, no audio and no images",
                "name a CSV file itself, --data FILE.csv, or a folder with GENRE/file.wav",
            )),
        }
    }
}

/// Refuses a table of a dataset's metadata, which is no table of features with one header row.
///
/// # Errors
///
/// Which dataset's it is.
pub fn table_of_features(file: &Path) -> Result<()> {
    let folder_of_file = file.parent().and_then(Path::file_name).unwrap_or_default();
    for known in KNOWN {
        if let Labels::Metadata { folder, .. } = known.labels
            && folder_of_file == folder
        {
            let reason =
                format!("is of the metadata of {}, with several header rows; it is not read yet", known.name);
            let hint = "give a CSV with one header row, numeric feature columns and a `label` column";
            return Err(Error::at(file, reason, hint));
        }
    }
    Ok(())
}

/// The list of artists that belongs to a table, if it lies beside it where known datasets keep it.
pub fn artists_beside(table: &Path) -> Option<PathBuf> {
    artists_in(table.parent()?)
}

/// The list of artists that belongs to a folder of recordings or images: in it, or beside it as in the Kaggle layout.
pub fn artists_of(folder: &Path) -> Option<PathBuf> {
    // The path may be `.`, which has no folder above it.
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    artists_in(&whole).or_else(|| artists_in(whole.parent()?))
}

fn artists_in(folder: &Path) -> Option<PathBuf> {
    let path = folder.join(of_folder(folder).artists?);
    path.is_file().then_some(path)
}

#[cfg(test)]
mod tests;
