use std::fmt;

/// A table for the terminal: columns as wide as their widest cell, the first ones flush left.
#[derive(Debug)]
pub struct Grid {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    left: usize,
}

impl Grid {
    /// A table with these column heads, the first `left` of them flush left and the others, being numbers, flush right.
    pub fn new(left: usize, header: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { header: header.into_iter().map(Into::into).collect(), rows: Vec::new(), left }
    }

    /// Adds a row; missing cells are empty.
    pub fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        let mut cells: Vec<String> = cells.into_iter().map(Into::into).collect();
        cells.resize(self.header.len(), String::new());
        self.rows.push(cells);
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

    /// The lines of the table without line ends, the header first.
    pub fn lines(&self) -> Vec<String> {
        let all = || std::iter::once(&self.header).chain(&self.rows);
        let width = |column: usize| all().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.header.len()).map(width).collect();
        all()
            .map(|row| {
                let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
                    if column < self.left { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
                });
                cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
            })
            .collect()
    }
}

impl fmt::Display for Grid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines().iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}
