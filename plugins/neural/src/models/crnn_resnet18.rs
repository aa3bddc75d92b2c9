use super::crnn::{self, RecurrentHead};
use super::resnet::ResNet;
use crate::layers::{AdaptiveAvgPool2d, Builder, Sequential};
use crate::network::{Architecture, NetworkShape, Pretrained, convolving_card};
use crate::train::Defaults;
use candle_core::Result;
use genre_bench_api::{Card, Params};

/// Recurrent layers, of which by default the first one's state is read.
const LAYERS: usize = 3;
/// How many times a residual network halves rows and columns.
const HALVINGS: usize = 5;

/// ResNet-18 without its last layer, with the recurrent layers of `crnn-base` on top: system B's transfer
/// from ImageNet, of Ghaemi, Leclercq and Capobianco, after its own code (GitHub: hafezgh/Music_genre_classification).
///
/// torchvision's weights (`weights=imagenet`), the stem and the first two stages frozen, the last two trained
/// (`trainable=last-stages`); three layers of GRU of 32 units with dropout 0.3 between them, of which the first one's state
/// is read (`state`); the rest as in the other two networks of the system. By default there are no weights, and all of it
/// is trained from scratch: published figures are with them.
///
/// A quirk of that code is `crnn-resnet18` itself: the network ends in its average over the whole map, so that the
/// recurrent layers see a single step of 512 numbers. In `crnn-resnet18-steps`, ours, the average is over frequency alone,
/// and there is a step for every 32 columns.
///
/// Our reading: the picture is not resized, and is normalized as ImageNet's where weights are given; the statistics of batch
/// normalization of frozen layers stay.
#[derive(Debug, Clone, Copy)]
pub enum CrnnResNet18 {
    /// `crnn-resnet18`, with a single step.
    SingleStep,
    /// `crnn-resnet18-steps`, which keeps time.
    Steps,
}

const WEIGHTS: Pretrained = Pretrained {
    of: "resnet18",
    head: &[],
    on_top: &["gru.", "dense."],
    last_stage: &["stage4."],
    last_stages: &["stage3.", "stage4.", "gru.", "dense."],
    last_100: &[],
    trained_head: &["gru.", "dense."],
    trained_head_and_last_stage: &["stage4.", "gru.", "dense."],
};

impl Architecture for CrnnResNet18 {
    fn card(&self) -> Card {
        let (name, summary) = match self {
            Self::SingleStep => ("crnn-resnet18", "ResNet-18 and three layers of GRU that see a single step"),
            Self::Steps => ("crnn-resnet18-steps", "ResNet-18 and three layers of GRU over time"),
        };
        let recipe = Defaults::new(1000, 16, 1e-4).patience(10);
        let card = convolving_card(name, summary, &crnn::READS, recipe);
        let card = match self {
            Self::SingleStep => card,
            Self::Steps => card.reading_steps(),
        };
        let card = WEIGHTS.declare(RecurrentHead::declare(card), "last-stages");
        match self {
            Self::SingleStep => card.only_by_name(),
            Self::Steps => card.variant_of("crnn-resnet18"),
        }
    }

    fn pretrained(&self) -> Option<Pretrained> {
        Some(WEIGHTS)
    }

    fn layers(&self, builder: &Builder, shape: &NetworkShape, params: &Params) -> Result<Sequential> {
        let (network, channels) =
            ResNet::Of18.stages(Sequential::new(), builder, shape.channels, params, 4)?;
        let columns = match self {
            Self::SingleStep => 1,
            Self::Steps => (0..HALVINGS).fold(shape.spectrogram.1, |columns, _| columns.div_ceil(2)),
        };
        let network = network.then(AdaptiveAvgPool2d::new((1, columns)));
        RecurrentHead { layers: LAYERS, output: "dense" }.on(
            network,
            builder,
            channels,
            shape.classes,
            params,
        )
    }
}
