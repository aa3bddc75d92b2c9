//! What networks for photographs are made of.

use crate::layers::{
    Activation, AdaptiveAvgPool2d, Builder, Conv2dOptions, ConvBlock, ConvBlockOptions, Dropout, Flatten,
    Framework, Linear, Sequential, SqueezeExcite, Window,
};
use candle_core::{Error, Result};
use genre_bench_api::{Param, Params};

/// The hyper-parameter `dropout`.
pub(super) fn dropout(default: f64) -> Param {
    Param::float("dropout", default, "share of the pooled features that is dropped in training")
        .between(0.0, 0.95)
}

/// Pooled features to classes, some of them dropped as the hyper-parameter `dropout` says.
pub(super) fn output(
    network: Sequential,
    builder: &Builder,
    (features, classes): (usize, usize),
    params: &Params,
) -> Result<Sequential> {
    let dropout = Dropout::new(params.float("dropout").map_err(Error::wrap)? as f32)?;
    Ok(network.then(dropout).then(Linear::new(&builder.at("output"), features, classes)?))
}

/// The average over what is left of rows and columns, as features.
pub(super) fn pooled(network: Sequential) -> Sequential {
    network.then(AdaptiveAvgPool2d::new((1, 1))).then(Flatten)
}

/// A square kernel, padded so that the stride alone decides the size of the output: evenly, or in Keras as TensorFlow's `same`.
pub(super) fn window(builder: &Builder, kernel: usize, stride: usize) -> Window {
    let window = Window::new((kernel, kernel)).stride((stride, stride));
    match builder.framework() {
        Framework::Torch => window.padding((kernel / 2, kernel / 2)),
        Framework::Keras => window.same(),
    }
}

/// A convolution without bias, batch normalization and an activation.
pub(super) fn convolution(
    builder: &Builder,
    (channels, filters): (usize, usize),
    window: Window,
    groups: usize,
    activation: Option<Activation>,
) -> Result<ConvBlock> {
    let convolution = Conv2dOptions { groups, bias: false };
    ConvBlock::new(
        builder,
        channels,
        filters,
        window,
        ConvBlockOptions { convolution, activation, ..Default::default() },
    )
}

/// Blocks that widen, convolve every channel by itself and narrow again (M. Sandler and others, "MobileNetV2: inverted residuals
/// and linear bottlenecks", CVPR 2018): one stage of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct InvertedResiduals {
    /// How many times as many channels as it reads a block has inside.
    pub expansion: usize,
    pub filters: usize,
    pub blocks: usize,
    /// Of the first block.
    pub stride: usize,
    pub kernel: usize,
}

/// What all stages of a network share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inside {
    pub activation: Activation,
    /// Whether channels are scaled by what a quarter of the numbers that the block reads say of them.
    pub squeeze: bool,
}

impl InvertedResiduals {
    /// The layers of one block, at its place, and whether what it reads is added.
    pub fn block(
        &self,
        builder: &Builder,
        channels: usize,
        filters: usize,
        stride: usize,
        inside: Inside,
    ) -> Result<(Sequential, bool)> {
        let wide = channels * self.expansion;
        let activation = Some(inside.activation);
        let pointwise = Window::new((1, 1));
        let mut body = Sequential::new();
        if self.expansion > 1 {
            body = body.then(convolution(&builder.at("expand"), (channels, wide), pointwise, 1, activation)?);
        }
        let window = window(builder, self.kernel, stride);
        body = body.then(convolution(&builder.at("depthwise"), (wide, wide), window, wide, activation)?);
        if inside.squeeze {
            let sizes = (wide, (channels / 4).max(1));
            body = body.then(SqueezeExcite::new(
                &builder.at("squeeze"),
                sizes,
                inside.activation,
                Activation::Sigmoid,
            )?);
        }
        body = body.then(convolution(&builder.at("project"), (wide, filters), pointwise, 1, None)?);
        Ok((body, stride == 1 && channels == filters))
    }
}
