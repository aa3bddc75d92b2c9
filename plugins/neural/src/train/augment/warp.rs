use super::{Augmentation, SpectrogramMut, evenly};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// Moves, zooms, stretches, rotates and mirrors a spectrogram, all in one, so that it is interpolated only once
/// (bilinearly).
///
/// What comes in from beyond an edge is as the edge, Keras's `fill_mode="nearest"`. All zero by default:
/// nothing changes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Warp {
    /// Largest shift up or down and left or right, as a share of the rows and of the columns.
    pub shift: (f32, f32),
    /// Largest share that both sides are enlarged or reduced by.
    pub zoom: f32,
    /// Largest share that the columns alone are: faster or slower music.
    pub stretch: f32,
    /// Largest angle in degrees, either way.
    pub rotation: f32,
    /// Whether every other spectrogram has its columns in reverse: music backwards.
    pub mirror: bool,
}

impl Augmentation for Warp {
    fn apply(&self, spectrogram: &mut SpectrogramMut, rng: &mut ChaCha8Rng) {
        let (rows, columns) = (spectrogram.rows as f32, spectrogram.columns as f32);
        let shift = (evenly(self.shift.0, rng) * rows, evenly(self.shift.1, rng) * columns);
        let zoom = 1.0 + evenly(self.zoom, rng);
        let mut across = zoom * (1.0 + evenly(self.stretch, rng));
        let (sin, cos) = evenly(self.rotation, rng).to_radians().sin_cos();
        if self.mirror && rng.r#gen::<bool>() {
            across = -across;
        }
        // From a place of the new spectrogram back to one of the old, about the center.
        let center = ((rows - 1.0) / 2.0, (columns - 1.0) / 2.0);
        let value = |at: usize| {
            let down = (at / spectrogram.columns) as f32 - center.0 - shift.0;
            let right = (at % spectrogram.columns) as f32 - center.1 - shift.1;
            let (down, right) = (cos * down - sin * right, sin * down + cos * right);
            bilinear(spectrogram, center.0 + down / zoom, center.1 + right / across)
        };
        let warped: Vec<f32> = (0..spectrogram.values.len()).map(value).collect();
        spectrogram.values.copy_from_slice(&warped);
    }
}

/// The value between the four pixels around a place.
fn bilinear(spectrogram: &SpectrogramMut, row: f32, column: f32) -> f32 {
    let (top, left) = (row.floor(), column.floor());
    let (down, right) = (row - top, column - left);
    let at = |below: isize, beside: isize| spectrogram.nearest(top as isize + below, left as isize + beside);
    let upper = at(0, 0) * (1.0 - right) + at(0, 1) * right;
    let lower = at(1, 0) * (1.0 - right) + at(1, 1) * right;
    upper * (1.0 - down) + lower * down
}

#[cfg(test)]
mod tests {
    use super::super::tests::draws;
    use super::*;

    const SIDE: usize = 21;

    /// A spectrogram of a function of row and column, both counted from the center.
    fn spectrogram(of: impl Fn(f32, f32) -> f32) -> Vec<f32> {
        let half = (SIDE / 2) as f32;
        (0..SIDE * SIDE).map(|i| of((i / SIDE) as f32 - half, (i % SIDE) as f32 - half)).collect()
    }

    /// Slope down and to the right of what a slope becomes, in the middle, where no edge is seen.
    fn slope(drawn: &[f32]) -> (f32, f32) {
        let middle = SIDE / 2 * SIDE + SIDE / 2;
        ((drawn[middle + SIDE] - drawn[middle - SIDE]) / 2.0, (drawn[middle + 1] - drawn[middle - 1]) / 2.0)
    }

    fn range(values: impl Iterator<Item = f32>) -> (f32, f32) {
        values.fold((f32::INFINITY, f32::NEG_INFINITY), |(least, most), value| {
            (least.min(value), most.max(value))
        })
    }

    fn is_near(found: (f32, f32), expected: (f32, f32)) {
        let off = (found.0 - expected.0).abs().max((found.1 - expected.1).abs());
        assert!(off < 0.05 * (expected.1 - expected.0), "{found:?}, not {expected:?}");
    }

    #[test]
    fn nothing_is_changed_by_default() {
        let values = spectrogram(|row, column| row * column);
        assert_eq!(draws(Warp::default(), (&values, SIDE), 2), [values.clone(), values]);
    }

    #[test]
    fn shifts_move_rows_and_columns() {
        let middle = SIDE / 2 * SIDE + SIDE / 2;
        let down =
            draws(Warp { shift: (0.2, 0.0), ..Warp::default() }, (&spectrogram(|row, _| row), SIDE), 300);
        is_near(range(down.iter().map(|drawn| drawn[middle])), (-4.2, 4.2));
        let right =
            draws(Warp { shift: (0.0, 0.2), ..Warp::default() }, (&spectrogram(|row, _| row), SIDE), 3);
        assert!(right.iter().all(|drawn| drawn == &spectrogram(|row, _| row)), "rows stay where they are");
    }

    #[test]
    fn zoom_changes_both_sides_and_stretch_one() {
        let slopes = spectrogram(|row, column| row + column);
        let zoomed: Vec<_> = draws(Warp { zoom: 0.2, ..Warp::default() }, (&slopes, SIDE), 300)
            .iter()
            .map(|d| slope(d))
            .collect();
        assert!(zoomed.iter().all(|(down, right)| (down - right).abs() < 1e-4));
        is_near(range(zoomed.iter().map(|(down, _)| 1.0 / down)), (0.8, 1.2));
        let stretched: Vec<_> = draws(Warp { stretch: 0.2, ..Warp::default() }, (&slopes, SIDE), 300)
            .iter()
            .map(|d| slope(d))
            .collect();
        assert!(stretched.iter().all(|(down, _)| (down - 1.0).abs() < 1e-4));
        is_near(range(stretched.iter().map(|(_, right)| 1.0 / right)), (0.8, 1.2));
    }

    #[test]
    fn rotation_turns_directions() {
        let turned =
            draws(Warp { rotation: 30.0, ..Warp::default() }, (&spectrogram(|row, _| row), SIDE), 300);
        let slopes: Vec<_> = turned.iter().map(|drawn| slope(drawn)).collect();
        assert!(slopes.iter().all(|(down, right)| (down.hypot(*right) - 1.0).abs() < 1e-3));
        is_near(range(slopes.iter().map(|(down, right)| right.atan2(*down).to_degrees())), (-30.0, 30.0));
    }

    #[test]
    fn every_other_spectrogram_is_mirrored() {
        let values = spectrogram(|row, column| row * 100.0 + column);
        let mirrored = spectrogram(|row, column| row * 100.0 - column);
        let drawn = draws(Warp { mirror: true, ..Warp::default() }, (&values, SIDE), 200);
        let backwards = drawn.iter().filter(|drawn| **drawn == mirrored).count();
        assert_eq!(drawn.iter().filter(|drawn| **drawn == values).count() + backwards, 200);
        assert!((70..130).contains(&backwards), "{backwards}");
    }
}
