use super::width::terminal_width;
use crate::util::shown::one_line;
use std::fmt;
use textwrap::core::display_width;

/// Spaces between columns.
const GAP: usize = 2;

/// A table for the terminal: columns as wide as their widest cell, the first ones flush left.
///
/// Where the terminal is too narrow, the columns that do not fit are continued below, behind the first one; where not
/// even one fits beside it, their cells are wrapped.
#[derive(Debug)]
pub struct Grid {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    left: usize,
}

/// A line of a printed table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GridLine {
    /// The text, without line end.
    pub text: String,
    /// The row that it is of; `None` of heads and of the empty line between parts.
    pub row: Option<usize>,
}

impl Grid {
    /// A table with these column heads, the first `left` of them flush left and the others, being numbers, flush right.
    pub fn new(left: usize, header: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { header: cells(header), rows: Vec::new(), left }
    }

    /// Adds a row; missing cells are empty.
    pub fn row(&mut self, row: impl IntoIterator<Item = impl Into<String>>) {
        let mut row = cells(row);
        row.resize(self.header.len(), String::new());
        self.rows.push(row);
    }

    /// The column heads.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// The cells, as many a row as there are heads.
    pub fn rows(&self) -> &[Vec<String>] {
        &self.rows
    }

    /// For every column whether it is set flush right, as numbers are.
    pub fn is_number(&self) -> Vec<bool> {
        (0..self.header.len()).map(|column| column >= self.left).collect()
    }

    /// Columns of the terminal that the table takes if it need not be broken.
    pub fn width(&self) -> usize {
        let widths = self.widths();
        widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
    }

    /// The lines of the table, the heads first, as this terminal can show them.
    pub fn lines(&self) -> Vec<GridLine> {
        self.lines_within(terminal_width().unwrap_or(usize::MAX))
    }

    /// The lines behind an indentation, each with its end.
    pub fn indented(&self, indent: &str) -> String {
        let columns = terminal_width().map_or(usize::MAX, |columns| columns.saturating_sub(indent.len()));
        self.lines_within(columns).iter().map(|line| format!("{indent}{}\n", line.text)).collect()
    }

    /// The same in so many columns, at least 20.
    pub fn lines_within(&self, width: usize) -> Vec<GridLine> {
        let width = width.max(20);
        let mut widths = self.widths();
        if let Some((first, others)) = widths.split_first_mut() {
            // Half of the line at most is the first column's, and the rest any other's.
            let all: usize = others.iter().map(|other| GAP + *other).sum();
            if *first + all > width {
                *first = (*first).min(width / 2);
                let rest = width - *first - GAP;
                others.iter_mut().for_each(|other| *other = (*other).min(rest));
            }
        }
        let mut lines = Vec::new();
        for (number, part) in parts(&widths, width).iter().enumerate() {
            if number > 0 {
                lines.push(GridLine { text: String::new(), row: None });
            }
            let all = std::iter::once((None, &self.header));
            for (row, cells) in all.chain(self.rows.iter().enumerate().map(|(at, row)| (Some(at), row))) {
                let texts = self.text(cells, part, &widths);
                lines.extend(texts.into_iter().map(|text| GridLine { text, row }));
            }
        }
        lines
    }

    /// A row of some columns: one line, or several where cells are wider than their column.
    fn text(&self, cells: &[String], part: &[usize], widths: &[usize]) -> Vec<String> {
        let wrapped = |column: &usize| -> Vec<String> {
            let (cell, width) = (&cells[*column], widths[*column]);
            if display_width(cell) <= width {
                return vec![cell.clone()];
            }
            textwrap::wrap(cell, width.max(1)).into_iter().map(std::borrow::Cow::into_owned).collect()
        };
        let cells: Vec<Vec<String>> = part.iter().map(wrapped).collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        let line = |at: usize| {
            let cells = cells.iter().zip(part).map(|(cell, &column)| {
                let cell = cell.get(at).map_or("", String::as_str);
                let fill = " ".repeat(widths[column].saturating_sub(display_width(cell)));
                if column < self.left { format!("{cell}{fill}") } else { format!("{fill}{cell}") }
            });
            cells.collect::<Vec<_>>().join(&" ".repeat(GAP)).trim_end().to_owned()
        };
        (0..height).map(line).collect()
    }

    /// The widest cell of every column.
    fn widths(&self) -> Vec<usize> {
        let all = || std::iter::once(&self.header).chain(&self.rows);
        let width = |column: usize| all().map(|row| display_width(&row[column])).max().unwrap_or(0);
        (0..self.header.len()).map(width).collect()
    }
}

/// Which columns stand beside each other: the first one in every part.
fn parts(widths: &[usize], width: usize) -> Vec<Vec<usize>> {
    let Some(&first) = widths.first() else { return Vec::new() };
    let mut parts = vec![vec![0]];
    let mut taken = first;
    for (column, own) in widths.iter().enumerate().skip(1) {
        let part = parts.last_mut().filter(|part| part.len() == 1 || taken + GAP + own <= width);
        match part {
            Some(part) => part.push(column),
            None => {
                parts.push(vec![0, column]);
                taken = first;
            }
        }
        taken += GAP + own;
    }
    parts
}

/// A label of somebody else's data must not give the terminal orders.
fn cells(cells: impl IntoIterator<Item = impl Into<String>>) -> Vec<String> {
    cells.into_iter().map(|cell| one_line(&cell.into()).into_owned()).collect()
}

impl fmt::Display for Grid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines().iter().try_for_each(|line| writeln!(f, "{}", line.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board() -> Grid {
        let mut grid = Grid::new(1, ["model", "F1", "95 % interval", "MB"]);
        grid.row(["svm", "74.4", "68.1 – 80.8", "5.9"]);
        grid.row(["k-nearest neighbours of a long name", "–", "FAILED"]);
        grid
    }

    fn texts(grid: &Grid, width: usize) -> Vec<String> {
        grid.lines_within(width).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn a_table_that_fits_is_not_broken() {
        let grid = board();
        assert_eq!(grid.width(), 61);
        assert_eq!(texts(&grid, 61).len(), 3);
        assert_eq!(texts(&grid, 61), texts(&grid, usize::MAX));
        assert_eq!(texts(&grid, 61)[1], format!("svm{}74.4    68.1 – 80.8  5.9", " ".repeat(34)));
    }

    #[test]
    fn columns_that_do_not_fit_are_continued_below() {
        for width in 20..61 {
            let lines = board().lines_within(width);
            assert!(lines.iter().all(|line| display_width(&line.text) <= width), "{width}: {lines:#?}");
            let all: String = lines.iter().map(|line| line.text.as_str()).collect();
            for cell in ["74.4", "68.1", "80.8", "5.9", "FAILED", "neighbours"] {
                assert!(all.contains(cell), "{width}: {cell}");
            }
        }
        let lines = board().lines_within(30);
        assert_eq!(lines.iter().filter(|line| line.text.starts_with("svm")).count(), 3, "{lines:#?}");
        assert!(lines.iter().filter(|line| line.row == Some(0)).all(|line| line.text.starts_with("svm")));
    }

    #[test]
    fn wide_characters_line_up_and_orders_are_not_obeyed() {
        let mut grid = Grid::new(1, ["class", "n"]);
        grid.row(["日本", "1"]);
        grid.row(["\u{1b}[2Jx", "22"]);
        assert_eq!(texts(&grid, 80), ["class   n", "日本    1", "�[2Jx  22"]);
        assert!(texts(&Grid::new(0, Vec::<String>::new()), 30).is_empty());
    }
}
