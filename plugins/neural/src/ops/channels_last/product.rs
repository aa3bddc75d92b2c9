use crate::ops::cpu::wide;
use std::ops::Range;

/// Columns that are computed at once, in two wide registers, and rows: as many sums as there are registers for.
const COLUMNS: usize = 16;
const ROWS: usize = 6;
/// Rows of the matrix whose panels are used one after the other: such a panel stays in a core's first cache.
const DEPTH: usize = 256;

/// A matrix `(depth, columns)` to multiply others by: in blocks of rows, these in panels of columns, and of each panel row
/// after row.
pub(super) struct Panels {
    depth: usize,
    columns: usize,
    numbers: Vec<f32>,
}

/// Rows of a matrix to be multiplied: where each begins, and the numbers.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub numbers: &'a [f32],
    /// From the beginning of a row to the next one's.
    pub step: usize,
}

impl Panels {
    /// Of the number at every row and column.
    pub fn new(depth: usize, columns: usize, at: impl Fn(usize, usize) -> f32) -> Self {
        let mut numbers = Vec::with_capacity(depth * columns.next_multiple_of(COLUMNS));
        for block in blocks(depth) {
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
        blocks(self.depth)
    }

    /// Adds to `output`, of `columns` numbers a row, the product of as many rows with a block of the matrix: `rows` has the
    /// columns that the block has rows.
    ///
    /// Every sum goes up through the block, whichever rows are computed with it.
    pub fn add_product(&self, rows: Rows, block: Range<usize>, output: &mut [f32]) {
        let count = output.len() / self.columns;
        assert!(count == 0 || rows.numbers.len() >= (count - 1) * rows.step + block.len());
        let panels = &self.numbers[block.start * self.columns.next_multiple_of(COLUMNS)..];
        for (panel, first) in
            panels.chunks_exact(block.len() * COLUMNS).zip((0..self.columns).step_by(COLUMNS))
        {
            let width = COLUMNS.min(self.columns - first);
            for start in (0..count).step_by(ROWS) {
                let rows = Rows { numbers: &rows.numbers[start * rows.step..], ..rows };
                let output = &mut output[start * self.columns + first..];
                let tile = Tile { rows, panel, width, step: self.columns };
                match count - start {
                    1 => tile.add::<1>(output),
                    2 => tile.add::<2>(output),
                    3 => tile.add::<3>(output),
                    4 => tile.add::<4>(output),
                    5 => tile.add::<5>(output),
                    _ => tile.add::<ROWS>(output),
                }
            }
        }
    }
}

fn blocks(depth: usize) -> impl Iterator<Item = Range<usize>> {
    (0..depth).step_by(DEPTH).map(move |start| start..depth.min(start + DEPTH))
}

/// The sums of a few rows with a panel.
struct Tile<'a> {
    rows: Rows<'a>,
    panel: &'a [f32],
    /// Columns of the panel that the output has.
    width: usize,
    /// From a row of the output to the next.
    step: usize,
}

impl Tile<'_> {
    #[inline(always)]
    fn add<const COUNT: usize>(&self, output: &mut [f32]) {
        let mut sums = [[0.0; COLUMNS]; COUNT];
        for (row, sums) in sums.iter_mut().enumerate() {
            sums[..self.width].copy_from_slice(&output[row * self.step..][..self.width]);
        }
        #[cfg(target_arch = "x86_64")]
        wide(
            #[inline(always)]
            |fused| if fused { self.sum_wide(&mut sums) } else { self.sum(&mut sums) },
        );
        #[cfg(not(target_arch = "x86_64"))]
        self.sum(&mut sums);
        for (row, sums) in sums.iter().enumerate() {
            output[row * self.step..][..self.width].copy_from_slice(&sums[..self.width]);
        }
    }

    #[inline(always)]
    fn sum<const COUNT: usize>(&self, sums: &mut [[f32; COLUMNS]; COUNT]) {
        for (at, weights) in self.panel.as_chunks::<COLUMNS>().0.iter().enumerate() {
            for (row, sums) in sums.iter_mut().enumerate() {
                let number = self.rows.numbers[row * self.rows.step + at];
                sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += number * weight);
            }
        }
    }

    /// The same in wide registers; the compiler keeps the sums in memory if it is left to itself.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn sum_wide<const COUNT: usize>(&self, sums: &mut [[f32; COLUMNS]; COUNT]) {
        use std::arch::x86_64::{_mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_storeu_ps};
        let depth = self.panel.len() / COLUMNS;
        assert!(depth == 0 || (COUNT - 1) * self.rows.step + depth <= self.rows.numbers.len());
        let (mut weights, first, step) = (self.panel.as_ptr(), self.rows.numbers.as_ptr(), self.rows.step);
        // SAFETY: it is called where the CPU has AVX2 and fused multiply-adds. All that is read lies in the slices: `depth`
        // times 16 weights, and of each row, as asserted, as many numbers.
        unsafe {
            let mut left = [_mm256_set1_ps(0.0); COUNT];
            let mut right = left;
            for row in 0..COUNT {
                left[row] = _mm256_loadu_ps(sums[row].as_ptr());
                right[row] = _mm256_loadu_ps(sums[row].as_ptr().add(8));
            }
            for at in 0..depth {
                let (of_left, of_right) = (_mm256_loadu_ps(weights), _mm256_loadu_ps(weights.add(8)));
                for row in 0..COUNT {
                    let number = _mm256_set1_ps(*first.add(row * step + at));
                    left[row] = _mm256_fmadd_ps(number, of_left, left[row]);
                    right[row] = _mm256_fmadd_ps(number, of_right, right[row]);
                }
                weights = weights.add(COLUMNS);
            }
            for row in 0..COUNT {
                _mm256_storeu_ps(sums[row].as_mut_ptr(), left[row]);
                _mm256_storeu_ps(sums[row].as_mut_ptr().add(8), right[row]);
            }
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
            for block in panels.blocks() {
                let rows = Rows { numbers: &rows[block.start..], step: depth + 3 };
                panels.add_product(rows, block, &mut output);
            }
            for (at, sum) in output.iter().enumerate() {
                let (row, column) = (at / columns, at % columns);
                let expected: f32 =
                    (0..depth).map(|k| rows[row * (depth + 3) + k] * weight(k, column)).sum::<f32>() + 0.5;
                assert!((sum - expected).abs() < 1e-3, "{count} {depth} {columns}: {sum} {expected}");
            }
        }
    }
}
