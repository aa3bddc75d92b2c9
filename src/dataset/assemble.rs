//! From examples as they come to a [`Dataset`]: named uniquely, in order, checked.

use super::catalogue::{Catalogue, Example, numbered};
use super::example_source::ExampleSource;
use super::fingerprint::fingerprint;
use super::input_kinds::InputKind;
use super::spectrograms::SpectrogramSource;
use super::{Artists, Dataset, Info, JoinedInfo};
use crate::audio::{Limits, RATE};
use crate::error::{Error, Result};
use crate::util::hex;
use ndarray::{Array2, Axis};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What is known of an example where it comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExampleFacts {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its track; without one, a track of its own.
    pub track: Option<String>,
    /// Number of the segment in its track.
    pub segment: Option<usize>,
    /// Its genre.
    pub genre: String,
    /// A number that tracks of the same artist share.
    pub artist: Option<usize>,
    /// The part of a split that it is in, if a column says so.
    pub part: Option<String>,
    /// Line of the file that it was read from.
    pub line: Option<u64>,
    /// Its recording or image, if it has one.
    pub source: Option<ExampleSource>,
}

/// Examples in the order they came in.
#[derive(Debug)]
pub struct DatasetParts {
    /// What is known of each.
    pub examples: Vec<ExampleFacts>,
    /// Names of the feature columns; none if no table was asked for.
    pub columns: Vec<String>,
    /// Features, shape `(examples, columns)`.
    pub features: Array2<f64>,
    /// SHA-256 of what each example is, where it has no columns; else none.
    pub contents: Vec<[u8; 32]>,
    /// Spectrograms of each.
    pub spectrograms: SpectrogramSource,
    /// Where the spectrograms come from, if the examples do not come from there themselves.
    pub joined: Option<Joined>,
    /// Median number of samples an example was computed from, if known.
    pub median_length: Option<f64>,
    /// What the user should know.
    pub notes: Vec<String>,
}

/// Where the spectrograms of a table's examples come from.
#[derive(Debug, Clone)]
pub struct Joined {
    /// What they were made of.
    pub from: InputKind,
    /// SHA-256 of the samples or pixels of each example.
    pub contents: Vec<[u8; 32]>,
}

impl Joined {
    /// As it is stored with every run.
    pub fn info(&self) -> JoinedInfo {
        let mut hash = Sha256::new();
        self.contents.iter().for_each(|content| hash.update(content));
        JoinedInfo { from: self.from.name().to_owned(), fingerprint: hex(&hash.finalize()) }
    }

    /// Of the examples at `kept`, in that order.
    pub fn select(self, kept: &[usize]) -> Self {
        Self { contents: kept.iter().map(|&example| self.contents[example]).collect(), ..self }
    }
}

impl DatasetParts {
    /// Seconds of an example by the `length` column, if there is one.
    pub fn measured_seconds(&self) -> Option<u32> {
        self.median_length.map(|length| (length / f64::from(RATE)).round() as u32)
    }

    /// The examples at `kept`, in that order.
    pub fn select(self, kept: &[usize]) -> Self {
        let contents = match self.contents.is_empty() {
            true => Vec::new(),
            false => kept.iter().map(|&example| self.contents[example]).collect(),
        };
        Self {
            examples: kept.iter().map(|&example| self.examples[example].clone()).collect(),
            features: self.features.select(Axis(0), kept),
            contents,
            spectrograms: self.spectrograms.select(kept),
            joined: self.joined.map(|joined| joined.select(kept)),
            ..self
        }
    }

    /// The dataset of these examples. `path` is what it is called after, `seconds` how long its examples should be.
    ///
    /// # Errors
    ///
    /// Examples of another length, fewer than two genres, or a track of two genres.
    pub fn dataset(self, path: &Path, seconds: Option<u32>) -> Result<Dataset> {
        let dataset = self.of_any_classes(path, seconds)?;
        if let [] | [_] = &dataset.catalogue.classes[..] {
            let only = dataset.catalogue.classes.first().map_or("", String::as_str);
            return Err(Error::at(
                path,
                format!("there is only one class, `{only}`"),
                "a classifier needs at least two genres in the label column",
            ));
        }
        Ok(dataset)
    }

