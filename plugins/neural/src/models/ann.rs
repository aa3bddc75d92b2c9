use crate::layers::{Activation, Builder, Flatten, InitScheme, Linear, Sequential};
use crate::network::{Architecture, Shape, card};
use crate::train::Recipe;
use crate::train::optimiser::Rule;
use candle_core::Result;
use genre_bench_api::{Card, Params};

/// Widths of the hidden layers.
const HIDDEN: [usize; 4] = [512, 256, 128, 64];

/// A fully connected network on spectrogram pictures or on the feature table: dense layers of 512, 256, 128 and 64
/// with ReLU, then one score a class.
///
/// System C of an ANN/CNN course report: Adam, batches of 32, 100 epochs. Our reading: Keras's defaults, so a
/// learning rate of 0.001, weights drawn as by Glorot and Bengio, and biases of 0. The source reads pictures; the
/// same on the 57 columns is ours.
#[derive(Debug, Clone, Copy)]
pub enum Ann {
    /// `ann`, on pictures.
    Pictures,
    /// `ann-table`.
    Table,
}

impl Architecture for Ann {
    fn card(&self) -> Card {
        let summary = "fully connected 512-256-128-64, ReLU, Adam";
        match self {
            Self::Pictures => card("ann", summary, 100, 32, 0.001)
                .reading_pictures(&["mel-128", "mfcc-13"])
                .quick("epochs", "10"),
            Self::Table => card("ann-table", &format!("{summary}, on the table"), 100, 32, 0.001),
        }
    }

    fn layers(&self, builder: &Builder, shape: &Shape, _: &Params) -> Result<Sequential> {
        let mut network = Sequential::new().then(Flatten);
        let mut inputs = shape.picture.0 * shape.picture.1 + shape.columns;
        for (number, outputs) in HIDDEN.into_iter().enumerate() {
            let at = builder.at(&format!("dense{}", number + 1));
            network =
                network.then(Linear::new(&at, inputs, outputs, InitScheme::Keras)?).then(Activation::Relu);
            inputs = outputs;
        }
        Ok(network.then(Linear::new(&builder.at("output"), inputs, shape.classes, InitScheme::Keras)?))
    }

    fn recipe(&self, params: &Params) -> genre_bench_api::Result<Recipe> {
        Recipe::of(params, Rule::adam())
    }
}
