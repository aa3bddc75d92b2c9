use super::blocks;
use super::scaled;
use super::transfer::{self, Trunk};
use crate::layers::{
    Activation, BatchNorm, Builder, Conv2dOptions, ConvBlock, ConvBlockOptions, Framework, MaxPool2d, Norm,
    Residual, Sequential, Window, ZeroPad2d,
};
use crate::network::{Architecture, NetworkShape, Pretrained};
use candle_core::Result;
use genre_bench_api::{Card, Params};

/// Blocks of each stage, and filters of their first two convolutions; the third has four times as many.
const STAGES: [(usize, usize); 4] = [(3, 64), (8, 128), (36, 256), (3, 512)];
const STEM: usize = 64;
const EXPANSION: usize = 4;
/// What batch normalization adds to the variance.
const EPSILON: f32 = 1.001e-5;

const WEIGHTS: Pretrained = Pretrained {
    of: "resnet152v2",
    head: &["output."],
    on_top: &[],
    last_stage: &["stage4."],
    last_stages: &["stage3.", "stage4.", "norm.", "output."],
    last_100: &[],
    trained_head: &["output."],
    trained_head_and_last_stage: &["stage4.", "norm.", "output."],
};

/// ResNet-152 with normalization and activation before each convolution (K. He and others, "Identity mappings in deep residual
/// networks", ECCV 2016): system E of a neural-networks course project in Keras names it, with ImageNet's weights, as too slow
/// for them.
///
/// The recipe is [system E's](transfer::card). Our reading: the network of Keras's applications, where the last block of each
/// stage but the last has its stride.
#[derive(Debug, Clone, Copy)]
pub struct ResNet152V2;

/// A convolution with bias and nothing behind it, or without bias, with normalization and ReLU.
fn convolution(
    builder: &Builder,
    (channels, filters): (usize, usize),
    window: Window,
    plain: bool,
) -> Result<ConvBlock> {
    let convolution = Conv2dOptions { bias: plain, ..Conv2dOptions::default() };
    let (norm, activation) = if plain { (Norm::None, None) } else { (Norm::Batch, Some(Activation::Relu)) };
    ConvBlock::new(builder, channels, filters, window, ConvBlockOptions { convolution, norm, activation })
}

fn pointwise(stride: usize) -> Window {
    Window::new((1, 1)).stride((stride, stride))
}

/// A block behind a network. The first of a stage has a convolution for a shortcut, which reads what the other
/// convolutions do.
fn block(
    network: Sequential,
    builder: &Builder,
    (channels, filters): (usize, usize),
    stride: usize,
    is_first: bool,
) -> Result<Sequential> {
    let outputs = EXPANSION * filters;
    let normalized = Sequential::new()
        .then(BatchNorm::new(&builder.at("preactivation"), channels)?)
        .then(Activation::Relu);
    let at = |number: usize| builder.at(&format!("convolution{number}"));
    let middle = Window::new((3, 3)).stride((stride, stride)).padding((1, 1));
    let first = convolution(&at(1), (channels, filters), pointwise(1), false)?;
    let second = convolution(&at(2), (filters, filters), middle, false)?;
    let third = convolution(&at(3), (filters, outputs), pointwise(1), true)?;
    if is_first {
        let shortcut = convolution(&builder.at("shortcut"), (channels, outputs), pointwise(stride), true)?;
        let body = Sequential::new().then(first).then(second).then(third);
        return Ok(network.then(normalized).then(Residual::new(body, Sequential::new().then(shortcut))));
    }
    let shortcut = match stride {
        1 => Sequential::new(),
        _ => Sequential::new().then(MaxPool2d::new(pointwise(stride))),
    };
    Ok(network.then(Residual::new(normalized.then(first).then(second).then(third), shortcut)))
}

impl Trunk for ResNet152V2 {
    fn trunk(
        &self,
        network: Sequential,
        builder: &Builder,
        channels: usize,
        params: &Params,
    ) -> Result<(Sequential, usize)> {
        let builder = &builder.norm_adding(EPSILON);
        let [stem] = scaled::filters([STEM], params)?;
        let window = Window::new((7, 7)).stride((2, 2)).padding((3, 3));
        let mut network = network
            .then(convolution(&builder.at("stem"), (channels, stem), window, true)?)
            // Zeros, which are larger than what is negative.
            .then(ZeroPad2d(1))
            .then(MaxPool2d::new(Window::new((3, 3)).stride((2, 2))));
        let mut channels = stem;
        for (stage, (blocks, filters)) in STAGES.into_iter().enumerate() {
            let [filters] = scaled::filters([filters], params)?;
            for number in 0..blocks {
                let at = builder.at(&format!("stage{}.block{}", stage + 1, number + 1));
                let stride = if number + 1 == blocks && stage + 1 < STAGES.len() { 2 } else { 1 };
                network = block(network, &at, (channels, filters), stride, number == 0)?;
                channels = EXPANSION * filters;
            }
        }
        let network = network.then(BatchNorm::new(&builder.at("norm"), channels)?).then(Activation::Relu);
        Ok((blocks::pooled(network), channels))
    }
}

impl Architecture for ResNet152V2 {
    fn card(&self) -> Card {
        let card = transfer::card(
            "resnet152v2",
            "pre-activation ResNet of 152 layers, pretrained (He and others 2016)",
            224,
        );
        WEIGHTS.declare_needed(card.param(blocks::dropout(0.0)))
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
