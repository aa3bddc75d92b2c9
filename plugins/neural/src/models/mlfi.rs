use super::pools;
use crate::layers::{
    Activation, AdaptiveAvgPool2d, AvgPool2d, BatchNorm, Builder, Context, Conv2d, Conv2dOptions, Dropout,
    Flatten, Framework, LastState, Layer, Linear, NormPool, Recurrence, Recurrent, Sequential, Window,
};
use crate::network::{Architecture, NetworkShape, convolving_card, norm_momentum};
use crate::train::Defaults;
use candle_core::{Result, Tensor, bail};
use genre_bench_api::{Card, Param, Params};

/// Filters, and sides of the pool of each block of the visual module.
const FILTERS: [usize; 5] = [16, 32, 64, 128, 128];
const POOLS: [usize; 5] = [2, 2, 2, 4, 4];
/// What the last block leaves.
const CONVOLVED: usize = FILTERS[4];
/// Widths of the audio module's dense layers; all are whole steps.
const DENSE: [usize; 5] = [1024, 512, 256, 128, 64];
/// Numbers of a step that the recurrent layers read.
const STEP: usize = 16;
/// Units of the recurrent layers, and how many layers there are.
const UNITS: usize = 64;
const LAYERS: usize = 2;

/// Middle-level learning feature interaction: convolutional and recurrent layers on a mel spectrogram (the visual
/// module) beside dense layers on audio features (the audio module), which hand each other their features
/// in between.
///
/// System F, of Arcaro and D'Onofrio (2023) after J. Liu, C. Wang and L. Zha, "A middle-level learning feature
/// interaction method with deep learning for multi-feature music genre classification", Electronics 10(18), 2021: mel
/// spectrograms of 128 × 130 and 55 features of 3 s, both standardized; convolution blocks of [convolution, batch
/// normalization, pool, dropout 0.1] down to 128 numbers, which as 8 steps of 16 go through two recurrent layers; dense
/// layers of 1024, 512, 256, 128 and 64; both joined before the last layer. Adam with a learning rate of 0.01 that
/// falls on a plateau, up to 150 epochs, of which about 50 ran.
///
/// Our reading: kernels of 3×3 with padding; filters 16, 32, 64, 128, 128 with pools of 2, 2, 2, 4, 4, which the source has as maximum or average (`pool`); ReLU after
/// batch normalization and after dense layers; GRU of 64 units, of which the last step's state counts; where dense
/// steps join, they follow those of the convolutions; Keras's defaults; batches of 32; a tenth of the learning rate after
/// more than 5 epochs without a lower validation loss, the end after 15. Spectrograms of other sizes come to 128 numbers
/// too: a pool is never larger than what the blocks before left, and what the last one leaves is averaged over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mlfi {
    /// What of the visual module joins the output of a dense layer, and of which one.
    audio: Option<(Visual, usize)>,
    /// The dense layer whose output joins the convolutions' on the way into the recurrent layers.
    vision: Option<usize>,
}

/// Features of the visual module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Visual {
    /// Sub-mode A in our reading: the convolutions' output.
    Convolutions,
    /// Sub-mode B: the recurrent layers'.
    Recurrent,
}

impl Mlfi {
    /// The benchmark model without interaction, and the 21 with one or two.
    pub fn all() -> Vec<Self> {
        let visuals = [Visual::Convolutions, Visual::Recurrent];
        // A visual feature that joins the last dense layer's output would be the benchmark model.
        let audio: Vec<_> =
            visuals.into_iter().flat_map(|visual| (0..4).map(move |at| (visual, at))).collect();
        let mut all = vec![Self { audio: None, vision: None }];
        all.extend(audio.iter().map(|&audio| Self { audio: Some(audio), vision: None }));
        all.extend((0..DENSE.len()).map(|at| Self { audio: None, vision: Some(at) }));
        all.extend(audio.iter().map(|&audio| Self { audio: Some(audio), vision: Some(audio.1) }));
        all
    }

    /// As the source names them: `mlfi-b2d` joins the recurrent output with the second dense layer's, and that layer's
    /// with the convolutions'.
    fn name(self) -> String {
        let audio = self.audio.map(|(visual, at)| match visual {
            Visual::Convolutions => format!("a{}", at + 1),
            Visual::Recurrent => format!("b{}", at + 1),
        });
        let vision = self.vision.map(|at| ["e", "d", "c", "b", "a"][at]);
        let suffix = audio.unwrap_or_default() + vision.unwrap_or_default();
        if suffix.is_empty() { "mlfi".to_owned() } else { format!("mlfi-{suffix}") }
    }

    fn summary(self) -> String {
        let audio = self.audio.map(|(visual, at)| match visual {
            Visual::Convolutions => format!("convolutions joined to dense {}", DENSE[at]),
            Visual::Recurrent => format!("recurrent output joined to dense {}", DENSE[at]),
        });
        let vision = self.vision.map(|at| format!("dense {} joined to the recurrent input", DENSE[at]));
        let joins: Vec<String> = audio.into_iter().chain(vision).collect();
        let none = "mel spectrogram and features, joined at the end".to_owned();
        if joins.is_empty() { none } else { format!("MLFI with {}", joins.join(", ")) }
    }
}

