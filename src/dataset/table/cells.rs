//! The cells of a table, column by column, whatever kind of file they come from.

use crate::error::{Error, Result};
use std::collections::HashMap;
use std::path::Path;

/// Larger numbers are refused: their squares and sums would overflow.
const MAX_VALUE: f64 = 1e100;

/// Tables of more cells are refused: half a GiB of them takes 4 GiB of memory.
const MAX_CELLS: usize = 1 << 29;

/// What a row takes beside its cells, in cells: its line, its names.
const CELLS_A_ROW: usize = 4;

/// Up to this share of its cells a column of words may hold numbers: bands called 311 make no feature.
const FEW: f64 = 0.1;

/// The columns of a table.
#[derive(Debug)]
pub struct Cells {
    /// In file order.
    pub columns: Vec<CellColumn>,
    /// Line (or row) of each row in the file, counted from 1.
    pub lines: Vec<u64>,
    /// What [`Cells::lines`] counts.
    pub unit: &'static str,
}

/// One column.
#[derive(Debug, Default)]
pub struct CellColumn {
    /// Its name without spaces around; empty if it has none.
    pub name: String,
    /// Its numbers; 0 where a cell is none.
    pub values: Vec<f64>,
    /// Its texts, if they were asked for.
    pub texts: Option<Texts>,
    /// Cells that are numbers, usable or not.
    numbers: usize,
    /// Cells with nothing in them.
    empty: usize,
    /// The first cell that cannot be used as a number.
    first_fault: Option<(u64, Fault)>,
    /// The first cell with a decimal comma, and the first with a point.
    comma: Option<(u64, String)>,
    point: Option<(u64, String)>,
    /// Whether some comma cannot be one that groups thousands.
    comma_is_decimal: bool,
}

/// Texts, each distinct one kept once.
#[derive(Debug, Default)]
pub struct Texts {
    /// For each row the number of its text, in order of first appearance.
    pub codes: Vec<u32>,
    /// The distinct texts.
    pub distinct: Vec<String>,
    numbers: HashMap<String, u32>,
}

#[derive(Debug)]
enum Fault {
    Empty,
    Word(String),
    NotFinite(String),
    TooLarge(String),
}

impl Texts {
    fn push(&mut self, text: &str) {
        let code = match self.numbers.get(text) {
            Some(&code) => code,
            None => {
                let code = self.distinct.len() as u32;
                self.distinct.push(text.to_owned());
                self.numbers.insert(text.to_owned(), code);
                code
            }
        };
        self.codes.push(code);
    }

    /// The text of a row.
    pub fn of(&self, row: usize) -> &str {
        &self.distinct[self.codes[row] as usize]
    }
}

impl Cells {
    /// No rows yet. `keeps_text` says of which columns the texts are wanted.
    pub fn new(names: Vec<String>, unit: &'static str, keeps_text: impl Fn(&str) -> bool) -> Self {
        let column = |name: String| {
            let texts = keeps_text(&name).then(Texts::default);
            CellColumn { name, texts, ..CellColumn::default() }
        };
        Self { columns: names.into_iter().map(column).collect(), lines: Vec::new(), unit }
    }

    /// Refuses more rows than memory has room for.
    ///
    /// # Errors
    ///
    /// The table is too large with so many rows.
    pub fn room_for(&self, path: &Path, rows: usize) -> Result<()> {
        if rows.saturating_mul(self.columns.len() + CELLS_A_ROW) > MAX_CELLS {
            let reason = format!("has more than {} million cells", MAX_CELLS >> 20);
            return Err(Error::at(path, reason, "is it a feature table? keep fewer rows or columns"));
        }
        Ok(())
    }

    /// An error about a row.
    pub fn error(&self, path: &Path, line: u64, reason: impl std::fmt::Display, hint: &str) -> Error {
        match self.unit {
            "line" => Error::at_line(path, line, reason, hint),
            unit => Error::at(path, format!("{unit} {line}: {reason}"), hint),
        }
    }

    /// Refuses these columns if a cell of theirs is no number.
    ///
    /// # Errors
    ///
    /// The first such cell of the file, with its line and column.
    pub fn all_numbers(&self, path: &Path, columns: impl Iterator<Item = usize>) -> Result<()> {
        let faults = columns.filter_map(|c| {
            let (line, fault) = self.columns[c].first_fault.as_ref()?;
            Some((*line, c, fault))
        });
        let Some((line, column, fault)) = faults.min_by_key(|&(line, column, _)| (line, column)) else {
            return Ok(());
        };
        let (said, hint) = match fault {
            Fault::Empty => ("the cell is empty".to_owned(), "delete the row or fill the value in"),
            Fault::Word(cell) => (
                format!("`{cell}` is not a number"),
                "do the cells line up with the header? --drop leaves a column out",
            ),
            Fault::NotFinite(cell) => (
                format!("{cell} is not a finite number"),
                "delete the row or fill the value in; no model can use it as it is",
            ),
            Fault::TooLarge(cell) => (format!("{cell} is too large for a feature"), "is the unit right?"),
        };
        let reason = format!("column `{}`: {said}", self.columns[column].name);
        Err(self.error(path, line, reason, hint))
    }

