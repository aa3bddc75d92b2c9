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

    /// Adds a layer in front of the others.
    pub fn behind(mut self, layer: impl Layer + 'static) -> Self {
        self.0.insert(0, Box::new(layer));
        self
    }

    /// The layers that training does not change and what they are given does not pass a changed one, and the others.
    pub fn split(&self) -> (Layers<'_>, Layers<'_>) {
        let fixed = self.0.iter().take_while(|layer| layer.is_fixed()).count();
        let (fixed, others) = self.0.split_at(fixed);
        (Layers(fixed), Layers(others))
    }
}

impl Layer for Sequential {
    fn forward(&self, batch: &Tensor, context: &Context) -> Result<Tensor> {
        Layers(&self.0).forward(batch, context)
    }

    fn is_fixed(&self) -> bool {
        Layers(&self.0).is_fixed()
    }
}

/// Some layers of a [`Sequential`].
#[derive(Clone, Copy)]
pub struct Layers<'a>(&'a [Box<dyn Layer>]);

impl Layers<'_> {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Layer for Layers<'_> {
    fn forward(&self, batch: &Tensor, context: &Context) -> Result<Tensor> {
        self.0.iter().try_fold(batch.clone(), |batch, layer| layer.forward(&batch, context))
    }

    fn is_fixed(&self) -> bool {
        self.0.iter().all(|layer| layer.is_fixed())
    }
}
