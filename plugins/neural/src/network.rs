//! From a network to a model: the same for every architecture.

use crate::device::device;
use crate::failure::failed;
use crate::layers::{Builder, Context, Layer, Sequential};
use crate::train::{Labelled, Recipe, Samples, fit, logits, probabilities};
use candle_core::{DType, Device, Tensor};
use genre_bench_api::{
    Card, Cost, Error, Examples, Family, Fitted, Inputs, Insights, Model, Param, Params, Reads,
};
use genre_bench_api::{Result, Run};
use ndarray::Array2;

/// Share of the training part that is set aside where a recipe needs a validation part and the protocol has none:
/// one of so many.
const SET_ASIDE: usize = 10;

/// What distinguishes a network from others.
pub trait Architecture: Send + Sync {
    /// What it is called, reads and can be told; made with [`card`].
    fn card(&self) -> Card;

    /// Its layers.
    ///
    /// # Errors
    ///
    /// Examples of a shape that they do not take; a device that fails.
    fn layers(&self, builder: &Builder, shape: &Shape, params: &Params) -> candle_core::Result<Sequential>;

    /// How it is trained. Epochs, batch and learning rate are the parameters of [`card`]: see [`Recipe::of`].
    ///
    /// # Errors
    ///
    /// A parameter that the card does not declare.
    fn recipe(&self, params: &Params) -> Result<Recipe>;
}

/// What goes into a network and comes out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// Rows and columns of a spectrogram; 0 where none is read.
    pub spectrogram: (usize, usize),
    /// Columns of the table; 0 where it is not read.
    pub columns: usize,
    /// Scores that come out.
    pub classes: usize,
}

/// The card of a network, with the hyper-parameters that all have.
pub fn card(name: &str, summary: &str, epochs: i64, batch: i64, learning_rate: f64) -> Card {
    Card::new(name, Family::Neural, summary)
        .param(Param::int("epochs", epochs, "how often every example is learnt from, at most").at_least(1.0))
        .param(Param::int("batch", batch, "examples of a step").at_least(1.0).tries(&["16", "32", "64"]))
        .param(
            Param::float("lr", learning_rate, "learning rate")
                .above(0.0)
                .tries(&["0.0003", "0.001", "0.003"]),
        )
        .param(Param::choice("precision", &["f32", "bf16"], "type of the numbers; bf16 is for CUDA devices"))
}

/// The hyper-parameter that says when [`Recipe::stopping_early`] ends.
pub fn patience(epochs: i64) -> Param {
    Param::int("patience", epochs, "epochs without a lower validation loss before it stops").at_least(1.0)
}

/// A network as a model. Its scores are probabilities.
pub struct Network<A>(pub A);

impl<A: Architecture> Model for Network<A> {
    fn card(&self) -> Card {
        self.0.card()
    }

    fn fit(&self, train: &Examples, valid: &Examples, run: &Run) -> Result<Box<dyn Fitted>> {
        let place = (device(run.device)?, precision(run)?);
        let reads = self.card().reads_with(&run.params)?;
        let mut recipe = self.0.recipe(&run.params)?;
        recipe.checkpoint = run.scratch.as_ref().map(|folder| folder.join("checkpoint.safetensors"));
        recipe.tensorboard.clone_from(&run.tensorboard);
        let parts = set_aside(train, valid, &recipe, run);
        let (train, valid) = parts.as_ref().map_or((train, valid), |(train, valid)| (train, valid));

        let shape = shape_of(&train.inputs, reads, train.classes.len())?;
        let builder = Builder::new(run.seed, &place.0, place.1);
        let network = self.0.layers(&builder, &shape, &run.params).map_err(failed)?;
        let weights = builder.finish();
        let (train_samples, valid_samples) =
            (Samples::of(&train.inputs, reads), Samples::of(&valid.inputs, reads));
        let history = fit(
            &network,
            &weights,
            Labelled { samples: &train_samples, labels: &train.labels },
            Labelled { samples: &valid_samples, labels: &valid.labels },
            &recipe,
            run,
        )?;
        let insights = Insights::default()
            .number("parameters", weights.parameters() as f64)
            .number("epochs", history.epochs.len() as f64)
            .number("best epoch", history.best().map_or(0.0, |epoch| epoch as f64 + 1.0));
        let insights = Insights { history: history.epochs, ..insights };
        Ok(Box::new(FittedNetwork { network, place, reads, shape, insights }))
    }

