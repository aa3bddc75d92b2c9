use super::{pools, scaled};
use crate::layers::{
    Activation, BatchNorm, Builder, ColumnsAsSteps, Conv2d, Conv2dOptions, Dropout, LastState, Linear,
    NormPool, Recurrence, Recurrent, Sequential, Softmax, Window,
};
use crate::network::{Architecture, NetworkShape, convolving_card};
use crate::train::Defaults;
use candle_core::{Error, Result};
use genre_bench_api::{Card, Param, Params};

/// Filters of a block, and rows and columns of its pool.
type Block = (usize, (usize, usize));

const BASE: [Block; 4] = [(64, (2, 2)), (128, (4, 2)), (128, (4, 2)), (128, (4, 2))];
const LARGE: [Block; 5] = [(64, (2, 2)), (128, (2, 2)), (256, (2, 2)), (512, (4, 1)), (512, (4, 1))];

/// Units of the recurrent layers, and how many layers there are.
const UNITS: usize = 32;
const LAYERS: usize = 2;

/// What the networks of system B read.
pub(super) const READS: [&str; 5] = [
    "colour-mel-192-hop-256-to-8000",
    "colour-mel-192-hop-256-to-8000-cropped",
    "mel-192-hop-256-to-8000",
    "mel-128",
    "mel-64",
];

/// Convolution blocks that leave time, two layers of GRU over it, and a dense layer: after K. Choi, G. Fazekas, M.
/// Sandler and K. Cho, "Convolutional recurrent neural networks for music classification", ICASSP 2017.
///
/// System B, of Ghaemi, Leclercq and Capobianco, "CRNN and transfer learning", in PyTorch, after its own code (GitHub:
/// hafezgh/Music_genre_classification): a colour picture, drawn by matplotlib, of 192 mel bands up to 8000 Hz with a hop of
/// 256 samples, of chunks of 30, 10, 3 and 1 s; batch normalization, then blocks of [convolution 3×3, ELU, batch normalization, max-pool, whole channels dropped
/// with probability 0.1]; two layers of GRU of 32 units with dropout 0.3 between them; dense; Adam with a learning rate of
/// 0.0001, batches of 16, up to 1000 epochs, stopped after 10 without a lower validation loss.
///
/// Three quirks of that code are parameters, by default as published: the picture has white margins and the frame of its
/// axes (`input`; `…-cropped` has not, and without `colour-` it is the spectrogram itself, in decibels and standardized);
/// the dense layer reads the *first* recurrent layer's
/// last state, so that the second is never used (`state`; it is not built then), and the loss takes the softmax of what is
/// a softmax already (`softmax-twice`).
///
/// Of the picture's 288 rows two are left, so that a step of the recurrent layers has 256 numbers, or 1024 in the large
/// one. A pool is never larger than what the blocks before left.
///
/// Training on chunks of 3 s takes about 1 GB, from chunks of 30 s ten times as much: smaller batches need less.
#[derive(Debug, Clone, Copy)]
pub enum Crnn {
    /// `crnn-base`, with four blocks.
    Base,
    /// `crnn-large`, with five.
    Large,
}

impl Crnn {
    fn blocks(self) -> &'static [Block] {
        match self {
            Self::Base => &BASE,
            Self::Large => &LARGE,
        }
    }
}

/// Layers of GRU over the columns of a map, and a dense layer: the end of all networks of system B.
pub(super) struct RecurrentHead {
    /// Recurrent layers.
    pub layers: usize,
    /// What the dense layer is called.
    pub output: &'static str,
}

impl RecurrentHead {
    /// Adds its hyper-parameters, those of the filters below it, and how both are reduced.
    pub fn declare(card: Card) -> Card {
        card.param(Param::choice("state", &["first", "last"], "recurrent layer whose last state is read"))
            .param(Param::bool("softmax-twice", true, "whether the loss takes the softmax of a softmax"))
            .param(scaled::param())
            .reduced("epochs", "5")
            .reduced("lr", "0.001")
            .reduced("softmax-twice", "false")
            .reduced("width", "0.25")
            .reduced("input", "mel-64")
    }

    /// Behind layers that leave so many numbers in a column.
    pub fn on(
        &self,
        network: Sequential,
        builder: &Builder,
        numbers: usize,
        classes: usize,
        params: &Params,
    ) -> Result<Sequential> {
        let layers = if params.choice("state").map_err(Error::wrap)? == "first" { 1 } else { self.layers };
        let gru = Recurrent::of(Recurrence::Gru, UNITS).layers(layers).dropout(0.3);
        let gru = gru.build(&builder.at("gru"), numbers)?;
        let output = Linear::new(&builder.at(self.output), UNITS, classes)?;
        let network = network.then(ColumnsAsSteps).then(LastState(gru)).then(output);
        Ok(if params.bool("softmax-twice").map_err(Error::wrap)? { network.then(Softmax) } else { network })
    }
}

impl Architecture for Crnn {
    fn card(&self) -> Card {
        let (name, summary) = match self {
            Self::Base => ("crnn-base", "four convolutions, two layers of GRU; early stopping"),
            Self::Large => ("crnn-large", "five convolutions of up to 512 filters, two layers of GRU"),
        };
        let recipe = Defaults::new(1000, 16, 1e-4).patience(10);
        let card = RecurrentHead::declare(convolving_card(name, summary, &READS, recipe).reading_steps());
        match self {
            Self::Base => card,
            Self::Large => card.only_by_name(),
        }
    }

    fn layers(&self, builder: &Builder, shape: &NetworkShape, params: &Params) -> Result<Sequential> {
        let mut network = Sequential::new().then(BatchNorm::new(&builder.at("norm"), shape.channels)?);
        let (mut channels, mut left) = (shape.channels, shape.spectrogram);
        for (number, &(filters, wanted)) in self.blocks().iter().enumerate() {
            let at = builder.at(&format!("block{}", number + 1));
            let [filters] = scaled::filters([filters], params)?;
            let pool;
            (pool, left) = pools::fitting(wanted, left);
            let window = Window::new((3, 3)).padding((1, 1));
            network = network
                .then(Conv2d::new(&at, channels, filters, window, Conv2dOptions::default())?)
                .then(Activation::Elu(1.0))
                .then(NormPool::new(&at.at("norm"), filters, None, pool)?)
                .then(Dropout::of_channels(0.1)?);
            channels = filters;
        }
        RecurrentHead { layers: LAYERS, output: "output" }.on(
            network,
            builder,
            channels * left.0,
            shape.classes,
            params,
        )
    }
}
