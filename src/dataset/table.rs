//! Reading a feature table from CSV.
//!
//! The `csv` crate and not polars, because a user with a broken table needs the line and the column
//! of the first broken cell, and polars fills short rows with nulls without a word.

use super::columns::{Role, role_of};
use crate::error::{Error, Result};
use crate::features::table::FEATURE_NAMES;
use crate::util::{BoundedReader, OpenError, open_file_or_pipe};
use csv::{ReaderBuilder, StringRecord};
use ndarray::Array2;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Larger files are refused, so that a wrong path cannot eat the machine's memory.
const MAX_BYTES: u64 = 2 << 30;

/// Larger numbers are refused: their squares and sums would overflow.
const MAX_VALUE: f64 = 1e100;

/// A feature table as it stands in the file, rows in file order.
#[derive(Debug)]
pub struct RawTable {
    /// Names of the feature columns.
    pub columns: Vec<String>,
    /// Features, shape `(rows, columns)`, all finite.
    pub features: Array2<f64>,
    /// Genre of each row.
    pub labels: Vec<String>,
    /// File name of each row, if the table has them.
    pub filenames: Option<Vec<String>>,
    /// Track of each row, if the table has a column of its own for it.
    pub tracks: Option<Vec<String>>,
    /// Line of each row in the file, counted from 1.
    pub lines: Vec<u64>,
    /// Median number of samples an example was computed from, if the table says it.
    pub median_length: Option<f64>,
    /// Columns that were left out, each a name or `(unnamed)`.
    pub ignored: Vec<String>,
}

/// Reads a feature table.
///
/// Columns are matched by name and may stand in any order. If the table has any of the 57 published
/// features, those are the features and other columns are left out (and listed in
/// [`RawTable::ignored`]); otherwise every column that is not an index, a name, a length or the label is one.
///
/// # Errors
///
/// Names the file and, where there is one, line and column: unreadable, empty, no header, no label or
/// feature column, a column twice, a ragged row, an empty label, a cell that is not a finite number.
pub fn read(path: &Path) -> Result<RawTable> {
    let layout_hint = "give a CSV with a header, numeric feature columns and a `label` column";
    let mut reader = BufReader::new(open(path)?.take(MAX_BYTES + 1));
    let delimiter = delimiter_of(&mut reader).map_err(|e| unreadable(path, &e))?;
    let mut csv = ReaderBuilder::new().delimiter(delimiter).from_reader(reader);
    let header = csv.headers().map_err(|e| csv_error(path, &e))?.clone();
    if header.iter().all(str::is_empty) {
        return Err(Error::at(path, "the file is empty", layout_hint));
    }
    let layout = ColumnLayout::of(path, &header)?;

    let mut rows = Vec::new();
    let mut table = RawTable {
        columns: layout.features.iter().map(|&c| header[c].trim().to_owned()).collect(),
        features: Array2::zeros((0, 0)),
        labels: Vec::new(),
        filenames: layout.filename.map(|_| Vec::new()),
        tracks: layout.track.map(|_| Vec::new()),
        lines: Vec::new(),
        median_length: None,
        ignored: layout.ignored.iter().map(|&c| shown_name(&header[c])).collect(),
    };
    let mut lengths = Vec::new();
    let mut record = StringRecord::new();
    while csv.read_record(&mut record).map_err(|e| csv_error(path, &e))? {
        let line = record.position().map_or(0, csv::Position::line);
        for &column in &layout.features {
            rows.push(number(path, line, &header[column], &record[column])?);
        }
        let label = record[layout.label].trim();
        if label.is_empty() {
            let reason = format!("column `{}`: the label is empty", &header[layout.label]);
            return Err(Error::at_line(path, line, reason, "give every row a genre, or delete the row"));
        }
        table.labels.push(label.to_owned());
        for (column, texts) in [(layout.filename, &mut table.filenames), (layout.track, &mut table.tracks)] {
            if let (Some(column), Some(texts)) = (column, texts) {
                texts.push(record[column].trim().to_owned());
            }
        }
        if let Some(column) = layout.length {
            lengths.push(number(path, line, &header[column], &record[column])?);
        }
        table.lines.push(line);
    }
    // A pipe does not say how long it is; rows beyond the limit must not be missing without a word.
    if csv.get_ref().get_ref().limit() == 0 {
        return Err(too_large(path));
    }
    if table.labels.is_empty() {
        return Err(Error::at(path, "the table has a header but no rows", layout_hint));
    }
    table.features = Array2::from_shape_vec((table.labels.len(), table.columns.len()), rows)
        .map_err(|e| Error::at(path, e, layout_hint))?;
    table.median_length = median(lengths);
    Ok(table)
}

