//! A whole plugin: copy this file, change the arithmetic, and `bench` scores your model like any
//! other.

use genre_bench_api::{Card, Error, Examples, Family, Fitted, Inputs, Model, Result, Run};
use ndarray::{Array2, Axis};

/// Predicts the class whose mean is nearest.
pub struct NearestCentroid;

impl Model for NearestCentroid {
    fn card(&self) -> Card {
        Card::new("nearest-centroid", Family::Other, "the class whose mean is nearest")
    }

    fn fit(&self, train: &Examples, _valid: &Examples, run: &Run) -> Result<Box<dyn Fitted>> {
        let mut centroids = Vec::new();
        for class in 0..train.classes.len() {
            run.check_cancelled()?;
            let rows: Vec<usize> = (0..train.len()).filter(|&row| train.labels[row] == class).collect();
            // A class without training examples has no mean and is never predicted.
            centroids.push(train.inputs.table.select(Axis(0), &rows).mean_axis(Axis(0)));
        }
        if centroids.iter().all(Option::is_none) {
            return Err(Error::failed("the training part has no examples"));
        }
        Ok(Box::new(Centroids(centroids)))
    }
}

/// The mean row of every class.
struct Centroids(Vec<Option<ndarray::Array1<f32>>>);

impl Fitted for Centroids {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        Ok(Array2::from_shape_fn((inputs.len(), self.0.len()), |(example, class)| match &self.0[class] {
            // Higher is likelier, so nearer must be higher: the negative distance.
            Some(centroid) => -(&inputs.table.row(example) - centroid).mapv(|d| d * d).sum().sqrt(),
            None => f32::MIN,
        }))
    }
}
