use ndarray::{Array1, Array2, ArrayView2, Axis};

/// Mean and standard deviation of every column over the training part, as scikit-learn's
/// `StandardScaler`: population standard deviation, and a constant column is only centred.
#[derive(Debug, Clone)]
pub struct Standardiser {
    mean: Array1<f64>,
    deviation: Array1<f64>,
}

impl Standardiser {
    /// Measures a training part of shape `(examples, columns)` with at least one example.
    pub fn fit(train: ArrayView2<f64>) -> Self {
        let count = train.nrows().max(1) as f64;
        let mean = train.sum_axis(Axis(0)) / count;
        let deviation = train.axis_iter(Axis(1)).zip(&mean).map(|(column, &mean)| {
            let deviation = (column.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / count).sqrt();
            // What rounding alone leaves of a constant column is not a deviation.
            if deviation <= 10.0 * f64::EPSILON * mean.abs() { 1.0 } else { deviation }
        });
        let deviation = deviation.collect();
        Self { mean, deviation }
    }

    /// Centres and scales a table of shape `(examples, columns)`; values beyond the range of `f32` become its ends.
    pub fn apply(&self, table: ArrayView2<f64>) -> Array2<f32> {
        let largest = f64::from(f32::MAX);
        ((&table - &self.mean) / &self.deviation).mapv(|v| v.clamp(-largest, largest) as f32)
    }
}

#[cfg(test)]
mod tests {
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
    }
}
