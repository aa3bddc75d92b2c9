use super::panels::{COLUMNS, Panel, Rows, depth_blocks};
use std::ops::Range;

/// A matrix `(depth, columns)` to multiply others by: in blocks of rows, these in panels of columns, and of each panel row
/// after row.
pub(crate) struct Panels {
    depth: usize,
    columns: usize,
    numbers: Vec<f32>,
}

impl Panels {
    /// Of the number at every row and column.
    pub fn new(depth: usize, columns: usize, at: impl Fn(usize, usize) -> f32) -> Self {
        let mut numbers = Vec::with_capacity(depth * columns.next_multiple_of(COLUMNS));
        for block in depth_blocks(depth) {
            for first in (0..columns).step_by(COLUMNS) {
                for row in block.clone() {
                    numbers.extend(
                        (first..first + COLUMNS)
                            .map(|column| if column < columns { at(row, column) } else { 0.0 }),
                    );
                }
            }
        }
        Self { depth, columns, numbers }
    }

    /// Blocks of rows, to be multiplied one after the other.
    pub fn blocks(&self) -> impl Iterator<Item = Range<usize>> {
        depth_blocks(self.depth)
    }

    /// Adds the product of so many `rows` with the matrix to `output`, whose rows start `step` apart.
    ///
    /// Every sum goes up through the rows of the matrix, whichever rows are computed with it.
    #[inline]
    pub fn add_product(&self, rows: Rows, count: usize, output: &mut [f32], step: usize) {
        for block in self.blocks() {
            let rows = Rows { numbers: &rows.numbers[block.start * rows.along..], ..rows };
            self.add_block(rows, block, count, output, step);
        }
    }

    /// The same with one block of the matrix: `rows` has the columns that the block has rows.
    #[inline]
    pub fn add_block(&self, rows: Rows, block: Range<usize>, count: usize, output: &mut [f32], step: usize) {
        let panels = &self.numbers[block.start * self.columns.next_multiple_of(COLUMNS)..];
        for (panel, first) in
            panels.chunks_exact(block.len() * COLUMNS).zip((0..self.columns).step_by(COLUMNS))
        {
            let width = COLUMNS.min(self.columns - first);
            Panel { numbers: panel, width }.add_product(rows, count, &mut output[first..], step);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_those_of_their_sums() {
        for (count, depth, columns) in [(1, 1, 1), (7, 5, 16), (13, 300, 37), (6, 513, 24)] {
            let number = |at: usize| ((at * 37 + 11) % 64) as f32 / 32.0 - 1.0;
            let rows: Vec<f32> = (0..count * (depth + 3)).map(number).collect();
            let weight = |row: usize, column: usize| number(row * 101 + column * 7);
            let panels = Panels::new(depth, columns, weight);
            let mut output = vec![0.5; count * columns];
            let rows_of = Rows { numbers: &rows, step: depth + 3, along: 1 };
            panels.add_product(rows_of, count, &mut output, columns);
            for (at, sum) in output.iter().enumerate() {
                let (row, column) = (at / columns, at % columns);
                let expected: f32 =
                    (0..depth).map(|k| rows[row * (depth + 3) + k] * weight(k, column)).sum::<f32>() + 0.5;
                assert!((sum - expected).abs() < 1e-3, "{count} {depth} {columns}: {sum} {expected}");
            }
        }
    }
}
