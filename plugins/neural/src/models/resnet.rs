use super::blocks::pooled;
use super::{resized, scaled};
use crate::layers::{
    Activation, Builder, Conv2dOptions, ConvBlock, ConvBlockOptions, Framework, InitScheme, Linear,
    MaxPool2d, Residual, Sequential, Window,
};
use crate::network::{Architecture, NetworkShape, Pretrained, convolving_card, norm_momentum};
use crate::train::Defaults;
use candle_core::Result;
use genre_bench_api::{Card, Params};

/// Filters of the first convolution and of the blocks of each stage.
const STEM: usize = 64;
pub(super) const FILTERS: [usize; 4] = [64, 128, 256, 512];
/// How many times as many filters as the others the last convolution of a bottleneck has.
const EXPANSION: usize = 4;
/// What batch normalization adds to the variance in the residual networks of Keras's applications.
const KERAS_EPSILON: f32 = 1.001e-5;

/// A residual network (K. He, X. Zhang, S. Ren and J. Sun, "Deep residual learning for image recognition", CVPR 2016)
/// from scratch or with trained weights (`weights`): a convolution 7×7, a max-pool, four stages of blocks with shortcuts, the average over what is left,
/// and a dense layer.
///
/// System D of a multimedia course report, in Keras, has ResNet-50: spectrograms resized to 224 × 224, Adam with a learning
/// rate of 0.00001, stopped after 10 epochs without a lower validation loss, the epoch with the highest validation accuracy
/// kept. ResNet-18, in the same way, is ours.
///
/// Our reading: ResNet-50 as in Keras's applications, with the stride of a bottleneck in its first convolution (as in torchvision,
/// in the second, where the weights are its), and ResNet-18 as in torchvision, except that they read one channel and have as many outputs as classes; batches of 32, at
/// most 100 epochs.
#[derive(Debug, Clone, Copy)]
pub enum ResNet {
    /// `resnet18`, of blocks with two convolutions 3×3.
    Of18,
    /// `resnet50`, of bottlenecks.
    Of50,
}

impl ResNet {
    fn weights(self) -> Pretrained {
        Pretrained {
            of: match self {
                Self::Of18 => "resnet18",
                Self::Of50 => "resnet50",
            },
            head: &["output."],
            on_top: &[],
            last_stage: &["stage4."],
            last_stages: &["stage3.", "stage4.", "output."],
            last_100: &[],
            trained_head: &["output."],
            trained_head_and_last_stage: &["stage4.", "output."],
        }
    }

    /// Blocks of each stage.
    fn blocks(self) -> [usize; 4] {
        match self {
            Self::Of18 => [2, 2, 2, 2],
            Self::Of50 => [3, 4, 6, 3],
        }
    }

    /// Kernels of a block's convolutions, and filters of each where the stage has so many.
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
        let mut outputs = channels;
        for (number, &(kernel, filters)) in convolutions.iter().enumerate() {
            let here = if number == self.strided(builder.framework()) { stride } else { 1 };
            let is_last = number + 1 == convolutions.len();
            body = convolution(
                body,
                &builder.at(&format!("convolution{}", number + 1)),
                outputs,
                filters,
                (kernel, here),
                !is_last,
            )?;
            outputs = filters;
        }
        let shortcut = match outputs == channels && stride == 1 {
            true => Sequential::new(),
            false => convolution(
                Sequential::new(),
                &builder.at("shortcut"),
                channels,
                outputs,
                (1, stride),
                false,
            )?,
        };
        Ok((Residual::new(body, shortcut), outputs))
    }

    /// Which convolution of a block has the stride: of Keras's bottlenecks the first, of torchvision's the second.
    fn strided(self, framework: Framework) -> usize {
        usize::from(matches!((self, framework), (Self::Of50, Framework::Torch)))
    }

    /// Stem and so many stages behind other layers, and the channels that they leave; rows and columns are halved twice, and in
    /// each stage but the first.
    pub(super) fn stages(
        self,
        network: Sequential,
        builder: &Builder,
        channels_read: usize,
        params: &Params,
        stages: usize,
    ) -> Result<(Sequential, usize)> {
        let [mut channels] = scaled::filters([STEM], params)?;
        let pool = Window::new((3, 3)).stride((2, 2)).padding((1, 1));
        let mut network = convolution(network, &builder.at("stem"), channels_read, channels, (7, 2), true)?
            .then(MaxPool2d::new(pool));
        let all = self.blocks().into_iter().zip(scaled::filters(FILTERS, params)?);
        for (stage, (blocks, filters)) in all.take(stages).enumerate() {
            for number in 0..blocks {
                let at = builder.at(&format!("stage{}.block{}", stage + 1, number + 1));
                let stride = if stage > 0 && number == 0 { 2 } else { 1 };
                let block;
                (block, channels) = self.block(&at, channels, filters, stride)?;
                network = network.then(block).then(Activation::Relu);
            }
        }
        Ok((network, channels))
    }
}

/// Adds a convolution, of a kernel and a stride, and batch normalization, and perhaps the activation.
fn convolution(
    network: Sequential,
    builder: &Builder,
    channels: usize,
    filters: usize,
    (kernel, stride): (usize, usize),
    is_activated: bool,
) -> Result<Sequential> {
    let window = Window::new((kernel, kernel)).stride((stride, stride)).padding((kernel / 2, kernel / 2));
    let (builder, bias) = match builder.framework() {
        // torchvision's.
        Framework::Torch => (builder.starting(InitScheme::He), false),
        // Keras's applications leave the bias in, which batch normalization takes away again.
        Framework::Keras => (builder.norm_adding(KERAS_EPSILON), true),
    };
    let convolution = Conv2dOptions { bias, ..Conv2dOptions::default() };
    let activation = is_activated.then_some(Activation::Relu);
    let options = ConvBlockOptions { convolution, activation, ..ConvBlockOptions::default() };
    Ok(network.then(ConvBlock::new(&builder, channels, filters, window, options)?))
}

impl Architecture for ResNet {
    fn card(&self) -> Card {
        let (name, summary) = match self {
            Self::Of18 => ("resnet18", "residual network of 18 layers, from scratch or pretrained"),
            Self::Of50 => ("resnet50", "residual network of 50 layers, from scratch or pretrained"),
        };
        let recipe = Defaults::new(100, 32, 1e-5).patience(10).keep_best_accuracy();
        let card = convolving_card(
            name,
            summary,
            &["power-40", "mfcc-13", "power-128", "mel-40", "mel-128", "mfcc-20", "colour-mel-128"],
            recipe,
        )
        .param(resized::param())
        .param(norm_momentum(self.framework()))
        .param(scaled::param())
        .reduced("norm-momentum", "0.1")
        .reduced("epochs", "6")
        .reduced("lr", "0.001")
        .reduced("size", "64")
        .reduced("width", "0.25")
        .only_by_name();
        self.weights().declare(card, "all")
    }

    fn pretrained(&self) -> Option<Pretrained> {
        Some(self.weights())
    }

    fn framework(&self) -> Framework {
        match self {
            Self::Of18 => Framework::Torch,
            Self::Of50 => Framework::Keras,
        }
    }

    fn layers(&self, builder: &Builder, shape: &NetworkShape, params: &Params) -> Result<Sequential> {
        let (network, _) = resized::start(shape.spectrogram, params)?;
        let (network, channels) = self.stages(network, builder, shape.channels, params, FILTERS.len())?;
        let output = Linear::new(&builder.at("output"), channels, shape.classes)?;
        Ok(pooled(network).then(output))
    }
}
