//! Feature tables in the columnar formats: Parquet and Arrow IPC (Feather), told by their first bytes.

mod arrow_limits;
mod limits;
mod parquet_limits;
mod thrift;

use super::table::cells::Cells;
use super::table::choice::ColumnChoice;
use super::table::{RawTable, has_texts, open, table_of, unique};
use crate::error::{Error, Result};
use limits::{LimitError, Unfolded};
use polars::prelude::{
    ArrowDataType, ArrowField, Column, DataFrame, DataType, IpcReader, ParallelStrategy, ParquetReader,
    PolarsResult, SerReader,
};
use std::io::{Cursor, Read as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// A format and the bytes its files start with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Parquet,
    Arrow,
}

const MAGIC: [(&[u8], Format); 2] = [(b"PAR1", Format::Parquet), (b"ARROW1\0\0", Format::Arrow)];

const WHOLE: &str = "is the file whole? write it again, or give a CSV";

/// Reads a feature table as `table::read` does, if the file is in a columnar format.
///
/// # Errors
///
/// The file is broken or too large, a column is of a type that is not read, or the table is no feature table.
pub fn read(path: &Path, choice: &ColumnChoice) -> Result<Option<RawTable>> {
    // The start of a pipe is gone once it was looked at.
    if !path.is_file() {
        return Ok(None);
    }
    let mut file = open(path)?;
    let broken = |e: &dyn std::fmt::Display| Error::at(path, format!("cannot be read: {e}"), WHOLE);
    let mut bytes = Vec::new();
    file.by_ref().take(8).read_to_end(&mut bytes).map_err(|e| broken(&e))?;
    let Some((_, format)) = MAGIC.into_iter().find(|(magic, _)| bytes.starts_with(magic)) else {
        return Ok(None);
    };
    file.read_to_end(&mut bytes).map_err(|e| broken(&e))?;
    // Polars trusts what files say of themselves more than is good. Sizes are looked at first; another contradiction may
    // make it panic.
    let read = catch_unwind(AssertUnwindSafe(|| match format {
        Format::Parquet => parquet(path, bytes, choice),
        Format::Arrow => arrow(path, bytes, choice),
    }));
    let (frame, not_read) = match read {
        Ok(read) => read?,
        Err(_) => return Err(broken(&"its parts contradict each other")),
    };
    table_of(path, cells(path, &frame, not_read, choice)?, choice).map(Some)
}

/// The columns that were read, and the names of those that were not.
type Read = (DataFrame, Vec<String>);

fn parquet(path: &Path, bytes: Vec<u8>, choice: &ColumnChoice) -> Result<Read> {
    let broken = |e| polars_error(path, e);
    let beyond = |e| beyond(path, e);
    parquet_limits::footer(&bytes).map_err(beyond)?;
    let mut reader = ParquetReader::new(Cursor::new(&bytes)).read_parallel(ParallelStrategy::None);
    let metadata = reader.get_metadata().map_err(broken)?.clone();
    let schema = reader.schema().map_err(broken)?;
    let (wanted, not_read) = wanted(path, schema.iter_values(), choice)?;
    let rows = parquet_limits::rows(&bytes, &metadata, &wanted).map_err(beyond)?;
    empty_cells(path, &wanted)?.room_for(path, rows)?;
    Ok((reader.with_columns(Some(wanted)).finish().map_err(broken)?, not_read))
}

fn arrow(path: &Path, bytes: Vec<u8>, choice: &ColumnChoice) -> Result<Read> {
    let broken = |e| polars_error(path, e);
    let rows = arrow_limits::rows(&bytes).map_err(|e| beyond(path, e))?;
    let mut reader = IpcReader::new(Cursor::new(bytes));
    let schema = reader.schema().map_err(broken)?;
    let (wanted, not_read) = wanted(path, schema.iter_values(), choice)?;
    empty_cells(path, &wanted)?.room_for(path, rows)?;
    Ok((reader.with_columns(Some(wanted)).finish().map_err(broken)?, not_read))
}

fn beyond(path: &Path, error: LimitError) -> Error {
    let hint = match error {
        LimitError::Broken(_) => WHOLE,
        LimitError::Encoding => "write it again with plain or dictionary encoding, or give a CSV",
        LimitError::TooLarge => "is it a feature table?",
    };
    Error::at(path, error, hint)
}

fn polars_error(path: &Path, error: polars::prelude::PolarsError) -> Error {
    Error::at(path, format!("cannot be read: {error}"), WHOLE)
}

fn empty_cells(path: &Path, names: &[String]) -> Result<Cells> {
    unique(path, names)?;
    Ok(Cells::new(names.to_vec(), "row", |_| false))
}

