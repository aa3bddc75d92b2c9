//! What the networks share that start from ImageNet's weights.

use super::{blocks, resized, scaled};
use crate::layers::{Builder, Framework, Sequential};
use crate::network::{Architecture, NetworkShape, convolving_card, norm_momentum};
use crate::train::Defaults;
use candle_core::Result;
use genre_bench_api::{Card, Params};

/// A network for photographs as a part of others.
pub(super) trait Trunk: Architecture {
    /// Its layers behind others that leave so many channels, up to features `(batch, features)` that its last layer would
    /// read, and how many these are.
    ///
    /// # Errors
    ///
    /// A device that fails.
    fn trunk(
        &self,
        network: Sequential,
        builder: &Builder,
        channels: usize,
        params: &Params,
    ) -> Result<(Sequential, usize)>;

    /// Layers that an encoder can end at, all of them first; empty where there is no choice.
    fn ends(&self) -> &'static [&'static str] {
        &[]
    }

    /// The same up to one of these.
    ///
    /// # Errors
    ///
    /// As [`Trunk::trunk`].
    fn trunk_up_to(
        &self,
        _end: Option<&str>,
        network: Sequential,
        builder: &Builder,
        channels: usize,
        params: &Params,
    ) -> Result<(Sequential, usize)> {
        self.trunk(network, builder, channels, params)
    }
}

/// All layers of a network: the trunk on spectrograms of the size that the hyper-parameters say, and the last layer.
///
/// # Errors
///
/// As [`Trunk::trunk`].
pub(super) fn layers(
    trunk: &impl Trunk,
    builder: &Builder,
    shape: &NetworkShape,
    params: &Params,
) -> Result<Sequential> {
    let (network, _) = resized::start(shape.spectrogram, params)?;
    let (network, features) = trunk.trunk(network, builder, shape.channels, params)?;
    blocks::output(network, builder, (features, shape.classes), params)
}

/// A card with the recipe of system E, a neural-networks course project in Keras, on the colour pictures of GTZAN's public
/// copy or such pictures drawn from audio: Adam, the best epoch's weights, early stopping, and a learning rate that falls on a
/// plateau. `size` is that of ImageNet's pictures for the network.
///
/// Our reading: Keras's 0.001, patience 10 for stopping, a tenth of the learning rate after 5 epochs, batches of 32, at most 100
/// epochs.
pub(super) fn card(name: &str, summary: &str, size: i64) -> Card {
    let recipe = Defaults::new(100, 32, 0.001).plateau().patience(10);
    convolving_card(name, summary, &["colour-mel-128", "mel-128", "power-128"], recipe)
        .param(resized::param_of(size))
        .param(norm_momentum(Framework::Keras))
        .param(scaled::param())
        .reduced("input", "mel-128")
        .reduced("weights", "none")
        .reduced("norm-momentum", "0.1")
        .reduced("epochs", "6")
        .reduced("size", if size > 224 { "96" } else { "64" })
        .reduced("width", "0.25")
        .only_by_name()
}
