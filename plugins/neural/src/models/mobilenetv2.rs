use super::blocks::{self, Inside, InvertedResiduals};
use super::inverted::InvertedNetwork;
use super::transfer::{self, Trunk};
use crate::layers::{Activation, Builder, Framework, Sequential};
use crate::network::{Architecture, NetworkShape, Pretrained};
use candle_core::Result;
use genre_bench_api::{Card, Params};

const fn stage(expansion: usize, filters: usize, blocks: usize, stride: usize) -> InvertedResiduals {
    InvertedResiduals { expansion, filters, blocks, stride, kernel: 3 }
}

const NETWORK: InvertedNetwork = InvertedNetwork {
    stem: 32,
    stages: &[
        stage(1, 16, 1, 1),
        stage(6, 24, 2, 2),
        stage(6, 32, 3, 2),
        stage(6, 64, 4, 2),
        stage(6, 96, 3, 1),
        stage(6, 160, 3, 2),
        stage(6, 320, 1, 1),
    ],
    head: 1280,
    inside: Inside { activation: Activation::Relu6, squeeze: false },
};

const WEIGHTS: Pretrained = Pretrained {
    of: "mobilenetv2",
    head: &["output."],
    on_top: &[],
    last_stage: &["block17."],
    last_stages: &["block14.", "block15.", "block16.", "block17.", "head.", "output."],
    last_100: &[],
    trained_head: &["output."],
    trained_head_and_last_stage: &["block17.", "output."],
};

/// MobileNetV2 (M. Sandler and others, "MobileNetV2: inverted residuals and linear bottlenecks", CVPR 2018): system E of a
/// neural-networks course project in Keras has it, with ImageNet's weights, and no figure but that it was worse than
/// InceptionV3.
///
/// The recipe is [system E's](transfer::card). Our reading: torchvision's layers, or Keras's where the weights are
/// Keras's (padding, and what is added to the variance); a fifth of the pooled features is dropped in training, as in torchvision.
#[derive(Debug, Clone, Copy)]
pub struct MobileNetV2;

impl Architecture for MobileNetV2 {
    fn card(&self) -> Card {
        let card =
            transfer::card("mobilenetv2", "inverted residuals, pretrained (Sandler and others 2018)", 224);
        WEIGHTS.declare_needed(card.param(blocks::dropout(0.2)))
    }

    fn pretrained(&self) -> Option<Pretrained> {
        Some(WEIGHTS)
    }

    fn framework(&self) -> Framework {
        Framework::Keras
    }

    fn layers(&self, builder: &Builder, shape: &NetworkShape, params: &Params) -> Result<Sequential> {
        transfer::layers(self, builder, shape, params)
    }
}

impl Trunk for MobileNetV2 {
    fn trunk(
        &self,
        network: Sequential,
        builder: &Builder,
        channels: usize,
        params: &Params,
    ) -> Result<(Sequential, usize)> {
        NETWORK.trunk(network, builder, channels, params, 0.0)
    }
}
