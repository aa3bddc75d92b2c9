use crate::error::{Error, Result};
use polars::prelude::{
    AnyValue, CompatLevel, CsvWriter, DataFrame, DataType, IpcWriter, JsonFormat, JsonWriter, ParquetWriter,
    PolarsResult, SerWriter,
};
use std::fmt::Write;

/// A file format for result tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
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

impl Format {
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

/// Writes a frame in a format.
///
/// # Errors
///
/// Only if polars refuses, which would be a bug.
pub fn write(frame: &mut DataFrame, format: Format) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let done: PolarsResult<()> = match format {
        Format::Csv => CsvWriter::new(&mut bytes).finish(frame),
        Format::Parquet => ParquetWriter::new(&mut bytes).finish(frame).map(|_| ()),
        Format::Json => JsonWriter::new(&mut bytes).with_json_format(JsonFormat::Json).finish(frame),
        Format::Ndjson => JsonWriter::new(&mut bytes).with_json_format(JsonFormat::JsonLines).finish(frame),
        // The oldest layout of strings, which every Arrow library reads.
        Format::Arrow => IpcWriter::new(&mut bytes).with_compat_level(CompatLevel::oldest()).finish(frame),
        Format::Markdown => {
            bytes = markdown(frame).into_bytes();
            Ok(())
        }
        Format::Latex => {
            bytes = latex(frame).into_bytes();
            Ok(())
        }
    };
    done.map_err(|e| Error::new("the table", e, "report this as a bug"))?;
    Ok(bytes)
}

fn markdown(frame: &DataFrame) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let escape = |cell: String| cell.replace('|', "\\|").replace('\n', " ");
    let (header, rows) = cells(frame);
    let rule = numeric(frame).into_iter().map(|n| if n { "---:" } else { "---" }.to_owned()).collect();
    let mut out = line(header.into_iter().map(escape).collect()) + &line(rule);
    out.extend(rows.into_iter().map(|row| line(row.into_iter().map(escape).collect())));
    out
}

fn latex(frame: &DataFrame) -> String {
    let escape = |cell: String| {
        cell.chars().fold(String::new(), |mut out, c| {
            match c {
                '&' | '%' | '$' | '#' | '_' | '{' | '}' => out.extend(['\\', c]),
                '\\' => out.push_str("\\textbackslash{}"),
                '~' => out.push_str("\\textasciitilde{}"),
                '^' => out.push_str("\\textasciicircum{}"),
                '\n' => out.push(' '),
                c => out.push(c),
            }
            out
        })
    };
    let line = |cells: Vec<String>| {
        format!("{} \\\\\n", cells.into_iter().map(escape).collect::<Vec<_>>().join(" & "))
    };
    let (header, rows) = cells(frame);
    let alignment: String = numeric(frame).into_iter().map(|n| if n { 'r' } else { 'l' }).collect();
    let mut out = String::from("% needs \\usepackage{booktabs}\n");
    let _ = write!(out, "\\begin{{tabular}}{{{alignment}}}\n\\toprule\n{}\\midrule\n", line(header));
    out.extend(rows.into_iter().map(line));
    out.push_str("\\bottomrule\n\\end{tabular}\n");
    out
}

/// Columns of numbers, which are set flush right.
fn numeric(frame: &DataFrame) -> Vec<bool> {
    frame.columns().iter().map(|column| column.dtype().is_primitive_numeric()).collect()
}

/// Header and rows as text, real numbers with four decimals; the binary formats and CSV have them all.
fn cells(frame: &DataFrame) -> (Vec<String>, Vec<Vec<String>>) {
    let header = frame.get_column_names().iter().map(|name| name.to_string()).collect();
    let rows = (0..frame.height())
        .map(|row| {
            frame
                .columns()
                .iter()
                .map(|column| column.get(row).map_or_else(|_| String::new(), shown))
                .collect()
        })
        .collect();
    (header, rows)
}

fn shown(value: AnyValue) -> String {
    match value {
        AnyValue::Null => String::new(),
        AnyValue::Float64(v) => format!("{v:.4}"),
        AnyValue::Float32(v) => format!("{v:.4}"),
        AnyValue::String(text) => text.to_owned(),
        AnyValue::StringOwned(text) => text.to_string(),
        other => other.cast(&DataType::String).get_str().map_or_else(|| other.to_string(), str::to_owned),
    }
}
