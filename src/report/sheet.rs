use super::Grid;
use polars::prelude::{AnyValue, Column, DataFrame, DataType, PlSmallStr};
use std::fmt::Write;

/// A table as text for documents.
pub(super) struct Sheet {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    /// Columns of numbers, which are set flush right.
    is_number: Vec<bool>,
    /// Rows and columns of cells in bold.
    bold: Vec<(usize, usize)>,
}

impl Sheet {
    /// A table that was made for people.
    pub fn of_grid(grid: &Grid) -> Self {
        Self {
            header: grid.header().to_vec(),
            rows: grid.rows().to_vec(),
            is_number: grid.is_number(),
            bold: Vec::new(),
        }
    }

    /// The same with some cells, by row and column, in bold.
    pub fn with_bold(self, bold: Vec<(usize, usize)>) -> Self {
        Self { bold, ..self }
    }

    /// A table that was made for programs, as people read it: shares in %, seconds with two decimals, other real numbers
    /// with four.
    pub fn of_frame(frame: &DataFrame) -> Self {
        let cell = |column: &Column, row| {
            column.get(row).map_or_else(|_| String::new(), |value| shown(column.name(), value))
        };
        let row = |row| frame.columns().iter().map(|column| cell(column, row)).collect();
        let head = |name: &PlSmallStr| {
            let unit = if SHARES.contains(&name.as_str()) { " in %" } else { "" };
            // Classes have names of their own.
            if name.starts_with("score_") { name.to_string() } else { name.replace('_', " ") + unit }
        };
        Self {
            header: frame.get_column_names().into_iter().map(head).collect(),
            rows: (0..frame.height()).map(row).collect(),
            is_number: frame.columns().iter().map(|column| column.dtype().is_primitive_numeric()).collect(),
            bold: Vec::new(),
        }
    }

    /// A table for a README or an issue.
    pub fn markdown(&self) -> String {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let escape = |cell: &String| cell.replace('|', "\\|").replace('\n', " ");
        let rule = self.is_number.iter().map(|&n| if n { "---:" } else { "---" }.to_owned()).collect();
        let mut out = line(self.header.iter().map(escape).collect()) + &line(rule);
        out.extend(self.cells(escape, "**", "**").map(line));
        out
    }

    /// The cells of every row, those in bold between two marks.
    fn cells<'s>(
        &'s self,
        escape: impl Fn(&String) -> String + 's,
        open: &'s str,
        close: &'s str,
    ) -> impl Iterator<Item = Vec<String>> + 's {
        self.rows.iter().enumerate().map(move |(at, row)| {
            let cell = |(column, cell)| {
                let text = escape(cell);
                if self.bold.contains(&(at, column)) { format!("{open}{text}{close}") } else { text }
            };
            row.iter().enumerate().map(cell).collect()
        })
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
        let line = |cells: Vec<String>| format!("{} \\\\\n", cells.join(" & "));
        let header = line(self.header.iter().map(escape).collect());
        let alignment: String = self.is_number.iter().map(|&n| if n { 'r' } else { 'l' }).collect();
        let mut out = String::from("% needs \\usepackage{booktabs}\n");
        let _ = write!(out, "\\begin{{tabular}}{{{alignment}}}\n\\toprule\n{header}\\midrule\n");
        out.extend(self.cells(escape, "\\textbf{", "}").map(line));
        out.push_str("\\bottomrule\n\\end{tabular}\n");
        out
    }
}

/// Columns that hold shares of 0–1, or differences of such.
const SHARES: [&str; 16] = [
    "precision",
    "recall",
    "f1",
    "macro_f1",
    "macro_f1_full",
    "change",
    "change_low",
    "change_high",
    "train_accuracy",
    "valid_accuracy",
    "valid_macro_f1",
    "low",
    "high",
    "mean_probability",
    "accuracy",
    "importance",
];

fn shown(column: &str, value: AnyValue) -> String {
    match value {
        AnyValue::Null => String::new(),
        AnyValue::Float64(v) if SHARES.contains(&column) => format!("{:.1}", 100.0 * v),
        AnyValue::Float64(v) if column == "seconds" => format!("{v:.2}"),
        AnyValue::Float64(v) if column == "learning_rate" => format!("{v:.2e}"),
        AnyValue::Float64(v) => format!("{v:.4}"),
        AnyValue::Float32(v) => format!("{v:.4}"),
        AnyValue::String(text) => text.to_owned(),
        AnyValue::StringOwned(text) => text.to_string(),
        other => other.cast(&DataType::String).get_str().map_or_else(|| other.to_string(), str::to_owned),
    }
}
