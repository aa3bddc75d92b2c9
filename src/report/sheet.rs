use super::Grid;
use polars::prelude::{AnyValue, DataFrame, DataType};
use std::fmt::Write;

/// A table as text for documents.
pub(super) struct Sheet {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    /// Columns of numbers, which are set flush right.
    is_number: Vec<bool>,
}

impl Sheet {
    /// A table that was made for people.
    pub fn of_grid(grid: &Grid) -> Self {
        Self { header: grid.header().to_vec(), rows: grid.rows().to_vec(), is_number: grid.is_number() }
    }

    /// A table that was made for programs, real numbers with four decimals.
    pub fn of_frame(frame: &DataFrame) -> Self {
        let cell =
            |column: &polars::prelude::Column, row| column.get(row).map_or_else(|_| String::new(), shown);
        let row = |row| frame.columns().iter().map(|column| cell(column, row)).collect();
        Self {
            header: frame.get_column_names().iter().map(|name| name.to_string()).collect(),
            rows: (0..frame.height()).map(row).collect(),
            is_number: frame.columns().iter().map(|column| column.dtype().is_primitive_numeric()).collect(),
        }
    }

    /// A table for a README or an issue.
    pub fn markdown(&self) -> String {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let escape = |cell: &String| cell.replace('|', "\\|").replace('\n', " ");
        let rule = self.is_number.iter().map(|&n| if n { "---:" } else { "---" }.to_owned()).collect();
        let mut out = line(self.header.iter().map(escape).collect()) + &line(rule);
        out.extend(self.rows.iter().map(|row| line(row.iter().map(escape).collect())));
        out
    }

    /// A tabular with booktabs rules, for a paper.
    pub fn latex(&self) -> String {
        let escape = |cell: &String| {
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
        let line =
            |cells: &[String]| format!("{} \\\\\n", cells.iter().map(escape).collect::<Vec<_>>().join(" & "));
        let alignment: String = self.is_number.iter().map(|&n| if n { 'r' } else { 'l' }).collect();
        let mut out = String::from("% needs \\usepackage{booktabs}\n");
        let _ =
            write!(out, "\\begin{{tabular}}{{{alignment}}}\n\\toprule\n{}\\midrule\n", line(&self.header));
        out.extend(self.rows.iter().map(|row| line(row)));
        out.push_str("\\bottomrule\n\\end{tabular}\n");
        out
    }
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
