use crate::ops::cpu::{COLUMNS, Panel, Rows};
use std::ops::Range;

/// The last rows of a matrix that grows by one row after the other, in panels, to multiply others by.
pub(super) struct LastRows {
    columns: usize,
    room: usize,
    count: usize,
    panels: Vec<f32>,
}

impl LastRows {
    /// None yet, of so many at most.
    pub fn new(room: usize, columns: usize) -> Self {
        let panels = vec![0.0; columns.div_ceil(COLUMNS) * room * COLUMNS];
        Self { columns, room, count: 0, panels }
    }

    #[inline(always)]
    pub fn push(&mut self, row: &[f32]) {
        let (parts, rest) = row.as_chunks::<COLUMNS>();
        let step = self.room * COLUMNS;
        let mut at = self.count * COLUMNS;
        for part in parts {
            self.panels[at..][..COLUMNS].copy_from_slice(part);
            at += step;
        }
        if !rest.is_empty() {
            self.panels[at..][..rest.len()].copy_from_slice(rest);
        }
        self.count += 1;
    }

    pub fn clear(&mut self) {
        self.count = 0;
    }

    /// Adds to `output`, a row for each of `columns`, these columns of `factors`, whose rows are as many and start `step` apart,
    /// transposed, times the rows.
    #[inline(always)]
    pub fn add_product(&self, factors: &[f32], step: usize, columns: Range<usize>, output: &mut [f32]) {
        let rows = Rows { numbers: &factors[columns.start..], step: 1, along: step };
        for first in (0..self.columns).step_by(COLUMNS) {
            let numbers = &self.panels[first * self.room..][..self.count * COLUMNS];
            let panel = Panel { numbers, width: COLUMNS.min(self.columns - first) };
            panel.add_product(rows, columns.len(), &mut output[first..], self.columns);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_product_is_the_sum_over_the_rows() {
        for (count, columns, factors) in [(1, 1, 1), (5, 16, 3), (7, 37, 18)] {
            let step = factors + 2;
            let factor = |row: usize, column: usize| ((row * 7 + column * 5) % 11) as f32 - 5.0;
            let number = |row: usize, column: usize| ((row * 5 + column * 3) % 13) as f32 - 6.0;
            let mut rows = LastRows::new(9, columns);
            rows.push(&vec![3.0; columns]);
            rows.clear();
            for row in 0..count {
                rows.push(&(0..columns).map(|column| number(row, column)).collect::<Vec<_>>());
            }
            let all: Vec<f32> = (0..count * step).map(|at| factor(at / step, at % step)).collect();
            let mut output = vec![1.0; factors * columns];
            rows.add_product(&all, step, 2..step, &mut output);
            for (at, sum) in output.iter().enumerate() {
                let (f, column) = (at / columns + 2, at % columns);
                let exact = 1.0 + (0..count).map(|row| factor(row, f) * number(row, column)).sum::<f32>();
                assert_eq!(*sum, exact, "{count} rows of {columns}, {factors} factors");
            }
        }
    }
}
