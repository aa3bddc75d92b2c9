use ndarray::{Array3, Array4, Axis};
use std::sync::Arc;

/// Spectrograms of some examples, all of one shape: rows and columns of numbers, or colour pictures. Copies of the list
/// share the numbers.
#[derive(Debug, Clone)]
pub struct Spectrograms {
    pool: Pool,
    /// Which of the pool they are.
    members: Vec<usize>,
    /// What is subtracted from each row, and what it is divided by then; of pictures nothing and 1.
    scaling: Arc<[(f32, f32)]>,
}

/// What is shared. Pictures have whole levels, so they take a byte a number.
#[derive(Debug, Clone)]
enum Pool {
    /// Shape `(spectrograms, rows, columns)`.
    Grey(Arc<Array3<f32>>),
    /// Shape `(spectrograms, channels, rows, columns)`, levels from 0 to 255.
    Colour(Arc<Array4<u8>>),
}

impl Default for Spectrograms {
    /// No spectrograms.
    fn default() -> Self {
        Self::new(Array3::zeros((0, 0, 0)))
    }
}

impl Spectrograms {
    /// All spectrograms of a table of shape `(spectrograms, rows, columns)`, as they are.
    pub fn new(pool: Array3<f32>) -> Self {
        let (count, rows, _) = pool.dim();
        Self::of(Pool::Grey(Arc::new(pool)), count, rows)
    }

    /// Colour pictures of shape `(pictures, 3, rows, columns)`: red, green and blue of levels from 0 to 255, which models
    /// get as numbers from 0 to 1.
    pub fn colour(pool: Array4<u8>) -> Self {
        let (count, _, rows, _) = pool.dim();
        Self::of(Pool::Colour(Arc::new(pool)), count, rows)
    }

    fn of(pool: Pool, count: usize, rows: usize) -> Self {
        Self { pool, members: (0..count).collect(), scaling: vec![(0.0, 1.0); rows].into() }
    }

    /// Number of spectrograms.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Bytes that all of them take, those that are shared counted once.
    pub fn bytes(&self) -> u64 {
        let bytes = match &self.pool {
            Pool::Grey(pool) => pool.len() * size_of::<f32>(),
            Pool::Colour(pool) => pool.len(),
        };
        bytes as u64
    }

    /// Whether there is no spectrogram.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Rows and columns of every spectrogram.
    pub fn shape(&self) -> (usize, usize) {
        let (rows, columns) = match &self.pool {
            Pool::Grey(pool) => (pool.dim().1, pool.dim().2),
            Pool::Colour(pool) => (pool.dim().2, pool.dim().3),
        };
        (rows, columns)
    }

    /// Channels of every spectrogram: 1, or of colour pictures 3.
    pub fn channels(&self) -> usize {
        match &self.pool {
            Pool::Grey(_) => 1,
            Pool::Colour(pool) => pool.dim().1,
        }
    }

    /// The spectrograms at `places`, in that order.
    ///
    /// # Panics
    ///
    /// Where a place does not exist.
    pub fn select(&self, places: &[usize]) -> Self {
        let members = places.iter().map(|&place| self.members[place]).collect();
        Self { members, ..self.clone() }
    }

    /// The spectrograms with every row (every frequency) brought to mean 0 and standard deviation 1 over all columns of
    /// the spectrograms in `train`. A row that is constant there is only centred. Colour pictures stay as they are.
    pub fn standardised_on(&self, train: &Self) -> Self {
        let (Pool::Grey(_), Pool::Grey(pool)) = (&self.pool, &train.pool) else { return self.clone() };
        let count = (train.len() * train.shape().1).max(1) as f64;
        let row = |row: usize| {
            let of_spectrogram = |&member: &usize| {
                let values = pool.index_axis(Axis(0), member);
                values.row(row).iter().fold((0.0, 0.0), |(sum, squares), &value| {
                    let value = f64::from(value);
                    (sum + value, squares + value * value)
                })
            };
            let (sum, squares) =
                train.members.iter().map(of_spectrogram).fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
            let mean = sum / count;
            let deviation = (squares / count - mean * mean).max(0.0).sqrt();
            // What rounding alone leaves of a constant row is not a deviation.
            let constant = deviation <= 1e-6 * mean.abs().max(f64::MIN_POSITIVE);
            (mean as f32, if constant { 1.0 } else { deviation as f32 })
        };
        Self { scaling: (0..self.shape().0).map(row).collect(), ..self.clone() }
    }

    /// What is subtracted from each row, and what it is divided by then: as [`Spectrograms::standardised_on`] found it.
    pub fn scaling(&self) -> &[(f32, f32)] {
        &self.scaling
    }

    /// The spectrograms with every row scaled as others were; None where they have another number of rows.
    pub fn scaled(&self, scaling: &[(f32, f32)]) -> Option<Self> {
        (scaling.len() == self.shape().0).then(|| Self { scaling: scaling.into(), ..self.clone() })
    }

    /// Appends the values of the spectrogram at a place, channel by channel and in it row by row.
    ///
    /// # Panics
    ///
    /// Where there is no such spectrogram.
    pub fn append_to(&self, values: &mut Vec<f32>, place: usize) {
        let member = self.members[place];
        match &self.pool {
            Pool::Grey(pool) => {
                let spectrogram = pool.index_axis(Axis(0), member);
                for (row, (mean, deviation)) in spectrogram.rows().into_iter().zip(self.scaling.iter()) {
                    values.extend(row.iter().map(|value| (value - mean) / deviation));
                }
            }
            Pool::Colour(pool) => {
                values.extend(pool.index_axis(Axis(0), member).iter().map(|&level| f32::from(level) / 255.0));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn rows_are_standardised_on_the_training_part() {
        let all = Spectrograms::new(array![
            [[0.0, 2.0], [5.0, 5.0]],
            [[4.0, 6.0], [5.0, 5.0]],
            [[9.0, 3.0], [7.0, 5.0]]
        ]);
        let train = all.select(&[0, 1]);
        let mut values = Vec::new();
        let standardised = all.standardised_on(&train).select(&[2, 0]);
        (0..2).for_each(|place| standardised.append_to(&mut values, place));
        // Mean 3 and deviation √5 of the first row, 5 and nothing of the second.
        let root = 5.0_f32.sqrt();
        let expected = [6.0 / root, 0.0, 2.0, 0.0, -3.0 / root, -1.0 / root, 0.0, 0.0];
        assert!(values.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{values:?}");

        let mut again = Vec::new();
        let scaling = standardised.scaling().to_vec();
        all.select(&[2, 0]).scaled(&scaling).iter().for_each(|scaled| {
            (0..2).for_each(|place| scaled.append_to(&mut again, place));
        });
        assert_eq!(again, values);
        assert!(all.scaled(&scaling[..1]).is_none());
    }

    #[test]
    fn pictures_come_as_numbers_from_0_to_1_and_are_not_standardised() {
        let pictures = Array4::from_shape_fn((2, 3, 1, 2), |(picture, channel, _, column)| {
            (100 * picture + 20 * channel + column) as u8
        });
        let all = Spectrograms::colour(pictures);
        assert_eq!((all.len(), all.channels(), all.shape(), all.bytes()), (2, 3, (1, 2), 12));
        let mut values = Vec::new();
        all.standardised_on(&all.select(&[0])).select(&[1]).append_to(&mut values, 0);
        assert_eq!(values, [100.0, 101.0, 120.0, 121.0, 140.0, 141.0].map(|level: f32| level / 255.0));
    }
}
