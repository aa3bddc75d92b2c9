use super::kernel::COLUMNS;
use crate::geometry::WindowAxis;
use crate::ops::cpu::parts;
use std::ops::Range;

/// Outputs of a plane that are made at a time, whole rows of them: so many of some filters stay in a core's first cache.
const PIXELS: usize = 1024;

/// Planes of an example with their padding, some rows of them at a time.
pub(super) struct Frames {
    rows: WindowAxis,
    columns: WindowAxis,
    numbers: Vec<f32>,
    step: usize,
}

impl Frames {
    /// Frames that so many planes fit into.
    pub fn new(planes: usize, rows: WindowAxis, columns: WindowAxis) -> Self {
        let mut frames = Self { rows, columns, numbers: Vec::new(), step: 0 };
        let tallest = frames.parts().map(|part| part.len()).max().unwrap_or(0) + rows.kernel - 1;
        // Behind the last row, what the last sums see.
        frames.step = tallest * frames.pitch() + columns.kernel - 1 + COLUMNS;
        frames.numbers = vec![0.0; planes * frames.step];
        frames
    }

    /// From a row to the next, of the input's frame as of the outputs'.
    pub fn pitch(&self) -> usize {
        pitch(self.columns)
    }

    /// From a plane's frame to the next.
    pub fn step(&self) -> usize {
        self.step
    }

    /// Output rows that are made at a time.
    pub fn parts(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        Self::parts_of(self.rows, self.columns)
    }

    /// The same, of frames that are not made.
    pub fn parts_of(rows: WindowAxis, columns: WindowAxis) -> impl Iterator<Item = Range<usize>> + use<> {
        parts(rows.output, (PIXELS / pitch(columns)).max(1))
    }

    /// All frames, one after the other.
    pub fn numbers(&self) -> &[f32] {
        &self.numbers
    }

    /// Puts into the frames what of the planes is seen by some output rows.
    pub fn fill(&mut self, planes: &[f32], outputs: &Range<usize>) {
        let (pitch, height) = (self.pitch(), outputs.len() + self.rows.kernel - 1);
        let (left, width) = (self.columns.padding, self.columns.input);
        let planes = planes.chunks_exact(self.rows.input * width);
        for (frame, plane) in self.numbers.chunks_exact_mut(self.step).zip(planes) {
            for (at, row) in frame.chunks_exact_mut(pitch).take(height).enumerate() {
                // The columns of padding are zeros from the first.
                let row = &mut row[left..left + width];
                match (outputs.start + at).checked_sub(self.rows.padding) {
                    Some(at) if at < self.rows.input => row.copy_from_slice(&plane[at * width..][..width]),
                    _ => row.fill(0.0),
                }
            }
        }
    }
}

fn pitch(columns: WindowAxis) -> usize {
    columns.output + columns.kernel - 1
}
