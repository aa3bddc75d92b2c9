use super::channels_last::concatenated;
use super::{Context, Layer, Sequential};
use candle_core::{Result, Tensor};

/// What several layers make of the same batch, one behind the other, channel by channel (C. Szegedy and others, "Going deeper with
/// convolutions", CVPR 2015).
pub struct Branches(Vec<Sequential>);

impl Branches {
    /// All must make as many rows and columns.
    pub fn new(branches: impl IntoIterator<Item = Sequential>) -> Self {
        Self(branches.into_iter().collect())
    }
}

impl Layer for Branches {
    fn forward(&self, batch: &Tensor, context: &Context) -> Result<Tensor> {
        let made = self.0.iter().map(|branch| branch.forward(batch, context));
        concatenated(&made.collect::<Result<Vec<_>>>()?)
    }

    fn is_fixed(&self) -> bool {
        self.0.iter().all(Layer::is_fixed)
    }
}
