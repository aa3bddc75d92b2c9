//! What tiles see, brought to where it can be read fast: lines of tiles with the rows that they see, padded.

use super::maps::{LANES, Patch};
use crate::geometry::WindowAxis;
use std::ops::Range;

/// Numbers that are read at once.
const WIDE: usize = 8;

/// Tiles of an example: rows and columns of them, and of each the outputs along an axis.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    pub rows: usize,
    pub columns: usize,
    pub outputs: usize,
}

impl Grid {
    pub fn tiles(self) -> usize {
        self.rows * self.columns
    }
}

/// A plane, and how much is padded above and left of it.
#[derive(Clone, Copy)]
pub(super) struct Plane {
    height: usize,
    width: usize,
    above: usize,
    left: usize,
}

impl Plane {
    /// What a convolution reads.
    pub fn read(rows: WindowAxis, columns: WindowAxis) -> Self {
        Self { height: rows.input, width: columns.input, above: rows.padding, left: columns.padding }
    }

    /// What it writes.
    pub fn written(rows: WindowAxis, columns: WindowAxis) -> Self {
        Self { height: rows.output, width: columns.output, above: 0, left: 0 }
    }

    pub fn len(self) -> usize {
        self.height * self.width
    }
}

/// Lines of tiles, each of which sees some rows and columns of one plane or of several.
pub(super) struct Lines {
    grid: Grid,
    plane: Plane,
    /// Rows and columns that a tile sees.
    side: usize,
    /// Those of all examples that are here.
    lines: Range<usize>,
    planes: usize,
    numbers: Vec<f32>,
}

impl Lines {
    /// Of so many planes, of which tiles see so many rows and columns.
    pub fn new(grid: Grid, plane: Plane, side: usize, planes: usize) -> Self {
        Self { grid, plane, side, lines: 0..0, planes, numbers: Vec::new() }
    }

    /// Numbers of a row: [`WIDE`] of them can be read from wherever a patch begins.
    pub fn pitch(&self) -> usize {
        (self.grid.columns - 1) * self.grid.outputs + self.side + WIDE
    }

    /// Rows in front of a line: those of the lines before it, and of every example before, what its last line sees besides.
    fn rows_before(&self, line: usize) -> usize {
        let examples = line / self.grid.rows - self.lines.start / self.grid.rows;
        (line - self.lines.start) * self.grid.outputs + examples * (self.side - self.grid.outputs)
    }

    /// Numbers of a plane.
    fn size(&self) -> usize {
        (self.rows_before(self.lines.end - 1) + self.side) * self.pitch()
    }

    /// Makes room for the lines of some tiles of all examples.
    pub fn go_to(&mut self, tiles: &Range<usize>) {
        self.lines = tiles.start / self.grid.columns..tiles.end.div_ceil(self.grid.columns);
        self.numbers.resize((self.planes * self.size()).max(self.numbers.len()), 0.0);
    }

    /// Fills one of the planes, which begins at `start(example)` of the numbers.
    pub fn fill(&mut self, plane: usize, numbers: &[f32], start: impl Fn(usize) -> usize) {
        let Plane { height, width, above, left } = self.plane;
        let (pitch, at) = (self.pitch(), self.start(plane));
        let mut line = self.lines.start;
        while line < self.lines.end {
            let example = line / self.grid.rows;
            let end = self.lines.end.min((example + 1) * self.grid.rows);
            let from = &numbers[start(example)..][..height * width];
            let first = (line - example * self.grid.rows) * self.grid.outputs;
            let rows = (end - line - 1) * self.grid.outputs + self.side;
            let before = at + self.rows_before(line) * pitch;
            let to = self.numbers[before..][..rows * pitch].chunks_exact_mut(pitch);
            for (row, to) in (first..).zip(to) {
                // What is padded left and right is never written to, and stays zero.
                let to = &mut to[left..left + width];
                match row.checked_sub(above).filter(|row| *row < height) {
                    Some(row) => to.copy_from_slice(&from[row * width..][..width]),
                    None => to.fill(0.0),
                }
            }
            line = end;
        }
    }

    /// Where what a tile sees begins in a plane.
    pub fn place(&self, tile: usize) -> usize {
        let (line, column) = (tile / self.grid.columns, tile % self.grid.columns);
        self.rows_before(line) * self.pitch() + column * self.grid.outputs
    }

    /// Where a plane begins.
    pub fn start(&self, plane: usize) -> usize {
        plane * self.size()
    }

    /// A patch from each of these places on. `fused` says that the CPU has wide registers, as [`crate::ops::cpu::wide`] does.
    #[inline(always)]
    pub fn patch<const SIDE: usize>(&self, places: &[usize; LANES], fused: bool) -> Patch<SIDE> {
        let pitch = self.pitch();
        let mut patch = [[[0.0; LANES]; SIDE]; SIDE];
        for (row, patch) in patch.iter_mut().enumerate() {
            let from = &self.numbers[row * pitch..];
            #[cfg(target_arch = "x86_64")]
            if fused {
                transpose_wide(from, places, patch);
                continue;
            }
            let _ = fused;
            for (lane, place) in places.iter().enumerate() {
                for column in 0..SIDE {
                    patch[column][lane] = from[place + column];
                }
            }
        }
        patch
    }
}

/// Columns of the rows that begin at these places.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn transpose_wide<const SIDE: usize>(from: &[f32], places: &[usize; LANES], to: &mut [[f32; LANES]; SIDE]) {
    use std::arch::x86_64::{
        _mm_loadu_ps, _mm256_castps128_ps256, _mm256_insertf128_ps, _mm256_shuffle_ps, _mm256_storeu_ps,
        _mm256_unpackhi_ps, _mm256_unpacklo_ps,
    };
    assert!(places.iter().all(|place| place + WIDE <= from.len()) && SIDE <= WIDE);
    for half in 0..2 {
        let places = &places[half * 8..][..8];
        for first in (0..SIDE).step_by(4) {
            // SAFETY: it is called where the CPU has AVX2. From each place on there are eight numbers, as asserted, of which four are
            // read from `first`, 0 or 4; what is written lies in eight lanes of `to`.
            unsafe {
                let four = |row: usize| _mm_loadu_ps(from.as_ptr().add(places[row] + first));
                let both =
                    |row: usize| _mm256_insertf128_ps::<1>(_mm256_castps128_ps256(four(row)), four(row + 4));
                let [a, b, c, d] = [both(0), both(1), both(2), both(3)];
                let [low_ab, low_cd] = [_mm256_unpacklo_ps(a, b), _mm256_unpacklo_ps(c, d)];
                let [high_ab, high_cd] = [_mm256_unpackhi_ps(a, b), _mm256_unpackhi_ps(c, d)];
                let columns = [
                    _mm256_shuffle_ps::<0b01_00_01_00>(low_ab, low_cd),
                    _mm256_shuffle_ps::<0b11_10_11_10>(low_ab, low_cd),
                    _mm256_shuffle_ps::<0b01_00_01_00>(high_ab, high_cd),
                    _mm256_shuffle_ps::<0b11_10_11_10>(high_ab, high_cd),
                ];
                for (column, numbers) in (first..SIDE).zip(columns) {
                    _mm256_storeu_ps(to[column].as_mut_ptr().add(half * 8), numbers);
                }
            }
        }
    }
}
