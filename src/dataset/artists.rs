//! Who plays on which track.

use crate::error::{Error, Result};
use crate::recordings::names::track_of;
use crate::util::open_file_or_pipe;
use std::collections::BTreeMap;
use std::path::Path;

/// Larger lists are refused: a line has less than a hundred bytes a track.
const MOST_BYTES: u64 = 256 << 20;

/// Artists of tracks, and the published fold each track is tested in, where a list gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Artists {
    /// For each track of the dataset a number that equal artists share; `None` if unknown.
    pub of_track: Vec<Option<usize>>,
    /// For each track the fold in which the list's author tests it; empty without such a column.
    pub test_fold: Vec<Option<usize>>,
}

impl Artists {
    /// Whether no artist is known at all.
    pub fn is_empty(&self) -> bool {
        self.of_track.iter().all(Option::is_none)
    }

    /// Number of tracks whose artist is known.
    pub fn known(&self) -> usize {
        self.of_track.iter().flatten().count()
    }

    /// Reads a table with the columns `filename`, `artist` (or `artist_id`) and perhaps `test_fold`, for
    /// tracks named as in `tracks`. Rows on other tracks are passed over.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, a missing column, a track listed with two artists, a fold
    /// that is not a number, or no row on any track of the dataset.
    pub fn read(path: &Path, tracks: &[String]) -> Result<Self> {
        let hint = "give a CSV with the columns filename and artist, --artists FILE.csv";
        let file = open_file_or_pipe(path, MOST_BYTES).map_err(|e| Error::at(path, e, hint))?;
        let mut csv = csv::Reader::from_reader(file);
        let header = csv.headers().map_err(|e| Error::at(path, e, hint))?.clone();
        let column = |names: &[&str]| {
            header.iter().position(|h| names.contains(&h.trim().to_ascii_lowercase().as_str()))
        };
        let need = |names: &[&str]| {
            column(names).ok_or_else(|| Error::at(path, format!("there is no column `{}`", names[0]), hint))
        };
        let filename = need(&["filename", "file", "clip", "track"])?;
        let artist = need(&["artist", "artist_id", "artist_name"])?;
        let fold = column(&["test_fold"]);

        let mut artists = Self { of_track: vec![None; tracks.len()], test_fold: Vec::new() };
        if fold.is_some() {
            artists.test_fold = vec![None; tracks.len()];
        }
        let mut number_of = BTreeMap::new();
        for record in csv.into_records() {
            let record = record.map_err(|e| Error::at(path, e, hint))?;
            let line = record.position().map_or(0, csv::Position::line);
            let name = record[artist].trim();
            let track = track_of(record[filename].trim());
            let Ok(track) = tracks.binary_search_by(|c| c.as_str().cmp(track)) else { continue };
            if name.is_empty() {
                continue;
            }
            let next = number_of.len();
            let number = *number_of.entry(name.to_owned()).or_insert(next);
            if artists.of_track[track].replace(number).is_some_and(|before| before != number) {
                let reason = format!("`{}` is listed with two artists", tracks[track]);
                return Err(Error::at_line(path, line, reason, "keep one row for each track"));
            }
            if let Some(fold) = fold {
                let fold = record[fold].trim().parse().map_err(|_| {
                    let reason = format!("test_fold `{}` is not a whole number", &record[fold]);
                    Error::at_line(path, line, reason, "number the folds, or delete the column")
                })?;
                artists.test_fold[track] = Some(fold);
            }
        }
        if artists.is_empty() {
            let reason = "no row names a track of the dataset";
            return Err(Error::at(path, reason, "use the file names that stand in the feature table"));
        }
        Ok(artists)
    }
}
