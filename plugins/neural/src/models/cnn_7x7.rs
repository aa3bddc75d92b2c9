use super::scaled;
use crate::layers::{
    Activation, BatchNorm, Builder, Conv2d, Conv2dOptions, Dropout, Flatten, Framework, Linear, MaxPool2d,
    Resize, Sequential, Window,
};
use crate::network::{Architecture, NetworkShape, convolving_card, norm_momentum};
use crate::train::Defaults;
use crate::train::augment::{Augmentation, Blur, Warp};
use candle_core::Result;
use genre_bench_api::{Card, Param, Params};

/// Rows and columns of the kernels, and filters of the blocks.
const KERNEL: usize = 7;
const FILTERS: [usize; 3] = [64, 128, 256];
/// What the source reads, and what is ours: fewer bands, and coefficients.
const READS: [&str; 6] = ["mel-128", "stft-grey", "stft-colour", "centroid", "mel-64", "mfcc-20"];
/// Rows and columns of the smallest spectrogram of which three blocks leave a pixel.
const SMALLEST: usize = 50;

/// Batch normalization, three times [convolution 7×7, ReLU, max-pool 2×2, batch normalization], then dense 32 with
/// ReLU, batch normalization and dropout 0.5.
///
/// System C of an ANN/CNN course report: SGD with Nesterov momentum and a learning rate that decays; 70 % of clips
/// correct, 77 % with augmentation (mirror, rotate, stretch, blur, zoom). Our reading: no padding, and the example of
/// Keras's SGD, a learning rate of 0.01, momentum 0.9 and decay 1e-6 a step, with batches of 32 and 100 epochs as its
/// ANN has; spectrograms with fewer than 50 rows or columns are enlarged to that.
#[derive(Debug, Clone, Copy)]
pub struct Cnn7x7;

impl Architecture for Cnn7x7 {
    fn card(&self) -> Card {
        let (summary, recipe) =
            ("three convolutions 7×7 with batch norm, SGD", Defaults::new(100, 32, 0.01).sgd_of_keras());
        convolving_card("cnn-7x7", summary, &READS, recipe)
            .param(Param::bool(
                "augment",
                false,
                "mirror, rotate, stretch, blur and zoom the training spectrograms",
            ))
            .param(norm_momentum(Framework::Keras))
            .param(scaled::param())
            .reduced("norm-momentum", "0.1")
            .reduced("epochs", "4")
            .reduced("width", "0.25")
    }

    fn framework(&self) -> Framework {
        Framework::Keras
    }

    fn layers(&self, builder: &Builder, shape: &NetworkShape, params: &Params) -> Result<Sequential> {
        let options = Conv2dOptions::default();
        let (mut rows, mut columns) = (shape.spectrogram.0.max(SMALLEST), shape.spectrogram.1.max(SMALLEST));
        let mut network = Sequential::new();
        if (rows, columns) != shape.spectrogram {
            network = network.then(Resize::new((rows, columns)));
        }
        network = network.then(BatchNorm::new(&builder.at("norm"), shape.channels)?);
        let mut channels = shape.channels;
        for (number, filters) in scaled::filters(FILTERS, params)?.into_iter().enumerate() {
            let at = builder.at(&format!("block{}", number + 1));
            network = network
                .then(Conv2d::new(&at, channels, filters, Window::new((KERNEL, KERNEL)), options)?)
                // The source has ReLU in front of the pool, where it makes the same of four times as many numbers.
                .then(MaxPool2d::side_by_side((2, 2)))
                .then(Activation::Relu)
                .then(BatchNorm::new(&at.at("norm"), filters)?);
            channels = filters;
            [rows, columns] = [rows, columns].map(|side: usize| (side + 1).saturating_sub(KERNEL) / 2);
        }
        let dense = Linear::new(&builder.at("dense"), channels * rows * columns, 32)?;
        Ok(network
            .then(Flatten)
            .then(dense)
            .then(Activation::Relu)
            .then(BatchNorm::new(&builder.at("dense.norm"), 32)?)
            .then(Dropout::new(0.5)?)
            .then(Linear::new(&builder.at("output"), 32, shape.classes)?))
    }

    fn augmentations(&self, params: &Params) -> genre_bench_api::Result<Vec<Box<dyn Augmentation>>> {
        if !params.bool("augment")? {
            return Ok(Vec::new());
        }
        let warp = Warp { zoom: 0.1, stretch: 0.1, rotation: 5.0, mirror: true, ..Warp::default() };
        Ok(vec![Box::new(warp), Box::new(Blur { deviation: 1.0 })])
    }
}
