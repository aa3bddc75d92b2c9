use genre_bench_api::{Error, State};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

/// Mean and standard deviation of every column over the training part, as scikit-learn's
/// `StandardScaler`: population standard deviation, and a constant column is only centred.
#[derive(Debug, Clone)]
pub struct Standardiser {
    /// What values are multiplied by first: a power of two, so that nothing is rounded, and 1 of ordinary columns.
    scale: Array1<f64>,
    mean: Array1<f64>,
    deviation: Array1<f64>,
}

/// Columns whose largest magnitude is within 2 to the power of minus and plus this are taken as they are: their squares
/// can be added up without under- or overflow.
const ORDINARY: i32 = 400;

impl Standardiser {
    /// Measures a training part of shape `(examples, columns)` with at least one example.
    pub fn fit(train: ArrayView2<f64>) -> Self {
        let count = train.nrows().max(1) as f64;
        let scale: Array1<f64> = train.axis_iter(Axis(1)).map(scale_of).collect();
        let scaled = scale.iter().any(|&scale| scale != 1.0).then(|| &train * &scale);
        let train = scaled.as_ref().map_or_else(|| train.view(), Array2::view);
        let mean = train.sum_axis(Axis(0)) / count;
        let deviation = train.axis_iter(Axis(1)).zip(&mean).map(|(column, &mean)| {
            let deviation = (column.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / count).sqrt();
            // What rounding alone leaves of a constant column is not a deviation.
            if deviation <= 10.0 * f64::EPSILON * mean.abs() { 1.0 } else { deviation }
        });
        let deviation = deviation.collect();
        Self { scale, mean, deviation }
    }

    /// Its numbers, for [`Standardiser::load`].
    pub fn save(&self) -> State {
        State::default()
            .with("scale", self.scale.clone())
            .with("mean", self.mean.clone())
            .with("deviation", self.deviation.clone())
    }

    /// What [`Standardiser::save`] gave, for so many columns.
    ///
    /// # Errors
    ///
    /// Numbers that are missing, of another count, or that cannot be multiplied or divided by.
    pub fn load(mut state: State, columns: usize) -> genre_bench_api::Result<Self> {
        let mut take = |name| state.take(name, [columns]);
        let (scale, mean, deviation): (Array1<f64>, _, Array1<f64>) =
            (take("scale")?, take("mean")?, take("deviation")?);
        state.end()?;
        if scale.iter().chain(&deviation).any(|number| *number <= 0.0) {
            return Err(Error::failed("columns are scaled by what is not above 0"));
        }
        Ok(Self { scale, mean, deviation })
    }

    /// Centres and scales a table of shape `(examples, columns)`; values beyond the range of `f32` become its ends.
    pub fn apply(&self, table: ArrayView2<f64>) -> Array2<f32> {
        let largest = f64::from(f32::MAX);
        ((&table * &self.scale - &self.mean) / &self.deviation).mapv(|v| v.clamp(-largest, largest) as f32)
    }
}

/// What brings the largest magnitude of a column near 1, if it is far from it.
fn scale_of(column: ArrayView1<f64>) -> f64 {
    let largest = column.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let exponent = if largest > 0.0 { largest.log2().floor() as i32 } else { 0 };
    // Not more than a power that a double can hold; that is enough for the smallest number there is.
    if exponent.abs() <= ORDINARY { 1.0 } else { 2.0_f64.powi((-exponent).min(1000)) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;
    use ndarray::array;

    #[test]
    fn training_part_gets_mean_0_and_deviation_1_and_constants_become_0() {
        let train = array![[1.0, 5.0, 0.1], [3.0, 5.0, 0.1], [5.0, 5.0, 0.1]];
        let standardiser = Standardiser::fit(train.view());
        let spread = (3.0_f32 / 2.0).sqrt();
        let near = |table: Array2<f32>, expected: Array2<f32>| {
            assert!((&table - &expected).iter().all(|d| d.abs() < 1e-6), "{table}");
        };
        near(standardiser.apply(train.view()), array![[-spread, 0.0, 0.0], [0.0; 3], [spread, 0.0, 0.0]]);
        near(standardiser.apply(array![[3.0, 6.0, 0.1]].view()), array![[0.0, 1.0, 0.0]]);
        let again = Standardiser::load(standardiser.save(), 3).unwrap();
        assert_eq!(again.apply(train.view()), standardiser.apply(train.view()));
        assert!(Standardiser::load(standardiser.save(), 4).is_err());
        let flat = standardiser.save().with("deviation", array![1.0, 0.0, 1.0]);
        assert!(Standardiser::load(flat, 3).is_err());
    }

    #[test]
    fn very_small_and_very_large_numbers_are_standardised_as_any_others() {
        let train = array![[1.0, -3.5], [3.0, 0.25], [5.5, 8.0]];
        let test = array![[2.0, 0.0], [-7.0, 100.0]];
        let plain = Standardiser::fit(train.view());
        assert_eq!(plain.scale, array![1.0, 1.0]);
        for power in [-1060, -1000, -500, -400, -40, 40, 300, 400, 500, 900] {
            let factor = 2.0_f64.powi(power / 2) * 2.0_f64.powi(power - power / 2);
            let scaled = Standardiser::fit((&train * factor).view());
            for table in [&train, &test] {
                assert_eq!(scaled.apply((table * factor).view()), plain.apply(table.view()), "2^{power}");
            }
        }
        // Also where only one column is out of the ordinary, and where a test value is far from it.
        let mixed = Standardiser::fit(array![[1.0, 1e-300], [3.0, 3e-300]].view());
        assert_eq!(mixed.apply(array![[1.0, 3e-300]].view()), array![[-1.0, 1.0]]);
        assert_eq!(mixed.apply(array![[3.0, 1e100]].view()), array![[1.0, f32::MAX]]);
    }
}