    /// The same of however many genres: examples that nothing is fitted to.
    ///
    /// # Errors
    ///
    /// Examples of another length, or a track of two genres.
    pub fn of_any_classes(self, path: &Path, seconds: Option<u32>) -> Result<Dataset> {
        let measured = self.measured_seconds();
        if let (Some(asked), Some(measured)) = (seconds, measured)
            && asked != measured
        {
            return Err(Error::at(
                path,
                format!("its examples are {measured} s long by the `length` column, not {asked} s"),
                "leave --segment out, or name the table of that length",
            ));
        }
        let named = named(&self.examples);
        let track_of =
            |(facts, name): (&'_ ExampleFacts, &String)| facts.track.clone().unwrap_or_else(|| name.clone());
        let track_names: Vec<String> = self.examples.iter().zip(&named).map(track_of).collect();
        let (tracks, track_of) = numbered(track_names.iter().map(String::as_str));
        let (classes, label_of) = numbered(self.examples.iter().map(|facts| facts.genre.as_str()));
        one_genre_a_track(path, &self.examples, &tracks, &track_of)?;

        let mut order: Vec<usize> = (0..named.len()).collect();
        // By name; examples that came without keep their order.
        let key = |row: usize| (self.examples[row].name.as_ref().map_or("", |_| named[row].as_str()), row);
        order.sort_by(|&a, &b| key(a).cmp(&key(b)));
        let example = |&row: &usize| Example {
            name: named[row].clone(),
            track: track_of[row],
            segment: self.examples[row].segment,
            label: label_of[row],
        };
        let examples = order.iter().map(example).collect();
        let mut catalogue = Catalogue { examples, tracks, classes, artists: Vec::new() };
        let mut artists = Artists::default();
        if self.examples.iter().any(|facts| facts.artist.is_some()) {
            artists.of_track = vec![None; catalogue.tracks.len()];
            track_of
                .iter()
                .zip(&self.examples)
                .for_each(|(&track, facts)| artists.of_track[track] = facts.artist);
            catalogue.artists.clone_from(&artists.of_track);
        }
        let parts = order.iter().filter_map(|&row| self.examples[row].part.clone()).collect();
        let columns: Arc<[String]> = self.columns.into();
        let table = self.features.select(Axis(0), &order);
        let contents: Vec<[u8; 32]> = if self.contents.is_empty() {
            Vec::new()
        } else {
            order.iter().map(|&row| self.contents[row]).collect()
        };
        let sources = order.iter().map(|&row| self.examples[row].source.clone()).collect();
        let joined = self.joined.map(|joined| joined.select(&order));
        let info = Info {
            name: path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into()),
            synthetic: false,
            seconds: measured.or(seconds),
            examples: catalogue.examples.len(),
            tracks: catalogue.tracks.len(),
            features: columns.len(),
            classes: catalogue.classes.clone(),
            fingerprint: fingerprint(&columns, &table, &contents, &catalogue),
            spectrograms: joined.as_ref().map(Joined::info),
        };
        Ok(Dataset {
            info,
            columns,
            table,
            contents,
            spectrograms: self.spectrograms.select(&order),
            joined,
            catalogue,
            artists,
            artists_path: None,
            parts,
            sources,
            limits: Limits::default(),
            embeddings: BTreeMap::new(),
            notes: self.notes,
        })
    }
}

/// Gives every example a unique name. Those that share one get a running number; those without are called after their
/// track or their place.
fn named<'a>(examples: &'a [ExampleFacts]) -> Vec<String> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut unique = |(row, facts): (usize, &'a ExampleFacts)| {
        let Some(name) = facts.name.as_ref().or(facts.track.as_ref()) else {
            return format!("row {}", row + 1);
        };
        let count = seen.entry(name).or_default();
        *count += 1;
        if *count == 1 { name.clone() } else { format!("{name}#{count}") }
    };
    examples.iter().enumerate().map(&mut unique).collect()
}

fn one_genre_a_track(
    path: &Path,
    examples: &[ExampleFacts],
    tracks: &[String],
    track_of: &[usize],
) -> Result<()> {
    let mut first_of = vec![None; tracks.len()];
    for (facts, &track) in examples.iter().zip(track_of) {
        let first: &ExampleFacts = first_of[track].get_or_insert(facts);
        if first.genre != facts.genre {
            let before = first.line.map(|line| format!(" on line {line}")).unwrap_or_default();
            let reason =
                format!("track `{}` is `{}` here but `{}`{before}", tracks[track], facts.genre, first.genre);
            let hint = "correct the label, or name the column that tells tracks apart, --group COLUMN";
            return Err(match facts.line {
                Some(line) => Error::at_line(path, line, reason, hint),
                None => Error::at(path, reason, hint),
            });
        }
    }
    Ok(())
}
