use super::blocks;
use super::scaled;
use super::transfer::{self, Trunk};
use crate::layers::{
    Activation, AvgPool2d, Branches, Builder, Conv2dOptions, ConvBlock, ConvBlockOptions, Framework,
    InitScheme, MaxPool2d, Norm, Sequential, Window,
};
use crate::network::{Architecture, NetworkShape, Pretrained};
use candle_core::Result;
use genre_bench_api::{Card, Params};

/// What batch normalization adds to the variance, in torchvision as in Keras.
const EPSILON: f32 = 1e-3;

const WEIGHTS: Pretrained = Pretrained {
    of: "inceptionv3",
    head: &["output."],
    on_top: &[],
    last_stage: &[
        "convolution86.",
        "convolution87.",
        "convolution88.",
        "convolution89.",
        "convolution90.",
        "convolution91.",
        "convolution92.",
        "convolution93.",
        "convolution94.",
    ],
    last_stages: &[
        "convolution77.",
        "convolution78.",
        "convolution79.",
        "convolution80.",
        "convolution81.",
        "convolution82.",
        "convolution83.",
        "convolution84.",
        "convolution85.",
        "convolution86.",
        "convolution87.",
        "convolution88.",
        "convolution89.",
        "convolution90.",
        "convolution91.",
        "convolution92.",
        "convolution93.",
        "convolution94.",
        "output.",
    ],
    last_100: &[],
    trained_head: &["output."],
    trained_head_and_last_stage: &[
        "convolution86.",
        "convolution87.",
        "convolution88.",
        "convolution89.",
        "convolution90.",
        "convolution91.",
        "convolution92.",
        "convolution93.",
        "convolution94.",
        "output.",
    ],
};

/// Inception-v3 (C. Szegedy and others, "Rethinking the Inception architecture for computer vision", CVPR 2016): system E of a
/// neural-networks course project in Keras has it, with ImageNet's weights.
///
/// The recipe is [system E's](transfer::card). Our reading: the network of Keras's applications, without an auxiliary
/// classifier; torchvision's where the weights are its (normalization that scales, and averages that count the padding). No
/// input may be smaller than 75 pixels.
#[derive(Debug, Clone, Copy)]
pub struct InceptionV3;

/// Convolutions that are counted through.
struct Counted<'b> {
    builder: &'b Builder,
    params: &'b Params,
    count: usize,
}

/// A branch under way, and the channels that it leaves.
type Branch = (Sequential, usize);

impl Counted<'_> {
    /// The next convolution, of rows and columns, behind a branch.
    fn add(&mut self, (branch, channels): Branch, filters: usize, window: Window) -> Result<Branch> {
        self.count += 1;
        let [filters] = scaled::filters([filters], self.params)?;
        let at = self.builder.at(&format!("convolution{}", self.count));
        let norm = match at.framework() {
            Framework::Torch => Norm::Batch,
            Framework::Keras => Norm::Unscaled,
        };
        let convolution = Conv2dOptions { bias: false, ..Conv2dOptions::default() };
        let options = ConvBlockOptions { convolution, norm, activation: Some(Activation::Relu) };
        Ok((branch.then(ConvBlock::new(&at, channels, filters, window, options)?), filters))
    }

    /// Convolutions one after the other, each of so many filters and rows and columns, that keep the size.
    fn chain(&mut self, mut branch: Branch, convolutions: &[(usize, usize, usize)]) -> Result<Branch> {
        for &(filters, rows, columns) in convolutions {
            branch =
                self.add(branch, filters, Window::new((rows, columns)).padding((rows / 2, columns / 2)))?;
        }
        Ok(branch)
    }

    /// The average over 3 × 3 pixels and a convolution 1×1.
    fn pooled(&mut self, channels: usize, filters: usize) -> Result<Branch> {
        let window = Window::new((3, 3)).padding((1, 1));
        let pool = AvgPool2d::new(window, self.builder.framework() == Framework::Torch);
        self.chain((Sequential::new().then(pool), channels), &[(filters, 1, 1)])
    }
}

fn halving() -> Window {
    Window::new((3, 3)).stride((2, 2))
}

