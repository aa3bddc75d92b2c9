use super::sheet::Sheet;
use super::{Leaderboard, Results, Table, leaderboard_table};
use crate::error::{Error, Result};
use polars::prelude::{
    CompatLevel, CsvWriter, IpcWriter, JsonFormat, JsonWriter, ParquetWriter, PolarsResult, SerWriter,
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
    let mut bytes = Vec::new();
    let done: PolarsResult<()> = match format {
        FileFormat::Markdown => return Ok(Exported { bytes: sheet().markdown().into_bytes(), rows }),
        FileFormat::Latex => return Ok(Exported { bytes: sheet().latex().into_bytes(), rows }),
        FileFormat::Csv => CsvWriter::new(&mut bytes).finish(&mut frame),
        FileFormat::Parquet => ParquetWriter::new(&mut bytes).finish(&mut frame).map(|_| ()),
        FileFormat::Json => JsonWriter::new(&mut bytes).with_json_format(JsonFormat::Json).finish(&mut frame),
        FileFormat::Ndjson => {
            JsonWriter::new(&mut bytes).with_json_format(JsonFormat::JsonLines).finish(&mut frame)
        }
        // The oldest layout of strings, which every Arrow library reads.
        FileFormat::Arrow => {
            IpcWriter::new(&mut bytes).with_compat_level(CompatLevel::oldest()).finish(&mut frame)
        }
    };
    done.map_err(|e| Error::bug("the table", e))?;
    Ok(Exported { bytes, rows })
}
