use super::blocks::{self, Inside, InvertedResiduals};
use super::inverted::InvertedNetwork;
use super::transfer::{self, Trunk};
use crate::layers::{Activation, Builder, Framework, Sequential};
use crate::network::{Architecture, NetworkShape, Pretrained};
use candle_core::{Error, Result};
use genre_bench_api::{Card, Param, Params};

const fn stage(
    expansion: usize,
    filters: usize,
    blocks: usize,
    stride: usize,
    kernel: usize,
) -> InvertedResiduals {
    InvertedResiduals { expansion, filters, blocks, stride, kernel }
}

const STAGES: &[InvertedResiduals] = &[
    stage(1, 16, 1, 1, 3),
    stage(6, 24, 2, 2, 3),
    stage(6, 40, 2, 2, 5),
    stage(6, 80, 3, 2, 3),
    stage(6, 112, 3, 1, 5),
    stage(6, 192, 4, 2, 5),
    stage(6, 320, 1, 1, 3),
];

/// EfficientNet-B0 (M. Tan and Q. Le, "EfficientNet: rethinking model scaling for convolutional neural networks", ICML 2019),
/// and Lite0, the same for small devices (R. Liu, 2020), without squeeze and excitation and with ReLU6.
///
/// System E of a neural-networks course project in Keras has B0, with ImageNet's weights: all of it frozen but the head, with
/// the last 100 of Keras's layers trained, with all trained. The recipe is [system E's](transfer::card). Lite0 is ours.
///
/// Our reading: Keras's layers, or torchvision's and timm's where the weights are theirs (padding, and what is added to the
/// variance); a fifth of the pooled features is dropped in training, and up to a fifth of the blocks, as in Keras. The last
/// 100 layers are counted in Keras's network without its top, whose 137th layer from the front is the activation behind
/// the depthwise convolution of block 5b, our tenth.
#[derive(Debug, Clone, Copy)]
pub enum EfficientNet {
    /// `efficientnet-b0`.
    B0,
    /// `efficientnet-lite0`.
    Lite0,
}

impl EfficientNet {
    fn network(self) -> InvertedNetwork {
        let inside = match self {
            Self::B0 => Inside { activation: Activation::Silu, squeeze: true },
            Self::Lite0 => Inside { activation: Activation::Relu6, squeeze: false },
        };
        InvertedNetwork { stem: 32, stages: STAGES, head: 1280, inside }
    }

    fn weights(self) -> Pretrained {
        Pretrained {
            of: match self {
                Self::B0 => "efficientnet-b0",
                Self::Lite0 => "efficientnet-lite0",
            },
            head: &["output."],
            on_top: &[],
            last_stage: &["block16."],
            last_stages: &["block12.", "block13.", "block14.", "block15.", "block16.", "head.", "output."],
            last_100: &[
                "block10.squeeze.",
                "block10.project.",
                "block11.",
                "block12.",
                "block13.",
                "block14.",
                "block15.",
                "block16.",
                "head.",
                "output.",
            ],
            trained_head: &["output."],
            trained_head_and_last_stage: &["block16.", "output."],
        }
    }
}

impl Architecture for EfficientNet {
    fn card(&self) -> Card {
        let (name, summary) = match self {
            Self::B0 => ("efficientnet-b0", "EfficientNet-B0, pretrained (Tan and Le 2019)"),
            Self::Lite0 => ("efficientnet-lite0", "EfficientNet-Lite0, pretrained: B0 for small devices"),
        };
        let dropped = "share of examples that the last block adds nothing to in training";
        let card = transfer::card(name, summary, 224)
            .param(blocks::dropout(0.2))
            .param(Param::float("drop-path", 0.2, dropped).between(0.0, 0.95));
        self.weights().declare_needed(card)
    }

    fn pretrained(&self) -> Option<Pretrained> {
        Some(self.weights())
    }

    fn framework(&self) -> Framework {
        Framework::Keras
    }

    fn layers(&self, builder: &Builder, shape: &NetworkShape, params: &Params) -> Result<Sequential> {
        transfer::layers(self, builder, shape, params)
    }
}

impl Trunk for EfficientNet {
    fn trunk(
        &self,
        network: Sequential,
        builder: &Builder,
        channels: usize,
        params: &Params,
    ) -> Result<(Sequential, usize)> {
        let drop_path = params.float("drop-path").map_err(Error::wrap)? as f32;
        self.network().trunk(network, builder, channels, params, drop_path)
    }
}
