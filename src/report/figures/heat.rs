//! A table of shares or differences in colour.

use super::{DataTable, Sheet};
use crate::report::chart::{Mark, Paint, SMALL, Svg, TEXT, Text, font};

/// Rows and columns of coloured cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Heat {
    /// What rows and columns are, such as `true \ predicted`.
    pub corner: String,
    /// Names of the rows.
    pub rows: Vec<String>,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// One vector a row.
    pub cells: Vec<Vec<Cell>>,
}

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// What stands in it.
    pub text: String,
    /// Its colour; none of an empty one.
    pub paint: Option<Paint>,
    /// Whether it is to be seen first.
    pub strong: bool,
}

impl Cell {
    /// A share of 0–1.
    pub fn level(text: impl Into<String>, share: f64) -> Self {
        Self { text: text.into(), paint: Some(Paint::Level(share)), strong: false }
    }

    /// Nothing.
    pub fn empty() -> Self {
        Self { text: String::new(), paint: None, strong: false }
    }
}

/// Height of a line in the corner.
const CORNER_LINE: f64 = 14.0;

/// A text in lines that are as wide as `room` where its words let them.
fn words(text: &str, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if font::width(&format!("{line} {word}"), SMALL, false) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

impl Heat {
    /// As a drawing.
    pub fn draw(&self, sheet: Sheet) -> Svg {
        let most = if sheet.is_narrow() { 84.0 } else { 160.0 };
        let rows: Vec<_> = self.rows.iter().map(|name| font::fitted(name, TEXT, false, most)).collect();
        let columns: Vec<_> =
            self.columns.iter().map(|name| font::fitted(name, SMALL, false, 96.0)).collect();
        let widest = |names: &[std::borrow::Cow<str>], size| {
            names.iter().map(|name| font::width(name, size, false)).fold(0.0, f64::max)
        };
        // What rows and columns are, in lines as long as its longest word.
        let corner = words(&self.corner, widest(&rows, TEXT));
        let corner_width = corner.iter().map(|line| font::width(line, SMALL, false)).fold(0.0, f64::max);
        let left = widest(&rows, TEXT).max(corner_width) + 10.0;
        let cell = ((sheet.width - left) / self.columns.len().max(1) as f64).min(44.0);
        let line = cell.clamp(16.0, 30.0);
        // Heads that fit stand upright.
        let tall = widest(&columns, SMALL);
        let turned = tall > cell - 4.0;
        let top = (if turned { tall + 10.0 } else { 22.0 }).max(CORNER_LINE * corner.len() as f64 + 8.0);
        let mut svg = Svg::new(
            left + cell * self.columns.len() as f64 + 2.0,
            top + line * self.rows.len() as f64 + 2.0,
            sheet.theme,
        );
        for (at, line) in corner.iter().rev().enumerate() {
            let y = top - 6.0 - CORNER_LINE * at as f64;
            svg.text((left - 8.0, y), line, Text::muted().size(SMALL).end());
        }
        for (at, name) in columns.iter().enumerate() {
            let middle = left + cell * (at as f64 + 0.5);
            if turned {
                svg.text((middle + 4.0, top - 6.0), name, Text::muted().size(SMALL).turned());
            } else {
                svg.text((middle, top - 7.0), name, Text::muted().size(SMALL).middle());
            }
        }
        let size = if cell < 26.0 { 9.0 } else { SMALL };
        for (row, (name, cells)) in rows.iter().zip(&self.cells).enumerate() {
            let y = top + line * row as f64;
            svg.text((left - 8.0, y + line / 2.0 + 4.0), name, Text::ink().end());
            for (column, Cell { text, paint, strong }) in cells.iter().enumerate() {
                let Some(paint) = *paint else { continue };
                let x = left + cell * column as f64;
                svg.rect((x + 0.5, y + 0.5), (cell - 1.0, line - 1.0), Mark::fill(paint));
                let on = match paint {
                    Paint::Level(share) => Paint::OnLevel(share),
                    _ => Paint::Ink,
                };
                let style = Text::ink().paint(on).size(size).middle();
                let style = if *strong { style.bold() } else { style };
                svg.text((x + cell / 2.0, y + line / 2.0 + size * 0.36), text, style);
            }
        }
        svg
    }

    /// As numbers.
    pub fn table(&self) -> DataTable {
        let heads = self.columns.iter().map(String::as_str);
        let mut table = DataTable::new(1, [self.corner.as_str()].into_iter().chain(heads));
        let row = |(name, cells): (&String, &Vec<Cell>)| {
            std::iter::once(name.clone()).chain(cells.iter().map(|cell| cell.text.clone())).collect()
        };
        table.rows = self.rows.iter().zip(&self.cells).map(row).collect();
        table
    }
}
