//! Reading a feature table.
//!
//! ```text
//! file ── text ──► CSV ──┐
//!      └─ Parquet, Arrow ┴► Cells ── roles ──► label, group, names
//!                                 └─ giveaways ──► features, and notes on what is none
//! ```
//!
//! The `csv` crate and not polars, because a user with a broken table needs the line and the column
//! of the first broken cell, and polars fills short rows with nulls without a word.

pub mod cells;
pub mod choice;
mod giveaways;
mod header;
mod listed;
mod roles;
mod selection;
mod text;

use crate::audio::RATE;
use crate::error::{Error, Result};
use crate::recordings::lists::TrackLists;
use crate::recordings::names;
use crate::util::{BoundedReader, OpenError, open_file_or_pipe};
use cells::Cells;
use choice::ColumnChoice;
use csv::{ReaderBuilder, StringRecord};
use giveaways::Truth;
use listed::ListedRows;
use ndarray::Array2;
use roles::Roles;
pub use roles::has_texts;
pub use selection::MAY_GIVE_AWAY;
use selection::Selection;
use std::collections::HashSet;
use std::path::Path;

/// Larger files, and larger texts of compressed ones, are refused, so that a wrong path cannot eat the machine's memory.
const MAX_BYTES: u64 = 2 << 30;

const LAYOUT_HINT: &str = "give a CSV with a header, numeric feature columns and a `label` column";

/// A feature table as it stands in the file, rows in file order.
#[derive(Debug)]
pub struct RawTable {
    /// Names of the feature columns.
    pub columns: Vec<String>,
    /// Features, shape `(rows, columns)`, all finite.
    pub features: Array2<f64>,
    /// Genre of each row.
    pub labels: Vec<String>,
    /// Name of each row, if the table has them.
    pub filenames: Option<Vec<String>>,
    /// Track of each row, if the table has a column of its own for it.
    pub tracks: Option<Vec<String>>,
    /// Artist of each row, where a dataset's own list says it; else none.
    pub artists: Vec<Option<String>>,
    /// Part of each row, if a column was asked for or a dataset's own list says it.
    pub parts: Option<Vec<String>>,
    /// Line of each row in the file, counted from 1.
    pub lines: Vec<u64>,
    /// Median number of samples an example was computed from, if the table says it.
    pub median_length: Option<f64>,
    /// What the user should know of how the table was read.
    pub notes: Vec<String>,
}

/// Reads a feature table from CSV, in UTF-8 or UTF-16 with a mark, as it is or compressed with gzip.
///
/// Columns are matched by name and may stand in any order. All columns of numbers are features unless `choice` says
/// otherwise, they number rows, or they give the label away; what is left out is told in [`RawTable::notes`].
///
/// # Errors
///
/// Names the file and, where there is one, line and column: unreadable, empty, no header, no label or
/// feature column, a column twice, labels that contradict each other, a ragged row, an empty label, a cell that is not
/// a finite number.
pub fn read(path: &Path, choice: &ColumnChoice) -> Result<RawTable> {
    table_of(path, cells_of(path, choice, None)?, choice)
}

/// The same of a table of a dataset's metadata, whose rows have a track's number and no genre: `lists` say what they are. The
/// rows of other tracks are left out and told.
///
/// # Errors
///
/// As [`read`], and where no row is of a track that can be used.
pub fn read_listed(path: &Path, choice: &ColumnChoice, lists: &TrackLists) -> Result<RawTable> {
    let mut listed = ListedRows::new(lists);
    let cells = cells_of(path, choice, Some(&mut listed))?;
    let notes = listed.notes();
    if cells.lines.is_empty() {
        let reason = format!("no row is of a track that can be used: {}", notes.join("; "));
        return Err(Error::at(path, reason, "is it the table of this dataset?"));
    }
    let mut raw = table_of(path, cells, choice)?;
    raw.artists = listed.artists;
    if choice.split.is_none() {
        raw.parts = Some(listed.parts);
    }
    raw.notes.splice(..0, notes);
    Ok(raw)
}

/// The cells of a CSV, completed with what a list says of each row.
fn cells_of(path: &Path, choice: &ColumnChoice, mut listed: Option<&mut ListedRows>) -> Result<Cells> {
    let text = text::text_of(path, open(path)?)?;
    let mut csv = ReaderBuilder::new().delimiter(text.delimiter).has_headers(false).from_reader(text.reader);
    let mut record = StringRecord::new();
    let line_of = |place: Option<&csv::Position>| match place {
        Some(place) if place.byte() > 0 => place.line() + u64::from(text.ends_in_two),
        _ => 1,
    };
    let mut next = |record: &mut StringRecord| {
        csv.read_record(record).map_err(|e| csv_error(path, line_of(e.position()), &e))
    };
    if !next(&mut record)? || record.iter().all(str::is_empty) {
        return Err(Error::at(path, "the file is empty", LAYOUT_HINT));
    }
    let (mut names, mut waiting) = header::names(record, &mut next)?;
    if let Some(listed) = &listed {
        listed.complete_header(&mut names);
    }
    unique(path, &names)?;
    let mut cells = Cells::new(names, "line", |name| has_texts(name, choice));
    loop {
        let record = match waiting.pop_front() {
            Some(record) => record,
            None => {
                let mut record = StringRecord::new();
                if !next(&mut record)? {
                    break;
                }
                record
            }
        };
        let line = line_of(record.position());
        let record = match &mut listed {
            None => record,
            Some(listed) => match listed.completed(&record) {
                Some(completed) => completed,
                None => continue,
            },
        };
        cells.lines.push(line);
        cells.room_for(path, cells.lines.len())?;
        cells.columns.iter_mut().zip(&record).for_each(|(column, cell)| column.push(line, cell));
    }
    Ok(cells)
}

