//! Which file's example is the counterpart of a row: the one of the same track and segment.

use super::super::assemble::ExampleFacts;
use super::left_out::{Reason, named};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What the track of a row or a file is matched by. A table tells tracks of one name apart by their folders, `blues/01`,
/// and a folder does so by genres, `blues-01`.
pub(super) fn key(track: &str) -> String {
    match track.rsplit_once('/') {
        Some((folder, name)) => format!("{}-{name}", folder.rsplit('/').next().unwrap_or(folder)),
        None => track.to_owned(),
    }
}

fn key_of(example: &ExampleFacts) -> String {
    example.track.as_deref().map(key).unwrap_or_default()
}

/// A genre as it is compared: `Hip-Hop` is `hiphop`.
fn plain(genre: &str) -> String {
    genre.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The tracks of a table.
pub(super) struct Tracks {
    /// Genre of each, and its number of rows.
    of_key: BTreeMap<String, (String, usize)>,
}

impl Tracks {
    pub fn of(examples: &[ExampleFacts]) -> Self {
        let mut of_key: BTreeMap<String, (String, usize)> = BTreeMap::new();
        for example in examples.iter().filter(|example| example.track.is_some()) {
            of_key.entry(key_of(example)).or_insert_with(|| (plain(&example.genre), 0)).1 += 1;
        }
        Self { of_key }
    }

    pub fn len(&self) -> usize {
        self.of_key.len()
    }

    pub fn has(&self, key: &str) -> bool {
        self.of_key.contains_key(key)
    }

    fn rows(&self, key: &str) -> usize {
        self.of_key.get(key).map_or(0, |(_, rows)| *rows)
    }
}

/// The examples of files, to be found by track and segment.
pub(super) struct FileIndex<'t> {
    tracks: &'t Tracks,
    /// Number of the first segment as the table counts: 0 or 1.
    first: usize,
    known: HashMap<(String, Option<usize>), usize>,
    /// Segments that the files have of each track, and how many of them were found by a row.
    segments: BTreeMap<String, (usize, usize)>,
    foreign: BTreeSet<String>,
    twice: BTreeSet<String>,
    other_genre: BTreeSet<String>,
}

impl<'t> FileIndex<'t> {
    /// Of the examples of `files`, to be found by rows of a table with these tracks.
    pub fn of(files: &[ExampleFacts], tracks: &'t Tracks, rows: &[ExampleFacts]) -> Self {
        let first = rows.iter().filter_map(|row| row.segment).min().unwrap_or(0).min(1);
        let genres: BTreeSet<&str> = tracks.of_key.values().map(|(genre, _)| genre.as_str()).collect();
        let (known, segments) = Default::default();
        let (foreign, twice, other_genre) = Default::default();
        let mut index = Self { tracks, first, known, segments, foreign, twice, other_genre };
        for (at, example) in files.iter().enumerate() {
            let (key, folder) = (key_of(example), plain(&example.genre));
            match tracks.of_key.get(&key) {
                None => drop(index.foreign.insert(key)),
                // A folder that is no genre of the table says nothing.
                Some((genre, _)) if *genre != folder && genres.contains(folder.as_str()) => {
                    index.other_genre.insert(key);
                }
                Some(_) => {
                    if index.known.contains_key(&(key.clone(), example.segment)) {
                        index.twice.insert(key);
                    } else {
                        index.segments.entry(key.clone()).or_default().0 += 1;
                        index.known.insert((key, example.segment), at);
                    }
                }
            }
        }
        index
    }

    /// The counterpart of a row.
    pub fn find(&mut self, row: &ExampleFacts) -> Result<usize, Reason> {
        let key = key_of(row);
        let segment = row.segment.map(|segment| segment - self.first);
        let exact = self.known.get(&(key.clone(), segment));
        // The only row of a track and the only segment of its file are of each other, whatever they are called.
        let alone =
            self.tracks.rows(&key) == 1 && self.segments.get(&key).is_some_and(|(count, _)| *count == 1);
        let only = [None, Some(0)].into_iter().filter(|_| alone && segment.unwrap_or(0) == 0);
        let found =
            exact.or_else(|| only.into_iter().find_map(|segment| self.known.get(&(key.clone(), segment))));
        match found {
            Some(&at) => {
                self.segments.entry(key).or_default().1 += 1;
                Ok(at)
            }
            None if self.other_genre.contains(&key) => Err(Reason::OtherGenre),
            None if !self.segments.contains_key(&key) => Err(Reason::NoFile),
            None if segment.is_none() && self.tracks.rows(&key) > 1 => Err(Reason::NoNumber),
            None => Err(Reason::NoSegment),
        }
    }

    /// What the user should know of the files, after all rows have looked for theirs; `word` is what they are called.
    pub fn notes(&self, word: &str) -> Vec<String> {
        let first = "the table counts the segments of a track from 1; segment 1 is taken for the start";
        let foreign = format!("{word} of no track of the table, not used");
        let spare: BTreeMap<&String, usize> = (self.segments.iter())
            .filter(|(_, (count, found))| (1..*count).contains(found))
            .map(|(key, (count, found))| (key, count - found))
            .collect();
        let segments = format!("segments of {word} without a row in the table, not used");
        let spares = spare.keys().map(|key| (*key).clone()).collect();
        [
            (self.first == 1).then(|| first.to_owned()),
            named(&self.foreign, self.foreign.len(), &foreign),
            named(
                &self.twice,
                self.twice.len(),
                &format!("tracks with more than one of the {word}, of which the first is taken"),
            ),
            named(&spares, spare.values().sum(), &segments),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
