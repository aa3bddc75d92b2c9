use super::scaled;
use crate::layers::{
    Activation, Builder, Conv2d, Conv2dOptions, Flatten, Framework, Linear, NormPool, Resize, Sequential,
    Window,
};
use crate::network::{Architecture, NetworkShape, convolving_card, norm_momentum};
use crate::train::Defaults;
use candle_core::{Result, bail};
use genre_bench_api::{Card, Param, Params};

/// Our reading: the source does not say.
const FILTERS: [usize; 5] = [16, 32, 64, 128, 256];

/// Spectrograms resized to 224 × 224, then five blocks of [convolution 3×3, batch normalization, leaky ReLU, max-pool
/// 2×2] and a dense layer.
///
/// System D of a multimedia course report, in Keras: mel spectrograms before the logarithm, Adam with a learning rate of
/// 0.001, stopped after 10 epochs without a lower validation loss, the weights of the epoch with the highest validation
/// accuracy kept. Our reading: 16 to 256 filters, doubled from block to block, kernels of 3×3 with padding, batches of
/// 32, at most 100 epochs.
#[derive(Debug, Clone, Copy)]
pub struct Cnn5Block;

impl Architecture for Cnn5Block {
    fn card(&self) -> Card {
        convolving_card(
            "cnn-5block",
            "five blocks of convolution, batch norm, leaky ReLU; early stopping",
            &["power-40", "power-128", "mel-40", "mel-128", "mfcc-13", "mfcc-20"],
            Defaults::new(100, 32, 0.001).patience(10).keep_best_accuracy(),
        )
        .param(
            Param::int("size", 224, "rows and columns that spectrograms are resized to")
                .between(32.0, 1024.0),
        )
        .param(norm_momentum(self.framework()))
        .param(scaled::param())
        .reduced("norm-momentum", "0.1")
        .reduced("epochs", "5")
        .reduced("size", "48")
        .reduced("width", "0.5")
    }

    fn framework(&self) -> Framework {
        Framework::Keras
    }

    fn layers(&self, builder: &Builder, shape: &NetworkShape, params: &Params) -> Result<Sequential> {
        let size = params.count("size").map_err(candle_core::Error::wrap)?;
        let mut network = Sequential::new().then(Resize::new((size, size)));
        let leaky = Activation::LeakyRelu(builder.framework().leaky_slope());
        let (mut channels, mut side) = (shape.channels, size);
        for (number, filters) in scaled::filters(FILTERS, params)?.into_iter().enumerate() {
            let at = builder.at(&format!("block{}", number + 1));
            let window = Window::new((3, 3)).padding((1, 1));
            network = network
                .then(Conv2d::new(&at, channels, filters, window, Conv2dOptions::default())?)
                .then(NormPool::new(&at.at("norm"), filters, Some(leaky), (2, 2))?);
            channels = filters;
            side /= 2;
        }
        if side == 0 {
            bail!("spectrograms of {size} x {size} are too small for five times halving");
        }
        let dense = Linear::new(&builder.at("output"), channels * side * side, shape.classes)?;
        Ok(network.then(Flatten).then(dense))
    }
}
