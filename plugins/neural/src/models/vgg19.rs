use super::{pools, resized, scaled};
use crate::layers::{
    Activation, AdaptiveAvgPool2d, Builder, Conv2dOptions, ConvBlock, ConvBlockOptions, Flatten, Framework,
    InitScheme, Linear, MaxPool2d, Norm, Sequential, Window,
};
use crate::network::{Architecture, NetworkShape, Pretrained, convolving_card};
use crate::train::Defaults;
use crate::train::augment::{Augmentation, Brightness, Warp};
use candle_core::Result;
use genre_bench_api::{Card, Param, Params};

/// Convolutions of each stage and their filters.
const STAGES: [(usize, usize); 5] = [(2, 64), (2, 128), (4, 256), (4, 512), (4, 512)];
/// Rows and columns that the dense layers read, and their width.
const DENSE_READS: usize = 7;
const DENSE: usize = 4096;

/// What of it files of weights have.
const WEIGHTS: Pretrained = Pretrained {
    of: "vgg19",
    head: &["output."],
    on_top: &[],
    last_stage: &["stage5."],
    last_stages: &["stage4.", "stage5.", "dense", "output."],
    last_100: &[],
    trained_head: &["output."],
    trained_head_and_last_stage: &["stage5.", "output."],
};

/// VGG-19 (K. Simonyan and A. Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR
/// 2015) from scratch or with trained weights (`weights`): sixteen convolutions 3×3 in five stages with a max-pool 2×2 each, and three dense layers.
///
/// System D of a multimedia course report, in Keras: spectrograms resized to 224 × 224, Adam with a learning rate of 0.00001, stopped
/// after 10 epochs without a lower validation loss, the epoch with the highest validation accuracy kept; better with shifted, zoomed and
/// brightened or darkened training spectrograms (`augment`).
///
/// Our reading: the network of Keras's applications, which has no dropout, except that it reads one channel and has as many outputs as
/// classes; batches of 32, at most 100 epochs; shifts, zoom and brightness by up to a tenth, a tenth and a fifth. On
/// smaller spectrograms a pool is never larger than what the stages before left, and the dense layers read what is left
/// averaged over, or repeated to, 7 × 7 as in torchvision.
#[derive(Debug, Clone, Copy)]
pub struct Vgg19;

impl Vgg19 {
    /// The convolutions and pools behind other layers that leave so many channels and rows and columns, and the channels that
    /// they leave.
    pub(super) fn stages(
        self,
        mut network: Sequential,
        builder: &Builder,
        (mut channels, mut left): (usize, (usize, usize)),
        params: &Params,
    ) -> Result<(Sequential, usize)> {
        let activation = Some(Activation::Relu);
        let options =
            ConvBlockOptions { convolution: Conv2dOptions::default(), norm: Norm::None, activation };
        for (stage, (convolutions, filters)) in STAGES.into_iter().enumerate() {
            let [filters] = scaled::filters([filters], params)?;
            for number in 0..convolutions {
                let at = builder.at(&format!("stage{}.convolution{}", stage + 1, number + 1));
                let window = Window::new((3, 3)).padding((1, 1));
                network = network.then(ConvBlock::new(&at, channels, filters, window, options)?);
                channels = filters;
            }
            let pool;
            (pool, left) = pools::fitting((2, 2), left);
            network = network.then(MaxPool2d::side_by_side(pool));
        }
        Ok((network, channels))
    }
}

impl Architecture for Vgg19 {
    fn card(&self) -> Card {
        let summary = "16 convolutions, three dense layers, from scratch or pretrained";
        let recipe = Defaults::new(100, 32, 1e-5).patience(10).keep_best_accuracy();
        let card = convolving_card(
            "vgg19",
            summary,
            &["mfcc-13", "power-40", "power-128", "mel-40", "mel-128", "mfcc-20", "colour-mel-128"],
            recipe,
        )
        .param(Param::bool("augment", false, "shift, zoom and brighten or darken the training spectrograms"))
        .param(Param::choice("init", &["glorot", "he"], "how weights start; narrow networks need he"))
        .param(resized::param())
        .param(scaled::param())
        .reduced("epochs", "6")
        .reduced("lr", "0.0003")
        .reduced("init", "he")
        .reduced("size", "32")
        .reduced("width", "0.25")
        .only_by_name();
        WEIGHTS.declare(card, "all")
    }

    fn pretrained(&self) -> Option<Pretrained> {
        Some(WEIGHTS)
    }

    fn framework(&self) -> Framework {
        Framework::Keras
    }

    fn layers(&self, builder: &Builder, shape: &NetworkShape, params: &Params) -> Result<Sequential> {
        let he = params.choice("init").map_err(candle_core::Error::wrap)? == "he";
        let builder = &if he { builder.starting(InitScheme::He) } else { builder.clone() };
        let (network, left) = resized::start(shape.spectrogram, params)?;
        let (network, channels) = self.stages(network, builder, (shape.channels, left), params)?;
        let mut network = network.then(AdaptiveAvgPool2d::new((DENSE_READS, DENSE_READS))).then(Flatten);
        let [width] = scaled::filters([DENSE], params)?;
        let mut features = channels * DENSE_READS * DENSE_READS;
        for number in 1..3 {
            let at = builder.at(&format!("dense{number}"));
            network = network.then(Linear::new(&at, features, width)?).then(Activation::Relu);
            features = width;
        }
        let output = Linear::new(&builder.at("output"), features, shape.classes)?;
        Ok(network.then(output))
    }

    fn augmentations(&self, params: &Params) -> genre_bench_api::Result<Vec<Box<dyn Augmentation>>> {
        if !params.bool("augment")? {
            return Ok(Vec::new());
        }
        let warp = Warp { shift: (0.1, 0.1), zoom: 0.1, ..Warp::default() };
        Ok(vec![Box::new(warp), Box::new(Brightness { by: 0.2 })])
    }
}
