//! What tiles see, brought to where it can be read fast: lines of tiles with the rows that they see, padded.

use super::eight::Eight;
use crate::geometry::WindowAxis;
use crate::ops::cpu::fetch;
use std::ops::Range;

/// Numbers that are read of a row, at most.
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

    /// Fills one of the planes, of every example with that of so many in the numbers.
    pub fn fill(&mut self, plane: usize, numbers: &[f32], number: impl Fn(usize) -> usize) {
        let Plane { height, width, above, left } = self.plane;
        let (pitch, at) = (self.pitch(), self.start(plane));
        let mut line = self.lines.start;
        while line < self.lines.end {
            let example = line / self.grid.rows;
            let end = self.lines.end.min((example + 1) * self.grid.rows);
            let (from, next) = numbers[number(example) * height * width..].split_at(height * width);
            let first = (line - example * self.grid.rows) * self.grid.outputs;
            let rows = (end - line - 1) * self.grid.outputs + self.side;
            let before = at + self.rows_before(line) * pitch;
            let to = self.numbers[before..][..rows * pitch].chunks_exact_mut(pitch);
            for (row, to) in (first..).zip(to) {
                // What is padded left and right is never written to, and stays zero.
                let to = &mut to[left..left + width];
                match row.checked_sub(above).filter(|row| *row < height) {
                    Some(row) => {
                        to.copy_from_slice(&from[row * width..][..width]);
                        // As a rule, the next channel follows.
                        fetch(next.get(row * width..(row + 1) * width).unwrap_or_default());
                    }
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

    /// The rows of patches that begin at these places: of each row, the columns of all patches.
    #[inline(always)]
    pub fn patches<N: Eight, const SIDE: usize>(
        &self,
        places: [usize; 8],
    ) -> impl Fn(usize) -> [N; SIDE] + use<'_, N, SIDE> {
        let (pitch, from) = (self.pitch(), self.numbers.as_ptr());
        let furthest = places.into_iter().max().map_or(0, |place| place + (SIDE - 1) * pitch + WIDE);
        assert!(furthest <= self.numbers.len() && SIDE <= WIDE);
        #[inline(always)]
        move |row| {
            assert!(row < SIDE);
            // SAFETY: in the last row that is read, and so in the others, eight numbers follow on every place, as was asserted.
            unsafe { N::columns(from.add(row * pitch), &places) }
        }
    }
}
