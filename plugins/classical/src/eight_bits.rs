//! Rows of numbers in eight bits each.

use genre_bench_api::wide;

/// Numbers of a row that are worked on side by side.
pub(crate) const LANES: usize = 16;

/// Most columns of a row whose products with another in eight bits are summed in 32.
pub(crate) const MOST_COLUMNS: usize = 1 << 16;

/// Norms of rows whose squares, and whose products with each other, are far from underflow and overflow in single precision.
const NORMS: std::ops::Range<f64> = 1e-9..1e9;

/// More than a norm from sums in single precision of [`MOST_COLUMNS`] squares is off by, as a share: a [`LANES`]th of so many roundings.
const ROUNDING: f64 = 1e-3;

/// A number whose sums with small ones are whole numbers, the last bits of which are those of the small one.
const ROUNDS: f32 = (3 << 22) as f32;

/// A row as whole multiples of a step, without the multiples.
#[derive(Clone, Copy)]
pub(crate) struct Coarse {
    pub step: f32,
    /// No less than the Euclidean norm of the row.
    pub norm: f64,
    /// No less than the norm of what the multiples leave out of the row, as a share of the row's.
    pub left_out: f64,
}

impl Coarse {
    /// Writes the multiples, which are from -127 to 127. None where the row is not to be multiplied so: it is too large or too small, or
    /// not of numbers. Both are filled up with zeros to whole [`LANES`].
    pub fn of(row: &[[f32; LANES]], multiples: &mut [[i8; LANES]]) -> Option<Self> {
        wide(
            #[inline(always)]
            || {
                let mut largest = [0.0_f32; LANES];
                for values in row {
                    for (largest, value) in largest.iter_mut().zip(values) {
                        *largest = if value.abs() > *largest { value.abs() } else { *largest };
                    }
                }
                let largest = largest.into_iter().fold(0.0, f32::max);
                let step = if largest > 0.0 { largest / 127.0 } else { 1.0 };
                let per_step = step.recip();
                let (mut squares, mut errors) = ([0.0; LANES], [0.0; LANES]);
                for (values, multiples) in row.iter().zip(multiples) {
                    for lane in 0..LANES {
                        let rounded = values[lane] * per_step + ROUNDS;
                        let multiple = rounded - ROUNDS;
                        let error = values[lane] - multiple * step;
                        squares[lane] += values[lane] * values[lane];
                        errors[lane] += error * error;
                        multiples[lane] = rounded.to_bits() as i8;
                    }
                }
                let norm = |squares: [f32; LANES]| squares.into_iter().map(f64::from).sum::<f64>().sqrt();
                let (norm, error) = (norm(squares), norm(errors));
                if largest == 0.0 && norm == 0.0 {
                    Some(Self { step, norm, left_out: 0.0 })
                } else if NORMS.contains(&norm) {
                    // Both norms are rounded, and so is each error, by no more than a millionth of its number.
                    let left_out = error / norm * (1.0 + 2.0 * ROUNDING) + 1e-6;
                    Some(Self { step, norm: norm * (1.0 + ROUNDING), left_out })
                } else {
                    None
                }
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coarse(row: [f32; LANES]) -> (Option<Coarse>, [i8; LANES]) {
        let mut multiples = [[0; LANES]];
        (Coarse::of(&[row], &mut multiples), multiples[0])
    }

    #[test]
    fn what_is_left_out_is_no_more_than_said() {
        let mut row = [0.0; LANES];
        row[..5].copy_from_slice(&[1270.0, -1270.0, 0.3, -14.9, 5.0]);
        let (said, multiples) = coarse(row);
        assert_eq!(multiples[..6], [127, -127, 0, -1, 0, 0]);
        let said = said.unwrap();
        assert_eq!(said.step, 10.0);
        let norm = |row: &[f64]| row.iter().map(|value| value * value).sum::<f64>().sqrt();
        let row = row.map(f64::from);
        let left_out: Vec<f64> =
            row.iter().zip(multiples).map(|(value, multiple)| value - 10.0 * f64::from(multiple)).collect();
        assert!(said.norm >= norm(&row) && said.norm < norm(&row) * 1.01);
        let share = norm(&left_out) / norm(&row);
        assert!(said.left_out >= share && said.left_out < share * 1.01);
    }

    #[test]
    fn zeros_are_multiples_and_what_is_no_small_number_is_not() {
        assert_eq!(coarse([0.0; LANES]).0.map(|coarse| coarse.left_out), Some(0.0));
        for value in [1e-12, 1e20, f32::MIN_POSITIVE, f32::INFINITY, f32::NAN] {
            assert!(coarse([value; LANES]).0.is_none(), "{value}");
            let mut one = [1.0; LANES];
            one[7] = value;
            assert_eq!(coarse(one).0.is_none(), value > 1.0 || value.is_nan(), "a {value} among ones");
        }
    }
}