    /// Whether the numbers of these columns are written with a decimal comma.
    ///
    /// # Errors
    ///
    /// Some have a comma and others a point, or every comma may as well group thousands.
    pub fn decimal_commas(&self, path: &Path, columns: impl Iterator<Item = usize> + Clone) -> Result<bool> {
        let first = |sign: fn(&CellColumn) -> Option<&(u64, String)>| {
            let cells = columns.clone().filter_map(|c| sign(&self.columns[c]).map(|cell| (cell, c)));
            cells.min_by_key(|((line, _), c)| (*line, *c))
        };
        let Some(((line, cell), c)) = first(|column| column.comma.as_ref()) else { return Ok(false) };
        let said = format!("column `{}`: `{cell}`", self.columns[c].name);
        let hint = "write numbers with a decimal point";
        if let Some(((other, point), of)) = first(|column| column.point.as_ref()) {
            let (unit, name) = (self.unit, &self.columns[of].name);
            let reason =
                format!("{said} has a decimal comma, `{point}` on {unit} {other} (`{name}`) a point");
            return Err(self.error(path, *line, reason, hint));
        }
        if !columns.clone().any(|c| self.columns[c].comma_is_decimal) {
            let reason = format!("{said} may have a decimal comma, or one that groups thousands");
            return Err(self.error(path, *line, reason, hint));
        }
        Ok(true)
    }
}

impl CellColumn {
    /// Adds a cell as it is written.
    pub fn push(&mut self, line: u64, cell: &str) {
        let cell = cell.trim();
        if let Some(texts) = &mut self.texts {
            texts.push(cell);
        }
        let value = match cell.parse::<f64>() {
            Ok(value) => {
                if self.point.is_none() && cell.contains('.') {
                    self.point = Some((line, cell.to_owned()));
                }
                Some(value)
            }
            Err(_) => self.with_decimal_comma(line, cell),
        };
        match value {
            Some(value) => self.push_value(line, value, cell),
            None if cell.is_empty() => {
                self.empty += 1;
                self.push_fault(line, || Fault::Empty);
            }
            None => self.push_fault(line, || Fault::Word(cell.chars().take(40).collect())),
        }
    }

    /// Adds a number, or a missing one.
    pub fn push_number(&mut self, row: u64, value: Option<f64>, text: impl FnOnce() -> String) {
        if let Some(texts) = &mut self.texts {
            texts.push(&text());
        }
        match value {
            Some(value) => self.push_value(row, value, &value.to_string()),
            None => {
                self.empty += 1;
                self.push_fault(row, || Fault::Empty);
            }
        }
    }

    fn push_value(&mut self, line: u64, value: f64, cell: &str) {
        self.numbers += 1;
        if value.abs() <= MAX_VALUE {
            self.values.push(value);
        } else if value.is_finite() {
            self.push_fault(line, || Fault::TooLarge(cell.to_owned()));
        } else {
            self.push_fault(line, || Fault::NotFinite(cell.to_owned()));
        }
    }

    fn push_fault(&mut self, line: u64, fault: impl FnOnce() -> Fault) {
        self.values.push(0.0);
        if self.first_fault.is_none() {
            self.first_fault = Some((line, fault()));
        }
    }

    /// `1,5` as a number.
    fn with_decimal_comma(&mut self, line: u64, cell: &str) -> Option<f64> {
        let (whole, fraction) = cell.split_once(',')?;
        if cell.contains('.') {
            return None;
        }
        let value = format!("{whole}.{fraction}").parse::<f64>().ok()?;
        if self.comma.is_none() {
            self.comma = Some((line, cell.to_owned()));
        }
        let digits = whole.trim_start_matches(['+', '-']);
        self.comma_is_decimal |=
            fraction.len() != 3 || digits.is_empty() || digits.len() > 3 || digits.starts_with('0');
        Some(value)
    }

    /// Whether (almost) no cell is a number: words, or nothing at all.
    pub fn is_words(&self) -> bool {
        let filled = self.values.len() - self.empty;
        self.numbers == 0 || (self.numbers as f64) <= FEW * filled as f64
    }

    /// Whether every cell is empty.
    pub fn is_empty(&self) -> bool {
        self.empty == self.values.len()
    }

    /// Whether every cell is a number that can be used.
    pub fn is_numbers(&self) -> bool {
        self.first_fault.is_none()
    }
}
