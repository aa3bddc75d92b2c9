//! What the examples are, apart from their features.

use crate::error::{Error, Result};
use crate::util::{OpenError, open_regular};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

/// Larger files are none that a run wrote.
const MOST_BYTES: u64 = 1 << 30;

/// Names and labels of all examples: stored with every run, so that its predictions can be read
/// again without the dataset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// The examples, by name.
    pub examples: Vec<Example>,
    /// Name of each track, indexed by [`Example::track`], alphabetical.
    pub tracks: Vec<String>,
    /// Class names, indexed by [`Example::label`], alphabetical.
    pub classes: Vec<String>,
    /// For each track a number that tracks of one artist share, where it is known; empty if none is.
    pub artists: Vec<Option<usize>>,
}

/// One example without its features.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Unique name.
    pub name: String,
    /// Index into [`Catalogue::tracks`].
    pub track: usize,
    /// Number of the segment in its track; `None` of a whole track, or if it is not known.
    pub segment: Option<usize>,
    /// Index into [`Catalogue::classes`].
    pub label: usize,
}

/// A line of the stored catalogue.
#[derive(Serialize, Deserialize)]
struct CatalogueRow {
    example: String,
    #[serde(rename = "clip")]
    track: String,
    label: String,
    /// Stores of earlier versions do not have it.
    #[serde(default)]
    segment: Option<usize>,
    /// Likewise.
    #[serde(default)]
    artist: Option<usize>,
}

impl Catalogue {
    /// The catalogue as CSV with the columns `example`, `clip`, `label`, `segment`, `artist`.
    pub fn csv(&self) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for example in &self.examples {
            let row = CatalogueRow {
                example: example.name.clone(),
                track: self.tracks[example.track].clone(),
                label: self.classes[example.label].clone(),
                segment: example.segment,
                artist: self.artists.get(example.track).copied().flatten(),
            };
            writer.serialize(row).unwrap_or_else(|e| unreachable!("writing to memory: {e}"));
        }
        writer.into_inner().unwrap_or_else(|e| unreachable!("flushing to memory: {e}"))
    }

    /// Reads what [`Catalogue::csv`] wrote.
    ///
    /// # Errors
    ///
    /// The file cannot be read or is no such table.
    pub fn read(path: &Path) -> Result<Self> {
        let broken =
            |e: csv::Error| Error::at(path, e, "the run's folder was changed; run `bench all` again");
        let unreadable = |e: OpenError| broken(io::Error::from(e).into());
        let file = open_regular(path, MOST_BYTES).map_err(unreadable)?;
        let rows: Vec<CatalogueRow> = csv::Reader::from_reader(file)
            .into_deserialize()
            .collect::<std::result::Result<_, _>>()
            .map_err(broken)?;
        let (tracks, track_of) = numbered(rows.iter().map(|row| row.track.as_str()));
        let (classes, label_of) = numbered(rows.iter().map(|row| row.label.as_str()));
        let mut artists = vec![None; tracks.len()];
        rows.iter().zip(&track_of).for_each(|(row, &track)| artists[track] = row.artist);
        if artists.iter().all(Option::is_none) {
            artists.clear();
        }
        let examples = (rows.into_iter().zip(track_of).zip(label_of))
            .map(|((row, track), label)| Example { name: row.example, track, segment: row.segment, label })
            .collect();
        Ok(Self { examples, tracks, classes, artists })
    }

    /// Class of each example.
    pub fn labels(&self) -> Vec<usize> {
        self.examples.iter().map(|e| e.label).collect()
    }
}

/// Numbers texts in alphabetical order: the distinct texts, and each one's number.
pub(super) fn numbered<'a>(texts: impl Iterator<Item = &'a str>) -> (Vec<String>, Vec<usize>) {
    let texts: Vec<&str> = texts.collect();
    let mut distinct = texts.clone();
    distinct.sort_unstable();
    distinct.dedup();
    let numbers = texts.iter().map(|t| distinct.partition_point(|d| d < t)).collect();
    (distinct.into_iter().map(str::to_owned).collect(), numbers)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    #[test]
    fn a_stored_catalogue_comes_back_also_if_an_earlier_version_stored_it() {
        let example = |name: &str, segment| Example { name: name.to_owned(), track: 0, segment, label: 0 };
        let catalogue = Catalogue {
            examples: vec![example("blues.00000.wav", None), example("blues.00000.7.wav", Some(7))],
            tracks: vec!["blues.00000".to_owned()],
            classes: vec!["blues".to_owned()],
            artists: vec![Some(3)],
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("examples.csv");
        std::fs::write(&path, catalogue.csv()).unwrap();
        assert_eq!(Catalogue::read(&path).unwrap(), catalogue);
        std::fs::write(&path, "example,clip,label\nblues.00000.7.wav,blues.00000,blues\n").unwrap();
        assert_eq!(Catalogue::read(&path).unwrap().examples, [example("blues.00000.7.wav", None)]);
    }
}
