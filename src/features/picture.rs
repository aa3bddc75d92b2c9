//! Colour pictures of spectrograms, as matplotlib draws them.

use super::colour_map::ColourMap;
use ndarray::{Array2, Array3, ArrayView2};

/// Rows and columns of the figure: 6 × 4 inches of 72 dots, the default of notebooks.
const FIGURE: (usize, usize) = (288, 432);
/// Rows and columns before the axes, and in them; matplotlib's defaults in parts of the figure are an eighth below and
/// to the left, 0.12 above and 0.1 to the right.
const AXES: (Edges, Edges) =
    (Edges { start: 0.125 * 288.0, end: 0.88 * 288.0 }, Edges { start: 0.125 * 432.0, end: 0.9 * 432.0 });
/// What is left of a level (of 255) under the frame, a black line of 0.8 pixels, and under its corners.
const UNDER_FRAME: u16 = 51;
const UNDER_CORNER: u16 = 19;
const WHITE: u8 = 255;

/// From where to where the axes lie, in dots from the left or from below.
struct Edges {
    start: f64,
    end: f64,
}

impl Edges {
    /// Where the cell of a number begins, of so many; its end is the next one's beginning. Agg snaps it to a whole dot.
    fn snapped(&self, cell: usize, cells: usize) -> usize {
        (self.start + (self.end - self.start) * cell as f64 / cells as f64 + 0.5).floor() as usize
    }

    /// The number that each dot shows, from the first dot of the axes on: of several in a dot the last is drawn over the
    /// others.
    fn shown(&self, cells: usize) -> Vec<usize> {
        let (first, end) = (self.snapped(0, cells), self.snapped(cells, cells));
        let mut shown = vec![0; end - first];
        for cell in 0..cells {
            shown[self.snapped(cell, cells) - first..self.snapped(cell + 1, cells) - first].fill(cell);
        }
        shown
    }
}

/// The levels of a picture of numbers of shape `(rows, columns)`, a dot a number: the lowest has the first colour and the
/// highest the last. Of shape `(3, rows, columns)`, red, green and blue, the last row first.
///
/// A number that is not finite has the first colour.
///
/// Reference: matplotlib's `imshow` of `np.flipud` of the numbers.
pub fn coloured(numbers: ArrayView2<f32>, map: &ColourMap) -> Array3<u8> {
    let levels = levels(numbers);
    let rows = levels.nrows();
    let level = |channel: usize, row: usize, column: usize| map[levels[(rows - 1 - row, column)]][channel];
    Array3::from_shape_fn((3, rows, levels.ncols()), |(channel, row, column)| level(channel, row, column))
}

/// The levels of a figure that shows numbers of shape `(rows, columns)`, the first row at the bottom: of shape
/// `(3, 288, 432)`, red, green and blue, the top first. Without `margins` what is in the axes, `(3, 217, 335)`.
///
/// Reference: `librosa.display.specshow` and matplotlib's `savefig`.
pub fn figure(numbers: ArrayView2<f32>, map: &ColourMap, margins: bool) -> Array3<u8> {
    let levels = levels(numbers);
    let (of_rows, of_columns) = (AXES.0.shown(levels.nrows()), AXES.1.shown(levels.ncols()));
    let (rows, columns) = (of_rows.len(), of_columns.len());
    let inside = |channel: usize, row: usize, column: usize| {
        map[levels[(of_rows[rows - 1 - row], of_columns[column])]][channel]
    };
    if !margins {
        return Array3::from_shape_fn((3, rows, columns), |(channel, row, column)| {
            inside(channel, row, column)
        });
    }
    let left = AXES.1.snapped(0, 1);
    let top = FIGURE.0 - AXES.0.snapped(1, 1);
    Array3::from_shape_fn((3, FIGURE.0, FIGURE.1), |(channel, y, x)| {
        let (Some(row), Some(column)) = (y.checked_sub(top), x.checked_sub(left)) else { return WHITE };
        if row > rows || column > columns {
            return WHITE;
        }
        let level = if row < rows && column < columns { inside(channel, row, column) } else { WHITE };
        let (on_row, on_column) = (row == 0 || row == rows, column == 0 || column == columns);
        let share = match (on_row, on_column) {
            (true, true) => UNDER_CORNER,
            (false, false) => 255,
            _ => UNDER_FRAME,
        };
        ((u16::from(level) * share + 127) / 255) as u8
    })
}

/// Rows and columns of a [`figure`].
pub fn figure_shape(margins: bool) -> (usize, usize) {
    let side = |edges: &Edges| edges.snapped(1, 1) - edges.snapped(0, 1);
    if margins { FIGURE } else { (side(&AXES.0), side(&AXES.1)) }
}

/// Which of 256 colours each number has, as matplotlib's `Normalize` says.
fn levels(numbers: ArrayView2<f32>) -> Array2<usize> {
    let finite = numbers.iter().copied().filter(|number| number.is_finite());
    let (low, high) = finite
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), number| (low.min(number), high.max(number)));
    let range = high - low;
    numbers.map(|&number| {
        // Where all are the same, the first. A cast takes NaN and what is below 0 for 0.
        if range > 0.0 { (((number - low) / range * 256.0) as usize).min(255) } else { 0 }
    })
}
