//! The innermost product of matrices: a few rows with a panel of columns that lie next to each other.

use super::{parts, wide};
use std::ops::Range;

/// Columns of a panel, in two wide registers, and rows that are computed at once: as many sums as there are registers for.
pub(crate) const COLUMNS: usize = 16;
const ROWS: usize = 6;
/// Rows of a panel that are used one after the other: such a part stays in a core's first cache.
const DEPTH: usize = 128;

/// Rows of a matrix to be multiplied.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    pub numbers: &'a [f32],
    /// From the beginning of a row to the next one's.
    pub step: usize,
    /// From a number of a row to the next.
    pub along: usize,
}

/// [`COLUMNS`] columns of a matrix, row after row, of which the first `width` are wanted.
#[derive(Clone, Copy)]
pub(crate) struct Panel<'a> {
    pub numbers: &'a [f32],
    pub width: usize,
}

/// The rows of a matrix in blocks, to be multiplied one after the other.
pub(crate) fn depth_blocks(depth: usize) -> impl Iterator<Item = Range<usize>> {
    (0..depth).step_by(DEPTH).map(move |start| start..depth.min(start + DEPTH))
}

impl Panel<'_> {
    /// Adds the product of so many `rows` with the panel to `output`, whose rows start `step` apart.
    ///
    /// Every sum goes up through the panel, whichever rows are computed with it.
    #[inline]
    pub fn add_product(self, rows: Rows, count: usize, output: &mut [f32], step: usize) {
        self.product::<true>(rows, count, output, step);
    }

    /// The same, where nothing is in `output` yet.
    #[inline]
    pub fn set_product(self, rows: Rows, count: usize, output: &mut [f32], step: usize) {
        self.product::<false>(rows, count, output, step);
    }

    #[inline(always)]
    fn product<const ADD: bool>(self, rows: Rows, count: usize, output: &mut [f32], step: usize) {
        let depth = self.numbers.len() / COLUMNS;
        if depth == 0 && !ADD {
            (0..count).for_each(|row| output[row * step..][..self.width].fill(0.0));
        }
        if depth == 0 || count == 0 {
            return;
        }
        wide(
            #[inline(always)]
            |fused| {
                // Of nearly the same size: a row alone would wait for its own sums.
                for part in parts(count, ROWS) {
                    let rows = Rows { numbers: &rows.numbers[part.start * rows.step..], ..rows };
                    let output = &mut output[part.start * step..];
                    let tile = Tile { rows, panel: self, fused };
                    match part.len() {
                        1 => tile.set::<1, ADD>(output, step),
                        2 => tile.set::<2, ADD>(output, step),
                        3 => tile.set::<3, ADD>(output, step),
                        4 => tile.set::<4, ADD>(output, step),
                        5 => tile.set::<5, ADD>(output, step),
                        _ => tile.set::<ROWS, ADD>(output, step),
                    }
                }
            },
        );
    }
}

/// The sums of a few rows with a panel.
#[derive(Clone, Copy)]
struct Tile<'a> {
    rows: Rows<'a>,
    panel: Panel<'a>,
    /// Whether the CPU has wide registers and fused multiply-adds.
    fused: bool,
}

impl Tile<'_> {
    #[inline(always)]
    fn set<const COUNT: usize, const ADD: bool>(self, output: &mut [f32], step: usize) {
        let width = self.panel.width;
        if width == COLUMNS {
            return self.sum::<COUNT, ADD>(output, step);
        }
        let mut sums = [0.0; ROWS * COLUMNS];
        for row in 0..COUNT {
            sums[row * COLUMNS..][..width].copy_from_slice(&output[row * step..][..width]);
        }
        self.sum::<COUNT, ADD>(&mut sums, COLUMNS);
        for row in 0..COUNT {
            output[row * step..][..width].copy_from_slice(&sums[row * COLUMNS..][..width]);
        }
    }

    #[inline(always)]
    fn sum<const COUNT: usize, const ADD: bool>(self, output: &mut [f32], step: usize) {
        #[cfg(target_arch = "x86_64")]
        if self.fused {
            return self.sum_wide::<COUNT, ADD>(output, step);
        }
        let _ = self.fused;
        if !ADD {
            (0..COUNT).for_each(|row| output[row * step..][..COLUMNS].fill(0.0));
        }
        for (at, weights) in self.panel.numbers.as_chunks::<COLUMNS>().0.iter().enumerate() {
            for row in 0..COUNT {
                let number = self.rows.numbers[row * self.rows.step + at * self.rows.along];
                let sums = &mut output[row * step..][..COLUMNS];
                sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += number * weight);
            }
        }
    }

    /// The same in wide registers; the compiler keeps the sums in memory if it is left to itself.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn sum_wide<const COUNT: usize, const ADD: bool>(self, output: &mut [f32], step: usize) {
        use std::arch::x86_64::{_mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_storeu_ps};
        let depth = self.panel.numbers.len() / COLUMNS;
        let Rows { numbers, step: row_step, along } = self.rows;
        assert!((COUNT - 1) * row_step + (depth - 1) * along < numbers.len());
        assert!((COUNT - 1) * step + COLUMNS <= output.len());
        let (mut weights, mut first, sums) =
            (self.panel.numbers.as_ptr(), numbers.as_ptr(), output.as_mut_ptr());
        // SAFETY: it is called where the CPU has AVX2 and fused multiply-adds. All that is read lies in the slices: `depth`
        // times 16 weights, and of each row, as asserted, as many numbers and 16 sums.
        unsafe {
            let mut left = [_mm256_set1_ps(0.0); COUNT];
            let mut right = left;
            if ADD {
                for row in 0..COUNT {
                    left[row] = _mm256_loadu_ps(sums.add(row * step));
                    right[row] = _mm256_loadu_ps(sums.add(row * step + 8));
                }
            }
            for _ in 0..depth {
                let (of_left, of_right) = (_mm256_loadu_ps(weights), _mm256_loadu_ps(weights.add(8)));
                for row in 0..COUNT {
                    let number = _mm256_set1_ps(*first.add(row * row_step));
                    left[row] = _mm256_fmadd_ps(number, of_left, left[row]);
                    right[row] = _mm256_fmadd_ps(number, of_right, right[row]);
                }
                (weights, first) = (weights.wrapping_add(COLUMNS), first.wrapping_add(along));
            }
            for row in 0..COUNT {
                _mm256_storeu_ps(sums.add(row * step), left[row]);
                _mm256_storeu_ps(sums.add(row * step + 8), right[row]);
            }
        }
    }
}
