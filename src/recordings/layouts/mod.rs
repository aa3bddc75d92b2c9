//! Known datasets: how their files lie, and what is said where of their genres, artists and splits. Data, not code.
//!
//! | file | dataset |
//! |---|---|
//! | `gtzan` | GTZAN, in the form of the public Kaggle copy and in Tzanetakis's own |
//! | `fma` | the Free Music Archive in its four sizes |
//! | `ballroom` | Ballroom and Extended Ballroom |
//! | `ismir04` | the genre contest of ISMIR 2004 |
//! | `homburg` | Homburg |
//! | `jamendo` | the genre tags of MTG-Jamendo |
//! | `plain` | any other folder of GENRE/file |

mod archive;
mod ballroom;
mod fma;
mod gtzan;
mod homburg;
mod ismir04;
mod jamendo;
mod plain;

pub use archive::ArchivedFile;
pub use gtzan::{KAGGLE, ORIGINAL};

use super::lists::{Lists, TrackLists};
use crate::error::{Error, Result};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A dataset that many have, or a way to lay one out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KnownDataset {
    /// What commands call it, such as `fma-small`; empty if they do not.
    pub key: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// One line on what it is.
    pub about: &'static str,
    /// Who made it, and where it is described; empty if nobody in particular.
    pub reference: &'static str,
    /// Its genres, in alphabetical order; none if any may be there.
    pub genres: &'static [&'static str],
    /// Recordings of the whole dataset.
    pub recordings: Option<usize>,
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
    /// What its own lists say of its tracks, and how they are written.
    pub lists: Option<Lists>,
    /// How a segment's file or row is named.
    pub segment_names: &'static str,
    /// The `--protocol` that is its official or usual split, if there is one here.
    pub split: Option<&'static str>,
    /// What that split is, or why there is none.
    pub split_is: &'static str,
    /// What is known to be wrong with it, a sentence each.
    pub faults: &'static [&'static str],
    /// How it is handed around.
    pub distribution: Distribution,
    /// Files and folders that it is recognised by: one is enough. The surest comes first, as one counts less than those that
    /// stand before it in the lists of others.
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
    /// In a table of its metadata, which one of [`Lists`] reads.
    Metadata {
        /// The table with the genres.
        file: &'static str,
        /// Its column.
        column: &'static str,
    },
}

/// How a dataset is handed around.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Distribution {
    /// How large it is.
    pub size: &'static str,
    /// Under what licence.
    pub licence: &'static str,
    /// Where to get it.
    pub source: &'static str,
    /// Gigabytes that may be unpacked of one of its archives if the user names no limit.
    pub gigabytes: u32,
    /// Which files of its archives the suite reads; none where there is no archive.
    #[serde(skip)]
    pub kept: &'static [KeptFiles],
    /// An archive that belongs to each other one, and is taken where it lies beside it.
    #[serde(skip)]
    pub beside: Option<&'static str>,
}

/// Files of an archive, and where they belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptFiles {
    /// The end of their paths: names with `*` and `?`, `GENRE` for a folder of a known genre, `AUDIO` for a name with an
    /// extension of audio, `**` for any folders.
    pub pattern: &'static str,
    /// The folder that what the pattern matches is put into.
    pub into: &'static str,
}

/// Tables as the Kaggle copy of GTZAN has them, which may lie in any folder.
const TABLES: &[TableFile] = &[
    TableFile { file: "features_30_sec.csv", seconds: 30 },
    TableFile { file: "features_10_sec.csv", seconds: 10 },
    TableFile { file: "features_3_sec.csv", seconds: 3 },
];

/// Where a list of artists may lie in any folder: as in copies of GTZAN with splits.
const ARTISTS: &str = "splits/artist_folds.csv";

/// All known datasets. Any folder is at least the last of them. Of several that a folder shows equally sure signs of the
/// first counts, so that the smallest of FMA's sizes is taken.
pub const KNOWN: [&KnownDataset; 12] = [
    &KAGGLE,
    &ORIGINAL,
    &fma::SMALL,
    &fma::MEDIUM,
    &fma::LARGE,
    &fma::FULL,
    &ballroom::BALLROOM,
    &ballroom::EXTENDED,
    &ismir04::ISMIR04,
    &homburg::HOMBURG,
    &jamendo::JAMENDO,
    &plain::PLAIN,
];

/// The known dataset that commands call so.
pub fn called(key: &str) -> Option<&'static KnownDataset> {
    KNOWN.into_iter().find(|known| !known.key.is_empty() && known.key == key)
}

/// What a folder holds, by the names in it.
pub fn of_folder(folder: &Path) -> &'static KnownDataset {
    // The path may be `.`, but the dataset wants a name.
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = whole.file_name().unwrap_or_default().to_string_lossy();
    let named = KNOWN.into_iter().find(|known| known.folders.contains(&&*name));
    let signs = KNOWN.iter().map(|known| known.signs.len()).max().unwrap_or(0);
    let showing = |at: usize| {
        let shows =
            |known: &&KnownDataset| known.signs.get(at).is_some_and(|sign| folder.join(sign).exists());
        KNOWN.into_iter().find(shows)
    };
    named.or_else(|| (0..signs).find_map(showing)).unwrap_or(&plain::PLAIN)
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

    /// Whether its folders are its genres.
    pub fn is_labelled_by_folder(&self) -> bool {
        matches!(self.labels, Labels::Folder { .. })
    }

    /// The folder to look for recordings in: its own for them, where folders beside it hold others of the same names.
    pub fn audio_in(&self, folder: &Path) -> PathBuf {
        let own = self.audio.filter(|_| !self.is_labelled_by_folder()).map(|audio| folder.join(audio));
        own.filter(|own| own.is_dir()).unwrap_or_else(|| folder.to_owned())
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

/// What the lists beside a table of a dataset's metadata say of its rows; `None` of any other table, which says it itself.
///
/// # Errors
///
/// A table of metadata that holds no features, or lists that are missing or broken.
pub fn lists_of_table(file: &Path) -> Result<Option<TrackLists>> {
    // The path may be a bare name, but its folder has one.
    let whole = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let Some(folder) = whole.parent() else { return Ok(None) };
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let within = format!("{}/{}", name(folder), name(&whole));
    let folders: BTreeSet<&str> = KNOWN
        .into_iter()
        .flat_map(|known| known.tables)
        .filter_map(|table| Some(table.file.split_once('/')?.0))
        .collect();
    if !folders.contains(name(folder).as_str()) {
        return Ok(None);
    }
    let known = of_folder(folder.parent().unwrap_or(folder));
    if known.tables.iter().any(|table| table.file == within) {
        return TrackLists::read(folder, known);
    }
    let reason = "is of a dataset's metadata and holds no features of its own";
    let hint =
        "give the dataset's folder, or its features.csv; `bench list datasets` shows what each dataset has";
    Err(Error::at(file, reason, hint))
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
