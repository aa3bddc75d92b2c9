//! Where examples come from: a feature table from a file or folder, or music that the program makes up.

mod artists;
mod assemble;
pub mod audio;
mod builtin;
mod catalogue;
mod columnar;
mod computed;
mod drop_faults;
mod embeddings;
mod example_source;
mod fingerprint;
mod image_file;
mod images;
mod input_kinds;
mod join;
mod resize;
mod select;
mod source;
mod spectrograms;
mod table;
mod unlabelled;

pub use artists::Artists;
pub use builtin::info as builtin_info;
pub use catalogue::{Catalogue, Example};
pub use embeddings::{Embeddings, PlannedEncoder, WantedEncoder};
pub use example_source::{ExampleSource, SourceFile};
pub use input_kinds::{InputKind, InputKinds};
pub use resize::ImageSize;
pub use source::Source;
pub use spectrograms::SpectrogramSource;
pub use table::MAY_GIVE_AWAY;
pub use table::choice::{ColumnChoice, Globs};
pub use unlabelled::Unlabelled;

use crate::audio::{Limits, RATE};
use crate::error::{Error, Result};
use crate::recordings::{find_labelled, layouts, names};
use artists::numbers_of;
use assemble::{DatasetParts, ExampleFacts, Joined};
use example_source::SourcePart;
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use table::RawTable;

/// Labelled examples in memory, in an order that depends only on what they are.
///
/// Examples are sorted by name, classes alphabetically, and features stand in their published order, so the
/// same table with its rows or columns shuffled is the same dataset with the same fingerprint.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// What it is and how to recognise it.
    pub info: Info,
    /// Feature names; none if no table was asked for.
    pub columns: Arc<[String]>,
    /// Features as they stand in the table, shape `(examples, columns)`.
    pub table: Array2<f64>,
    /// Where no columns were computed, SHA-256 of the samples or pixels of each example; else empty.
    pub contents: Vec<[u8; 32]>,
    /// Spectrograms of the examples, in the same order.
    pub spectrograms: SpectrogramSource,
    /// Where the spectrograms come from, if the examples do not come from there themselves.
    pub joined: Option<Joined>,
    /// What each row of the table is.
    pub catalogue: Catalogue,
    /// Artist of each track where it is known; empty if no list of artists was found.
    pub artists: Artists,
    /// The file the artists came from.
    pub artists_path: Option<PathBuf>,
    /// Part of each example in a split that a column gives; empty if no such column was asked for.
    pub parts: Vec<String>,
    /// The recording or image of each example, where there is one.
    sources: Vec<Option<ExampleSource>>,
    /// What recordings are accepted when they are read again.
    limits: Limits,
    /// Embeddings of the examples, or why there are none, by the identity of the encoder.
    embeddings: BTreeMap<String, std::result::Result<Embeddings, String>>,
    /// What the user should know about how the table was read.
    pub notes: Vec<String>,
}

/// A dataset in a few words, as it is stored with every run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Info {
    /// File name of the table, or what the built-in data is called.
    pub name: String,
    /// Whether the program made the data up.
    pub synthetic: bool,
    /// Length of an example in whole seconds, if known.
    pub seconds: Option<u32>,
    /// Number of examples.
    pub examples: usize,
    /// Number of tracks.
    #[serde(rename = "clips")]
    pub tracks: usize,
    /// Number of feature columns.
    pub features: usize,
    /// Class names.
    pub classes: Vec<String>,
    /// SHA-256 over names, labels and features, or where no features were computed the samples or pixels; 64 hexadecimal
    /// digits, empty if nothing was looked at.
    pub fingerprint: String,
    /// Where the spectrograms beside a table come from, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spectrograms: Option<JoinedInfo>,
}

/// Where the spectrograms beside a table come from, as it is stored with every run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinedInfo {
    /// `audio` or `images`.
    pub from: String,
    /// SHA-256 over their samples or pixels.
    pub fingerprint: String,
}