impl Architecture for Mlfi {
    fn card(&self) -> Card {
        let recipe = Defaults::new(150, 32, 0.01).plateau().patience(15);
        let card = convolving_card(&self.name(), &self.summary(), &["mel-128", "mel-64"], recipe)
            .and_table()
            .without_columns(&["spectral_bandwidth_mean", "spectral_bandwidth_var"])
            .param(Param::choice("pool", &["max", "average"], "what a pool makes of its window"))
            .param(norm_momentum(self.framework()))
            .reduced("norm-momentum", "0.1")
            .reduced("epochs", "3")
            .reduced("input", "mel-64");
        let interacts = self.audio.is_some() || self.vision.is_some();
        if interacts { card.variant_of("mlfi") } else { card }
    }

    fn framework(&self) -> Framework {
        Framework::Keras
    }

    fn layers(&self, builder: &Builder, shape: &NetworkShape, params: &Params) -> Result<Sequential> {
        let average = params.choice("pool").map_err(candle_core::Error::wrap)? == "average";
        let recurrent = Recurrent::of(Recurrence::Gru, UNITS).layers(LAYERS);
        let mut dense = Vec::new();
        let mut features = shape.columns;
        for (number, outputs) in DENSE.into_iter().enumerate() {
            let at = builder.at(&format!("dense{}", number + 1));
            dense.push(Linear::new(&at, features, outputs)?);
            features = outputs
                + match self.audio {
                    Some((Visual::Convolutions, joined)) if joined == number => CONVOLVED,
                    Some((Visual::Recurrent, joined)) if joined == number => UNITS,
                    _ => 0,
                };
        }
        Ok(Sequential::new().then(Modules {
            spectrogram: shape.spectrogram,
            joins: *self,
            convolutions: convolutions(&builder.at("convolutions"), shape.spectrogram, average)?,
            recurrent: LastState(recurrent.build(&builder.at("recurrent"), STEP)?),
            dense,
            output: Linear::new(&builder.at("output"), UNITS + features, shape.classes)?,
        }))
    }
}

/// From spectrograms to [`CONVOLVED`] numbers.
fn convolutions(builder: &Builder, spectrogram: (usize, usize), average: bool) -> Result<Sequential> {
    let options = Conv2dOptions::default();
    let mut network = Sequential::new();
    let (mut channels, mut left) = (1, spectrogram);
    for (number, (filters, side)) in FILTERS.into_iter().zip(POOLS).enumerate() {
        let at = builder.at(&format!("block{}", number + 1));
        let pool;
        (pool, left) = pools::fitting((side, side), left);
        let window = Window::new((3, 3)).padding((1, 1));
        network = network.then(Conv2d::new(&at, channels, filters, window, options)?);
        let (norm, activation) = (at.at("norm"), Activation::Relu);
        network = match average {
            true => network
                .then(BatchNorm::new(&norm, filters)?)
                .then(activation)
                .then(AvgPool2d::new(Window::new(pool).stride(pool), false)),
            false => network.then(NormPool::new(&norm, filters, Some(activation), pool)?),
        }
        .then(Dropout::new(0.1)?);
        channels = filters;
    }
    Ok(network.then(AdaptiveAvgPool2d::new((1, 1))).then(Flatten))
}

/// Both modules. An example is a row of numbers: the spectrogram, then the features.
struct Modules {
    spectrogram: (usize, usize),
    joins: Mlfi,
    convolutions: Sequential,
    recurrent: LastState,
    dense: Vec<Linear>,
    output: Linear,
}

impl Modules {
    /// The recurrent layers' output for the convolutions' and what joins it, both as steps.
    fn recur(&self, convolved: &Tensor, joining: Option<&Tensor>, context: &Context) -> Result<Tensor> {
        let steps = |numbers: &Tensor| numbers.reshape((numbers.dim(0)?, (), STEP));
        let joining = joining.map(steps).transpose()?;
        let parts: Vec<Tensor> = [steps(convolved)?].into_iter().chain(joining).collect();
        self.recurrent.forward(&Tensor::cat(&parts, 1)?, context)
    }
}

impl Layer for Modules {
    fn forward(&self, batch: &Tensor, context: &Context) -> Result<Tensor> {
        let ((examples, numbers), (rows, columns)) = (batch.dims2()?, self.spectrogram);
        let pixels = rows * columns;
        if numbers <= pixels {
            bail!("{numbers} numbers are no spectrogram of {rows} x {columns} and features");
        }
        let spectrogram = batch.narrow(1, 0, pixels)?.reshape((examples, 1, rows, columns))?;
        let convolved = self.convolutions.forward(&spectrogram, context)?;
        let mut recurrent = match self.joins.vision {
            None => Some(self.recur(&convolved, None, context)?),
            Some(_) => None,
        };
        let mut heard = batch.narrow(1, pixels, numbers - pixels)?;
        for (number, dense) in self.dense.iter().enumerate() {
            heard = Activation::Relu.forward(&dense.forward(&heard, context)?, context)?;
            if self.joins.vision == Some(number) {
                recurrent = Some(self.recur(&convolved, Some(&heard), context)?);
            }
            let joining = match self.joins.audio {
                Some((Visual::Convolutions, at)) if at == number => Some(&convolved),
                Some((Visual::Recurrent, at)) if at == number => recurrent.as_ref(),
                _ => None,
            };
            if let Some(joining) = joining {
                heard = Tensor::cat(&[&heard, joining], 1)?;
            }
        }
        let Some(recurrent) = recurrent else { bail!("the recurrent layers had nothing to read") };
        self.output.forward(&Tensor::cat(&[&recurrent, &heard], 1)?, context)
    }
}