/// Opens what may be a file or a pipe, and nothing else.
fn open(path: &Path) -> Result<BoundedReader> {
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

/// Comma, semicolon or tab, whichever the first line has most of.
fn delimiter_of(reader: &mut impl BufRead) -> std::io::Result<u8> {
    let start = reader.fill_buf()?;
    let line = start.split(|&b| b == b'\n').next().unwrap_or_default();
    let count = |delimiter: u8| line.iter().filter(|&&b| b == delimiter).count();
    Ok(*b",;\t".iter().max_by_key(|&&d| (count(d), d == b',')).unwrap_or(&b','))
}

fn csv_error(path: &Path, error: &csv::Error) -> Error {
    let line = error.position().map_or(1, csv::Position::line);
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
        csv::ErrorKind::Io(e) => unreadable(path, e),
        _ => Error::at_line(path, line, error, "is it a CSV file?"),
    }
}

fn number(path: &Path, line: u64, column: &str, cell: &str) -> Result<f64> {
    let cell = cell.trim();
    let fail = |reason: String, hint: &str| Err(Error::at_line(path, line, reason, hint));
    match cell.parse::<f64>() {
        Ok(value) if value.abs() <= MAX_VALUE => Ok(value),
        Ok(value) if value.is_finite() => {
            fail(format!("column `{column}`: {cell} is too large for a feature"), "is the unit right?")
        }
        Ok(_) => fail(
            format!("column `{column}`: {cell} is not a finite number"),
            "delete the row or fill the value in; no model can use it as it is",
        ),
        Err(_) if cell.is_empty() => {
            fail(format!("column `{column}`: the cell is empty"), "delete the row or fill the value in")
        }
        Err(_) => fail(
            format!("column `{column}`: `{}` is not a number", cell.chars().take(40).collect::<String>()),
            "is the decimal sign a point, and do the cells line up with the header?",
        ),
    }
}

fn shown_name(name: &str) -> String {
    if name.trim().is_empty() { "(unnamed)".to_owned() } else { name.trim().to_owned() }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// Which column of the file plays which part.
struct ColumnLayout {
    features: Vec<usize>,
    label: usize,
    filename: Option<usize>,
    track: Option<usize>,
    length: Option<usize>,
    ignored: Vec<usize>,
}

impl ColumnLayout {
    fn of(path: &Path, header: &StringRecord) -> Result<Self> {
        let names: Vec<&str> = header.iter().map(str::trim).collect();
        for (at, name) in names.iter().enumerate() {
            if !name.is_empty() && names[..at].contains(name) {
                let reason = format!("the header names column `{name}` twice");
                return Err(Error::at(path, reason, "rename or delete one of them"));
            }
        }
        let with_role = |role| names.iter().position(|name| role_of(name) == role);
        let label = with_role(Role::Label).ok_or_else(|| {
            let shown = names.iter().take(8).copied().collect::<Vec<_>>().join(", ");
            Error::at(
                path,
                format!("there is no `label` column (the header starts {shown})"),
                "add a header, or name the genre column `label`",
            )
        })?;
        // The published features in their published order, whatever the order in the file: so two
        // copies of one table with their columns shuffled give the same numbers.
        let mut features: Vec<usize> =
            FEATURE_NAMES.iter().filter_map(|f| names.iter().position(|name| name == f)).collect();
        if features.is_empty() {
            features = (0..names.len()).filter(|&c| role_of(names[c]) == Role::Other).collect();
            features.sort_by_key(|&c| names[c]);
        }
        if features.is_empty() {
            return Err(Error::at(
                path,
                "there is no feature column",
                "add numeric columns beside the label",
            ));
        }
        let ignored = (0..names.len())
            .filter(|c| matches!(role_of(names[*c]), Role::Other | Role::Index) && !features.contains(c))
            .collect();
        Ok(Self {
            features,
            label,
            filename: with_role(Role::Filename),
            track: with_role(Role::Track),
            length: with_role(Role::Length),
            ignored,
        })
    }
}
