use super::chart::base64::base64;
use super::sheet::Sheet;
use super::{Leaderboard, Results, Table, leaderboard_table};
use crate::error::{Error, Result};
use polars::prelude::{
    CompatLevel, CsvWriter, DataFrame, IpcWriter, JsonFormat, JsonWriter, KeyValueMetadata, ParquetWriter,
    PolarsResult, SerWriter,
};

/// A file format for result tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum FileFormat {
    /// Comma-separated values with a header.
    Csv,
    /// Apache Parquet.
    Parquet,
    /// One JSON array of objects.
    Json,
    /// One JSON object a line.
    Ndjson,
    /// Apache Arrow IPC file (Feather 2).
    Arrow,
    /// A table for a README or an issue.
    Markdown,
    /// A tabular with booktabs rules, for a paper.
    Latex,
}

impl FileFormat {
    /// The format a file of this extension usually has.
    pub fn of_extension(extension: &str) -> Option<Self> {
        Some(match extension.to_ascii_lowercase().as_str() {
            "csv" => Self::Csv,
            "parquet" | "pq" => Self::Parquet,
            "json" => Self::Json,
            "ndjson" | "jsonl" => Self::Ndjson,
            "arrow" | "ipc" | "feather" => Self::Arrow,
            "md" | "markdown" => Self::Markdown,
            "tex" | "latex" => Self::Latex,
            _ => return None,
        })
    }

    /// Whether it is text that can be shown on a terminal.
    pub fn is_text(self) -> bool {
        !matches!(self, Self::Parquet | Self::Arrow)
    }
}

/// A table as a file.
#[derive(Debug)]
pub struct Exported {
    /// Its bytes; the heads of its columns also where there is no row, as far as the format has heads.
    pub bytes: Vec<u8>,
    /// Number of rows.
    pub rows: usize,
}

/// Writes a table of a run in a format. In Markdown and LaTeX the leaderboard is the one that is printed, in percent and
/// seconds, with the best score and all that cannot be told from it in bold; all else holds the values as they are.
///
/// # Errors
///
/// Only if polars refuses, which would be a bug.
pub fn write(
    table: Table,
    results: &Results,
    leaderboard: &Leaderboard,
    format: FileFormat,
) -> Result<Exported> {
    let mut frame = table.frame(results, leaderboard)?;
    let sheet = || match table {
        Table::Leaderboard => {
            let grid = leaderboard_table::grid(leaderboard, true);
            Sheet::of_grid(&grid).with_bold(leaderboard_table::best(leaderboard))
        }
        _ => Sheet::of_frame(&frame),
    };
    let rows = frame.height();
    let bytes = match format {
        FileFormat::Markdown => sheet().markdown().into_bytes(),
        FileFormat::Latex => sheet().latex().into_bytes(),
        _ => write_frame(&mut frame, format)?,
    };
    Ok(Exported { bytes, rows })
}

/// Writes a frame in a format, with its values as they are.
///
/// # Errors
///
/// Only if polars refuses, which would be a bug.
pub fn write_frame(frame: &mut DataFrame, format: FileFormat) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let done: PolarsResult<()> = match format {
        FileFormat::Markdown => return Ok(Sheet::of_frame(frame).markdown().into_bytes()),
        FileFormat::Latex => return Ok(Sheet::of_frame(frame).latex().into_bytes()),
        FileFormat::Csv => CsvWriter::new(&mut bytes).finish(frame),
        FileFormat::Parquet => arrow_types(frame).and_then(|types| {
            let writer = ParquetWriter::new(&mut bytes).with_key_value_metadata(types);
            writer.finish(frame).map(|_| ())
        }),
        FileFormat::Json => JsonWriter::new(&mut bytes).with_json_format(JsonFormat::Json).finish(frame),
        FileFormat::Ndjson => {
            JsonWriter::new(&mut bytes).with_json_format(JsonFormat::JsonLines).finish(frame)
        }
        FileFormat::Arrow => arrow(frame).map(|file| bytes = file),
    };
    done.map_err(|e| Error::bug("the table", e))?;
    Ok(bytes)
}

/// An Arrow file, with the oldest layout of strings, which every Arrow library reads.
fn arrow(frame: &mut DataFrame) -> PolarsResult<Vec<u8>> {
    let mut bytes = Vec::new();
    IpcWriter::new(&mut bytes).with_compat_level(CompatLevel::oldest()).finish(frame)?;
    Ok(bytes)
}

/// The types of the columns as Arrow libraries look for them in a Parquet file. What polars would write there are types of
/// strings that R's `arrow` refuses and that pyarrow cannot filter by (apache/arrow#45523, pola-rs/polars#26435).
fn arrow_types(frame: &DataFrame) -> PolarsResult<Option<KeyValueMetadata>> {
    let file = arrow(&mut frame.head(Some(0)))?;
    // The first message of an Arrow file: behind a mark of eight bytes four more, and then how long the rest of it is.
    let length = file.get(12..16).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes);
    let message = file.get(8..16 + length as usize);
    let said = |message| vec![("ARROW:schema".to_owned(), base64(message))];
    Ok(message.map(|message| KeyValueMetadata::from_static(said(message))))
}