impl Info {
    /// One line for people: `features_10_sec.csv: 2991 examples of 1000 tracks, 10 classes, 57 features`.
    pub fn describe(&self) -> String {
        let segments = if self.examples == self.tracks {
            format!("{} tracks", self.tracks)
        } else {
            format!("{} examples of {} tracks", self.examples, self.tracks)
        };
        let classes = self.classes.len();
        let features = match self.features {
            0 => "no feature table".to_owned(),
            features => format!("{features} features"),
        };
        let joined = self.spectrograms.as_ref();
        let spectrograms =
            joined.map_or_else(String::new, |joined| format!(", spectrograms from {}", joined.from));
        format!("{}: {segments}, {classes} classes, {features}{spectrograms}", self.name)
    }

    /// Whether every track is one example, so that segments and tracks are the same thing.
    pub fn whole_tracks(&self) -> bool {
        self.examples == self.tracks
    }
}

impl Dataset {
    /// Bytes of the table, the spectrograms and the embeddings.
    pub fn bytes(&self) -> u64 {
        (self.table.len() * size_of::<f64>()) as u64 + self.spectrograms.bytes() + self.embedding_bytes()
    }

    /// Where an example starts and ends in its recording, in seconds; from 0 to 0 where that is not known.
    pub fn seconds_of(&self, example: usize) -> (f64, f64) {
        let part = self.sources.get(example).and_then(Option::as_ref).map(|source| &source.part);
        match part {
            Some(SourcePart::Samples(samples)) => {
                let seconds = |sample: usize| sample as f64 / f64::from(RATE);
                (seconds(samples.start), seconds(samples.end))
            }
            _ => (0.0, 0.0),
        }
    }

    /// Where the samples or pixels of an example are, if that is known.
    pub fn source_of(&self, example: usize) -> Option<&ExampleSource> {
        self.sources.get(example)?.as_ref()
    }

    /// What recordings are accepted when they are read again.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What the spectrograms were made of, where it is not the samples of the examples: `images`.
    pub fn spectrograms_from(&self) -> Option<String> {
        matches!(self.spectrograms, SpectrogramSource::Images(_)).then(|| InputKind::Images.name().to_owned())
    }

    /// Loads what `source` names. Where features are computed, which takes a while, `progress` is told after
    /// some tracks how many of how many are done.
    ///
    /// A folder with the table that is asked for is read from it; one without is computed from its audio or,
    /// failing that, made of its images.
    ///
    /// # Errors
    ///
    /// A missing or broken file, or data that nothing can be learned from; each names the file and the
    /// line or column.
    pub fn load(source: &Source, progress: &dyn Fn(usize, usize)) -> Result<Self> {
        let dataset = Self { limits: source.limits, ..Self::whole(source, progress)? };
        match &source.drop_faults {
            Some(report) => drop_faults::drop_faults(dataset, report),
            None => Ok(dataset),
        }
    }

    /// What `source` names, faults and all.
    fn whole(source: &Source, progress: &dyn Fn(usize, usize)) -> Result<Self> {
        let Some(data) = &source.data else {
            source.only_of_tables("the built-in music")?;
            source.only_of_folders("the built-in music")?;
            return builtin::dataset(source, progress);
        };
        if !data.is_dir() {
            let parts = table_parts(data, source)?;
            source.only_of_folders("a file")?;
            return Self::from_table(data, source, parts);
        }
        let layout = layouts::of_folder(data);
        let no_table = if source.takes(InputKind::Table) {
            match layout.table(data, source.seconds) {
                Ok(file) => {
                    let parts = table_parts(&file, source)?;
                    let parts = join::with_spectrograms(parts, &file, data, source, progress)?;
                    return Self::from_table(&file, source, parts);
                }
                Err(no_table) => no_table,
            }
        } else {
            let reason = "there is none of the inputs that --inputs names in this folder";
            Error::at(
                data,
                reason,
                "leave --inputs out; `bench list datasets --data DIR` shows what a folder holds",
            )
        };
        source.only_of_tables("a folder of audio or images")?;
        Self::from_files(data, source, progress)?.ok_or(no_table)
    }

    fn from_table(file: &Path, source: &Source, parts: DatasetParts) -> Result<Self> {
        let mut dataset = parts.dataset(file, source.seconds)?;
        dataset.add_artists(source.artists.clone().or_else(|| layouts::artists_beside(file)))?;
        Ok(dataset)
    }

