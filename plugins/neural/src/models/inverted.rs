//! Networks of inverted residuals: MobileNetV2 and the EfficientNets.

use super::blocks::{Inside, InvertedResiduals, convolution, pooled, window};
use super::scaled;
use crate::layers::{Builder, Dropout, Framework, InitScheme, Residual, Sequential, Window};
use candle_core::Result;
use genre_bench_api::Params;

/// A convolution of stride 2, stages, a convolution 1×1 and the average over what is left.
#[derive(Debug, Clone, Copy)]
pub(super) struct InvertedNetwork {
    pub stem: usize,
    pub stages: &'static [InvertedResiduals],
    pub head: usize,
    pub inside: Inside,
}

impl InvertedNetwork {
    /// The layers behind others, and how many features they leave. `drop_path` is the share of examples for which the last block
    /// adds nothing in training (G. Huang and others, "Deep networks with stochastic depth", ECCV 2016); it grows from 0
    /// at the first. Frozen blocks drop nothing.
    pub fn trunk(
        &self,
        network: Sequential,
        builder: &Builder,
        channels: usize,
        params: &Params,
        drop_path: f32,
    ) -> Result<(Sequential, usize)> {
        let builder = &match builder.framework() {
            Framework::Torch => builder.starting(InitScheme::He),
            Framework::Keras => builder.clone(),
        };
        let activation = Some(self.inside.activation);
        let [stem, head] = scaled::filters([self.stem, self.head], params)?;
        let first = convolution(&builder.at("stem"), (channels, stem), window(builder, 3, 2), 1, activation)?;
        let (mut network, mut channels) = (network.then(first), stem);
        let count: usize = self.stages.iter().map(|stage| stage.blocks).sum();
        let blocks =
            self.stages.iter().flat_map(|stage| (0..stage.blocks).map(move |number| (stage, number)));
        for (number, (stage, in_stage)) in blocks.enumerate() {
            let [filters] = scaled::filters([stage.filters], params)?;
            let at = builder.at(&format!("block{}", number + 1));
            let stride = if in_stage == 0 { stage.stride } else { 1 };
            let (body, adds) = stage.block(&at, channels, filters, stride, self.inside)?;
            network = match adds {
                true => {
                    let dropped =
                        if at.is_frozen("project") { 0.0 } else { drop_path * number as f32 / count as f32 };
                    network.then(Residual::new(body.then(Dropout::of_examples(dropped)?), Sequential::new()))
                }
                false => network.then(body),
            };
            channels = filters;
        }
        let last = convolution(&builder.at("head"), (channels, head), Window::new((1, 1)), 1, activation)?;
        Ok((pooled(network.then(last)), head))
    }
}