/// The columns to read, and those that need not be: the user drops them.
///
/// # Errors
///
/// A column is of a type that this build of polars has not.
fn wanted<'a>(
    path: &Path,
    fields: impl Iterator<Item = &'a ArrowField>,
    choice: &ColumnChoice,
) -> Result<(Vec<String>, Vec<String>)> {
    let dropped = |name: &str| choice.drop.as_ref().is_some_and(|globs| globs.matches(name));
    let (mut names, mut not_read) = (Vec::new(), Vec::new());
    for field in fields {
        let (name, kind) = (field.name.as_str(), field.dtype());
        use ArrowDataType as A;
        let hint = match kind {
            A::Dictionary(..) => "store it as text",
            A::Int8 | A::Int16 | A::UInt8 | A::UInt16 | A::Float16 | A::Decimal(..) => {
                "store it as a whole or real number of 32 or 64 bits"
            }
            A::Int32 | A::Int64 | A::UInt32 | A::UInt64 | A::Float32 | A::Float64 => "",
            A::Utf8 | A::LargeUtf8 | A::Utf8View | A::Boolean => "",
            _ => "delete it",
        };
        if hint.is_empty() {
            names.push(name.to_owned());
        } else if dropped(name) {
            not_read.push(name.to_owned());
        } else {
            let reason = format!("column `{name}` is of the type {kind:?}, which is not read");
            return Err(Error::at(path, reason, format!("{hint}, or leave it out, --drop {name}")));
        }
    }
    Ok((names, not_read))
}

/// The cells of a frame, rows counted from 1.
fn cells(path: &Path, frame: &DataFrame, not_read: Vec<String>, choice: &ColumnChoice) -> Result<Cells> {
    let read = frame.get_column_names();
    let names: Vec<String> = read.iter().map(|name| name.trim().to_owned()).chain(not_read).collect();
    unique(path, &names)?;
    let mut cells = Cells::new(names, "row", |name| has_texts(name, choice));
    cells.room_for(path, frame.height())?;
    cells.lines = (1..=frame.height() as u64).collect();
    // Those that were not read are there by name, so that a pattern may drop them.
    for column in &mut cells.columns[read.len()..] {
        (1..=frame.height() as u64).for_each(|row| column.push(row, ""));
    }
    for (at, column) in frame.columns().iter().enumerate() {
        room_for_texts(column).map_err(|e| beyond(path, e))?;
        add(&mut cells, at, column).map_err(|e| polars_error(path, e))?;
        if cells.columns[at].values.len() != frame.height() {
            let reason =
                format!("column `{}` has not as many cells as there are rows", cells.columns[at].name);
            return Err(Error::at(path, reason, WHOLE));
        }
    }
    Ok(cells)
}

/// Refuses more text than a file may have: in a column of views every cell may be the same megabyte, but for its start.
fn room_for_texts(column: &Column) -> std::result::Result<(), LimitError> {
    let mut unfolded = Unfolded::default();
    let texts = column.str().ok().into_iter().flat_map(|texts| texts.iter());
    texts.flatten().try_for_each(|text| unfolded.add(text.len() as u64))
}

fn add(cells: &mut Cells, at: usize, column: &Column) -> PolarsResult<()> {
    let to = &mut cells.columns[at];
    let rows = 1_u64..;
    match column.dtype() {
        DataType::String => {
            rows.zip(column.str()?.iter()).for_each(|(row, text)| to.push(row, text.unwrap_or("")));
        }
        DataType::Boolean => {
            let text = |value: Option<bool>| value.map_or(String::new(), |value| value.to_string());
            rows.zip(column.bool()?.iter()).for_each(|(row, value)| to.push(row, &text(value)));
        }
        kind => {
            let whole = kind.is_integer();
            let numbers = column.cast(&DataType::Float64)?;
            for (row, value) in rows.zip(numbers.f64()?.iter()) {
                let text = || match (value, whole) {
                    // Exact also where a double is not.
                    (Some(_), true) => column.get(row as usize - 1).map_or(String::new(), |v| v.to_string()),
                    (Some(value), false) => value.to_string(),
                    (None, _) => String::new(),
                };
                to.push_number(row, value, text);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::{AnyValue, Scalar};

    #[test]
    fn one_text_may_not_stand_in_so_many_cells_that_memory_is_full() {
        let column = |rows| {
            let text = AnyValue::StringOwned("x".repeat(1 << 20).into());
            Column::new_scalar("label".into(), Scalar::new(DataType::String, text), rows)
        };
        assert!(room_for_texts(&column(2048)).is_ok());
        assert!(matches!(room_for_texts(&column(2049)), Err(LimitError::TooLarge)));
    }
}
