use super::{resized, scaled};
use crate::layers::{
    Activation, AdaptiveAvgPool2d, BatchNorm, Builder, Conv2d, Conv2dOptions, Flatten, InitScheme, Linear,
    MaxPool2d, Residual, Sequential, Window,
};
use crate::network::{Architecture, NetworkShape, spectrogram_card};
use crate::train::Defaults;
use candle_core::Result;
use genre_bench_api::{Card, Params};

/// Filters of the first convolution and of the blocks of each stage.
const STEM: usize = 64;
const FILTERS: [usize; 4] = [64, 128, 256, 512];
/// How many times as many filters as the others the last convolution of a bottleneck has.
const EXPANSION: usize = 4;

/// A residual network (K. He, X. Zhang, S. Ren and J. Sun, "Deep residual learning for image recognition", CVPR 2016)
/// from scratch: a convolution 7×7, a max-pool, four stages of blocks with shortcuts, the average over what is left,
/// and a dense layer.
///
/// System D of a multimedia course report has ResNet-50: spectrograms resized to 224 × 224, Adam with a learning rate of
/// 0.00001, stopped after 10 epochs without a lower validation loss, the best epoch's weights kept. ResNet-18, in the
/// same way, is ours.
///
/// Our reading: torchvision's networks and initialization, with the stride of a bottleneck in its convolution 3×3,
/// except that they read one channel and have as many outputs as classes; batches of 32, at most 100 epochs.
#[derive(Debug, Clone, Copy)]
pub enum ResNet {
    /// `resnet18`, of blocks with two convolutions 3×3.
    Of18,
    /// `resnet50`, of bottlenecks.
    Of50,
}

impl ResNet {
    /// Blocks of each stage.
    fn blocks(self) -> [usize; 4] {
        match self {
            Self::Of18 => [2, 2, 2, 2],
            Self::Of50 => [3, 4, 6, 3],
        }
    }

    /// Kernels of a block's convolutions, and filters of each where the stage has so many; the stride is in the first
    /// one of 3×3.
    fn convolutions(self, filters: usize) -> Vec<(usize, usize)> {
        match self {
            Self::Of18 => vec![(3, filters), (3, filters)],
            Self::Of50 => vec![(1, filters), (3, filters), (1, EXPANSION * filters)],
        }
    }

    /// A block behind so many channels, and the channels that it has.
    fn block(
        self,
        builder: &Builder,
        channels: usize,
        filters: usize,
        stride: usize,
    ) -> Result<(Residual, usize)> {
        let convolutions = self.convolutions(filters);
        let mut body = Sequential::new();
        let (mut outputs, mut strided) = (channels, false);
        for (number, &(kernel, filters)) in convolutions.iter().enumerate() {
            let here = if kernel == 3 && !strided { stride } else { 1 };
            strided |= kernel == 3;
            body = if number > 0 { body.then(Activation::Relu) } else { body };
            body = convolution(
                body,
                &builder.at(&format!("convolution{}", number + 1)),
                outputs,
                filters,
                kernel,
                here,
            )?;
            outputs = filters;
        }
        let shortcut = match outputs == channels && stride == 1 {
            true => Sequential::new(),
            false => convolution(Sequential::new(), &builder.at("shortcut"), channels, outputs, 1, stride)?,
        };
        Ok((Residual::new(body, shortcut), outputs))
    }
}

/// Adds a convolution without bias, which batch normalization would take away, and that.
fn convolution(
    network: Sequential,
    builder: &Builder,
    channels: usize,
    filters: usize,
    kernel: usize,
    stride: usize,
) -> Result<Sequential> {
    let window = Window::new((kernel, kernel)).stride((stride, stride)).padding((kernel / 2, kernel / 2));
    let options = Conv2dOptions { bias: false, init: InitScheme::He, ..Conv2dOptions::default() };
    Ok(network
        .then(Conv2d::new(builder, channels, filters, window, options)?)
        .then(BatchNorm::new(&builder.at("norm"), filters)?))
}

impl Architecture for ResNet {
    fn card(&self) -> Card {
        let (name, summary) = match self {
            Self::Of18 => ("resnet18", "residual network of 18 layers from scratch; early stopping"),
            Self::Of50 => ("resnet50", "residual network of 50 layers from scratch; early stopping"),
        };
        let recipe = Defaults::new(100, 32, 1e-5).patience(10);
        spectrogram_card(name, summary, &["mel-40", "mfcc-13", "mel-128", "mfcc-20"], recipe)
            .param(resized::param())
            .param(scaled::param())
            .reduced("epochs", "6")
            .reduced("lr", "0.001")
            .reduced("size", "64")
            .reduced("width", "0.25")
            .only_by_name()
    }

    fn layers(&self, builder: &Builder, shape: &NetworkShape, params: &Params) -> Result<Sequential> {
        let (network, _) = resized::start(shape.spectrogram, params)?;
        let [mut channels] = scaled::filters([STEM], params)?;
        let pool = Window::new((3, 3)).stride((2, 2)).padding((1, 1));
        let mut network = convolution(network, &builder.at("stem"), 1, channels, 7, 2)?
            .then(Activation::Relu)
            .then(MaxPool2d::new(pool));
        let stages = self.blocks().into_iter().zip(scaled::filters(FILTERS, params)?);
        for (stage, (blocks, filters)) in stages.enumerate() {
            for number in 0..blocks {
                let at = builder.at(&format!("stage{}.block{}", stage + 1, number + 1));
                let stride = if stage > 0 && number == 0 { 2 } else { 1 };
                let block;
                (block, channels) = self.block(&at, channels, filters, stride)?;
                network = network.then(block).then(Activation::Relu);
            }
        }
        let output = Linear::new(&builder.at("output"), channels, shape.classes, InitScheme::Torch)?;
        Ok(network.then(AdaptiveAvgPool2d::new((1, 1))).then(Flatten).then(output))
    }
}