    fn cost(
        &self,
        params: &Params,
        spectrogram: (usize, usize),
        columns: usize,
        classes: usize,
    ) -> Result<Option<Cost>> {
        let shape = shape(spectrogram, columns, self.card().reads_with(params)?, classes)?;
        cost(&self.0, &shape, params).map(Some)
    }
}

/// What a network takes: counted, not computed, so at once even for large ones.
///
/// # Errors
///
/// Examples of a shape that it does not take.
pub fn cost(architecture: &dyn Architecture, shape: &Shape, params: &Params) -> Result<Cost> {
    let count = || -> candle_core::Result<Cost> {
        let builder = Builder::blank();
        let network = architecture.layers(&builder, shape, params)?;
        let (rows, columns) = shape.spectrogram;
        let example = match (rows * columns, shape.columns) {
            (pixels, 0) if pixels > 0 => vec![1, 1, rows, columns],
            (pixels, features) => vec![1, pixels + features],
        };
        let context = Context::counting();
        network.forward(&Tensor::zeros(example, DType::F32, &Device::Cpu)?, &context)?;
        let parameters = builder.finish().parameters() as u64;
        Ok(Cost { parameters, macs: context.macs() })
    };
    count().map_err(failed)
}

fn precision(run: &Run) -> Result<DType> {
    match run.params.choice("precision")? {
        "bf16" if run.device == genre_bench_api::Device::Cpu => {
            Err(Error::failed("bf16 is for CUDA devices: --device cuda, or --precision f32 on the CPU"))
        }
        "bf16" => Ok(DType::BF16),
        _ => Ok(DType::F32),
    }
}

/// The training part without a tenth of it, and that as validation part, where the recipe goes by a validation loss
/// and has none; what the protocol keeps together stays together.
fn set_aside(train: &Examples, valid: &Examples, recipe: &Recipe, run: &Run) -> Option<(Examples, Examples)> {
    if !valid.is_empty() || !recipe.needs_validation() {
        return None;
    }
    let parts = train.folds(SET_ASIDE, &mut run.rng("validation part"));
    let (aside, rest) = parts.split_first().filter(|(aside, _)| !aside.is_empty())?;
    let mut rest = rest.concat();
    rest.sort_unstable();
    Some((train.select(&rest), train.select(aside)))
}

fn shape_of(inputs: &Inputs, reads: Reads, classes: usize) -> Result<Shape> {
    shape(inputs.spectrograms.shape(), inputs.table.ncols(), reads, classes)
}

/// What a network reads of spectrograms and tables of these sizes.
fn shape(spectrogram: (usize, usize), columns: usize, reads: Reads, classes: usize) -> Result<Shape> {
    let (spectrogram, columns) = match reads {
        Reads::Table => ((0, 0), columns),
        Reads::Spectrograms(_) => (spectrogram, 0),
        Reads::TableAndSpectrograms(_) => (spectrogram, columns),
    };
    if reads != Reads::Table && spectrogram.0 * spectrogram.1 == 0 {
        return Err(Error::failed("there are no spectrograms of the examples"));
    }
    if !matches!(reads, Reads::Spectrograms(_)) && columns == 0 {
        return Err(Error::failed("the feature table has no columns"));
    }
    Ok(Shape { spectrogram, columns, classes })
}

struct FittedNetwork {
    network: Sequential,
    place: (Device, DType),
    reads: Reads,
    shape: Shape,
    insights: Insights,
}

impl Fitted for FittedNetwork {
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        if inputs.is_empty() {
            return Ok(Array2::zeros((0, self.shape.classes)));
        }
        let given = shape_of(inputs, self.reads, self.shape.classes)?;
        if given != self.shape {
            return Err(Error::failed(format!("fitted to {:?}, asked to score {given:?}", self.shape)));
        }
        let samples = Samples::of(inputs, self.reads);
        Ok(probabilities(logits(&self.network, &samples, (&self.place.0, self.place.1), || Ok(()))?))
    }

    fn insights(&self) -> Insights {
        self.insights.clone()
    }
}