    /// The dataset of a folder's recordings or, where there are none, images; `None` where there is neither.
    fn from_files(folder: &Path, source: &Source, progress: &dyn Fn(usize, usize)) -> Result<Option<Self>> {
        let found = source.takes(InputKind::Audio).then(|| find_labelled(folder)).transpose()?;
        let layout = layouts::of_folder(folder);
        let (kind, seconds, parts) = if let Some(found) = found.filter(|found| !found.recordings.is_empty()) {
            let seconds = source.seconds.unwrap_or(audio::DEFAULT_SECONDS);
            let mut parts = audio::parts(folder, &found.recordings, source, progress)?;
            parts.notes.splice(..0, found.notes);
            ("audio", Some(seconds), parts)
        } else if source.takes(InputKind::Images) && layout.is_labelled_by_folder() {
            let images = images::found(folder)?;
            if images.images.is_empty() {
                return Ok(None);
            }
            ("images", None, images::parts(folder, &images, source, progress)?)
        } else {
            return Ok(None);
        };
        // The path may be `.`, but the dataset wants a name.
        let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let mut dataset = parts.dataset(&whole, seconds)?;
        dataset.info.name = format!("{kind} in {}", dataset.info.name);
        dataset.add_artists(source.artists.clone().or_else(|| layouts::artists_of(folder)))?;
        Ok(Some(dataset))
    }

    fn add_artists(&mut self, path: Option<PathBuf>) -> Result<()> {
        if let Some(path) = path {
            self.artists = Artists::read(&path, &self.catalogue.tracks)?;
            self.notes.extend(self.artists.merged_note());
            self.catalogue.artists.clone_from(&self.artists.of_track);
            self.artists_path = Some(path);
        }
        Ok(())
    }
}

/// The examples of a table.
fn table_parts(file: &Path, source: &Source) -> Result<DatasetParts> {
    let raw = match layouts::lists_of_table(file)? {
        Some(lists) => table::read_listed(file, &source.columns, &lists)?,
        None => match columnar::read(file, &source.columns)? {
            Some(raw) => raw,
            None => table::read(file, &source.columns)?,
        },
    };
    Ok(DatasetParts::from(raw))
}

impl From<RawTable> for DatasetParts {
    /// What somebody else's names say is read here, once.
    fn from(raw: RawTable) -> Self {
        let mut notes = raw.notes;
        if raw.filenames.is_none() && raw.tracks.is_none() {
            notes.push(
                "the table has no `filename` column: every row is taken for a track of its own; \
                 if rows are segments of one track, scores under `track` leak (--group COLUMN says which belong together)"
                    .to_owned(),
            );
        }
        let cell = |column: &Option<Vec<String>>, row: usize| {
            column.as_ref().map(|texts| texts[row].clone()).filter(|text| !text.is_empty())
        };
        let filenames = raw.filenames.iter().flatten().map(String::as_str);
        let said = names::parse_all(filenames);
        if raw.tracks.is_none() {
            let read = raw.filenames.iter().flatten().zip(&said);
            notes.extend(names::segments_note(read.filter_map(|(name, said)| {
                let said = said.as_ref()?;
                Some((name.as_str(), said.track.as_str(), said.segment))
            })));
            notes.extend(names::folders_note(&said));
        }
        let artists = numbers_of(raw.artists.iter().map(Option::as_deref));
        let facts = |(row, (genre, line)): (usize, (String, u64))| {
            let name = cell(&raw.filenames, row);
            let said = said.get(row).and_then(Option::as_ref);
            ExampleFacts {
                track: cell(&raw.tracks, row).or_else(|| said.map(|said| said.track.clone())),
                segment: said.and_then(|said| said.segment),
                name,
                genre,
                artist: artists.get(row).copied().flatten(),
                part: raw.parts.as_ref().map(|parts| parts[row].clone()),
                line: Some(line),
                source: None,
            }
        };
        let examples = raw.labels.into_iter().zip(raw.lines).enumerate().map(facts).collect();
        Self {
            examples,
            columns: raw.columns,
            features: raw.features,
            contents: Vec::new(),
            spectrograms: SpectrogramSource::None("a table has none".to_owned()),
            joined: None,
            median_length: raw.median_length,
            notes,
        }
    }
}

#[cfg(test)]
mod tests;
