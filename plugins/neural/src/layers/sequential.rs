use super::{Context, Layer};
use candle_core::{Result, Tensor};

/// Layers one after the other, as PyTorch's `Sequential`.
#[derive(Default)]
pub struct Sequential(Vec<Box<dyn Layer>>);

impl Sequential {
    /// No layer yet: what goes in comes out.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a layer behind the others.
    pub fn then(mut self, layer: impl Layer + 'static) -> Self {
        self.0.push(Box::new(layer));
        self
    }
}

impl Layer for Sequential {
    fn forward(&self, batch: &Tensor, context: &Context) -> Result<Tensor> {
        self.0.iter().try_fold(batch.clone(), |batch, layer| layer.forward(&batch, context))
    }
}
