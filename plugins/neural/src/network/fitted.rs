use super::build::Layers;
use super::{NetworkShape, saved};
use crate::layers::{Sequential, Weights};
use crate::train::{Samples, logits, probabilities};
use candle_core::{DType, Device};
use genre_bench_api::{Error, Fitted, Inputs, Insights, Observer, Reads, Result, State};
use ndarray::Array2;

/// A fitted network. Its scores are probabilities.
pub(super) struct FittedNetwork {
    pub network: Sequential,
    /// The numbers in it.
    pub weights: Weights,
    pub layers: Layers,
    pub place: (Device, DType),
    pub reads: Reads,
    pub shape: NetworkShape,
    pub insights: Insights,
}

impl FittedNetwork {
    fn scored(&self, inputs: &Inputs, check: impl Fn() -> Result<()> + Sync) -> Result<Array2<f32>> {
        check()?;
        if inputs.is_empty() {
            return Ok(Array2::zeros((0, self.shape.classes)));
        }
        let given = NetworkShape::of(inputs, self.reads, self.shape.classes)?;
        if given != self.shape {
            return Err(Error::failed(format!("fitted to {:?}, asked to score {given:?}", self.shape)));
        }
        let samples = Samples::of(inputs, self.reads);
        Ok(probabilities(logits(&self.network, &samples, (&self.place.0, self.place.1), check)?))
    }
}

impl Fitted for FittedNetwork {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        self.scored(inputs, || Ok(()))
    }

    fn scores_unless_cancelled(&self, inputs: &Inputs, observer: &dyn Observer) -> Result<Array2<f32>> {
        self.scored(inputs, || if observer.cancelled() { Err(Error::Cancelled) } else { Ok(()) })
    }

    fn save(&self) -> Result<State> {
        saved::save(self)
    }

    fn insights(&self) -> Insights {
        self.insights.clone()
    }
}
