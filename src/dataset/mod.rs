//! Where examples come from: a feature table from a file or folder, or music that the program makes up.

mod artists;
pub mod audit;
mod builtin;
mod catalogue;
mod columns;
pub mod corpus;
mod drop_faults;
pub mod fetch;
mod folder;
mod images;
mod names;
mod pictures;
pub mod recordings;
mod resize;
mod table;

pub use artists::Artists;
pub use builtin::info as builtin_info;
pub use catalogue::{Catalogue, Example};
pub use names::clip_of;
pub use pictures::PictureSource;
pub use resize::ImageSize;

use crate::error::{Error, Result};
use crate::features::cache::Cache;
use catalogue::numbered;
use genre_bench_api::Picture;
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
    /// Pictures of the examples, in the same order.
    pub pictures: PictureSource,
    /// What each row of the table is.
    pub catalogue: Catalogue,
    /// Artist of each recording where it is known; empty if no list of artists was found.
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
    /// Number of recordings.
    pub clips: usize,
    /// Number of feature columns.
    pub features: usize,
    /// Class names.
    pub classes: Vec<String>,
    /// SHA-256 over names, labels and features, 64 hexadecimal digits; empty if no features were computed.
    pub fingerprint: String,
}

impl Info {
    /// One line for people: `features_10_sec.csv: 2991 examples of 1000 clips, 10 classes, 57 features`.
    pub fn describe(&self) -> String {
        let pieces = if self.examples == self.clips {
            format!("{} clips", self.clips)
        } else {
            format!("{} examples of {} clips", self.examples, self.clips)
        };
        let (classes, features) = (self.classes.len(), self.features);
        format!("{}: {pieces}, {classes} classes, {features} features", self.name)
    }

    /// Whether every recording is one example, so that segments and tracks are the same thing.
    pub fn whole_clips(&self) -> bool {
        self.examples == self.clips
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
    /// Pictures to compute of every example, for the models that read them.
    pub pictures: Vec<Picture>,
    /// Size that larger pictures are brought to.
    pub picture_size: Option<ImageSize>,
    /// An audit's report: its faults and duplicates are left out.
    pub drop_faults: Option<PathBuf>,
}

impl Dataset {
    /// Loads what `source` names. Where features are computed, which takes a while, `progress` is told after
    /// some recordings how many of how many are done.
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

    /// The dataset of a folder's recordings or, where there are none, images; `None` where there is neither.
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
            self.artists = Artists::read(&path, &self.catalogue.clips)?;
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
        if raw.filenames.is_none() && raw.clips.is_none() {
            notes.push(
                "the table has no `filename` column: every row is taken for a recording of its own; \
                 if rows are segments of one recording, scores under `track` leak"
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
        let (clips, clip_of_row) = numbered(rows.iter().map(|row| row.clip.as_str()));
        let (classes, label_of_row) = numbered(raw.labels.iter().map(String::as_str));
        if classes.len() < 2 {
            return Err(Error::at(
                path,
                format!("there is only one class, `{}`", classes[0]),
                "a classifier needs at least two genres in the label column",
            ));
        }
        one_label_a_clip(path, &raw, &clips, &clip_of_row)?;

        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by(|&a, &b| rows[a].sort_key().cmp(&rows[b].sort_key()));
        let examples = order
            .iter()
            .map(|&row| Example {
                name: rows[row].name.clone(),
                clip: clip_of_row[row],
                label: label_of_row[row],
            })
            .collect();
        let table = raw.features.select(ndarray::Axis(0), &order);
        let seconds = measured.or(seconds);
        let catalogue = Catalogue { examples, clips, classes };
        let columns: Arc<[String]> = raw.columns.into();
        let pictures = raw.pictures.select(&order);
        let info = Info {
            name,
            synthetic: false,
            seconds,
            examples: catalogue.examples.len(),
            clips: catalogue.clips.len(),
            features: columns.len(),
            classes: catalogue.classes.clone(),
            fingerprint: fingerprint(&columns, &table, &catalogue),
        };
        let artists = Artists::default();
        Ok(Self { info, columns, table, pictures, catalogue, artists, artists_path: None, notes })
    }
}

/// A row's names before rows are put in order.
struct NamedRow {
    name: String,
    clip: String,
    row: usize,
    unnamed: bool,
}

impl NamedRow {
    /// By name; rows that the table does not name keep their order.
    fn sort_key(&self) -> (&str, usize) {
        (if self.unnamed { "" } else { &self.name }, self.row)
    }
}

/// Gives every row a unique name. Rows that share a file name are segments of one recording and get a
/// running number; rows without any name are called after their place in the file.
fn named_rows(raw: &RawTable) -> Vec<NamedRow> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    (0..raw.labels.len())
        .map(|row| {
            let filename = raw.filenames.as_ref().map(|names| names[row].as_str()).filter(|n| !n.is_empty());
            let clip = raw.clips.as_ref().map(|clips| clips[row].as_str()).filter(|c| !c.is_empty());
            let name = match filename.or(clip) {
                None => format!("row {}", row + 1),
                Some(name) => {
                    let count = seen.entry(name).or_default();
                    *count += 1;
                    if *count == 1 { name.to_owned() } else { format!("{name}#{count}") }
                }
            };
            let clip = clip.or_else(|| filename.map(clip_of)).unwrap_or(&name).to_owned();
            NamedRow { name, clip, row, unnamed: filename.is_none() }
        })
        .collect()
}

fn one_label_a_clip(path: &Path, raw: &RawTable, clips: &[String], clip_of_row: &[usize]) -> Result<()> {
    let mut first_row = vec![None; clips.len()];
    for (row, &clip) in clip_of_row.iter().enumerate() {
        let first = *first_row[clip].get_or_insert(row);
        if raw.labels[first] != raw.labels[row] {
            let reason = format!(
                "recording `{}` is `{}` here but `{}` on line {}",
                clips[clip], raw.labels[row], raw.labels[first], raw.lines[first]
            );
            let hint = "correct the label, or tell recordings apart in a `clip` column";
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
        text(&catalogue.clips[example.clip]);
        text(&catalogue.classes[example.label]);
    }
    for value in table {
        hash.update(value.to_bits().to_le_bytes());
    }
    hex(&hash.finalize())
}

/// Lower-case hexadecimal digits of some bytes.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
