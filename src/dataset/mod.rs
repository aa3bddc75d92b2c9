//! Where examples come from: a feature table from a file or folder, or music that the program makes up.

mod artists;
mod builtin;
mod catalogue;
mod columns;
mod drop_faults;
mod folder;
mod images;
pub mod recordings;
mod resize;
mod spectrograms;
mod table;

pub use artists::Artists;
pub use builtin::info as builtin_info;
pub use catalogue::{Catalogue, Example};
pub use resize::ImageSize;
pub use spectrograms::SpectrogramSource;

use crate::error::{Error, Result};
use crate::features::cache::Cache;
use crate::recordings::track_of;
use crate::util::hex;
use catalogue::numbered;
use genre_bench_api::Representation;
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use table::RawTable;

/// Samples a second in GTZAN and in every table computed from it.
pub const SAMPLE_RATE: f64 = 22_050.0;

/// Labelled examples in memory, in an order that depends only on what they are.
///
/// Examples are sorted by name, classes alphabetically, and features stand in their published order, so the
/// same table with its rows or columns shuffled is the same dataset with the same fingerprint.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// What it is and how to recognise it.
    pub info: Info,
    /// Feature names.
    pub columns: Arc<[String]>,
    /// Features as they stand in the table, shape `(examples, columns)`.
    pub table: Array2<f64>,
    /// Spectrograms of the examples, in the same order.
    pub spectrograms: SpectrogramSource,
    /// What each row of the table is.
    pub catalogue: Catalogue,
    /// Artist of each track where it is known; empty if no list of artists was found.
    pub artists: Artists,
    /// The file the artists came from.
    pub artists_path: Option<PathBuf>,
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
    /// SHA-256 over names, labels and features, 64 hexadecimal digits; empty if no features were computed.
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
        let (classes, features) = (self.classes.len(), self.features);
        format!("{}: {segments}, {classes} classes, {features} features", self.name)
    }

    /// Whether every track is one example, so that segments and tracks are the same thing.
    pub fn whole_tracks(&self) -> bool {
        self.examples == self.tracks
    }
}

/// What the user said about where the data is.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// A CSV file, a folder in the Kaggle layout or one with audio or images in GENRE/file; the built-in data without it.
    pub data: Option<PathBuf>,
    /// Length of a segment in seconds: chooses the table in a folder, or how audio is cut.
    pub seconds: Option<u32>,
    /// A list of artists; looked for beside the data without it.
    pub artists: Option<PathBuf>,
    /// Seed of the built-in data.
    pub seed: u64,
    /// Where features computed from audio are kept; nowhere without it.
    pub cache: Option<Cache>,
    /// Size that images are brought to in the table.
    pub image_size: ImageSize,
    /// Spectrograms to compute of every example, for the models that read them.
    pub representations: Vec<Representation>,
    /// Size that larger spectrograms are brought to.
    pub spectrogram_size: Option<ImageSize>,
    /// An audit's report: its faults and duplicates are left out.
    pub drop_faults: Option<PathBuf>,
}

impl Dataset {
    /// Bytes of the table and the spectrograms.
    pub fn bytes(&self) -> u64 {
        (self.table.len() * size_of::<f64>()) as u64 + self.spectrograms.bytes()
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
        let dataset = Self::whole(source, progress)?;
        match &source.drop_faults {
            Some(report) => drop_faults::drop_faults(dataset, report),
            None => Ok(dataset),
        }
    }

    /// What `source` names, faults and all.
    fn whole(source: &Source, progress: &dyn Fn(usize, usize)) -> Result<Self> {
        let Some(data) = &source.data else {
            return builtin::dataset(source, progress);
        };
        if !data.is_dir() {
            return Self::from_csv(data, source);
        }
        match folder::table_in(data, source.seconds) {
            Ok(file) => Self::from_csv(&file, source),
            Err(no_table) => Self::from_files(data, source, progress)?.ok_or(no_table),
        }
    }

    fn from_csv(file: &Path, source: &Source) -> Result<Self> {
        let mut dataset = Self::from_raw(table::read(file)?, file, source.seconds)?;
        dataset.add_artists(source.artists.clone().or_else(|| folder::artists_beside(file)))?;
        Ok(dataset)
    }

    /// The dataset of a folder's tracks or, where there are none, images; `None` where there is neither.
    fn from_files(folder: &Path, source: &Source, progress: &dyn Fn(usize, usize)) -> Result<Option<Self>> {
        let (kind, seconds, parts) = match recordings::table(folder, source, progress)? {
            Some(parts) => ("audio", Some(source.seconds.unwrap_or(recordings::DEFAULT_SECONDS)), parts),
            None => match images::table(folder, source, progress)? {
                Some(parts) => ("images", None, parts),
                None => return Ok(None),
            },
        };
        // The path may be `.`, but the dataset wants a name.
        let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let mut dataset = Self::from_raw(parts.table, &whole, seconds)?;
        dataset.info.name = format!("{kind} in {}", dataset.info.name);
        dataset.notes.extend(parts.notes);
        dataset.add_artists(source.artists.clone().or(parts.artists))?;
        Ok(Some(dataset))
    }

