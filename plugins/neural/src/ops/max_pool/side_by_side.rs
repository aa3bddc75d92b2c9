use super::compare;
use crate::geometry::WindowAxis;
use crate::ops::cpu::wide;

/// Whether windows lie side by side.
pub(crate) fn side_by_side(rows: WindowAxis, columns: WindowAxis) -> bool {
    let fits = |axis: WindowAxis| {
        (axis.stride, axis.padding, axis.dilation) == (axis.kernel, 0, 1)
            && axis.output * axis.kernel <= axis.input
    };
    fits(rows) && fits(columns)
}

/// The largest numbers of such windows of one plane, of numbers times `sign`, and where in the plane they are. Where several are the
/// largest, the first counts; what is not a number counts as larger than all.
pub(crate) fn side_by_side_maxima(
    plane: &[f32],
    axes: (WindowAxis, WindowAxis),
    sign: f32,
    output: &mut [f32],
    places: &mut [u32],
) {
    wide(
        #[inline(always)]
        |_| match axes.1.kernel {
            1 => of_windows::<1>(plane, axes, sign, output, places),
            2 => of_windows::<2>(plane, axes, sign, output, places),
            3 => of_windows::<3>(plane, axes, sign, output, places),
            4 => of_windows::<4>(plane, axes, sign, output, places),
            width => of_wider_windows(width, plane, axes, sign, output, places),
        },
    );
}

/// Of windows of so many columns, as many next to each other at once as there are, up to eight.
#[inline(always)]
fn of_windows<const WIDTH: usize>(
    plane: &[f32],
    axes: (WindowAxis, WindowAxis),
    sign: f32,
    output: &mut [f32],
    places: &mut [u32],
) {
    match axes.1.output {
        0 => {}
        1 => of_neighbours::<WIDTH, 1>(plane, axes, sign, output, places),
        2 | 3 => of_neighbours::<WIDTH, 2>(plane, axes, sign, output, places),
        4..8 => of_neighbours::<WIDTH, 4>(plane, axes, sign, output, places),
        _ => of_neighbours::<WIDTH, 8>(plane, axes, sign, output, places),
    }
}

/// The same, of which `COUNT` at least are next to each other: the last so many of a line are found together even if some of them were
/// found before. One by one, it is by jumps that cannot be foretold.
#[inline(always)]
#[allow(
    clippy::needless_range_loop,
    reason = "of plain loops of a known length, the compiler makes wide instructions"
)]
fn of_neighbours<const WIDTH: usize, const COUNT: usize>(
    plane: &[f32],
    (rows, columns): (WindowAxis, WindowAxis),
    sign: f32,
    output: &mut [f32],
    places: &mut [u32],
) {
    let lines = output.chunks_exact_mut(columns.output).zip(places.chunks_exact_mut(columns.output));
    for (line, (output, places)) in lines.enumerate() {
        for at in (0..columns.output).step_by(COUNT) {
            let at = at.min(columns.output - COUNT);
            let first = line * rows.kernel * columns.input + at * WIDTH;
            let mut largest = [f32::NEG_INFINITY; COUNT];
            let mut found: [u32; COUNT] = std::array::from_fn(|window| (first + window * WIDTH) as u32);
            for row in 0..rows.kernel {
                let start = first + row * columns.input;
                let seen: &[[f32; WIDTH]] = &plane[start..].as_chunks().0[..COUNT];
                for column in 0..WIDTH {
                    for window in 0..COUNT {
                        let place = (start + column) as u32 + (window * WIDTH) as u32;
                        let value = seen[window][column] * sign;
                        compare(value, place, &mut largest[window], &mut found[window]);
                    }
                }
            }
            output[at..at + COUNT].copy_from_slice(&largest);
            places[at..at + COUNT].copy_from_slice(&found);
        }
    }
}

/// The same, number by number.
fn of_wider_windows(
    width: usize,
    plane: &[f32],
    (rows, columns): (WindowAxis, WindowAxis),
    sign: f32,
    output: &mut [f32],
    places: &mut [u32],
) {
    for (at, (largest, place)) in output.iter_mut().zip(places).enumerate() {
        let (line, window) = (at / columns.output, at % columns.output);
        for row in 0..rows.kernel {
            let start = (line * rows.kernel + row) * columns.input + window * width;
            for (further, number) in plane[start..start + width].iter().enumerate() {
                if (row, further) == (0, 0) {
                    (*largest, *place) = (number * sign, start as u32);
                } else {
                    compare(number * sign, (start + further) as u32, largest, place);
                }
            }
        }
    }
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
            assert!(side_by_side(axes.0, axes.1));
            let count = axes.0.output * axes.1.output;
            let (mut largest, mut places) = (vec![0.0; count], vec![0; count]);
            side_by_side_maxima(&plane, axes, -1.0, &mut largest, &mut places);
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
