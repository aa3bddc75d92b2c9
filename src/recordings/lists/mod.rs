//! What datasets' own lists say of their tracks: genre, artist, part of the official split.
//!
//! | file | list |
//! |---|---|
//! | `fma` | `tracks.csv` of the Free Music Archive |
//! | `ismir04` | the three `tracklist.csv` of ISMIR04 |
//! | `jamendo` | `autotagging_genre.tsv` of MTG-Jamendo and its splits |
//! | `extended_ballroom` | the XML of Extended Ballroom |
//! | `homburg` | the names of Homburg's files |
//!
//! Paths in a list are names to look tracks up by; no file is opened because a list says so.

mod extended_ballroom;
mod fma;
mod homburg;
mod ismir04;
mod jamendo;
mod rows;

use super::layouts::{KnownDataset, Labels};
use crate::error::{Error, Result};
use crate::util::shown::counted;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// How a dataset writes down what it knows of its tracks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lists {
    /// `fma_metadata/tracks.csv`.
    FmaTracks {
        /// The values of `set.subset` that the set has.
        subsets: &'static [&'static str],
    },
    /// `metadata/PART/tracklist.csv`.
    Ismir04,
    /// `data/autotagging_genre.tsv`, `data/splits/split-0`.
    JamendoGenre,
    /// `extendedballroom_v1.1.xml`, with artists alone.
    ExtendedBallroom,
    /// None: artists stand in the names of files.
    ArtistInName,
}

/// What is known of a track.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrackFacts {
    /// Its genre; that of its folder, if the list does not say it.
    pub genre: Option<String>,
    /// Who plays, as the list calls them.
    pub artist: Option<String>,
    /// Its part in the official split, as the list calls it; empty if in none.
    pub part: String,
}

/// Why tracks cannot be used, after `they`: `have no genre`.
type Unusable = &'static str;
/// What is known of a track, or why it cannot be used.
type Listed = std::result::Result<TrackFacts, Unusable>;

/// The tracks of a dataset, by what their files are called.
#[derive(Debug)]
pub struct TrackLists {
    /// The list, for messages.
    pub file: PathBuf,
    /// What a file's track goes by; nothing if it is named like none.
    key: fn(&Path) -> Option<String>,
    tracks: HashMap<String, Listed>,
    /// Whether files take their names from the list, and those that it does not know are left out.
    pub labels: bool,
    /// What the user should know of how they were read.
    pub notes: Vec<String>,
}

impl TrackLists {
    /// Of no tracks yet.
    fn new(file: PathBuf, labels: bool, key: fn(&Path) -> Option<String>) -> Self {
        Self { file, key, tracks: HashMap::new(), labels, notes: Vec::new() }
    }

    /// The lists of a folder that is laid out as `known`, or of the dataset that it is a part of; `None` where it has none.
    ///
    /// # Errors
    ///
    /// Genres that stand in a list, which is not there; a list that cannot be read, with the line where there is one.
    pub fn read(folder: &Path, known: &KnownDataset) -> Result<Option<Self>> {
        let found = match known.lists {
            None => return Ok(None),
            Some(Lists::FmaTracks { subsets }) => fma::read(folder, subsets)?,
            Some(Lists::Ismir04) => ismir04::read(folder)?,
            Some(Lists::JamendoGenre) => jamendo::read(folder)?,
            Some(Lists::ExtendedBallroom) => extended_ballroom::read(folder)?,
            Some(Lists::ArtistInName) => Some(homburg::read(folder)?),
        };
        match (found, known.labels) {
            (None, Labels::Metadata { file, column }) => {
                let reason = format!(
                    "is laid out as {}: its folders are not genres; those stand in {file}, column {column}, which is not \
                     there",
                    known.name
                );
                let hint = format!(
                    "put the dataset's metadata beside its audio (`bench list datasets {}` says where to get it), or sort \
                     the files into GENRE/file",
                    known.key
                );
                Err(Error::at(folder, reason, hint))
            }
            (found, _) => Ok(found),
        }
    }

    /// What the track of a file is called, and what is known of it.
    ///
    /// # Errors
    ///
    /// Why it cannot be used, after `they`: `are in no list`.
    pub fn of_file(&self, file: &Path) -> std::result::Result<(String, &TrackFacts), Unusable> {
        let key = (self.key)(file).ok_or(UNLISTED)?;
        let facts = self.tracks.get(&key).ok_or(UNLISTED)?.as_ref().map_err(|why| *why)?;
        Ok((key, facts))
    }

    /// Adds a track.
    ///
    /// # Errors
    ///
    /// It is there already and something else is said of it.
    fn add(&mut self, file: &Path, line: u64, key: String, facts: Listed) -> Result<()> {
        match self.tracks.get(&key) {
            Some(before) if *before != facts => {
                let reason =
                    format!("track `{key}` stands there twice, and not with the same genre, artist and part");
                Err(Error::at_line(file, line, reason, "delete one of the rows"))
            }
            Some(_) => Ok(()),
            None => {
                self.tracks.insert(key, facts);
                Ok(())
            }
        }
    }
}

const UNLISTED: Unusable = "are in no list of the dataset";

/// What cannot be used, counted by why.
#[derive(Debug, Default)]
pub struct Unlisted(BTreeMap<Unusable, (usize, String)>);

impl Unlisted {
    /// Counts one, by its name.
    pub fn add(&mut self, why: Unusable, name: impl FnOnce() -> String) {
        self.0.entry(why).or_insert_with(|| (0, name())).0 += 1;
    }

    /// A note for each reason; `what` is a recording or a row.
    pub fn notes(&self, what: &str, list: &Path) -> Vec<String> {
        let note = |(why, (count, first)): (&Unusable, &(usize, String))| {
            let (list, count) = (list.display(), counted(*count, what));
            format!("left out, because they {why} ({list}): {count}, such as {first}")
        };
        self.0.iter().map(note).collect()
    }
}

/// The first of some files that is there, in a folder or beside it.
fn locate(folder: &Path, names: &[&str]) -> Option<PathBuf> {
    // The path may be `.`, which has no folder above it.
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let beside = whole.parent().map(Path::to_owned);
    let places = [Some(folder.to_owned()), beside];
    let all = places.into_iter().flatten().flat_map(|place| names.iter().map(move |name| place.join(name)));
    all.into_iter().find(|path| path.is_file())
}

/// A file's name without its extension.
fn stem(file: &Path) -> Option<String> {
    Some(file.file_stem()?.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests;
