//! Who plays on which recording.

use super::names::clip_of;
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::path::Path;

/// Artists of recordings, and the published fold each recording is tested in, where a list gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Artists {
    /// For each recording of the dataset a number that equal artists share; `None` if unknown.
    pub of_clip: Vec<Option<usize>>,
    /// For each recording the fold in which the list's author tests it; empty without such a column.
    pub test_fold: Vec<Option<usize>>,
}

impl Artists {
    /// Whether no artist is known at all.
    pub fn is_empty(&self) -> bool {
        self.of_clip.iter().all(Option::is_none)
    }

    /// Number of recordings whose artist is known.
    pub fn known(&self) -> usize {
        self.of_clip.iter().flatten().count()
    }

    /// Reads a table with the columns `filename`, `artist` (or `artist_id`) and perhaps `test_fold`, for
    /// recordings named as in `clips`. Rows on other recordings are passed over.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, a missing column, a recording listed with two artists, a fold
    /// that is not a number, or no row on any recording of the dataset.
    pub fn read(path: &Path, clips: &[String]) -> Result<Self> {
        let hint = "give a CSV with the columns filename and artist, --artists FILE.csv";
        let mut csv = csv::Reader::from_path(path).map_err(|e| Error::at(path, e, hint))?;
        let header = csv.headers().map_err(|e| Error::at(path, e, hint))?.clone();
        let column = |names: &[&str]| {
            header.iter().position(|h| names.contains(&h.trim().to_ascii_lowercase().as_str()))
        };
        let need = |names: &[&str]| {
            column(names).ok_or_else(|| Error::at(path, format!("there is no column `{}`", names[0]), hint))
        };
        let filename = need(&["filename", "file", "clip"])?;
        let artist = need(&["artist", "artist_id", "artist_name"])?;
        let fold = column(&["test_fold"]);

        let mut artists = Self { of_clip: vec![None; clips.len()], test_fold: Vec::new() };
        if fold.is_some() {
            artists.test_fold = vec![None; clips.len()];
        }
        let mut number_of = BTreeMap::new();
        for record in csv.into_records() {
            let record = record.map_err(|e| Error::at(path, e, hint))?;
            let line = record.position().map_or(0, csv::Position::line);
            let name = record[artist].trim();
            let clip = clip_of(record[filename].trim());
            let Ok(clip) = clips.binary_search_by(|c| c.as_str().cmp(clip)) else { continue };
            if name.is_empty() {
                continue;
            }
            let next = number_of.len();
            let number = *number_of.entry(name.to_owned()).or_insert(next);
            if artists.of_clip[clip].replace(number).is_some_and(|before| before != number) {
                let reason = format!("`{}` is listed with two artists", clips[clip]);
                return Err(Error::at_line(path, line, reason, "keep one row for each recording"));
            }
            if let Some(fold) = fold {
                let fold = record[fold].trim().parse().map_err(|_| {
                    let reason = format!("test_fold `{}` is not a whole number", &record[fold]);
                    Error::at_line(path, line, reason, "number the folds, or delete the column")
                })?;
                artists.test_fold[clip] = Some(fold);
            }
        }
        if artists.is_empty() {
            let reason = "no row names a recording of the dataset";
            return Err(Error::at(path, reason, "use the file names that stand in the feature table"));
        }
        Ok(artists)
    }
}
