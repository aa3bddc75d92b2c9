use super::compare;
use crate::geometry::WindowAxis;
use crate::ops::cpu::wide;

/// The largest numbers of windows that lie side by side: first down the rows of each window, for all columns next to each other, then
/// across what is left.
#[derive(Default)]
pub(crate) struct SideBySide {
    /// Of every column, and where it was found.
    largest: Vec<f32>,
    places: Vec<u32>,
    /// The same before the last look.
    before: (Vec<f32>, Vec<u32>),
}

impl SideBySide {
    /// Whether windows lie so.
    pub fn fits(rows: WindowAxis, columns: WindowAxis) -> bool {
        let fits = |axis: WindowAxis| {
            (axis.stride, axis.padding, axis.dilation) == (axis.kernel, 0, 1)
                && axis.output * axis.kernel <= axis.input
        };
        fits(rows) && fits(columns)
    }

    /// Of one plane, of numbers times `sign`. Where several are the largest, the first counts; what is not a number counts as larger
    /// than all.
    pub fn find(
        &mut self,
        plane: &[f32],
        (rows, columns): (WindowAxis, WindowAxis),
        sign: f32,
        output: &mut [f32],
        places: &mut [u32],
    ) {
        let width = columns.output * columns.kernel;
        self.largest.resize(rows.output * width, 0.0);
        self.places.resize(rows.output * width, 0);
        let lines = self.largest.chunks_exact_mut(width).zip(self.places.chunks_exact_mut(width));
        let numbers = rows.kernel * columns.input;
        for (window, ((largest, places), rows)) in lines.zip(plane.chunks_exact(numbers)).enumerate() {
            down(rows, columns.input, (window * numbers) as u32, sign, largest, places);
        }
        let mut known = 1;
        while known < columns.kernel {
            // Of one, of two, of four, … numbers from every place on; those of windows are among them, and working on all takes less
            // than picking out.
            let further = known.min(columns.kernel - known);
            self.look(further);
            known += further;
        }
        for (to, from) in output.iter_mut().zip(self.largest.iter().step_by(columns.kernel)) {
            *to = *from;
        }
        for (to, from) in places.iter_mut().zip(self.places.iter().step_by(columns.kernel)) {
            *to = *from;
        }
    }

    /// Leaves in every place the larger of what is there and what is so much further, and of equal ones the first in the plane.
    fn look(&mut self, further: usize) {
        let (count, Self { largest, places, before }) = (self.largest.len(), self);
        std::mem::swap(largest, &mut before.0);
        std::mem::swap(places, &mut before.1);
        largest.resize(count, 0.0);
        places.resize(count, 0);
        let (numbers, found) = (&before.0[..count], &before.1[..count]);
        let near = numbers.iter().zip(found);
        // Behind the last window nobody looks.
        let far = numbers[further..].iter().zip(&found[further..]);
        let all = near.zip(far).zip(largest.iter_mut().zip(places));
        wide(
            #[inline(always)]
            |_| {
                for (((near, place), (far, further)), (largest, best)) in all {
                    let better = (*far > *near) | far.is_nan() | ((*far == *near) & (*further < *place));
                    *largest = if better { *far } else { *near };
                    *best = if better { *further } else { *place };
                }
            },
        );
    }
}

/// The largest of each column of some rows, which begin `start` numbers behind the plane's first.
fn down(rows: &[f32], width: usize, start: u32, sign: f32, largest: &mut [f32], places: &mut [u32]) {
    wide(
        #[inline(always)]
        |_| {
            for (row, numbers) in rows.chunks_exact(width).enumerate() {
                let first = start + (row * width) as u32;
                let columns = numbers.iter().zip(largest.iter_mut()).zip(places.iter_mut()).enumerate();
                for (column, ((number, largest), best)) in columns {
                    let place = first + column as u32;
                    if row == 0 {
                        (*largest, *best) = (number * sign, place);
                    } else {
                        compare(number * sign, place, largest, best);
                    }
                }
            }
        },
    );
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
mod tests {
    use super::*;
    use crate::geometry::Window;

    #[test]
    fn the_first_of_the_largest_is_found() {
        // Few different numbers, so that many are equal.
        let number = |at: usize| ((at * 7919 + at * at * 31) % 5) as f32 - 2.0;
        for (height, width, kernel) in [
            (6, 8, (2, 2)),
            (7, 9, (2, 2)),
            (9, 14, (3, 4)),
            (5, 21, (5, 3)),
            (4, 30, (1, 7)),
            (3, 3, (1, 1)),
        ] {
            let mut plane: Vec<f32> = (0..height * width).map(number).collect();
            plane[width + 1] = f32::NAN;
            let axes = Window::new(kernel).stride(kernel).axes((height, width)).unwrap();
            assert!(SideBySide::fits(axes.0, axes.1));
            let count = axes.0.output * axes.1.output;
            let (mut largest, mut places) = (vec![0.0; count], vec![0; count]);
            SideBySide::default().find(&plane, axes, -1.0, &mut largest, &mut places);
            for window in 0..count {
                let (row, column) = (window / axes.1.output * kernel.0, window % axes.1.output * kernel.1);
                let seen =
                    (0..kernel.0).flat_map(|r| (0..kernel.1).map(move |c| (row + r) * width + column + c));
                let better = |best: usize, at: usize| {
                    if -plane[at] > -plane[best] || plane[at].is_nan() { at } else { best }
                };
                let best = seen.reduce(better).unwrap();
                assert_eq!(places[window] as usize, best, "{height} x {width}, {kernel:?}");
                assert!(largest[window] == -plane[best] || plane[best].is_nan());
            }
        }
    }
}
