use crate::layers::{Activation, Builder, Flatten, Framework, Linear, Sequential};
use crate::network::{Architecture, NetworkShape, card, spectrogram_card};
use crate::train::Defaults;
use candle_core::Result;
use genre_bench_api::{Card, Params};

/// Widths of the hidden layers.
const HIDDEN: [usize; 4] = [512, 256, 128, 64];

const RECIPE: Defaults = Defaults::new(100, 32, 0.001);

/// A fully connected network on spectrogram images or on the feature table: dense layers of 512, 256, 128 and 64
/// with ReLU, then one score a class.
///
/// System C of an ANN/CNN course report, in Keras: Adam, batches of 32, 100 epochs; 55 % of *segments* of 3 s over a random
/// draw of them, by its printed confusion matrix. Our reading: Keras's defaults, so a learning rate of 0.001. The source
/// reads mel spectrograms, grey and coloured STFT spectrograms with the defaults of SciPy and matplotlib, and the spectral
/// centroid over time (`input`); the same on the 57 columns is ours.
#[derive(Debug, Clone, Copy)]
pub enum Ann {
    /// `ann`, on spectrograms.
    Spectrogram,
    /// `ann-table`.
    Table,
}

impl Architecture for Ann {
    fn card(&self) -> Card {
        let summary = "fully connected 512-256-128-64, ReLU, Adam";
        match self {
            Self::Spectrogram => {
                let reads = ["mel-128", "mfcc-13", "stft-grey", "stft-colour", "centroid"];
                spectrogram_card("ann", summary, &reads, RECIPE).reduced("epochs", "10")
            }
            Self::Table => card("ann-table", &format!("{summary}, on the table"), RECIPE),
        }
    }

    fn framework(&self) -> Framework {
        Framework::Keras
    }

    fn layers(&self, builder: &Builder, shape: &NetworkShape, _: &Params) -> Result<Sequential> {
        let mut network = Sequential::new().then(Flatten);
        let mut inputs = shape.pixels() + shape.columns;
        for (number, outputs) in HIDDEN.into_iter().enumerate() {
            let at = builder.at(&format!("dense{}", number + 1));
            network = network.then(Linear::new(&at, inputs, outputs)?).then(Activation::Relu);
            inputs = outputs;
        }
        Ok(network.then(Linear::new(&builder.at("output"), inputs, shape.classes)?))
    }
}
