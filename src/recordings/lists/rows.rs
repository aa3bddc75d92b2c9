//! Rows of lists that somebody else wrote: of bounded length, in any case text.

use crate::error::{Error, Result};
use crate::util::open_regular;
use csv::{ByteRecord, ReaderBuilder};
use std::cell::Cell;
use std::io::{self, Read};
use std::path::Path;
use std::rc::Rc;

/// Larger lists are refused; FMA's has 260 MB.
const MOST_BYTES: u64 = 1 << 30;
/// A row that is longer is none: a quotation mark that is never closed makes one of the rest of the file.
const MOST_OF_A_ROW: u64 = 4 << 20;

/// How a list is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Format {
    /// Between cells.
    pub delimiter: u8,
    /// Whether cells may stand in quotation marks.
    pub quoting: bool,
}

/// Comma-separated.
pub(super) const CSV: Format = Format { delimiter: b',', quoting: true };
/// Separated by tabs, quotation marks being letters.
pub(super) const TSV: Format = Format { delimiter: b'\t', quoting: false };

/// Goes through the rows of a list, which may differ in length. What is not UTF-8 becomes `�`.
///
/// # Errors
///
/// The file cannot be read, is too large or has too long a row; whatever `visit` reports.
pub(super) fn visit(
    path: &Path,
    format: Format,
    visit: &mut dyn FnMut(u64, &[String]) -> Result<()>,
) -> Result<()> {
    let hint = "is it the list as the dataset's makers distribute it?";
    let inner = open_regular(path, MOST_BYTES).map_err(|e| Error::at(path, e, hint))?;
    let left = Rc::new(Cell::new(MOST_OF_A_ROW));
    let reader = Bounded { inner: inner.take(MOST_BYTES), left: Rc::clone(&left) };
    let mut csv = ReaderBuilder::new()
        .delimiter(format.delimiter)
        .quoting(format.quoting)
        .has_headers(false)
        .flexible(true)
        .from_reader(reader);
    let mut record = ByteRecord::new();
    while csv.read_byte_record(&mut record).map_err(|e| Error::at(path, e, hint))? {
        left.set(MOST_OF_A_ROW);
        let line = record.position().map_or(0, csv::Position::line);
        let cells: Vec<String> =
            record.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).collect();
        visit(line, &cells)?;
    }
    Ok(())
}

/// Ends in an error where a row goes on for too long.
struct Bounded<R> {
    inner: R,
    /// Bytes that may still come before the row must end.
    left: Rc<Cell<u64>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let left = self.left.get().checked_sub(count as u64);
        self.left.set(left.ok_or_else(|| {
            let reason = format!("a row is longer than {} MiB", MOST_OF_A_ROW >> 20);
            io::Error::new(io::ErrorKind::InvalidData, reason)
        })?);
        Ok(count)
    }
}

/// The cell of a row, empty where the row ends before it.
pub(super) fn cell(cells: &[String], column: usize) -> &str {
    cells.get(column).map_or("", String::as_str)
}
