use super::{NetworkShape, Pretrained};
use crate::layers::{Builder, Framework, Sequential};
use crate::train::augment::Augmentation;
use genre_bench_api::{Card, Params, Result};

/// What distinguishes a network from others.
pub trait Architecture: Send + Sync {
    /// What it is called, reads and can be told; made with [`card`](super::card) or
    /// [`spectrogram_card`](super::spectrogram_card), and its own recipe with it.
    fn card(&self) -> Card;

    /// Which framework it was published in, whose defaults its layers follow.
    fn framework(&self) -> Framework {
        Framework::Torch
    }

    /// What of it weights of others are; None where it is trained from scratch alone. Its card declares the
    /// hyper-parameters for them.
    fn pretrained(&self) -> Option<Pretrained> {
        None
    }

    /// Its layers.
    ///
    /// # Errors
    ///
    /// Examples of a shape that they do not take; a device that fails.
    fn layers(
        &self,
        builder: &Builder,
        shape: &NetworkShape,
        params: &Params,
    ) -> candle_core::Result<Sequential>;

    /// What else than its hyper-parameters say is done to the training spectrograms, in this order.
    ///
    /// # Errors
    ///
    /// A parameter that the card does not declare.
    fn augmentations(&self, _params: &Params) -> Result<Vec<Box<dyn Augmentation>>> {
        Ok(Vec::new())
    }
}
