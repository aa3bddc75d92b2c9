use super::{pools, scaled};
use crate::layers::{
    Activation, AdaptiveAvgPool2d, BatchNorm, Builder, Conv2d, Conv2dOptions, Dropout, Flatten, Framework,
    Linear, NormPool, Sequential, Window,
};
use crate::network::{Architecture, NetworkShape, convolving_card, norm_momentum};
use crate::train::Defaults;
use candle_core::Result;
use genre_bench_api::{Card, Params};

/// Filters, and rows and columns of the pool of each block: as FCN-5 has them for 96 × 1366.
const FILTERS: [usize; 5] = [32, 128, 128, 192, 256];
const POOLS: [(usize, usize); 5] = [(2, 4), (2, 4), (2, 4), (3, 5), (4, 4)];
/// Our reading of "three dropout layers": after the last three blocks, a quarter. Half, as the paper has it, in front of
/// batch normalization keeps a network with few filters from working outside training (X. Li and others, "Understanding
/// the disharmony between dropout and batch normalization by variance shift", CVPR 2019).
const DROPOUT: f32 = 0.25;
const FIRST_DROPOUT: usize = 2;

/// Choi's FCN-5: five blocks of [convolution 3×3, batch normalization, ELU, max-pool] down to one pixel, and a dense
/// layer (K. Choi, G. Fazekas, M. Sandler, "Automatic tagging using deep convolutional neural networks", ISMIR 2016).
///
/// System E of a neural-networks course project, in Keras, on the colour pictures of GTZAN's public copy, or on such pictures
/// drawn from audio: the best epoch's weights, early stopping, and a learning rate that
/// falls on a plateau. Our reading: Adam with Keras's 0.001, a tenth of the learning rate after 5 epochs, batches of 32, at most
/// 100 epochs, and patience 30 for stopping: of 25 batches an epoch, the running means of batch normalization (Keras's momentum of
/// 0.99) need twenty epochs to arrive, and until then the network says one class whatever it is shown. A pool is never larger
/// than what the blocks before left, so that spectrograms of other sizes than the paper's come down to one pixel too; what is left of
/// larger ones is averaged over.
#[derive(Debug, Clone, Copy)]
pub struct ChoiFcn5 {
    /// `choi-fcn5-dropout`.
    pub dropout: bool,
}

impl Architecture for ChoiFcn5 {
    fn card(&self) -> Card {
        let summary = "five convolutions down to one pixel (Choi and others 2016)";
        let (name, summary) = match self.dropout {
            false => ("choi-fcn5", summary),
            true => ("choi-fcn5-dropout", "the same with three dropout layers"),
        };
        let recipe = Defaults::new(100, 32, 0.001).plateau().patience(30);
        let card = convolving_card(name, summary, &["colour-mel-128", "mel-128", "mel-96"], recipe)
            .param(norm_momentum(self.framework()))
            .param(scaled::param())
            .reduced("norm-momentum", "0.1")
            .reduced("input", "mel-128")
            .reduced("width", "0.25");
        // What drops out must be seen more often.
        card.reduced("epochs", if self.dropout { "8" } else { "6" })
    }

    fn framework(&self) -> Framework {
        Framework::Keras
    }

    fn layers(&self, builder: &Builder, shape: &NetworkShape, params: &Params) -> Result<Sequential> {
        let options = Conv2dOptions::default();
        let mut network = Sequential::new().then(BatchNorm::new(&builder.at("norm"), shape.channels)?);
        let (mut channels, mut left) = (shape.channels, shape.spectrogram);
        let blocks = scaled::filters(FILTERS, params)?.into_iter().zip(POOLS);
        for (number, (filters, wanted)) in blocks.enumerate() {
            let at = builder.at(&format!("block{}", number + 1));
            let pool;
            (pool, left) = pools::fitting(wanted, left);
            let window = Window::new((3, 3)).padding((1, 1));
            network = network
                .then(Conv2d::new(&at, channels, filters, window, options)?)
                .then(NormPool::new(&at.at("norm"), filters, Some(Activation::Elu(1.0)), pool)?);
            if self.dropout && number >= FIRST_DROPOUT {
                network = network.then(Dropout::new(DROPOUT)?);
            }
            channels = filters;
        }
        let output = Linear::new(&builder.at("output"), channels, shape.classes)?;
        Ok(network.then(AdaptiveAvgPool2d::new((1, 1))).then(Flatten).then(output))
    }
}
