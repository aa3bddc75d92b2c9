//! The innermost product of matrices: a few rows with a panel of columns that lie next to each other.

use super::{Simd, parts, widest};
use std::ops::Range;

/// Columns of a panel: two registers of eight numbers, or one of sixteen.
pub(crate) const COLUMNS: usize = 16;
/// Rows that are computed at once, with registers of eight and of sixteen numbers: as many sums as there are registers for.
const ROWS: usize = 6;
const MORE_ROWS: usize = 16;
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
        widest(
            #[inline(always)]
            |simd| {
                let at_once = if simd == Simd::Avx512 { MORE_ROWS } else { ROWS };
                // Of nearly the same size: a row alone would wait for its own sums.
                for part in parts(count, at_once) {
                    let rows = Rows { numbers: &rows.numbers[part.start * rows.step..], ..rows };
                    let output = &mut output[part.start * step..];
                    Tile { rows, panel: self, simd }.set_rows::<ADD>(part.len(), output, step);
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
    simd: Simd,
}

impl Tile<'_> {
    #[inline(always)]
    fn set_rows<const ADD: bool>(self, count: usize, output: &mut [f32], step: usize) {
        match count {
            1 => self.set::<1, ADD>(output, step),
            2 => self.set::<2, ADD>(output, step),
            3 => self.set::<3, ADD>(output, step),
            4 => self.set::<4, ADD>(output, step),
            5 => self.set::<5, ADD>(output, step),
            ROWS => self.set::<ROWS, ADD>(output, step),
            7 => self.set::<7, ADD>(output, step),
            8 => self.set::<8, ADD>(output, step),
            9 => self.set::<9, ADD>(output, step),
            10 => self.set::<10, ADD>(output, step),
            11 => self.set::<11, ADD>(output, step),
            12 => self.set::<12, ADD>(output, step),
            13 => self.set::<13, ADD>(output, step),
            14 => self.set::<14, ADD>(output, step),
            15 => self.set::<15, ADD>(output, step),
            _ => self.set::<MORE_ROWS, ADD>(output, step),
        }
    }

    #[inline(always)]
    fn set<const COUNT: usize, const ADD: bool>(self, output: &mut [f32], step: usize) {
        let width = self.panel.width;
        if width == COLUMNS {
            return self.sum::<COUNT, ADD>(output, step);
        }
        let mut sums = [0.0; MORE_ROWS * COLUMNS];
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
        match self.simd {
            Simd::Baseline => {}
            Simd::Avx2 => return self.sum_eights::<COUNT, ADD>(output, step),
            Simd::Avx512 => return self.sum_sixteens::<COUNT, ADD>(output, step),
        }
        let _ = self.simd;
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

    /// The same in registers of eight; the compiler keeps the sums in memory if it is left to itself.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn sum_eights<const COUNT: usize, const ADD: bool>(self, output: &mut [f32], step: usize) {
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

    /// The same in registers of sixteen.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn sum_sixteens<const COUNT: usize, const ADD: bool>(self, output: &mut [f32], step: usize) {
        use std::arch::x86_64::{_mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_storeu_ps};
        let depth = self.panel.numbers.len() / COLUMNS;
        let Rows { numbers, step: row_step, along } = self.rows;
        assert!((COUNT - 1) * row_step + (depth - 1) * along < numbers.len());
        assert!((COUNT - 1) * step + COLUMNS <= output.len());
        let (mut weights, mut first, to) =
            (self.panel.numbers.as_ptr(), numbers.as_ptr(), output.as_mut_ptr());
        // SAFETY: it is called where the CPU has AVX-512; otherwise as above.
        unsafe {
            let mut sums = [_mm512_set1_ps(0.0); COUNT];
            if ADD {
                sums.iter_mut().enumerate().for_each(|(row, sum)| *sum = _mm512_loadu_ps(to.add(row * step)));
            }
            for _ in 0..depth {
                let of_columns = _mm512_loadu_ps(weights);
                for (row, sum) in sums.iter_mut().enumerate() {
                    let number = _mm512_set1_ps(*first.add(row * row_step));
                    *sum = _mm512_fmadd_ps(number, of_columns, *sum);
                }
                (weights, first) = (weights.wrapping_add(COLUMNS), first.wrapping_add(along));
            }
            for (row, sum) in sums.into_iter().enumerate() {
                _mm512_storeu_ps(to.add(row * step), sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::wide::at_most;
    use super::*;

    #[test]
    fn products_are_the_same_whatever_the_registers() {
        let number = |at: usize| ((at * 7919 + at * at * 31) % 257) as f32 / 128.0 - 1.0;
        let (depth, step) = (37, COLUMNS + 3);
        let panel: Vec<f32> = (0..depth * COLUMNS).map(number).collect();
        let rows: Vec<f32> = (0..depth * MORE_ROWS).map(|at| number(at + 5)).collect();
        for (count, width) in [(1, COLUMNS), (5, 9), (ROWS, COLUMNS), (11, 1), (MORE_ROWS, COLUMNS)] {
            let with = |simd| {
                let mut output: Vec<f32> = (0..MORE_ROWS * step).map(|at| number(at + 11)).collect();
                at_most(
                    simd,
                    #[inline(always)]
                    |simd| {
                        let rows = Rows { numbers: &rows, step: depth, along: 1 };
                        let panel = Panel { numbers: &panel, width };
                        Tile { rows, panel, simd }.set_rows::<true>(count, &mut output, step);
                    },
                );
                output
            };
            let (plain, eights, sixteens) = (with(Simd::Baseline), with(Simd::Avx2), with(Simd::Avx512));
            assert!(Simd::found() < Simd::Avx512 || eights == sixteens, "{count} rows, {width} columns");
            for (plain, wide) in plain.iter().zip(&sixteens) {
                assert!((plain - wide).abs() < 1e-5, "{count} rows, {width} columns: {plain} {wide}");
            }
        }
    }
}