/// The feature table that cells are.
///
/// # Errors
///
/// As [`read`], but for what is wrong with the file itself.
pub fn table_of(path: &Path, mut cells: Cells, choice: &ColumnChoice) -> Result<RawTable> {
    let rows = cells.lines.len();
    if rows == 0 {
        return Err(Error::at(path, "the table has a header but no rows", LAYOUT_HINT));
    }
    let roles = Roles::of(path, &cells, choice)?;
    let label = &cells.columns[roles.label];
    let texts = |column: usize| -> Vec<String> {
        let texts = cells.columns[column].texts.as_ref();
        texts.map(|texts| (0..rows).map(|row| texts.of(row).to_owned()).collect()).unwrap_or_default()
    };
    let labels = texts(roles.label);
    if let Some(row) = labels.iter().position(String::is_empty) {
        let reason = format!("column `{}`: the label is empty", label.name);
        let hint = "give every row a genre, or delete the row";
        return Err(cells.error(path, cells.lines[row], reason, hint));
    }
    let (filenames, tracks, parts) = (roles.id.map(texts), roles.group.map(texts), roles.split.map(texts));

    let mut notes = roles.notes.clone();
    let track = |row: usize| -> Option<&str> {
        let filled = |texts: &'_ Option<Vec<String>>| texts.as_ref().is_some_and(|t| !t[row].is_empty());
        match (filled(&tracks), filled(&filenames)) {
            (true, _) => tracks.as_ref().map(|tracks| tracks[row].as_str()),
            (_, true) => filenames.as_ref().map(|names| names::track_of(&names[row])),
            _ => None,
        }
    };
    let truth = Truth::of(&labels, (0..rows).map(track));
    let selection = Selection { path, cells: &cells, choice, roles: &roles, truth: &truth };
    let features = selection.features(&mut notes)?;
    let length = roles.length.filter(|&c| !cells.columns[c].is_words());
    cells.all_numbers(path, features.iter().copied().chain(length))?;
    if cells.decimal_commas(path, features.iter().copied().chain(length))? {
        notes.push("numbers are read with a decimal comma".to_owned());
    }
    let columns = features.iter().map(|&c| cells.columns[c].name.clone()).collect();
    let median_length = length.and_then(|c| median(cells.columns[c].values.clone()));
    let has_seconds = |samples: &f64| *samples >= 0.5 * f64::from(RATE);
    if median_length.is_some_and(|length| !has_seconds(&length)) {
        notes.push(format!(
            "the length of an example is not known: `length` is no number of samples at {RATE} Hz"
        ));
    }
    let mut values = vec![0.0; rows * features.len()];
    for (place, &column) in features.iter().enumerate() {
        let of_column = std::mem::take(&mut cells.columns[column].values);
        values[place..].iter_mut().step_by(features.len()).zip(of_column).for_each(|(to, value)| *to = value);
    }
    Ok(RawTable {
        columns,
        features: Array2::from_shape_vec((rows, features.len()), values)
            .map_err(|e| Error::at(path, e, LAYOUT_HINT))?,
        labels,
        filenames,
        tracks,
        artists: Vec::new(),
        parts,
        lines: cells.lines,
        median_length: median_length.filter(has_seconds),
        notes,
    })
}

/// Refuses a name that stands twice.
pub fn unique(path: &Path, names: &[String]) -> Result<()> {
    let mut seen = HashSet::new();
    match names.iter().find(|name| !name.is_empty() && !seen.insert(name.as_str())) {
        Some(name) => {
            let reason = format!("the header names column `{name}` twice");
            Err(Error::at(path, reason, "rename or delete one of them"))
        }
        None => Ok(()),
    }
}

/// Opens what may be a file or a pipe, and nothing else.
pub fn open(path: &Path) -> Result<BoundedReader> {
    open_file_or_pipe(path, MAX_BYTES).map_err(|e| match e {
        OpenError::Unreadable(e) => unreadable(path, &e),
        OpenError::TooLarge(_) => too_large(path),
        OpenError::NotAFile("folder") => Error::at(path, e, "name a file in it"),
        _ => Error::at(path, e, "name a CSV file"),
    })
}

fn too_large(path: &Path) -> Error {
    Error::at(path, format!("is larger than {} GiB", MAX_BYTES >> 30), "is it a feature table?")
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::at(path, format!("cannot be read: {error}"), "check the path and its permissions")
}

fn csv_error(path: &Path, line: u64, error: &csv::Error) -> Error {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => Error::at_line(
            path,
            line,
            format!("the row has {len} cells, the header has {expected_len}"),
            "is a cell missing, or a comma inside a cell that is not quoted?",
        ),
        csv::ErrorKind::Utf8 { .. } => {
            Error::at_line(path, line, "the text is not UTF-8", "save the table as UTF-8")
        }
        csv::ErrorKind::Io(e) => text::reading(path, e),
        _ => Error::at_line(path, line, error, "is it a CSV file?"),
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
