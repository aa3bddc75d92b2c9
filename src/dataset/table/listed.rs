//! Rows that have a track's number and no genre, as those of the Free Music Archive's `features.csv`.

use crate::recordings::lists::{TrackLists, Unlisted};
use csv::StringRecord;
use std::path::Path;

/// What the genre's column is called, which the table itself lacks.
const LABEL: &str = "label";

/// The rows of tracks that a list says something of, completed by it.
pub(super) struct ListedRows<'l> {
    lists: &'l TrackLists,
    /// Artist of each row that was taken.
    pub artists: Vec<Option<String>>,
    /// Its part in the official split.
    pub parts: Vec<String>,
    unlisted: Unlisted,
}

impl<'l> ListedRows<'l> {
    pub fn new(lists: &'l TrackLists) -> Self {
        Self { lists, artists: Vec::new(), parts: Vec::new(), unlisted: Unlisted::default() }
    }

    /// Adds the column that [`completed`](Self::completed) fills.
    pub fn complete_header(&self, names: &mut Vec<String>) {
        names.push(LABEL.to_owned());
    }

    /// The row with its track as files are called, and its genre; nothing if it cannot be used.
    pub fn completed(&mut self, record: &StringRecord) -> Option<StringRecord> {
        let number = record.get(0).unwrap_or_default().trim();
        match self.lists.of_file(Path::new(number)) {
            Ok((track, facts)) => {
                self.artists.push(facts.artist.clone());
                self.parts.push(facts.part.clone());
                let genre = facts.genre.as_deref().unwrap_or_default();
                let others = record.iter().skip(1);
                Some(std::iter::once(track.as_str()).chain(others).chain([genre]).collect())
            }
            Err(why) => {
                self.unlisted.add(why, || number.chars().take(40).collect());
                None
            }
        }
    }

    /// What was left out.
    pub fn notes(&self) -> Vec<String> {
        let own = self.lists.notes.iter().cloned();
        own.chain(self.unlisted.notes("row", &self.lists.file)).collect()
    }
}