fn start(channels: usize) -> Branch {
    (Sequential::new(), channels)
}

/// Branches behind a network.
fn join(network: Sequential, branches: impl IntoIterator<Item = Branch>) -> Branch {
    let (branches, channels): (Vec<_>, Vec<_>) = branches.into_iter().unzip();
    (network.then(Branches::new(branches)), channels.iter().sum())
}

impl Trunk for InceptionV3 {
    fn trunk(
        &self,
        network: Sequential,
        builder: &Builder,
        channels: usize,
        params: &Params,
    ) -> Result<(Sequential, usize)> {
        let builder = match builder.framework() {
            Framework::Torch => builder.starting(InitScheme::He),
            Framework::Keras => builder.clone(),
        };
        let mut counted = Counted { builder: &builder.norm_adding(EPSILON), params, count: 0 };
        let counted = &mut counted;
        let branch = counted.add((network, channels), 32, halving())?;
        let branch = counted.add(branch, 32, Window::new((3, 3)))?;
        let (network, channels) = counted.chain(branch, &[(64, 3, 3)])?;
        let branch = counted.chain((network.then(MaxPool2d::new(halving())), channels), &[(80, 1, 1)])?;
        let (network, channels) = counted.add(branch, 192, Window::new((3, 3)))?;
        let (mut network, mut channels) = (network.then(MaxPool2d::new(halving())), channels);
        for pooled in [32, 64, 64] {
            (network, channels) = join(
                network,
                [
                    counted.chain(start(channels), &[(64, 1, 1)])?,
                    counted.chain(start(channels), &[(48, 1, 1), (64, 5, 5)])?,
                    counted.chain(start(channels), &[(64, 1, 1), (96, 3, 3), (96, 3, 3)])?,
                    counted.pooled(channels, pooled)?,
                ],
            );
        }
        let one = counted.add(start(channels), 384, halving())?;
        let two = counted.chain(start(channels), &[(64, 1, 1), (96, 3, 3)])?;
        let two = counted.add(two, 96, halving())?;
        let pool = |channels| (Sequential::new().then(MaxPool2d::new(halving())), channels);
        (network, channels) = join(network, [one, two, pool(channels)]);
        for inside in [128, 160, 160, 192] {
            let twice = [(inside, 1, 1), (inside, 7, 1), (inside, 1, 7), (inside, 7, 1), (192, 1, 7)];
            (network, channels) = join(
                network,
                [
                    counted.chain(start(channels), &[(192, 1, 1)])?,
                    counted.chain(start(channels), &[(inside, 1, 1), (inside, 1, 7), (192, 7, 1)])?,
                    counted.chain(start(channels), &twice)?,
                    counted.pooled(channels, 192)?,
                ],
            );
        }
        let one = counted.chain(start(channels), &[(192, 1, 1)])?;
        let one = counted.add(one, 320, halving())?;
        let two = counted.chain(start(channels), &[(192, 1, 1), (192, 1, 7), (192, 7, 1)])?;
        let two = counted.add(two, 192, halving())?;
        (network, channels) = join(network, [one, two, pool(channels)]);
        for _ in 0..2 {
            let one = counted.chain(start(channels), &[(320, 1, 1)])?;
            let (two, inside) = counted.chain(start(channels), &[(384, 1, 1)])?;
            let two = join(
                two,
                [
                    counted.chain(start(inside), &[(384, 1, 3)])?,
                    counted.chain(start(inside), &[(384, 3, 1)])?,
                ],
            );
            let (three, inside) = counted.chain(start(channels), &[(448, 1, 1), (384, 3, 3)])?;
            let three = join(
                three,
                [
                    counted.chain(start(inside), &[(384, 1, 3)])?,
                    counted.chain(start(inside), &[(384, 3, 1)])?,
                ],
            );
            let pooled = counted.pooled(channels, 192)?;
            (network, channels) = join(network, [one, two, three, pooled]);
        }
        Ok((blocks::pooled(network), channels))
    }
}

impl Architecture for InceptionV3 {
    fn card(&self) -> Card {
        let card = transfer::card("inceptionv3", "Inception-v3, pretrained (Szegedy and others 2016)", 299);
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