    fn add_artists(&mut self, path: Option<PathBuf>) -> Result<()> {
        if let Some(path) = path {
            self.artists = Artists::read(&path, &self.catalogue.tracks)?;
            self.artists_path = Some(path);
        }
        Ok(())
    }

    fn from_raw(raw: RawTable, path: &Path, seconds: Option<u32>) -> Result<Self> {
        let mut notes = Vec::new();
        if !raw.ignored.is_empty() {
            let shown = raw.ignored.join(", ");
            notes
                .push(format!("columns that are not among the 57 published features were left out: {shown}"));
        }
        if raw.filenames.is_none() && raw.tracks.is_none() {
            notes.push(
                "the table has no `filename` column: every row is taken for a track of its own; \
                 if rows are segments of one track, scores under `track` leak"
                    .to_owned(),
            );
        }
        let measured = raw.median_length.map(|length| (length / SAMPLE_RATE).round() as u32);
        if let (Some(asked), Some(measured)) = (seconds, measured)
            && asked != measured
        {
            return Err(Error::at(
                path,
                format!("its examples are {measured} s long by the `length` column, not {asked} s"),
                "leave --segment out, or name the table of that length",
            ));
        }
        let name =
            path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into());
        let rows = named_rows(&raw);
        let (tracks, track_of_row) = numbered(rows.iter().map(|row| row.track.as_str()));
        let (classes, label_of_row) = numbered(raw.labels.iter().map(String::as_str));
        if classes.len() < 2 {
            return Err(Error::at(
                path,
                format!("there is only one class, `{}`", classes[0]),
                "a classifier needs at least two genres in the label column",
            ));
        }
        one_label_a_track(path, &raw, &tracks, &track_of_row)?;

        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by(|&a, &b| rows[a].sort_key().cmp(&rows[b].sort_key()));
        let examples = order
            .iter()
            .map(|&row| Example {
                name: rows[row].name.clone(),
                track: track_of_row[row],
                label: label_of_row[row],
            })
            .collect();
        let table = raw.features.select(ndarray::Axis(0), &order);
        let seconds = measured.or(seconds);
        let catalogue = Catalogue { examples, tracks, classes };
        let columns: Arc<[String]> = raw.columns.into();
        let spectrograms = raw.spectrograms.select(&order);
        let info = Info {
            name,
            synthetic: false,
            seconds,
            examples: catalogue.examples.len(),
            tracks: catalogue.tracks.len(),
            features: columns.len(),
            classes: catalogue.classes.clone(),
            fingerprint: fingerprint(&columns, &table, &catalogue),
        };
        let artists = Artists::default();
        Ok(Self { info, columns, table, spectrograms, catalogue, artists, artists_path: None, notes })
    }
}

/// A row's names before rows are put in order.
struct NamedRow {
    name: String,
    track: String,
    row: usize,
    unnamed: bool,
}

impl NamedRow {
    /// By name; rows that the table does not name keep their order.
    fn sort_key(&self) -> (&str, usize) {
        (if self.unnamed { "" } else { &self.name }, self.row)
    }
}

/// Gives every row a unique name. Rows that share a file name are segments of one track and get a
/// running number; rows without any name are called after their place in the file.
fn named_rows(raw: &RawTable) -> Vec<NamedRow> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    (0..raw.labels.len())
        .map(|row| {
            let filename = raw.filenames.as_ref().map(|names| names[row].as_str()).filter(|n| !n.is_empty());
            let track = raw.tracks.as_ref().map(|tracks| tracks[row].as_str()).filter(|c| !c.is_empty());
            let name = match filename.or(track) {
                None => format!("row {}", row + 1),
                Some(name) => {
                    let count = seen.entry(name).or_default();
                    *count += 1;
                    if *count == 1 { name.to_owned() } else { format!("{name}#{count}") }
                }
            };
            let track = track.or_else(|| filename.map(track_of)).unwrap_or(&name).to_owned();
            NamedRow { name, track, row, unnamed: filename.is_none() }
        })
        .collect()
}

fn one_label_a_track(path: &Path, raw: &RawTable, tracks: &[String], track_of_row: &[usize]) -> Result<()> {
    let mut first_row = vec![None; tracks.len()];
    for (row, &track) in track_of_row.iter().enumerate() {
        let first = *first_row[track].get_or_insert(row);
        if raw.labels[first] != raw.labels[row] {
            let reason = format!(
                "track `{}` is `{}` here but `{}` on line {}",
                tracks[track], raw.labels[row], raw.labels[first], raw.lines[first]
            );
            let hint = "correct the label, or tell tracks apart in a `clip` column";
            return Err(Error::at_line(path, raw.lines[row], reason, hint));
        }
    }
    Ok(())
}

fn fingerprint(columns: &[String], table: &Array2<f64>, catalogue: &Catalogue) -> String {
    let mut hash = Sha256::new();
    let mut text = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    columns.iter().for_each(|column| text(column));
    for example in &catalogue.examples {
        text(&example.name);
        text(&catalogue.tracks[example.track]);
        text(&catalogue.classes[example.label]);
    }
    for value in table {
        hash.update(value.to_bits().to_le_bytes());
    }
    hex(&hash.finalize())
}
